"""Settings of the network: who may reach what."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from .base import Settings
from .values import DnsLabel, LabelKey, LabelValue, Listed, Port

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
NAT64 = int(ipaddress.IPv6Address("64:ff9b::"))


def through_nat64(network: ipaddress.IPv4Network) -> ipaddress.IPv6Network:
    """The IPv6 addresses at which hosts without IPv4 reach an IPv4 network (RFC 6052)."""
    return ipaddress.IPv6Network((NAT64 + int(network.network_address), 96 + network.prefixlen))


# Whoever reaches them can become the node: all clouds', AWS's for ECS and EKS, Azure's wire server, Alibaba's, Oracle's.
METADATA_IPV4 = tuple(
    map(
        ipaddress.IPv4Network,
        ("169.254.169.254", "169.254.170.2", "169.254.170.23", "168.63.129.16", "100.100.100.200", "192.0.0.192"),
    )
)
METADATA_IPV6 = tuple(map(ipaddress.IPv6Network, ("fd00:ec2::23", "fd00:ec2::254", "fd20:ce::254", "fe80::a9fe:a9fe")))
METADATA: tuple[IpNetwork, ...] = (*METADATA_IPV4, *METADATA_IPV6, *map(through_nat64, METADATA_IPV4))


def excluded(network: IpNetwork) -> list[IpNetwork]:
    """The metadata addresses inside a network, which are never opened."""
    return [address for address in METADATA if _is_within(address, network)]


def _is_within(inner: IpNetwork, outer: IpNetwork) -> bool:
    if isinstance(inner, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    return isinstance(inner, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network) and inner.subnet_of(outer)


def _cidr(value: str) -> str:
    try:
        interface = ipaddress.ip_interface(value)
    except ValueError:
        raise ValueError("allowed: a network such as 10.0.0.0/8, 2001:db8::/32 or, for one address, 192.0.2.7/32") from None
    if "/" not in value or interface.ip != interface.network.network_address:
        raise ValueError(f"received {value!r}; did you mean {interface.network}? allowed: a network's first address and its length")
    if str(interface.network) != value:
        raise ValueError(f"received {value!r}; write {interface.network}")
    return value


Cidr = Annotated[str, AfterValidator(_cidr)]


class Peer(Settings):
    """Who may connect, or be connected to: a network, or pods.

    https://kubernetes.io/docs/concepts/services-networking/network-policies/#behavior-of-to-and-from-selectors
    """

    cidr: Cidr | None = Field(
        default=None,
        description="Network such as 192.0.2.0/24, of hosts that are not pods. Default: pods, by `namespace` and `pod_labels`.",
        examples=["192.0.2.0/24"],
    )
    namespace: DnsLabel | None = Field(default=None, description="Namespace of the pods. Default: the cluster's own.", examples=["ingress-nginx"])
    pod_labels: dict[LabelKey, LabelValue] = Field(
        default={},
        description="Labels that the pods have. Default: every pod of `namespace`.",
        examples=[{"app.kubernetes.io/name": "ingress-nginx"}],
    )

    @model_validator(mode="after")
    def _one_way_to_say_who(self) -> Self:
        is_pods = self.namespace is not None or bool(self.pod_labels)
        if (self.cidr is not None) == is_pods:
            received = "cidr and namespace or pod_labels" if is_pods else "neither a cidr nor a namespace nor pod_labels"
            raise ValueError(f"received {received}; allowed: `cidr: NETWORK`, or `namespace: NAME` and `pod_labels: {{KEY: VALUE}}` or one of them")
        return self


class Target(Peer):
    """Who may be connected to: never the addresses at which clouds hand out credentials of nodes."""

    @model_validator(mode="after")
    def _is_not_metadata(self) -> Self:
        network = ipaddress.ip_network(self.cidr) if self.cidr is not None else None
        if network in METADATA:
            raise ValueError(f"received cidr {self.cidr}, at which a cloud hands out its nodes' credentials, and which stays closed; leave it out")
        return self


class Destination(Target):
    """What pods may connect to, beside what the cluster needs."""

    ports: Annotated[tuple[Port, ...], Listed] = Field(default=(), description="TCP ports. Default: every port.")


class Egress(Settings):
    """What pods may connect to, beside the cluster's own parts and DNS."""

    internet: bool = Field(default=False, description="Whether every public address may be connected to.")
    to: Annotated[tuple[Destination, ...], Listed] = Field(
        default=(), description="Further destinations; addresses at which clouds hand out their nodes' credentials stay closed inside them."
    )


class FrontendEgress(Egress):
    """What the frontend may connect to: what members use in their sessions and in JupyterLab."""

    internet: bool = Field(default=True, description="Whether every public address may be connected to, as for `pip` and `git`.")


DNS = (
    Target(namespace="kube-system", pod_labels={"k8s-app": "kube-dns"}),
    # NodeLocal DNSCache
    Target(cidr="169.254.20.10/32"),
)
POLICY_SETTINGS = {"dns", "frontend", "engines"}


class Network(Settings):
    """Who may reach what. Everything is closed that the cluster does not need and no setting opens.

    https://kubernetes.io/docs/concepts/services-networking/network-policies/
    """

    policies: bool = Field(
        default=True, description="Whether NetworkPolicies are made. They need a network plugin that enforces them, such as Calico or Cilium."
    )
    node_cidrs: Annotated[tuple[Cidr, ...], Listed] = Field(
        default=(),
        description="Networks that the nodes mount the local NFS server from: the nodes' addresses and those of their tunnels and bridges, "
        "as docs/operations.md says how to find them. Needed for mounts where the network plugin filters other nodes' traffic; "
        "the server then refuses everybody else by itself, too. Default: everybody, where the plugin filters nothing.",
        examples=[["172.18.0.2/32", "10.244.0.0/31"]],
    )
    dns: Annotated[tuple[Target, ...], Listed] = Field(
        default=DNS,
        description="Where pods resolve names: at these, ports 53 and 5353 (OpenShift's: `namespace: openshift-dns`). "
        "A NodeLocal DNSCache at the DNS Service's own address needs that address as a `cidr`.",
    )
    frontend: FrontendEgress = Field(default=FrontendEgress(), description="What SSH sessions and JupyterLab may connect to.")
    engines: Egress = Field(default=Egress(), description="What engines may connect to.")

    @model_validator(mode="after")
    def _nothing_is_ignored(self) -> Self:
        if not self.policies and (ignored := sorted(POLICY_SETTINGS & self.model_fields_set)):
            raise ValueError(f"received {' and '.join(ignored)} with policies: false, which makes nothing of it; leave it out")
        return self
