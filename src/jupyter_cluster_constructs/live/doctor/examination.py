"""All checks, in the order in which they are told; one that may not look says so, and the next one goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus

from ...spec import ClusterSpec
from ..api import Cluster, Object, message_of
from . import access, nodes, objects, probes, storage
from .finding import Finding, failure, ok, warning


def examined(cluster: Cluster, spec: ClusterSpec, manifests: list[Object], *, probe: bool, seconds: float) -> Iterator[Finding]:
    """Look at everything, and try what can't be seen if so asked.

    Args:
        cluster: the cluster's API.
        spec: the settings.
        manifests: what they make.
        probe: whether pods are started, which are gone afterwards.
        seconds: how long each of them may take.
    """
    yield access.version(cluster)
    checks: list[tuple[str, Callable[[], Iterable[Finding]]]] = [
        ("rights", lambda: access.rights(cluster, spec.namespace, manifests)),
        ("namespace", lambda: [objects.namespace(cluster, spec)]),
        ("NFS address", lambda: storage.address(cluster, spec)),
        ("StorageClass", lambda: storage.classes(cluster, spec)),
        ("network.node_cidrs", lambda: storage.node_networks(cluster, spec)),
        ("Secrets", lambda: objects.secrets(cluster, spec)),
        ("Ingress", lambda: objects.entrance(cluster, spec)),
        ("images", lambda: nodes.images(cluster, spec, manifests)),
        ("room on the nodes", lambda: [nodes.room(cluster, spec, manifests)]),
    ]
    if probe:
        checks.append(("probes", lambda: probes.probed(cluster, spec, seconds)))
    else:
        checks += [("NFS client", lambda: nodes.nfs_client(cluster, spec)), ("NetworkPolicies", lambda: _untried(spec))]
    for name, check in checks:
        yield from _guarded(name, check)


def _guarded(name: str, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    from kubernetes.client import ApiException

    try:
        yield from check()
    except ApiException as error:
        if error.status == HTTPStatus.FORBIDDEN:
            yield warning(name, f"could not be looked at: {message_of(error)}", "have somebody with more rights run it")
        elif error.status in (0, HTTPStatus.UNAUTHORIZED):
            raise
        else:
            yield failure(name, f"the API server refuses: {message_of(error)}", "see what it says")


def _untried(spec: ClusterSpec) -> Iterator[Finding]:
    if not spec.network.policies:
        yield ok("NetworkPolicies", "none are made: network.policies is false")
    else:
        yield warning("NetworkPolicies", "whether the network plugin enforces them was not tried", nodes.TRY)
