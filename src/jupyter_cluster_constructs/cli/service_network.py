"""What the settings need to know of a running cluster: a free address for the NFS Service, and where nodes mount from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, ip_address, ip_network
from itertools import chain
from typing import TYPE_CHECKING, Any

from ..names import Names
from ..spec import default_cluster_ip
from .connection import SECONDS, api_errors, reason
from .console import CommandError, ExitCode

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

# As the API sends it: the client's own classes have other attributes from one version to the next.
RAW: Mapping[str, Any] = {"_preload_content": False, "_request_timeout": SECONDS}
# RFC 5737: in nobody's Service network, so that the API server's answer names the one that it has.
NOWHERE = "203.0.113.1"
TRIES = 20
# Of Calico's tunnels, on each node: https://docs.tigera.io/calico/latest/reference/resources/node
TUNNEL_ANNOTATION = re.compile(r"projectcalico\.org/.*TunnelAddr")


class NoFreeAddressError(CommandError):
    """A cluster in which an NFS server can't have the address that it needs."""


@dataclass(frozen=True)
class ServiceNetwork:
    """Where a cluster's Services are.

    Attributes:
        cluster_ip: a free address for the NFS Service, or the one that it has already.
        networks: the IPv4 networks of the Services.
        notes: what could not be found out, each a sentence.
    """

    cluster_ip: str
    networks: tuple[str, ...]
    notes: tuple[str, ...] = ()


def service_network(api: ApiClient, names: Names) -> ServiceNetwork:
    """Choose the address of the NFS Service in a running cluster.

    https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/

    Args:
        api: the cluster.
        names: the names of the settings' cluster, on which the choice depends.

    Raises:
        CommandError: the cluster can't be asked, or its Services have no free IPv4 address.
    """
    from kubernetes.client import CoreV1Api

    core, notes = CoreV1Api(api), list[str]()
    services = _services(core, notes)
    addresses = {_place(service): service["spec"].get("clusterIP", "None") for service in services}
    if (there := addresses.get((names.namespace, names.nfs), "None")) != "None":
        return ServiceNetwork(there, (), (f"The Service {names.nfs} is there already and keeps its address.",))
    used = {address for service in services for address in service["spec"].get("clusterIPs") or [service["spec"].get("clusterIP")]}
    networks = _declared(api) or _refused_range(core) or _around(addresses.get(("default", "kubernetes")), notes)
    for address in _confirmed(core, free_addresses(networks, used, names), notes):
        return ServiceNetwork(str(address), tuple(map(str, networks)), tuple(notes))
    raise NoFreeAddressError(
        f"no free IPv4 address for the NFS server's Service in {', '.join(map(str, networks)) or 'this cluster, whose Services have none'};"
        " choose other storage (--nfs, --claim, --storage-class), or name one (--cluster-ip)",
        ExitCode.FAILED,
    )


