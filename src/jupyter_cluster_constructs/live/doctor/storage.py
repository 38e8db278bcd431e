"""What the storage needs: the NFS Service's address, StorageClasses, a claim, nodes that the server lets in."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence

from ...spec import ClusterSpec, default_cluster_ip
from ..api import CLAIM, NAMESPACE, NODE, SERVICE, STORAGE_CLASS, Kubernetes, Object, message_of
from .finding import Finding, failure, ok, warning

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
# Disks that one node at a time can have.
ONE_NODE = re.compile(
    r"(ebs\.csi|aws-ebs|disk\.csi\.azure|azure-disk|pd\.csi\.storage\.gke|gce-pd|local-path|hostpath|no-provisioner|rbd\.csi|cinder)"
)


def address(api: Kubernetes, spec: ClusterSpec) -> Iterator[Finding]:
    """Whether the NFS Service can have its address: the API server is asked for it, and makes nothing."""
    from kubernetes.client import ApiException

    if spec.storage.local is None:
        return
    wanted = spec.storage.local.cluster_ip or default_cluster_ip(spec.namespace, spec.name)
    own = api.get(SERVICE, spec.names.nfs, spec.namespace)
    if own is not None:
        yield own_address_finding(wanted, own["spec"].get("clusterIP"), spec.names.nfs)
        return
    namespace = spec.namespace if api.get(NAMESPACE, spec.namespace) else "default"
    body: Object = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"generateName": "jupyter-cluster-doctor-"},
        "spec": {"clusterIP": wanted, "ports": [{"port": 2049}]},
    }
    try:
        api.send("POST", SERVICE.path(namespace), body, query={"dryRun": "All"})
    except ApiException as error:
        yield refused_address_finding(wanted, message_of(error))
    else:
        yield free_address_finding(wanted, api.find(SERVICE))


def free_address_finding(wanted: str, services: Iterable[Object]) -> Finding:
    """Whether no Service has an address of the Service network; a dry run looks at the network alone, not at what is allocated."""
    for service in services:
        spec, place = service["spec"], service["metadata"]
        if wanted in spec.get("clusterIPs", (spec.get("clusterIP"),)):
            taken = f"{wanted} is that of service/{place['name']} in the namespace {place['namespace']}"
            return failure("NFS address", taken, "set storage.local.cluster_ip to another address of its network")
    return ok("NFS address", f"{wanted} is in the Service network, and free")


def own_address_finding(wanted: str, has: str | None, service: str) -> Finding:
    """Whether the Service that is there has the address of the settings."""
    if has == wanted:
        return ok("NFS address", f"{wanted} is that of service/{service}")
    advice = "a Service keeps its address: put it into storage.local.cluster_ip, or jupyter-cluster down first"
    return failure("NFS address", f"the settings say {wanted}, and service/{service} has {has}", advice)


def refused_address_finding(wanted: str, message: str) -> Finding:
    """Why the API server does not give an address."""
    network = re.search(r"valid IPs is ([0-9a-fA-F.:/]+)", message)
    if network is not None:
        return failure(
            "NFS address",
            f"{wanted} is outside of the Service network {network[1]}",
            f"set storage.local.cluster_ip to a free address of {network[1]}",
        )
    if "already allocated" in message:
        return failure("NFS address", f"{wanted} is taken by another Service", "set storage.local.cluster_ip to another address of its network")
    return warning("NFS address", f"{wanted}: {message}", "set storage.local.cluster_ip to a free address of the Service network")


def classes(api: Kubernetes, spec: ClusterSpec) -> Iterator[Finding]:
    """Whether the disk, or the claim, can be made."""
    storage = spec.storage
    if storage.local is not None:
        yield disk_class_finding(storage.local.storage_class, api.find(STORAGE_CLASS))
    elif storage.storage_class is not None:
        yield shared_class_finding(storage.storage_class, api.find(STORAGE_CLASS))
    elif storage.claim is not None:
        yield claim_finding(storage.claim, api.get(CLAIM, storage.claim, spec.namespace))


def disk_class_finding(name: str | None, found: Sequence[Object]) -> Finding:
    """Whether a StorageClass is there for the NFS server's disk."""
    if name is None:
        defaults = [c for c in found if c["metadata"].get("annotations", {}).get(DEFAULT_CLASS) == "true"]
        if not defaults:
            return failure("StorageClass", "there is no default class", f"set storage.local.storage_class; there are: {_names(found)}")
        return ok("StorageClass", f"{_described(defaults[-1])}, the default")
    named = [c for c in found if c["metadata"]["name"] == name]
    if not named:
        return failure("StorageClass", f"there is no class {name}", f"set storage.local.storage_class to one of: {_names(found)}")
    return ok("StorageClass", _described(named[0]))


def shared_class_finding(name: str, found: Sequence[Object]) -> Finding:
    """Whether a StorageClass is there for a ReadWriteMany claim, and can give one."""
    named = [c for c in found if c["metadata"]["name"] == name]
    if not named:
        return failure("StorageClass", f"there is no class {name}", f"set storage.storage_class to one of: {_names(found)}")
    if ONE_NODE.search(named[0].get("provisioner", "")):
        advice = "take a class of a shared file system (CephFS, EFS, Filestore, NFS CSI), or storage.local"
        return warning("StorageClass", f"{_described(named[0])}: its volumes are for one node at a time", advice)
    return ok("StorageClass", f"{_described(named[0])}; whether it gives ReadWriteMany volumes shows at the first claim")


def claim_finding(name: str, claim: Object | None) -> Finding:
    """Whether a claim that exists is one for many nodes."""
    if claim is None:
        return failure("claim", f"there is no PersistentVolumeClaim {name} in the namespace", "make it, or set storage.claim to one that exists")
    if "ReadWriteMany" not in claim["spec"].get("accessModes", ()):
        return failure("claim", f"{name} is {', '.join(claim['spec'].get('accessModes', ()))}", "a claim for all pods is ReadWriteMany")
    return ok("claim", f"{name} is ReadWriteMany, and {claim.get('status', {}).get('phase', 'Pending')}")


def _described(found: Object) -> str:
    return f"{found['metadata']['name']} ({found.get('provisioner')}, {found.get('volumeBindingMode', 'Immediate')})"


def _names(found: Iterable[Object]) -> str:
    return ", ".join(sorted(c["metadata"]["name"] for c in found)) or "none"


def node_networks(api: Kubernetes, spec: ClusterSpec) -> Iterator[Finding]:
    """Whether the NFS server lets every node in."""
    if spec.storage.local is not None and spec.network.node_cidrs:
        yield node_networks_finding(spec.network.node_cidrs, api.find(NODE))


def node_networks_finding(cidrs: Sequence[str], nodes: Iterable[Object]) -> Finding:
    """The nodes with an address that is in none of the networks."""
    networks = [ipaddress.ip_network(cidr) for cidr in cidrs]
    out = []
    for node in nodes:
        inside = [a["address"] for a in node.get("status", {}).get("addresses", ()) if a["type"] == "InternalIP"]
        if inside and not any(ipaddress.ip_address(address) in network for address in inside for network in networks):
            out.append(f"{node['metadata']['name']} ({', '.join(inside)})")
    if out:
        return failure("network.node_cidrs", f"shuts out {', '.join(out)}", "add their addresses; docs/operations.md says which belong into it")
    return ok("network.node_cidrs", "every node's address is in it; docs/operations.md says which addresses of tunnels and bridges belong there too")
