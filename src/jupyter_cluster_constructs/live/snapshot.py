"""What there is of a cluster at a moment, asked for once and then only looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus

from ..labels import Component, selector
from ..names import Names
from .api import CLAIM, DEPLOYMENT, EVENT, INGRESS, NODE, POD, REPLICA_SET, ROUTE, SERVICE, STATEFUL_SET, VOLUME, Kind, Kubernetes, Object
from .reasons import LastLines, wants_last_line

MOST_LOGS = 6


@dataclass(frozen=True)
class Snapshot:
    """The objects of one cluster, and the events of its namespace.

    Attributes:
        pods: its pods, those that are going too.
        deployments: the frontend and the groups of engines.
        stateful_sets: what serves or makes the storage.
        replica_sets: what the Deployments make their pods by.
        claims: the claims of homes, of the shared directory and of the disk.
        events: of everything in the namespace.
        last_lines: what containers said last whose pods wait for them.
    """

    pods: list[Object] = field(default_factory=list)
    deployments: list[Object] = field(default_factory=list)
    stateful_sets: list[Object] = field(default_factory=list)
    replica_sets: list[Object] = field(default_factory=list)
    claims: list[Object] = field(default_factory=list)
    events: list[Object] = field(default_factory=list)
    last_lines: LastLines = field(default_factory=dict)


@dataclass(frozen=True)
class Entrances:
    """What people reach the cluster by.

    Attributes:
        services: its Services.
        ingresses: its Ingresses and HTTPRoutes.
        nodes: the nodes; none where they may not be listed.
    """

    services: list[Object] = field(default_factory=list)
    ingresses: list[Object] = field(default_factory=list)
    nodes: list[Object] = field(default_factory=list)


def instance_selector(names: Names) -> str:
    """The label selector of everything that belongs to a cluster."""
    common = selector(names.cluster, Component.FRONTEND).items() & selector(names.cluster, Component.NFS).items()
    return ",".join(f"{key}={value}" for key, value in sorted(common))


def taken(api: Kubernetes, names: Names) -> Snapshot:
    """Look at a cluster."""
    labels, namespace = instance_selector(names), names.namespace
    pods = api.find(POD, namespace, labels=labels)
    return Snapshot(
        pods=pods,
        deployments=api.find(DEPLOYMENT, namespace, labels=labels),
        stateful_sets=api.find(STATEFUL_SET, namespace, labels=labels),
        replica_sets=api.find(REPLICA_SET, namespace, labels=labels),
        claims=api.find(CLAIM, namespace, labels=labels),
        events=allowed(api, EVENT, namespace),
        last_lines=dict(_last_lines(api, pods)),
    )


def entrances(api: Kubernetes, names: Names) -> Entrances:
    """Look at how people reach a cluster."""
    labels, namespace = instance_selector(names), names.namespace
    ways = [each for kind in (INGRESS, ROUTE) for each in allowed(api, kind, namespace, labels)]
    return Entrances(services=api.find(SERVICE, namespace, labels=labels), ingresses=ways, nodes=allowed(api, NODE))


def volumes(api: Kubernetes, names: Names) -> list[Object]:
    """The PersistentVolumes that were made for a cluster: of its labels, its name and its namespace, since they have none of their own."""
    found = allowed(api, VOLUME, labels=instance_selector(names))
    prefix = names.shared_volume.removesuffix("shared")
    return [v for v in found if v["metadata"]["name"].startswith(prefix) and v["spec"].get("claimRef", {}).get("namespace") == names.namespace]


def allowed(api: Kubernetes, kind: Kind, namespace: str | None = None, labels: str | None = None) -> list[Object]:
    """The objects of a kind; none where this user may not list them."""
    from kubernetes.client import ApiException

    try:
        return api.find(kind, namespace, labels=labels)
    except ApiException as error:
        if error.status == HTTPStatus.FORBIDDEN:
            return []
        raise


def _last_lines(api: Kubernetes, pods: Iterable[Object]) -> Iterator[tuple[tuple[str, str], str]]:
    from kubernetes.client import ApiException

    wanted = [(pod, status) for pod in pods for status, is_init in _statuses(pod) if wants_last_line(status, is_init)]
    for pod, status in wanted[:MOST_LOGS]:
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        try:
            # Between two attempts the log is the last attempt's.
            lines = api.log(name, namespace, status["name"], tail=5).strip().splitlines()
        except ApiException:
            continue
        yield (name, status["name"]), next((line for line in reversed(lines) if line.strip()), "")


def _statuses(pod: Object) -> Iterator[tuple[Object, bool]]:
    status = pod.get("status", {})
    yield from ((each, True) for each in status.get("initContainerStatuses", ()))
    yield from ((each, False) for each in status.get("containerStatuses", ()))
