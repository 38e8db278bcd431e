"""What applying new manifests does to a cluster that runs the ones that were there before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from ruamel.yaml.error import YAMLError

from .manifest_texts import documents

Manifest = dict[str, Any]
NAMESPACE = "Namespace"
# What the API server refuses to change, by kind, each as a path in the object.
IMMUTABLE = {
    "Deployment": ("spec.selector",),
    "StatefulSet": ("spec.selector", "spec.serviceName", "spec.volumeClaimTemplates"),
    "Service": ("spec.clusterIP",),
    "PersistentVolume": ("spec.nfs",),
    # Without a class that lets them grow, claims keep their size.
    "PersistentVolumeClaim": ("spec.accessModes", "spec.storageClassName", "spec.volumeName", "spec.resources"),
}


@dataclass(frozen=True)
class Changes:
    """The difference between two sets of manifests.

    Attributes:
        restarted: workloads whose pods are replaced, each as kind/name.
        refused: what the API server does not let be changed, each as kind/name and the path in it.
        left_over: objects that are no longer among the manifests, which ``kubectl apply`` does not remove, each as kind/name;
            never a Namespace, with which all homes would go.
        disks: those of them that take the disk under all homes along when they are deleted.
    """

    restarted: tuple[str, ...]
    refused: tuple[str, ...]
    left_over: tuple[str, ...]
    disks: tuple[str, ...] = ()


def read(files: Iterable[Path]) -> dict[Path, list[Manifest]]:
    """The manifests in files; none where one cannot be read, since nobody can tell then what was there."""
    try:
        found = {file: [document for document in documents(file.read_text(encoding="utf-8")) if document] for file in sorted(files)}
    except (OSError, ValueError, YAMLError):
        return {}
    return found if all(map(_is_manifest, chain(*found.values()))) else {}


def _is_manifest(document: Any) -> bool:
    metadata = document.get("metadata") if isinstance(document, dict) else None
    return isinstance(metadata, dict) and isinstance(metadata.get("name"), str) and isinstance(document.get("kind"), str)


def changes(before: Iterable[Manifest], after: Iterable[Manifest]) -> Changes | None:
    """Compare what was there with what is there now; None when nothing of the same cluster was there."""
    old, new = _by_name(before), _by_name(after)
    # Clusters may share a namespace.
    if not any(kind != NAMESPACE for kind, _, _ in old.keys() & new.keys()):
        return None
    left_over = [key for key in old if key not in new and key[0] != NAMESPACE]
    return Changes(
        restarted=tuple(_shown(key) for key in new if key in old and _template(old[key]) != _template(new[key])),
        refused=tuple(
            f"{_shown(key)} ({path})" for key in new if key in old for path in IMMUTABLE.get(key[0], ()) if _at(old[key], path) != _at(new[key], path)
        ),
        left_over=tuple(map(_shown, left_over)),
        disks=tuple(_shown(key) for key in left_over if _deletes_its_disk(old[key])),
    )


Key = tuple[str, str, str]


def _by_name(manifests: Iterable[Manifest]) -> dict[Key, Manifest]:
    return {(m["kind"], m["metadata"].get("namespace", ""), m["metadata"]["name"]): m for m in manifests}


def _template(manifest: Manifest) -> object:
    """What a workload's pods are made from; None of an object that has no pods."""
    return manifest.get("spec", {}).get("template") if manifest["kind"] in {"Deployment", "StatefulSet"} else None


def _deletes_its_disk(manifest: Manifest) -> bool:
    return bool(manifest.get("spec", {}).get("persistentVolumeClaimRetentionPolicy", {}).get("whenDeleted") == "Delete")


def _at(manifest: Manifest, path: str) -> Any:
    """What is at a path of an object; None where there is nothing."""
    found: Any = manifest
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _shown(key: Key) -> str:
    kind, _, name = key
    return f"{kind.lower()}/{name}"


def described(found: Changes, namespace: str) -> Iterator[str]:
    """Say it in words, before anything is applied."""
    if found.restarted:
        yield f"Against what was there before, kubectl apply restarts the pods of {', '.join(found.restarted)}."
        yield "  A frontend's restart ends SSH sessions and kernels; a worker's, the memory of its engines. No file is lost."
    else:
        yield "Against what was there before, kubectl apply restarts no pod."
    if found.refused:
        yield f"kubectl apply is refused for {', '.join(found.refused)}, which cannot change while they exist: see docs/operations.md."
    if found.left_over:
        yield f"kubectl apply does not remove what is no longer among the files: kubectl delete -n {namespace} {' '.join(found.left_over)}"
    if found.disks:
        yield f"  That deletes the disk under all homes that {', '.join(found.disks)} had, since reclaim_policy was Delete: copy them first."
