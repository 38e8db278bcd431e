"""The Kubernetes API of the current kubeconfig, or of the pod that the command runs in, and its errors in words."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .console import CommandError, ExitCode

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

SECONDS = (5, 30)  # to connect, to answer
WHAT_TO_DO = "`kubectl cluster-info` tries the same; KUBECONFIG or --context names another cluster"


def connected(context: str | None = None) -> ApiClient:
    """A client of the cluster's API; nothing is sent yet.

    Args:
        context: a context of the kubeconfig. Default: the current one, or the pod's own account where there is no kubeconfig.

    Raises:
        CommandError: there is no kubeconfig, it can't be read, or it has no such context.
    """
    # Here, since it takes seconds to import.
    from kubernetes import client, config
    from yaml import YAMLError

    settings = client.Configuration()
    try:
        config.load_kube_config(config_file=os.environ.get("KUBECONFIG") or None, context=context, client_configuration=settings)
    except config.ConfigException as error:
        try:
            if context is not None:
                raise config.ConfigException
            config.load_incluster_config(client_configuration=settings)
        except config.ConfigException:
            raise CommandError(f"no cluster: {str(error).rstrip('.')}; {WHAT_TO_DO}", ExitCode.UNREACHABLE) from None
    except (OSError, YAMLError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"no cluster: the kubeconfig can't be read: {str(error).splitlines()[0]}", ExitCode.UNREACHABLE) from None
    # One refused connection is enough to know; the default tries four times.
    settings.retries = 0
    return client.ApiClient(settings)


@contextmanager
def api_errors(what: str) -> Iterator[None]:
    """Tell what the API refuses, or that nobody answers, as a CommandError.

    Args:
        what: what is done with the API, such as "the Services are listed".
    """
    from kubernetes.client import ApiException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ApiException as error:
        code = ExitCode.UNREACHABLE if error.status in (0, 401) else ExitCode.FAILED
        raise CommandError(f"{what}: refused by the API server: {reason(error)}; {WHAT_TO_DO}", code) from None
    except (HTTPError, OSError) as error:
        raise CommandError(f"{what}: the API server can't be reached: {_innermost(error)}; {WHAT_TO_DO}", ExitCode.UNREACHABLE) from None


def reason(error: Any) -> str:
    """The message of an ApiException."""
    try:
        return str(json.loads(error.body)["message"])
    except (KeyError, TypeError, ValueError):
        return str(error.reason or error.status)


def _innermost(error: Exception) -> str:
    """What urllib3 wraps, without the addresses of its objects."""
    found: Any = getattr(error, "reason", None) or error
    return str(found).rpartition("object at 0x")[2].partition(": ")[2] or str(found)
