"""What a failed run shows of the cluster: pods, events, descriptions of what is not ready, logs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .kube import CommandError, items, kubectl

PRODUCT = "app.kubernetes.io/name=jupyter-cluster"
TAIL = 40
EVENTS = 80


def diagnosis(namespace: str) -> str:
    """What is in the suite's namespace and in those that it makes for further clusters."""
    try:
        found = {pod["metadata"]["namespace"] for pod in items("pods", "--all-namespaces", "--selector", PRODUCT)}
    except CommandError as error:
        return str(error)
    own = sorted(name for name in found if name == namespace or (name.startswith("e2e-") and name.endswith(f"-{namespace}")))
    return "\n".join(line for name in own for line in _of_namespace(name))


def _of_namespace(namespace: str) -> Iterator[str]:
    yield from _shown("get", "pods,services,persistentvolumeclaims", "--output=wide", namespace=namespace)
    yield from _shown("get", "events", "--sort-by=.lastTimestamp", namespace=namespace, last=EVENTS)
    try:
        pods = items("pods", "--namespace", namespace, "--selector", PRODUCT)
    except CommandError as error:
        yield str(error)
        return
    for pod in pods:
        name = pod["metadata"]["name"]
        if not _is_ready(pod):
            yield from _shown("describe", "pod", name, namespace=namespace)
        for status in (*pod["status"].get("initContainerStatuses", ()), *pod["status"].get("containerStatuses", ())):
            logs = ("logs", name, "--container", status["name"], f"--tail={TAIL}")
            if status["restartCount"]:
                yield from _shown(*logs, "--previous", namespace=namespace)
            yield from _shown(*logs, namespace=namespace)


def _is_ready(pod: dict[str, Any]) -> bool:
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in pod["status"].get("conditions", ()))


def _shown(*arguments: str, namespace: str, last: int = 1000) -> Iterator[str]:
    yield f"$ kubectl -n {namespace} {' '.join(arguments)}"
    try:
        yield from kubectl("--namespace", namespace, *arguments, seconds=30).splitlines()[-last:]
    except CommandError as error:
        yield str(error)
