"""Apply manifests, by the API server's own rules, and leave everything as `kubectl apply` would: docs/decisions/0017-up-applies.md."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from ..changes import Changes, changes
from ..names import Names
from .api import (
    CLAIM,
    CONFIG_MAP,
    DEPLOYMENT,
    INGRESS,
    NAMESPACE,
    POD_MONITOR,
    POLICY,
    ROUTE,
    SECRET,
    SERVICE,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
    Kind,
    Kubernetes,
    Object,
    message_of,
)
from .snapshot import allowed, instance_selector, volumes

MANAGER = "jupyter-cluster"
KUBECTL = "kubectl-client-side-apply"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# What the API server takes for all annotations of an object.
MOST_BYTES = 256 * 1024
NO_NAMESPACE = "is not there: kubectl create namespace {}, or create_namespace: true in the settings"
# What a cluster is made of, in the order in which it is deleted after its pods.
NAMESPACED = (DEPLOYMENT, STATEFUL_SET, INGRESS, ROUTE, POD_MONITOR, SERVICE, POLICY, CONFIG_MAP, SECRET, SERVICE_ACCOUNT, CLAIM)
Outcome = Literal["created", "changed", "unchanged"]


@dataclass(frozen=True)
class Refusal:
    """What the API server does not take.

    Attributes:
        about: the object, as kind/name.
        message: what it says.
    """

    about: str
    message: str


def shown(item: Object) -> str:
    """An object as kind/name."""
    return f"{item['kind'].lower()}/{item['metadata']['name']}"


def last_applied(manifest: Object) -> str:
    """What kubectl writes down of a manifest, byte by byte, so that neither of us changes the other's."""
    metadata = {**manifest["metadata"], "annotations": manifest["metadata"].get("annotations", {})}
    text = json.dumps({**manifest, "metadata": metadata}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    # Go escapes what HTML or JavaScript would read.
    for character in "&<>\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f"{text}\n"


def configuration(manifest: Object) -> Object:
    """What is applied: the manifest, and what `kubectl apply` has to know of it later."""
    annotations = {**manifest["metadata"].get("annotations", {})}
    noted = last_applied(manifest)
    if len(noted.encode()) + sum(len(f"{key}{value}".encode()) for key, value in annotations.items()) < MOST_BYTES:
        annotations[LAST_APPLIED] = noted
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": annotations}} if annotations else manifest


def on_cluster(api: Kubernetes, names: Names) -> list[Object]:
    """What was applied of a cluster last, by kubectl or by `up`, as manifests."""
    labels = instance_selector(names)
    found = [item for kind in NAMESPACED for item in allowed(api, kind, names.namespace, labels)] + volumes(api, names)
    noted = [item["metadata"].get("annotations", {}).get(LAST_APPLIED) for item in found]
    return [json.loads(text) for text in noted if text]


def planned_changes(api: Kubernetes, names: Names, manifests: Iterable[Object]) -> Changes | None:
    """What applying these manifests does to the cluster that runs; None where there is none yet."""
    return changes(on_cluster(api, names), manifests)


def refusals(api: Kubernetes, manifests: Sequence[Object]) -> list[Refusal]:
    """What the API server would not take, without changing anything; nothing of a namespace that is only to be made."""
    made = {m["metadata"]["name"] for m in manifests if m["kind"] == "Namespace"}
    named = {str(m["metadata"]["namespace"]) for m in manifests if "namespace" in m["metadata"]}
    missing = {name for name in made | named if api.get(NAMESPACE, name) is None}
    unmade = [Refusal(f"namespace/{name}", NO_NAMESPACE.format(name)) for name in sorted(missing - made)]
    tried = [m for m in manifests if m["metadata"].get("namespace") not in missing]
    return unmade or [refusal for manifest in tried if (refusal := _refusal(api, manifest)) is not None]


def _refusal(api: Kubernetes, manifest: Object) -> Refusal | None:
    from kubernetes.client import ApiException

    try:
        _patch(api, manifest, is_tried=True)
    except ApiException as error:
        if error.status in (None, 0, HTTPStatus.UNAUTHORIZED) or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        return Refusal(shown(manifest), message_of(error))
    return None


def apply(api: Kubernetes, manifests: Iterable[Object], report: Callable[[Object, Outcome], None]) -> None:
    """Apply manifests one after the other, and tell what became of each."""
    for manifest in manifests:
        metadata = manifest["metadata"]
        before = api.get(Kind.of(manifest), metadata["name"], metadata.get("namespace"))
        if before is not None:
            before = _taken_over(api, before)
        after = _patch(api, manifest)
        if before is None:
            report(manifest, "created")
        else:
            report(manifest, "unchanged" if _without_managers(before) == _without_managers(after) else "changed")


def _patch(api: Kubernetes, manifest: Object, *, is_tried: bool = False) -> Object:
    metadata = manifest["metadata"]
    path = Kind.of(manifest).path(metadata.get("namespace"), metadata["name"])
    # What somebody changed by hand is the settings' again, as with `kubectl apply`.
    query = {"fieldManager": MANAGER, "force": "true", "fieldValidation": "Strict"} | ({"dryRun": "All"} if is_tried else {})
    return api.send("PATCH", path, configuration(manifest), content_type="application/apply-patch+yaml", query=query)


def _without_managers(item: Object) -> Object:
    metadata = {key: value for key, value in item["metadata"].items() if key not in ("managedFields", "resourceVersion")}
    return {**item, "metadata": metadata}


def _taken_over(api: Kubernetes, item: Object) -> Object:
    """Take over what `kubectl apply` set: a field that two managers set stays when one of them drops it."""
    fields = item["metadata"].get("managedFields", [])
    merged = merged_managers(fields)
    if merged == fields:
        return item
    patch: list[Object] = [
        {"op": "replace", "path": "/metadata/managedFields", "value": merged},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": item["metadata"]["resourceVersion"]},
    ]
    path = Kind.of(item).path(item["metadata"].get("namespace"), item["metadata"]["name"])
    return api.send("PATCH", path, patch, content_type="application/json-patch+json", query={"fieldManager": MANAGER})


def merged_managers(fields: Sequence[Object]) -> list[Object]:
    """An object's managers, with kubectl's entry made part of this library's.

    https://kubernetes.io/docs/reference/using-api/server-side-apply/#upgrading-from-client-side-apply-to-server-side-apply
    """
    kubectls = [f for f in fields if (f.get("manager"), f.get("operation"), f.get("subresource")) == (KUBECTL, "Update", None)]
    if not kubectls:
        return list(fields)
    own = [f for f in fields if (f.get("manager"), f.get("operation"), f.get("subresource")) == (MANAGER, "Apply", None)]
    union: Object = {}
    for entry in (*own, *kubectls):
        union = _union(union, entry.get("fieldsV1", {}))
    ours = {**(own or kubectls)[0], "manager": MANAGER, "operation": "Apply", "fieldsV1": union}
    return [*(f for f in fields if f not in kubectls and f not in own), ours]


def _union(one: Object, other: Object) -> Object:
    return {**one, **{key: _union(one[key], value) if key in one else value for key, value in other.items()}}
