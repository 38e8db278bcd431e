"""Pods that are no part of a cluster, and all ports that they could knock at."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .cluster import Cluster
from .intruders import answering, as_root
from .kube import items, kubectl, wait_until
from .remote import call, program

LISTENING = "0A"
READY_SECONDS = 60
Target = tuple[str, int]
NOBODY = {
    "runAsNonRoot": True,
    "runAsUser": 4711,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


@contextmanager
def stranger(image: str, namespace: str, name: str, labels: Mapping[str, str] | None = None) -> Iterator[str]:
    """A pod in a namespace that can run Python and has no rights; its name."""
    container = {
        "name": "python",
        "image": image,
        "command": ["sleep", "600"],
        "securityContext": NOBODY,
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}},
    }
    spec = {"automountServiceAccountToken": False, "terminationGracePeriodSeconds": 0, "containers": [container]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": dict(labels or {})}, "spec": spec}
    kubectl("--namespace", namespace, "delete", "pod", name, "--ignore-not-found")
    kubectl("--namespace", namespace, "apply", "--filename=-", stdin=json.dumps(pod))
    try:
        kubectl("--namespace", namespace, "wait", "--for=condition=Ready", f"pod/{name}", f"--timeout={READY_SECONDS}s", seconds=READY_SECONDS + 10)
        yield name
    finally:
        kubectl("--namespace", namespace, "delete", "pod", name, "--wait=false")


@contextmanager
def namespace_of(name: str, labels: Mapping[str, str] | None = None) -> Iterator[str]:
    """A namespace that is gone afterwards."""
    kubectl("delete", "namespace", name, "--ignore-not-found", "--timeout=60s", seconds=70)
    kubectl(
        "apply", "--filename=-", stdin=json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels or {})}})
    )
    try:
        yield name
    finally:
        kubectl("delete", "namespace", name, "--wait=false")


def reached_by(namespace: str, pod: str, targets: Iterable[Target]) -> set[Target]:
    """Which ports accept a connection from a pod."""
    found = call(
        lambda text: kubectl("--namespace", namespace, "exec", "--stdin", pod, "--", "python3", "-", stdin=text), answering, sorted({*targets})
    )
    return {(host, port) for host, port in found}


def listening_ports(cluster: Cluster, pod: Mapping[str, Any]) -> set[int]:
    """Every TCP port that something in a pod listens at, on whatever address."""
    container = pod["spec"]["containers"][0]["name"]
    tables = cluster.kubectl(
        "exec", pod["metadata"]["name"], "--container", container, "--", "sh", "-c", "cat /proc/net/tcp; cat /proc/net/tcp6 2>/dev/null || true"
    )
    rows = [line.split() for line in tables.splitlines()]
    return {int(fields[1].rpartition(":")[2], 16) for fields in rows if fields[3] == LISTENING}


def declared_ports(pod: Mapping[str, Any]) -> set[int]:
    """Every port that a pod's containers declare."""
    return {port["containerPort"] for container in pod["spec"]["containers"] for port in container.get("ports", ())}


def ports_of_pods(cluster: Cluster) -> set[Target]:
    """Every port of every pod of a cluster."""
    return {(pod["status"]["podIP"], port) for pod in cluster.pods() for port in listening_ports(cluster, pod) | declared_ports(pod)}


def ports_of_services(cluster: Cluster) -> dict[Target, str]:
    """Every port of every Service of a cluster, with the Service's name."""
    services = items("services", "--namespace", cluster.namespace, "--selector", cluster.selector())
    return {
        (service["spec"]["clusterIP"], port["port"]): service["metadata"]["name"] for service in services for port in service["spec"].get("ports", ())
    }


def networks_of_nodes(cluster: Cluster) -> list[str]:
    """From where nodes mount: their own addresses, the first ones of their pods' networks, and those that the NFS server sees."""
    nodes = items("nodes")
    own = {a["address"] for node in nodes for a in node["status"]["addresses"] if a["type"] == "InternalIP"}
    tunnels = {str(ipaddress.ip_network(node["spec"]["podCIDR"])[0]) for node in nodes if "podCIDR" in node["spec"]}
    tunnels |= {str(ipaddress.ip_network(node["spec"]["podCIDR"])[1]) for node in nodes if "podCIDR" in node["spec"]}
    seen = set(cluster.execute("nfs-0", "nfs-server", "nfs_clients.py").split())
    return sorted(str(ipaddress.ip_network(address)) for address in own | tunnels | seen)


def attempts_of_root(cluster: Cluster, pod: str, home: str, shared: str) -> dict[str, str | None]:
    """What root meets in an ephemeral container of a pod, with its volumes and every capability that passes over modes of files."""
    path = f"/api/v1/namespaces/{cluster.namespace}/pods/{pod}"
    found = json.loads(kubectl("get", "--raw", path))
    first = found["spec"]["containers"][0]
    name = f"root-{len(found['spec'].get('ephemeralContainers', ()))}"
    container = {
        "name": name,
        "image": first["image"],
        "command": ["python3", "-c", program(as_root, home, shared)],
        "volumeMounts": [mount for mount in first["volumeMounts"] if "subPath" not in mount],
        "securityContext": {
            "runAsUser": 0,
            "runAsGroup": 0,
            "runAsNonRoot": False,
            "capabilities": {"drop": ["ALL"], "add": ["CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER"]},
        },
    }
    found["spec"].setdefault("ephemeralContainers", []).append(container)
    kubectl("replace", "--raw", f"{path}/ephemeralcontainers", "--filename=-", stdin=json.dumps(found))

    def ended() -> bool:
        statuses = json.loads(kubectl("get", "--raw", path))["status"].get("ephemeralContainerStatuses", ())
        return any(status["name"] == name and "terminated" in status["state"] for status in statuses)

    wait_until("root's container ends", ended, seconds=READY_SECONDS)
    told: dict[str, str | None] = json.loads(cluster.kubectl("logs", pod, "--container", name).splitlines()[-1])
    return told
