"""Settings of who may reach what."""

from __future__ import annotations

import ipaddress

import pytest
from pydantic import ValidationError

from jupyter_cluster_constructs import ClusterSpec, Destination, Egress, IngressSettings, Jupyter, Network, Peer, Ssh, Target
from jupyter_cluster_constructs.spec.network import METADATA, excluded

HOST = "jupyter.example.org"


@pytest.mark.parametrize("cidr", ["10.0.0.0/8", "192.0.2.7/32", "0.0.0.0/0", "2001:db8::/32", "fd00::1/128", "::/0"])
def test_a_network_of_either_kind_of_address_is_taken(cidr: str) -> None:
    assert Peer(cidr=cidr).cidr == cidr
    assert Network(node_cidrs=(cidr,)).node_cidrs == (cidr,)


def test_pods_are_named_by_namespace_by_labels_or_by_both() -> None:
    assert Peer(namespace="ingress-nginx").pod_labels == {}
    assert Peer(pod_labels={"app": "ldap"}).namespace is None
    assert Peer(namespace="ingress", pod_labels={"app": "nginx"}).cidr is None


def test_by_default_members_reach_the_internet_and_engines_do_not() -> None:
    network = Network()
    assert network.policies
    assert (network.frontend.internet, network.engines.internet) == (True, False)
    assert not any([network.frontend.to, network.engines.to, network.node_cidrs])


def test_a_destination_more_leaves_the_frontends_way_to_the_internet_as_it_is() -> None:
    spec = ClusterSpec.model_validate({"name": "lab", "network": {"frontend": {"to": [{"cidr": "10.1.0.0/16", "ports": [636]}]}}})
    assert spec.network.frontend.internet
    assert spec.network.frontend.to == (Destination(cidr="10.1.0.0/16", ports=(636,)),)


def test_names_are_resolved_at_kubernetes_dns_and_at_the_nodes_cache_of_it() -> None:
    assert Network().dns == (Target(namespace="kube-system", pod_labels={"k8s-app": "kube-dns"}), Target(cidr="169.254.20.10/32"))


@pytest.mark.parametrize("address", ["169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254"])
def test_each_clouds_metadata_is_known(address: str) -> None:
    assert any(ipaddress.ip_address(address) in network for network in METADATA)


def test_metadata_is_left_out_of_every_network_around_it() -> None:
    assert [str(n) for n in excluded(ipaddress.ip_network("169.254.0.0/16"))] == ["169.254.169.254/32", "169.254.170.2/32", "169.254.170.23/32"]
    assert excluded(ipaddress.ip_network("10.0.0.0/8")) == []
    assert "64:ff9b::a9fe:a9fe/128" in [str(n) for n in excluded(ipaddress.ip_network("64:ff9b::/96"))]


@pytest.mark.parametrize("metadata", METADATA, ids=str)
def test_metadata_itself_is_no_destination(metadata: object) -> None:
    with pytest.raises(ValidationError, match="hands out its nodes' credentials"):
        Destination(cidr=str(metadata))
    # As a place that connections come from it does no harm.
    assert Peer(cidr=str(metadata))


@pytest.mark.parametrize(
    ("ssh", "is_open"),
    [
        (Ssh(), False),
        (Ssh(service_type="NodePort"), True),
        (Ssh(service_type="LoadBalancer"), True),
        (Ssh(service_type="LoadBalancer", allowed_from=()), False),
        (Ssh(service_type="LoadBalancer", allowed_from=(Peer(cidr="192.0.2.0/24"),)), False),
    ],
)
def test_sshd_is_open_to_everybody_only_where_its_service_is_and_nobody_is_named(ssh: Ssh, is_open: bool) -> None:
    assert ssh.is_open is is_open


def test_an_ingress_needs_its_controller_to_be_let_in_unless_nobody_is_kept_out() -> None:
    ingress = IngressSettings(host=HOST)
    with pytest.raises(ValidationError, match="without jupyter"):
        ClusterSpec(name="lab", ingress=ingress)
    assert ClusterSpec(name="lab", ingress=ingress, jupyter=Jupyter(allowed_from=(Peer(namespace="ingress-nginx"),)))
    assert ClusterSpec(name="lab", ingress=ingress, network=Network(policies=False))


def test_nodes_networks_are_read_without_policies_too() -> None:
    # The NFS server itself looks at them.
    assert Network(policies=False, node_cidrs=("10.0.0.0/8",)).node_cidrs


@pytest.mark.parametrize("settings", [{"dns": ()}, {"frontend": {"internet": False}}, {"engines": Egress()}])
def test_an_opening_without_policies_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="leave it out"):
        Network.model_validate({"policies": False, **settings})
