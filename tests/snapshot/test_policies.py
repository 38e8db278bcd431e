"""NetworkPolicies and ServiceAccounts."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from support import Manifest, all_of, one, pod_of, workloads
from syrupy.assertion import SnapshotAssertion

from jupyter_cluster_constructs import (
    ClusterConfig,
    ClusterSpec,
    Frontend,
    IngressSettings,
    InvalidSettingsError,
    Jupyter,
    JupyterCluster,
    Network,
    Nfs,
    Peer,
    Ssh,
    Users,
)
from jupyter_cluster_constructs.policies import PUBLIC
from jupyter_cluster_constructs.spec.network import METADATA

from .charts import ADA, CLAIM, NAMES, STORAGES, manifests, new_chart, parts

SCIENCE = {"name": "lab", "namespace": "science", "storage": {"local": {}}}
OPENED = {
    "network": {
        "node_cidrs": ["10.0.0.0/16", "fd00:10::/64"],
        "dns": [{"namespace": "openshift-dns"}],
        "frontend": {"internet": False, "to": [{"cidr": "10.1.2.3/32", "ports": [636]}]},
        "engines": {
            "internet": True,
            "to": [{"namespace": "data", "pod_labels": {"app": "postgres"}, "ports": [5432, 5433]}, {"cidr": "169.254.0.0/16"}],
        },
    },
    "ssh": {"allowed_from": [{"cidr": "192.0.2.0/24"}, {"pod_labels": {"app": "bastion"}}]},
    "jupyter": {"allowed_from": [{"namespace": "ingress-nginx"}]},
}


def cluster(**settings: Any) -> list[Manifest]:
    chart = new_chart()
    JupyterCluster(chart, "Cluster", spec=ClusterSpec.model_validate(SCIENCE | settings))
    return manifests(chart)


def shown(there: list[Manifest], *names: str) -> list[Manifest]:
    return [{"name": name, "spec": one(there, "NetworkPolicy", name)["spec"]} for name in names]


def rules(there: list[Manifest], name: str, direction: str) -> list[Manifest]:
    found: list[Manifest] = one(there, "NetworkPolicy", name)["spec"].get(direction, [])
    return found


def ports(rule: Manifest) -> list[int]:
    return [port["port"] for port in rule["ports"]]


@pytest.fixture(scope="module")
def closed() -> list[Manifest]:
    return cluster()


@pytest.fixture(scope="module")
def opened() -> list[Manifest]:
    return cluster(**OPENED)


def test_the_frontends_policy(closed: list[Manifest], yaml_snapshot: SnapshotAssertion) -> None:
    assert shown(closed, "lab-frontend") == yaml_snapshot


def test_the_other_policies(closed: list[Manifest], yaml_snapshot: SnapshotAssertion) -> None:
    assert shown(closed, "lab-worker", "lab-nfs") == yaml_snapshot


def test_the_policy_of_claimed_storage_is_closed_both_ways(yaml_snapshot: SnapshotAssertion) -> None:
    assert shown(cluster(storage={"claim": "files"}), "lab-storage") == yaml_snapshot


def test_the_frontends_policy_opened(opened: list[Manifest], yaml_snapshot: SnapshotAssertion) -> None:
    assert shown(opened, "lab-frontend") == yaml_snapshot


def test_the_nfs_servers_policy_opened(opened: list[Manifest], yaml_snapshot: SnapshotAssertion) -> None:
    assert shown(opened, "lab-nfs") == yaml_snapshot


def test_engines_reach_what_the_settings_open_to_them_but_no_metadata(opened: list[Manifest]) -> None:
    _controller, _dns, internet, database, link_local = rules(opened, "lab-worker", "egress")
    assert [peer["ipBlock"]["cidr"] for peer in internet["to"]] == ["0.0.0.0/0", "::/0"]
    assert ports(database) == [5432, 5433]
    assert link_local["to"] == [{"ipBlock": {"cidr": "169.254.0.0/16", "except": ["169.254.169.254/32", "169.254.170.2/32", "169.254.170.23/32"]}}]
    assert "ports" not in link_local


def test_the_internet_is_every_public_address_and_no_metadata() -> None:
    for cidr, excepted in PUBLIC.items():
        network, holes = ipaddress.ip_network(cidr), [ipaddress.ip_network(hole) for hole in excepted]
        assert len({*holes}) == len(holes)
        for metadata in METADATA:
            assert metadata.version != network.version or any(metadata[0] in hole for hole in holes), metadata
    public = {"0.0.0.0/0": "151.101.0.223", "::/0": "2a04:4e42::223"}
    for cidr, address in public.items():
        assert not any(ipaddress.ip_address(address) in ipaddress.ip_network(hole) for hole in PUBLIC[cidr])
    assert not any(ipaddress.ip_address("64:ff9b::9765:df") in ipaddress.ip_network(hole) for hole in PUBLIC["::/0"])


@pytest.mark.parametrize("service_type", ["NodePort", "LoadBalancer"])
def test_sshd_is_open_to_everybody_where_its_service_is(service_type: str) -> None:
    _, ssh = rules(cluster(ssh={"service_type": service_type}), "lab-frontend", "ingress")
    assert ssh == {"ports": [{"port": 2222, "protocol": "TCP"}]}


@pytest.mark.parametrize("ssh", [{}, {"allowed_from": []}, {"service_type": "LoadBalancer", "allowed_from": []}], ids=str)
def test_nobody_connects_to_sshd_where_nobody_is_named(ssh: dict[str, Any]) -> None:
    (engines,) = rules(cluster(ssh=ssh), "lab-frontend", "ingress")
    assert 2222 not in ports(engines)


@pytest.mark.parametrize("service_type", ["NodePort", "LoadBalancer"])
def test_the_ssh_service_takes_traffic_where_the_settings_say(service_type: str) -> None:
    made = cluster(ssh={"service_type": service_type, "external_traffic_policy": "Local"})
    assert one(made, "Service", "lab-ssh")["spec"]["externalTrafficPolicy"] == "Local"
    assert one(cluster(ssh={"service_type": service_type}), "Service", "lab-ssh")["spec"]["externalTrafficPolicy"] == "Cluster"


def test_a_service_inside_says_nothing_of_traffic_from_outside(closed: list[Manifest]) -> None:
    assert "externalTrafficPolicy" not in one(closed, "Service", "lab-ssh")["spec"]


def test_without_policies_none_is_made_and_all_else_is_the_same(closed: list[Manifest]) -> None:
    assert cluster(network={"policies": False}) == [m for m in closed if m["kind"] != "NetworkPolicy"]


def test_without_names_pods_resolve_none() -> None:
    assert not any(
        53 in ports(rule)
        for name in ("lab-frontend", "lab-worker")
        for rule in rules(cluster(network={"dns": []}), name, "egress")
        if "ports" in rule
    )


def test_a_policy_is_applied_before_its_pods_are_made(closed: list[Manifest]) -> None:
    order = [(m["kind"], m["metadata"]["name"]) for m in closed]
    for kind, name in order:
        if kind in ("Deployment", "StatefulSet"):
            assert order.index(("NetworkPolicy", name)) < order.index((kind, name))
            assert order.index(("ServiceAccount", name)) < order.index((kind, name))


@pytest.mark.parametrize("kind", STORAGES)
def test_each_workload_has_a_service_account_of_its_own_that_gets_no_token(kind: str) -> None:
    made = cluster(storage=STORAGES[kind], workers=[{}, {"name": "gpu"}])
    used = {workload["metadata"]["name"]: pod_of(workload)["serviceAccountName"] for workload in workloads(made)}
    assert used == {name: name for name in used}
    accounts = {m["metadata"]["name"]: m["automountServiceAccountToken"] for m in all_of(made, "ServiceAccount")}
    assert accounts == dict.fromkeys(used.values(), False)
    assert not all_of(made, "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")


@pytest.mark.parametrize(("kind", "level"), [("local", "privileged"), ("external", "baseline"), ("claim", "baseline"), ("class", "baseline")])
def test_a_namespace_takes_the_pods_of_its_cluster_and_none_with_more_rights(kind: str, level: str) -> None:
    (namespace,) = all_of(cluster(storage=STORAGES[kind], create_namespace=True), "Namespace")
    assert namespace["metadata"]["labels"] == {f"pod-security.kubernetes.io/{mode}": level for mode in ("enforce", "audit", "warn")}


def test_an_ingress_without_its_controller_is_refused_by_the_construct_too() -> None:
    config = ClusterConfig(new_chart(), "Config", names=NAMES, ingress=IngressSettings(host="jupyter.example.org"))
    needed: dict[str, Any] = parts(new_chart()).needed | {"config": config}
    with pytest.raises(InvalidSettingsError, match="ingress: received it without"):
        Frontend(new_chart(), "Frontend", **needed)
    Frontend(new_chart(), "Frontend", network=Network(policies=False), **needed)


@pytest.mark.parametrize(
    "settings", [{"ssh": Ssh(allowed_from=())}, {"jupyter": Jupyter(allowed_from=(Peer(namespace="a"),))}], ids=["ssh", "jupyter"]
)
def test_who_may_connect_is_refused_by_the_construct_too_where_everybody_may(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidSettingsError, match="allowed_from"):
        Frontend(new_chart(), "Frontend", network=Network(policies=False), **parts(new_chart(), **settings).needed)


def test_nodes_networks_are_refused_by_the_construct_too_where_no_server_reads_them() -> None:
    chart = new_chart()
    with pytest.raises(InvalidSettingsError, match=r"network\.node_cidrs"):
        Nfs(chart, "Nfs", users=Users(chart, "Users", names=NAMES, users=(ADA,)), storage=CLAIM, network=Network(node_cidrs=("10.0.0.0/8",)))
