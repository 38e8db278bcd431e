"""NetworkPolicies: each workload's pods are closed both ways, but for what is named.

https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from cdk8s_plus_27 import k8s
from constructs import Construct

from .labels import Component, component_selector, selector
from .names import Names
from .objects import int_or_string, metadata
from .spec import Destination, Egress, Network, Peer, Ssh, Target
from .spec.network import excluded, through_nat64

# Containers of OpenShift's DNS listen at the second one.
DNS_PORTS = (53, 5353)
# What is not a public address; clouds' metadata, Azure's wire server and Oracle's services among it.
PRIVATE_IPV4 = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/3",
)
PRIVATE_IPV6 = ("::/64", "64:ff9b:1::/48", "fc00::/7", "fe80::/10", "ff00::/8")
PUBLIC = {
    "0.0.0.0/0": PRIVATE_IPV4,
    "::/0": (*PRIVATE_IPV6, *(str(through_nat64(ipaddress.IPv4Network(block))) for block in PRIVATE_IPV4)),
}


def network_policy(
    scope: Construct,
    *,
    names: Names,
    name: str,
    component: Component,
    network: Network,
    group: str | None = None,
    ingress: Sequence[k8s.NetworkPolicyIngressRule] = (),
    egress: Sequence[k8s.NetworkPolicyEgressRule] = (),
) -> k8s.KubeNetworkPolicy | None:
    """Close a workload's pods both ways, but for these rules; None where the settings want no policies.

    Args:
        scope: the construct that makes the pods.
        names: names of the cluster's resources.
        name: name of the policy.
        component: whose pods.
        network: whether policies are made.
        group: which workers. Default: those of the group without a name; other components have no groups.
        ingress: who may connect to them. Default: nobody.
        egress: what they may connect to. Default: nothing.
    """
    if not network.policies:
        return None
    return k8s.KubeNetworkPolicy(
        scope,
        f"NetworkPolicy-{group}" if group else "NetworkPolicy",
        metadata=metadata(names, name, component, group=group),
        spec=k8s.NetworkPolicySpec(
            pod_selector=k8s.LabelSelector(match_labels=selector(names.cluster, component, group)),
            policy_types=["Ingress", "Egress"],
            # The API server drops empty lists, and `kubectl diff` would differ for ever.
            ingress=list(ingress) or None,
            egress=list(egress) or None,
        ),
    )


def from_peers(peers: Iterable[Peer], *ports: int) -> list[k8s.NetworkPolicyIngressRule]:
    """Let some connect to TCP ports; without anybody there is no rule, since one without peers would let everybody in."""
    found = [_peer(peer) for peer in peers]
    return [k8s.NetworkPolicyIngressRule(from_=found, ports=_tcp(ports))] if found else []


def from_everybody(*ports: int) -> list[k8s.NetworkPolicyIngressRule]:
    """Let everybody connect to TCP ports, pods and hosts, whatever a plugin takes for a network's address."""
    return [k8s.NetworkPolicyIngressRule(ports=_tcp(ports))]


def from_component(names: Names, component: Component, *ports: int) -> list[k8s.NetworkPolicyIngressRule]:
    """Let a component's pods connect to TCP ports."""
    return [k8s.NetworkPolicyIngressRule(from_=[_component(names, component)], ports=_tcp(ports))]


def to_component(names: Names, component: Component, *ports: int) -> list[k8s.NetworkPolicyEgressRule]:
    """Let pods connect to TCP ports of a component's pods."""
    return [k8s.NetworkPolicyEgressRule(to=[_component(names, component)], ports=_tcp(ports))]


def from_ssh_clients(ssh: Ssh, port: int) -> list[k8s.NetworkPolicyIngressRule]:
    """Let those connect to sshd whom its settings name."""
    return from_everybody(port) if ssh.is_open else from_peers(ssh.allowed_from or (), port)


def to_dns(network: Network) -> list[k8s.NetworkPolicyEgressRule]:
    """Let pods resolve names."""
    ports = [_port(port, protocol) for port in DNS_PORTS for protocol in ("UDP", "TCP")]
    return [k8s.NetworkPolicyEgressRule(to=[_peer(peer) for peer in network.dns], ports=ports)] if network.dns else []


def to_destinations(egress: Egress) -> list[k8s.NetworkPolicyEgressRule]:
    """Let pods connect to what the settings open to them."""
    internet = [k8s.NetworkPolicyEgressRule(to=[_block(cidr, excepted) for cidr, excepted in PUBLIC.items()])] if egress.internet else []
    return [*internet, *map(_to_destination, egress.to)]


def _to_destination(destination: Destination) -> k8s.NetworkPolicyEgressRule:
    return k8s.NetworkPolicyEgressRule(to=[_peer(destination)], ports=_tcp(destination.ports))


def _peer(peer: Peer) -> k8s.NetworkPolicyPeer:
    if peer.cidr is not None:
        closed = excluded(ipaddress.ip_network(peer.cidr)) if isinstance(peer, Target) else []
        return _block(peer.cidr, list(map(str, closed)))
    namespace = k8s.LabelSelector(match_labels={"kubernetes.io/metadata.name": peer.namespace}) if peer.namespace is not None else None
    return k8s.NetworkPolicyPeer(
        namespace_selector=namespace, pod_selector=k8s.LabelSelector(match_labels=peer.pod_labels) if peer.pod_labels else None
    )


def _block(cidr: str, excepted: Sequence[str]) -> k8s.NetworkPolicyPeer:
    return k8s.NetworkPolicyPeer(ip_block=k8s.IpBlock(cidr=cidr, except_=list(excepted) or None))


def _component(names: Names, component: Component) -> k8s.NetworkPolicyPeer:
    return k8s.NetworkPolicyPeer(pod_selector=k8s.LabelSelector(match_labels=component_selector(names.cluster, component)))


def _tcp(ports: Iterable[int]) -> list[k8s.NetworkPolicyPort] | None:
    return [_port(port, "TCP") for port in ports] or None


def _port(port: int, protocol: str) -> k8s.NetworkPolicyPort:
    # By number: names of ports are not known at the other end.
    return k8s.NetworkPolicyPort(port=int_or_string(port), protocol=protocol)
