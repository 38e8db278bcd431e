"""What the controller itself knows: engines by id, and their tasks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from .. import paths
from ..names import Names
from .api import Cluster, Object, message_of

EXEC_SECONDS = 20


@dataclass(frozen=True)
class EngineQueue:
    """The tasks of an engine.

    Attributes:
        id: number of the engine.
        queued: tasks that were sent to it and wait there.
        running: 1 while it works on one, else 0.
        completed: tasks that it has done, with or without an error.
    """

    id: int
    queued: int
    running: int
    completed: int


@dataclass(frozen=True)
class Queues:
    """All tasks that the controller knows.

    Attributes:
        engines: the registered engines.
        unassigned: tasks that wait for any engine.
        problem: why the controller could not be asked; empty if it was.
    """

    engines: tuple[EngineQueue, ...] = ()
    unassigned: int = 0
    problem: str = ""


def read(answer: Mapping[str, Any]) -> Queues:
    """What hub_program.py printed."""
    return Queues(tuple(EngineQueue(**each) for each in answer["engines"]), answer["unassigned"])


def queues_of(cluster: Cluster, names: Names, pod: Object | None) -> Queues:
    """Ask the controller in a frontend's pod.

    Args:
        cluster: the cluster's API.
        names: the names of its objects.
        pod: the frontend's pod; None where there is none.
    """
    if pod is None:
        return Queues(problem="the controller does not run")
    from kubernetes.client import ApiException

    try:
        return read(json.loads(executed(cluster, names.namespace, pod["metadata"]["name"])))
    except ApiException as error:
        forbidden = error.status == 403 or "403" in str(error.reason)
        text = f"pods/exec is forbidden in the namespace {names.namespace}" if forbidden else f"the controller can't be asked: {message_of(error)}"
        return Queues(problem=text)
    except (ValueError, KeyError, TypeError):
        return Queues(problem="the controller did not answer as expected")
    except (OSError, TimeoutError) as error:
        return Queues(problem=f"the controller did not answer: {error}")


def executed(cluster: Cluster, namespace: str, pod: str) -> str:
    """What the program prints that asks the Hub, run in the controller's container."""
    from kubernetes.client import ApiClient, CoreV1Api
    from kubernetes.stream import stream

    program = files("jupyter_cluster_constructs.live").joinpath("hub_program.py").read_text(encoding="utf-8")
    # Of its own: the stream changes what its client calls.
    api = CoreV1Api(ApiClient(cluster.client.configuration))
    answer: str = stream(
        api.connect_get_namespaced_pod_exec,
        pod,
        namespace,
        container="controller",
        command=["python3", "-E", "-c", program, paths.CLIENT_CONNECTION_FILE],
        stdout=True,
        stderr=False,
        stdin=False,
        tty=False,
        _preload_content=False,
        _request_timeout=EXEC_SECONDS,
    )
    return _printed(answer)


def _printed(answer: Any) -> str:
    answer.run_forever(timeout=EXEC_SECONDS)
    is_open = answer.is_open()
    answer.close()
    if is_open:
        raise TimeoutError(f"nothing for {EXEC_SECONDS} s")
    return str(answer.read_stdout())