def free_addresses(networks: Sequence[IPv4Network], used: Collection[str], names: Names) -> Iterator[IPv4Address]:
    """Free addresses, first those that Kubernetes hands out last, and among them the same one first for the same cluster."""
    seed = int(default_cluster_ip(names.namespace, names.cluster).rpartition(".")[2])
    for network in networks:
        size = network.num_addresses
        # The band of addresses that people choose themselves; its first ones are the API's and DNS's.
        band = min(max(16, size // 16), 256)
        low, span = band * 100 // 256, band * 150 // 256
        start = (seed - 100) % span
        preferred = [low + (start + i) % span for i in range(span)]
        for offset in chain(preferred, range(low + span, size - 1)):
            if offset < size - 1 and str(network[offset]) not in used:
                yield network[offset]


@dataclass(frozen=True)
class NodeNetworks:
    """From where the nodes mount the NFS server.

    Attributes:
        nodes: the networks, each with the name of its node.
        unknown: nodes that tell nothing of their tunnels and bridges, from which they may mount too.
    """

    nodes: Mapping[str, str]
    unknown: tuple[str, ...]


def node_networks(api: ApiClient) -> NodeNetworks:
    """The networks that nodes mount from, as docs/operations.md says.

    They are the nodes' addresses, the first two of each node's pod network (tunnel and bridge), and those of Calico's tunnels.

    Raises:
        CommandError: the cluster can't be asked.
    """
    from kubernetes.client import CoreV1Api

    with api_errors("listing the nodes"):
        nodes = _read(CoreV1Api(api).list_node)["items"]
    found, unknown = dict[str, str](), []
    for node in nodes:
        metadata, spec = node["metadata"], node["spec"]
        addresses = [each["address"] for each in node["status"].get("addresses", ()) if each["type"] == "InternalIP"]
        tunnels = [text for key, text in metadata.get("annotations", {}).items() if TUNNEL_ANNOTATION.fullmatch(key)]
        hosts = (ip_network(ip_address(text.partition("/")[0])) for text in (*addresses, *tunnels))
        pod_networks = [ip_network(text) for text in spec.get("podCIDRs") or filter(None, [spec.get("podCIDR")])]
        if not tunnels and not pod_networks:
            unknown.append(metadata["name"])
        # The longest prefix with two addresses in it.
        pods = (next(network.subnets(new_prefix=network.max_prefixlen - 1)) for network in pod_networks)
        for network in (*hosts, *pods):
            found.setdefault(str(network), metadata["name"])
    return NodeNetworks(found, tuple(unknown))


def _read(call: Callable[..., Any], *arguments: str) -> Any:
    return json.loads(call(*arguments, **RAW).data)


def _place(service: Any) -> tuple[str, str]:
    return service["metadata"]["namespace"], service["metadata"]["name"]


def _services(core: Any, notes: list[str]) -> list[Any]:
    """All Services, or the API server's own where no others may be seen."""
    from kubernetes.client import ApiException

    with api_errors("listing the Services"):
        try:
            return list(_read(core.list_service_for_all_namespaces)["items"])
        except ApiException as error:
            if error.status != 403:
                raise
        notes.append("The Services of all namespaces may not be listed, so that other clusters' addresses are not known.")
        return [_read(core.read_namespaced_service, "kubernetes", "default")]


def _declared(api: ApiClient) -> list[IPv4Network]:
    """The networks of ServiceCIDR objects, which Kubernetes has from 1.33 on, and before where it was asked for them."""
    from kubernetes.client import ApiException, CustomObjectsApi

    for version in ("v1", "v1beta1"):
        try:
            found: Any = CustomObjectsApi(api).list_cluster_custom_object("networking.k8s.io", version, "servicecidrs", _request_timeout=SECONDS)
        except ApiException:
            continue
        cidrs = [cidr for each in found["items"] if not each["metadata"].get("deletionTimestamp") for cidr in each["spec"].get("cidrs", ())]
        return _ipv4(cidrs)
    return []


def _refused_range(core: Any) -> list[IPv4Network]:
    """What the API server says when it is asked, without making anything, for an address outside of the network."""
    refusal = _refusal(core, NOWHERE) or ""
    return _ipv4(re.findall(r"valid IPs is ([0-9./]+)", refusal))


def _around(kubernetes: str | None, notes: list[str]) -> list[IPv4Network]:
    """The part of the network that is certain: the API server's own Service has its first address."""
    if kubernetes is None or ip_address(kubernetes).version != 4:
        return []
    network = ip_network(f"{kubernetes}/24", strict=False)
    notes.append(f"The Service network could not be read; {network}, around the Service kubernetes, is taken for a part of it.")
    return _ipv4([str(network)])


def _ipv4(cidrs: Sequence[str]) -> list[IPv4Network]:
    return [network for network in map(ip_network, cidrs) if isinstance(network, IPv4Network)]


def _confirmed(core: Any, addresses: Iterator[IPv4Address], notes: list[str]) -> Iterator[IPv4Address]:
    """Addresses that the API server would give a Service, as far as a dry run tells; those that can't be tried too, with a note."""
    for _, address in zip(range(TRIES), addresses, strict=False):
        refusal = _refusal(core, str(address))
        if refusal is None:
            yield address
        elif str(address) not in refusal:
            notes.append(f"Whether {address} is free could not be tried: {refusal}.")
            yield address


def _refusal(core: Any, address: str) -> str | None:
    """Why the API server refuses a Service of an address, which is not made: a dry run."""
    from kubernetes.client import ApiException

    spec = {"clusterIP": address, "ports": [{"port": 2049}]}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"generateName": "jupyter-cluster-init-"}, "spec": spec}
    try:
        core.create_namespaced_service("default", service, dry_run="All", **RAW)
    except ApiException as error:
        return reason(error)
    return None
