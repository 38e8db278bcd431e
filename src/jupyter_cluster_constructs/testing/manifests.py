"""Find things in manifests: one object, containers, what they mount, their environment, the texts of a Secret."""

from __future__ import annotations

import base64
import copy
import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .extra import required

Manifest = dict[str, Any]
"""An object as `kubectl` gets it: plain dicts, lists, texts and numbers."""

# Where the pod's template of each kind is; a Pod has none.
TEMPLATES: dict[str, tuple[str, ...]] = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


def read(*files: Path) -> list[Manifest]:
    """Read the manifests in YAML files, as `kubectl apply -f` does.

    Args:
        *files: the files, in the order in which their manifests are wanted.

    Raises:
        ImportError: the extra `testing` is not installed.
    """
    yaml = required("yaml")
    # In C where there is one: ten times as fast.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [document for file in files for document in yaml.load_all(file.read_text(encoding="utf-8"), Loader=loader) if document]


def identity(manifest: Manifest) -> str:
    """How messages call an object: ``ConfigMap science/lab-users``, or ``Namespace science`` of what is in no namespace."""
    metadata = manifest.get("metadata", {})
    return f"{manifest.get('kind')} {'/'.join(filter(None, (metadata.get('namespace'), metadata.get('name'))))}"


def all_of(manifests: Iterable[Manifest], *kinds: str) -> list[Manifest]:
    """All objects of some kinds, in their order."""
    return [m for m in manifests if m["kind"] in kinds]


def one(manifests: Iterable[Manifest], kind: str, name: str | None = None, *, namespace: str | None = None) -> Manifest:
    """Find the only object of a kind.

    Args:
        manifests: where to look.
        kind: such as ``Deployment``.
        name: its name. Default: whatever it is called.
        namespace: its namespace. Default: any.

    Raises:
        AssertionError: there is none or more than one; it says what there is, and which names are close.
    """
    there = list(manifests)
    found = [m for m in all_of(there, kind) if name in (None, m["metadata"]["name"]) and namespace in (None, m["metadata"].get("namespace"))]
    if len(found) == 1:
        return found[0]
    wanted = f"{kind} {'/'.join(filter(None, (namespace, name or (namespace and '*'))))}".strip()
    close = difflib.get_close_matches(wanted, sorted(map(identity, there)), n=3)
    hint = f"; close to it: {', '.join(close)}" if close and not found else ""
    raise AssertionError(f"{len(found)} of {wanted} among {', '.join(sorted(map(identity, there))) or 'no objects at all'}{hint}")


def workloads(manifests: Iterable[Manifest]) -> list[Manifest]:
    """What makes pods, and pods: Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs, CronJobs."""
    return all_of(manifests, *TEMPLATES)


def _template(workload: Manifest) -> Manifest:
    found = workload
    for key in TEMPLATES[workload["kind"]]:
        found = found[key]
    return found


def pod_of(workload: Manifest) -> Manifest:
    """The spec of a workload's pods.

    Raises:
        KeyError: the object makes no pods.
    """
    spec: Manifest = _template(workload)["spec"]
    return spec


def pod_metadata(workload: Manifest) -> Manifest:
    """The metadata of a workload's pods; empty where they have none.

    Raises:
        KeyError: the object makes no pods.
    """
    metadata: Manifest = _template(workload).get("metadata", {})
    return metadata


def containers(workload: Manifest) -> dict[str, Manifest]:
    """The containers of a workload's pods by name, the init containers first."""
    pod = pod_of(workload)
    return {c["name"]: c for c in (*pod.get("initContainers", ()), *pod["containers"])}


def all_containers(manifests: Iterable[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Each container of each workload, with a name for messages: ``lab-frontend/sshd``."""
    for workload in workloads(manifests):
        for name, container in containers(workload).items():
            yield f"{workload['metadata']['name']}/{name}", container


def volumes(workload: Manifest) -> dict[str, Manifest]:
    """The volumes of a workload's pods by name, those of a StatefulSet's claim templates (as ``claimTemplate``) too."""
    templates = workload.get("spec", {}).get("volumeClaimTemplates", ())
    made = ({"name": template["metadata"]["name"], "claimTemplate": template} for template in templates)
    return {v["name"]: v for v in (*pod_of(workload).get("volumes", ()), *made)}


def mounted_volumes(workload: Manifest, container: str) -> dict[str, Manifest]:
    """What a container mounts: the volume behind each path."""
    there = volumes(workload)
    return {m["mountPath"]: there[m["name"]] for m in containers(workload)[container].get("volumeMounts", ())}


def secret_names(volume: Manifest) -> set[str]:
    """The Secrets that a volume shows."""
    sources = [volume, *volume.get("projected", {}).get("sources", ())]
    return {s["secret"].get("secretName") or s["secret"]["name"] for s in sources if "secret" in s}


def environment(container: Manifest) -> dict[str, str]:
    """The environment variables of a container whose values are in the manifest.

    Raises:
        AssertionError: one is given twice.
    """
    names = [variable["name"] for variable in container.get("env", ())]
    if len({*names}) != len(names):
        raise AssertionError(f"a variable is given twice: {names}")
    return {variable["name"]: variable.get("value", "") for variable in container.get("env", ()) if "valueFrom" not in variable}


def decoded(secret: Manifest) -> dict[str, str]:
    """The texts of a Secret, those of its ``stringData`` too."""
    encoded = {key: base64.b64decode(value).decode() for key, value in secret.get("data", {}).items()}
    return {**encoded, **secret.get("stringData", {})}


def without_containers(workload: Manifest) -> Manifest:
    """A copy of a workload with nothing but the names of its containers: a snapshot of the rest."""
    copied = copy.deepcopy(workload)
    pod = pod_of(copied)
    for key in ("initContainers", "containers"):
        if key in pod:
            pod[key] = [container["name"] for container in pod[key]]
    return copied
