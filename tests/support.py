"""What tests of several tiers need to look at manifests; it knows nothing of jsii."""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "jupyter_cluster_constructs"

Manifest = dict[str, Any]
# In C where there is one: ten times as fast as the loader of the settings, whose lines nobody needs here.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def one(manifests: Iterable[Manifest], kind: str, name: str | None = None) -> Manifest:
    """The only manifest of a kind (and name); an AssertionError names what there is instead."""
    there = list(manifests)
    found = [m for m in all_of(there, kind) if name in (None, m["metadata"]["name"])]
    assert len(found) == 1, f"{len(found)} of {kind} {name or ''} among {sorted((m['kind'], m['metadata']['name']) for m in there)}"
    return found[0]


def all_of(manifests: Iterable[Manifest], *kinds: str) -> list[Manifest]:
    """All manifests of some kinds."""
    return [m for m in manifests if m["kind"] in kinds]


def read(*files: Path) -> list[Manifest]:
    """The manifests in YAML files."""
    return [document for file in files for document in yaml.load_all(file.read_text(), Loader=LOADER) if document]


def workloads(manifests: Iterable[Manifest]) -> list[Manifest]:
    """What makes pods."""
    return all_of(manifests, "Deployment", "StatefulSet")


def pod_of(workload: Manifest) -> Manifest:
    """The pod's spec of a workload."""
    spec: Manifest = workload["spec"]["template"]["spec"]
    return spec


def containers(workload: Manifest) -> dict[str, Manifest]:
    """The containers of a workload by name, the init containers first."""
    pod = pod_of(workload)
    return {c["name"]: c for c in (*pod.get("initContainers", ()), *pod["containers"])}


def all_containers(manifests: Iterable[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Each container of each workload, with a name for messages."""
    for workload in workloads(manifests):
        for name, container in containers(workload).items():
            yield f"{workload['metadata']['name']}/{name}", container


def volumes(workload: Manifest) -> dict[str, Manifest]:
    """The volumes of a workload's pods by name, those of a StatefulSet's claim templates too."""
    made = ({"name": t["metadata"]["name"], "claimTemplate": t} for t in workload["spec"].get("volumeClaimTemplates", ()))
    return {v["name"]: v for v in (*pod_of(workload)["volumes"], *made)}


def mounted_volumes(workload: Manifest, container: str) -> dict[str, Manifest]:
    """What a container mounts: the volume behind each path."""
    return {m["mountPath"]: volumes(workload)[m["name"]] for m in containers(workload)[container]["volumeMounts"]}


def secret_names(volume: Manifest) -> set[str]:
    """The Secrets that a volume shows."""
    sources = [volume, *volume.get("projected", {}).get("sources", ())]
    return {s["secret"].get("secretName") or s["secret"]["name"] for s in sources if "secret" in s}


def decoded(secret: Manifest) -> dict[str, str]:
    """The texts of a Secret."""
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def pod_metadata(workload: Manifest) -> Manifest:
    """The metadata of a workload's pods."""
    found: Manifest = workload["spec"]["template"]["metadata"]
    return found


def without_containers(workload: Manifest) -> Manifest:
    """A workload with nothing but the names of its containers."""
    copied = copy.deepcopy(workload)
    for key in ("initContainers", "containers"):
        pod_of(copied)[key] = [container["name"] for container in pod_of(workload)[key]]
    return copied


def environment(container: Manifest) -> dict[str, str]:
    """The environment variables of a container; an AssertionError when one is given twice."""
    names = [variable["name"] for variable in container.get("env", ())]
    assert len({*names}) == len(names), f"a variable is given twice: {names}"
    return {variable["name"]: variable["value"] for variable in container.get("env", ())}
