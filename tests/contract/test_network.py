"""Who may reach what, by the NetworkPolicies of whole outputs."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

import pytest
from support import Manifest, all_of, pod_metadata, pod_of, workloads

from .outputs import Output

# Examples whose settings want no policies.
OPEN = {"everything claimed"}
PUBLIC = ("151.101.0.223", "2a04:4e42::223")
METADATA = ("169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "64:ff9b::a9fe:a9fe")
PRIVATE = ("10.96.0.1", "10.244.0.9", "172.16.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.1", "fd00::1", "fe80::1", "::1")
NETWORK = {"ipBlock", "namespaceSelector", "podSelector"}


def rules(policy: Manifest, direction: str) -> Iterator[tuple[Manifest, list[Manifest] | None]]:
    """Each rule of a direction with its peers; None is everybody."""
    for rule in policy["spec"].get(direction, ()):
        yield rule, rule.get("from" if direction == "ingress" else "to")


def lets_through(policy: Manifest, direction: str, address: str) -> bool:
    """Whether a policy lets pods and a host outside the cluster talk, at whatever port."""
    host = ipaddress.ip_address(address)
    for _, peers in rules(policy, direction):
        if peers is None:
            return True
        for block in (peer["ipBlock"] for peer in peers if "ipBlock" in peer):
            if host in ipaddress.ip_network(block["cidr"]) and not any(host in ipaddress.ip_network(hole) for hole in block.get("except", ())):
                return True
    return False


def policies_of(made: Output, component: str) -> list[Manifest]:
    return [p for p in all_of(made.manifests, "NetworkPolicy") if p["metadata"]["labels"]["app.kubernetes.io/component"] == component]


def test_every_pod_is_closed_both_ways_by_exactly_one_policy(made: Output) -> None:
    policies = all_of(made.manifests, "NetworkPolicy")
    for workload in workloads(made.manifests):
        labels = pod_metadata(workload)["labels"]
        selecting = [policy for policy in policies if policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()]
        assert len(selecting) == (0 if made.name in OPEN else 1), workload["metadata"]["name"]
        assert all(policy["spec"]["policyTypes"] == ["Ingress", "Egress"] for policy in selecting)
    # None is there that closes nothing.
    assert len(policies) == len({pod_of(workload)["serviceAccountName"] for workload in workloads(made.manifests)}) * (made.name not in OPEN)


def test_no_rule_is_for_everybody_by_accident(made: Output) -> None:
    for policy in all_of(made.manifests, "NetworkPolicy"):
        for direction in ("ingress", "egress"):
            for rule, peers in rules(policy, direction):
                # An SSH Service that everybody may reach is in none of the examples; a list without peers means everybody.
                assert peers, policy["metadata"]["name"]
                assert rule.get("ports", ...) != []
                for peer in peers:
                    assert peer
                    assert peer.keys() <= NETWORK
                    # An empty selector means all pods, or all namespaces.
                    assert all(peer[key].get("matchLabels") for key in peer.keys() - {"ipBlock"})


def test_no_pod_reaches_what_clouds_hand_out_credentials_at(made: Output) -> None:
    for policy in all_of(made.manifests, "NetworkPolicy"):
        assert [address for address in METADATA if lets_through(policy, "egress", address)] == [], policy["metadata"]["name"]


def test_every_exception_is_inside_its_network(made: Output) -> None:
    # The API server refuses any other.
    for policy in all_of(made.manifests, "NetworkPolicy"):
        blocks = [p["ipBlock"] for d in ("ingress", "egress") for _, peers in rules(policy, d) for p in peers or () if "ipBlock" in p]
        for block in blocks:
            outer = ipaddress.ip_network(block["cidr"])
            for hole in map(ipaddress.ip_network, block.get("except", ())):
                assert hole.version == outer.version
                assert hole != outer
                assert hole[0] in outer
                assert hole[-1] in outer


@pytest.mark.parametrize("name", ["example", "everything made"])
def test_by_default_members_reach_public_addresses_and_no_private_one(outputs: dict[str, Output], name: str) -> None:
    (frontend,) = policies_of(outputs[name], "frontend")
    assert all(lets_through(frontend, "egress", address) for address in PUBLIC)
    assert [address for address in PRIVATE if lets_through(frontend, "egress", address)] == []


@pytest.mark.parametrize("name", ["example", "everything made"])
def test_by_default_engines_reach_no_host_outside(outputs: dict[str, Output], name: str) -> None:
    for worker in policies_of(outputs[name], "worker"):
        assert [address for address in (*PUBLIC, *PRIVATE) if lets_through(worker, "egress", address)] == []


def test_nobody_connects_to_engines(made: Output) -> None:
    found = policies_of(made, "worker")
    assert bool(found) == (made.name not in OPEN)
    assert not any("ingress" in policy["spec"] for policy in found)


def test_no_other_pod_connects_to_the_nfs_server(outputs: dict[str, Output]) -> None:
    for name, networks in (("example", set()), ("everything", {"10.0.0.0/16", "fd00:10::/64"})):
        (policy,) = policies_of(outputs[name], "nfs")
        peers = [peer for _, found in rules(policy, "ingress") for peer in found or ()]
        assert [peer["podSelector"] for peer in peers if "podSelector" in peer] == [policy["spec"]["podSelector"]]
        assert {peer["ipBlock"]["cidr"] for peer in peers if "ipBlock" in peer} == networks


def test_a_rules_ports_are_those_that_the_pods_listen_at(made: Output) -> None:
    for policy in all_of(made.manifests, "NetworkPolicy"):
        selected = [w for w in workloads(made.manifests) if policy["spec"]["podSelector"]["matchLabels"].items() <= pod_metadata(w)["labels"].items()]
        declared = {port["containerPort"] for w in selected for c in pod_of(w)["containers"] for port in c.get("ports", ())}
        assert {port["port"] for rule, _ in rules(policy, "ingress") for port in rule["ports"]} <= declared


def test_every_service_account_is_used_and_gets_no_token(made: Output) -> None:
    accounts = {account["metadata"]["name"]: account for account in all_of(made.manifests, "ServiceAccount")}
    assert {pod_of(workload)["serviceAccountName"] for workload in workloads(made.manifests)} == accounts.keys()
    assert all(account["automountServiceAccountToken"] is False for account in accounts.values())
    assert all(pod_of(workload)["automountServiceAccountToken"] is False for workload in workloads(made.manifests))
    # Without a binding they have no rights.
    assert not [m["kind"] for m in made.manifests if m["kind"].endswith(("Role", "RoleBinding"))]
