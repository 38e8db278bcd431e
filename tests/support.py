"""What tests of several tiers need: where the project is, and the library's own helpers for manifests; it knows nothing of jsii."""

from __future__ import annotations

from pathlib import Path

from jupyter_cluster_constructs.testing import (
    Manifest,
    all_containers,
    all_of,
    containers,
    decoded,
    environment,
    mounted_volumes,
    one,
    pod_metadata,
    pod_of,
    read,
    secret_names,
    volumes,
    without_containers,
    workloads,
)

__all__ = [
    "ROOT",
    "SOURCE",
    "Manifest",
    "all_containers",
    "all_of",
    "containers",
    "decoded",
    "environment",
    "mounted_volumes",
    "one",
    "pod_metadata",
    "pod_of",
    "read",
    "secret_names",
    "volumes",
    "without_containers",
    "workloads",
]

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "jupyter_cluster_constructs"
