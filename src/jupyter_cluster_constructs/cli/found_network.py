"""The settings that depend on the Kubernetes cluster, from it or, where none is reached, by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..names import Names
from ..spec import default_cluster_ip
from .connection import connected
from .console import CommandError, ExitCode
from .service_network import NoFreeAddressError, node_networks, service_network

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

GUESS = "a guess: has to be free and in the Service network, as `kubectl get service kubernetes` shows it"
GIVEN = "as --cluster-ip said"
CHOSEN = "the NFS server's own, free and in the Service network when this was written"


@dataclass(frozen=True)
class NetworkSettings:
    """Settings of the network.

    Attributes:
        cluster_ip: ``storage.local.cluster_ip``.
        remark: how sure that is.
        source: ``option``, ``cluster`` or ``default``.
        networks: the Service networks, where they are known.
        node_cidrs: ``network.node_cidrs``, each with the name of its node; none where they are not known for sure.
        remark_on_nodes: why there are no ``node_cidrs``; empty where there are.
        notes: what else people should know, each a line.
    """

    cluster_ip: str
    remark: str
    source: str
    networks: tuple[str, ...] = ()
    node_cidrs: Mapping[str, str] = field(default_factory=dict)
    remark_on_nodes: str = ""
    notes: tuple[str, ...] = ()

    def described(self) -> dict[str, Any]:
        """The same for JSON."""
        return {
            "cluster_ip": self.cluster_ip,
            "cluster_ip_from": self.source,
            "service_networks": list(self.networks),
            "node_cidrs": list(self.node_cidrs),
            "notes": [*self.notes, *filter(None, [self.remark_on_nodes])],
        }


def network_settings(names: Names, *, cluster_ip: str | None, context: str | None, offline: bool) -> NetworkSettings:
    """Find the settings.

    Args:
        names: the names of the cluster that the settings are for.
        cluster_ip: the address of the NFS Service. Default: a free one.
        context: a context of the kubeconfig. Default: the current one.
        offline: whether no cluster is looked at.

    Raises:
        CommandError: a context was named that can't be reached, or the cluster has no address for the Service.
    """
    default = _without_cluster(names, cluster_ip)
    if offline:
        return default
    try:
        return _from_cluster(names, cluster_ip, context)
    except NoFreeAddressError:
        raise
    except CommandError as error:
        # Whoever names a cluster wants that one.
        if context is not None:
            raise
        is_guess = ", a guess" if default.source == "default" else ""
        note = f"{error}\nSo storage.local.cluster_ip is {default.cluster_ip}{is_guess}, and network.node_cidrs is left out."
        return replace(default, notes=(note,))


def _without_cluster(names: Names, cluster_ip: str | None) -> NetworkSettings:
    if cluster_ip is not None:
        return NetworkSettings(cluster_ip, GIVEN, "option")
    return NetworkSettings(default_cluster_ip(names.namespace, names.cluster), GUESS, "default")


def _from_cluster(names: Names, cluster_ip: str | None, context: str | None) -> NetworkSettings:
    api = connected(context)
    node_cidrs, remark = _node_cidrs(api)
    if cluster_ip is not None:
        return NetworkSettings(cluster_ip, GIVEN, "option", node_cidrs=node_cidrs, remark_on_nodes=remark)
    found = service_network(api, names)
    return NetworkSettings(found.cluster_ip, CHOSEN, "cluster", found.networks, node_cidrs, remark, found.notes)


def _node_cidrs(api: ApiClient) -> tuple[Mapping[str, str], str]:
    """What is known for sure: a network too few would keep a node from mounting, and none keeps nobody where nothing is enforced."""
    try:
        nodes = node_networks(api)
    except CommandError as error:
        if error.code != ExitCode.FAILED:
            raise
        return {}, f"network.node_cidrs is left out: {error}."
    if not nodes.unknown:
        return nodes.nodes, ""
    return {}, (
        f"network.node_cidrs is left out, since Kubernetes knows no pod network and no tunnel of {_shortened(nodes.unknown)}. Where the network"
        f" plugin enforces NetworkPolicies, it has to be {', '.join(nodes.nodes)} and what docs/operations.md says."
    )


def _shortened(nodes: tuple[str, ...]) -> str:
    return f"{', '.join(nodes[:3])}{f' and {len(nodes) - 3} more' if len(nodes) > 3 else ''}"
