"""Clusters beside the example's, each in a namespace of its own, small enough for a node of two CPUs."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .cluster import Cluster, node_networks
from .conftest import NAMESPACE
from .kube import kubectl

CPU = "20m"
# Half of what is usual: up to three of these clusters, one of them going, are on the node beside the example's.
MEMORY = {"controller": "512Mi", "jupyter": "1Gi", "sshd": "512Mi"}
ENGINE_MEMORY = "512Mi"


def small_settings(name: str, *, ssh_key: str, storage: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A cluster of one engine and one user, ada."""
    storage = dict(storage or {"local": {}})
    if (address := os.environ.get("E2E_NFS_ADDRESS")) and "local" in storage:
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        storage["local"] = {**storage["local"], "cluster_ip": str(ipaddress.ip_address(address) + 1 + worker)}
    return {
        **(node_networks() if "local" in storage else {}),
        "name": name,
        "namespace": f"e2e-{name}-{NAMESPACE}",
        "create_namespace": True,
        "users": [{"name": "ada", "uid": 1001, "ssh_keys": [ssh_key]}],
        "storage": storage,
        "workers": [{"replicas": 1, "cpu": CPU, "memory": ENGINE_MEMORY}],
        "frontend": {container: {"cpu": CPU, "memory": memory} for container, memory in MEMORY.items()},
    }


def small_cluster(name: str, directory: Path, *, ssh_key: str, storage: Mapping[str, Any] | None = None) -> Cluster:
    """Its manifests."""
    return Cluster.synthesized(small_settings(name, ssh_key=ssh_key, storage=storage), directory / name)


@contextmanager
def own_namespace(cluster: Cluster) -> Iterator[None]:
    """A namespace without anything of a killed run, which is going afterwards; gone where the next one needs its NFS address."""
    remove(cluster)
    try:
        yield
    finally:
        if "E2E_NFS_ADDRESS" in os.environ:
            remove(cluster)
        else:
            kubectl("delete", "--wait=false", "--ignore-not-found", "--filename", str(cluster.dist))


def remove(cluster: Cluster) -> None:
    cluster.delete()
    # The claim under the homes outlives the manifests, but not their namespace.
    kubectl("delete", "namespace", cluster.namespace, "--ignore-not-found", "--timeout=120s", seconds=130)
