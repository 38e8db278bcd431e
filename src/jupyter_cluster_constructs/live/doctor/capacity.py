"""Whether pods fit on nodes: what the scheduler would find, for what the settings can ask for.

https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#how-pods-with-resource-requests-are-scheduled
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ..api import Object

PODS = "pods"
Amounts = Mapping[str, Decimal]


def workload_pods(manifests: Iterable[Object]) -> list[tuple[str, Object]]:
    """Every pod that manifests make, each with its workload's name."""
    found = []
    for manifest in manifests:
        if manifest["kind"] in ("Deployment", "StatefulSet"):
            found += [(manifest["metadata"]["name"], manifest["spec"]["template"]["spec"])] * manifest["spec"].get("replicas", 1)
    return found


def amount(quantity: str) -> Decimal:
    """A quantity as a number, such as 0.5 for 500m."""
    from kubernetes.utils import quantity as quantities

    # Untyped.
    parser: Any = quantities.parse_quantity
    found: Decimal = parser(quantity)
    return found


def requests(pod: Object) -> Amounts:
    """What a pod asks for: all its containers, or an init container that asks for more."""

    def of(container: Object) -> dict[str, Decimal]:
        resources = container.get("resources", {})
        # Extra resources are often limited alone, which requests them too.
        wanted = {**resources.get("limits", {}), **resources.get("requests", {})}
        return {key: amount(value) for key, value in wanted.items()}

    amounts: dict[str, Decimal] = {}
    for container in pod.get("containers", ()):
        for key, value in of(container).items():
            amounts[key] = amounts.get(key, Decimal(0)) + value
    for container in pod.get("initContainers", ()):
        amounts |= {key: max(value, amounts.get(key, Decimal(0))) for key, value in of(container).items()}
    return {**amounts, PODS: Decimal(1)}


def misfits(pods: Sequence[tuple[str, Object]], nodes: Sequence[Object], others: Iterable[Object]) -> dict[str, str]:
    """The pods that fit nowhere, the largest placed first; by their names and numbers, each with what is missing."""
    free = {n["metadata"]["name"]: {k: amount(v) for k, v in n.get("status", {}).get("allocatable", {}).items()} for n in nodes}
    for pod in others:
        node = pod["spec"].get("nodeName")
        if node in free and pod.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
            _take(free[node], requests(pod["spec"]))
    left_out: dict[str, str] = {}
    for number, (name, spec) in enumerate(sorted(pods, key=lambda pair: -requests(pair[1]).get("memory", Decimal(0))), 1):
        wanted = requests(spec)
        open_nodes = [n["metadata"]["name"] for n in nodes if lets_in(n, spec)]
        fitting = [node for node in open_nodes if not _missing(free[node], wanted)]
        if fitting:
            _take(free[fitting[0]], wanted)
        elif not open_nodes:
            left_out[f"{name} ({number})"] = "no node has its labels and taints that it puts up with"
        else:
            missing = {key for node in open_nodes for key in _missing(free[node], wanted)}
            left_out[f"{name} ({number})"] = f"not enough {' and '.join(sorted(missing))}"
    return left_out


def lets_in(node: Object, pod: Object) -> bool:
    """Whether a node has the labels that a pod wants, and no taint that it does not put up with."""
    if node.get("spec", {}).get("unschedulable") or not pod.get("nodeSelector", {}).items() <= node["metadata"].get("labels", {}).items():
        return False
    taints = [t for t in node.get("spec", {}).get("taints", ()) if t["effect"] in ("NoSchedule", "NoExecute")]
    return all(any(_tolerates(toleration, taint) for toleration in pod.get("tolerations", ())) for taint in taints)


def _tolerates(toleration: Object, taint: Object) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    return bool(toleration.get("key") == taint["key"] and toleration.get("value", "") == taint.get("value", ""))


def _missing(free: Amounts, wanted: Amounts) -> set[str]:
    return {key for key, amount in wanted.items() if amount > free.get(key, Decimal(0))}


def _take(free: dict[str, Decimal], wanted: Amounts) -> None:
    for key, amount in wanted.items():
        free[key] = free.get(key, Decimal(0)) - amount
