"""The logs of a cluster's containers, of one or of many at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..labels import Component, selector
from ..names import Names
from .api import POD, Cluster, Object, message_of
from .snapshot import instance_selector

FOLLOWED = 50


@dataclass(frozen=True, order=True)
class Source:
    """A container whose log is wanted."""

    pod: str
    container: str

    def __str__(self) -> str:
        """As it stands before its lines."""
        return f"{self.pod} {self.container}"


def sources(pods: Iterable[Object], name: str | None, *, group: str | None, cluster: str, previous: bool = False) -> list[Source]:
    """The containers of a name, and of a group of engines, that have a log.

    Args:
        pods: the cluster's pods.
        name: of the container; ``engine`` means all engines of a pod. Default: every container that is no init container.
        group: a group of engines. Default: all pods.
        cluster: the cluster's name.
        previous: whether the log of the container's life before is wanted.
    """
    labels = selector(cluster, Component.WORKER, group).items() if group is not None else {}.items()
    found = []
    for pod in pods:
        if not labels <= pod["metadata"].get("labels", {}).items():
            continue
        status = pod.get("status", {})
        for each, is_init in [(s, True) for s in status.get("initContainerStatuses", ())] + [(s, False) for s in status.get("containerStatuses", ())]:
            if is_named(each["name"], name, is_init) and _has_log(each, previous):
                found.append(Source(pod["metadata"]["name"], each["name"]))
    return sorted(found)


def is_named(container: str, name: str | None, is_init: bool = False) -> bool:
    """Whether a container is one that a name means."""
    if name is None:
        return not is_init
    return container == name or (name == "engine" and container.startswith("engine-"))


def _has_log(status: Object, previous: bool) -> bool:
    state = status.get("lastState", {}) if previous else {**status.get("state", {}), **status.get("lastState", {})}
    return "terminated" in state or (not previous and "running" in state)


def container_names(pods: Iterable[Object]) -> list[str]:
    """The names that there are to choose from."""
    return sorted({c["name"] for pod in pods for c in (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"])})


def pods_of_cluster(cluster: Cluster, names: Names) -> list[Object]:
    """All pods of a cluster."""
    return cluster.find(POD, names.namespace, labels=instance_selector(names))


def lines(cluster: Cluster, namespace: str, wanted: Sequence[Source], *, tail: int | None, previous: bool) -> Iterator[tuple[Source, str]]:
    """The lines of logs, one log after the other."""
    for source in wanted:
        for line in cluster.log(source.pod, namespace, source.container, tail=tail, previous=previous).splitlines():
            yield source, line


def followed(cluster: Cluster, namespace: str, wanted: Sequence[Source], *, tail: int | None) -> Iterator[tuple[Source, str]]:
    """The lines of logs as they are written, until every container has ended."""
    ready: queue.Queue[tuple[Source, str | None]] = queue.Queue(1000)
    for source in wanted:
        # A daemon, since it waits for a line that may never come.
        threading.Thread(target=_follow, args=(cluster, namespace, source, tail, ready), daemon=True).start()
    running = len(wanted)
    while running:
        try:
            # With a timeout, so that it can be interrupted.
            source, line = ready.get(timeout=0.5)
        except queue.Empty:
            continue
        if line is None:
            running -= 1
        else:
            yield source, line


def _follow(cluster: Cluster, namespace: str, source: Source, tail: int | None, ready: queue.Queue[tuple[Source, str | None]]) -> None:
    from kubernetes.client import ApiException
    from urllib3.exceptions import HTTPError

    rest = b""
    try:
        for piece in cluster.log_stream(source.pod, namespace, source.container, tail=tail, follow=True):
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                ready.put((source, line.decode(errors="replace")))
    except ApiException as error:
        ready.put((source, f"(the log ends: {message_of(error)})"))
    except (HTTPError, OSError) as error:
        ready.put((source, f"(the log ends: {error})"))
    finally:
        if rest:
            ready.put((source, rest.decode(errors="replace")))
        ready.put((source, None))
