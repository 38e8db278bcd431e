from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from jupyter_cluster_constructs.labels import PodSecurityLevel, pod_security_labels
from jupyter_cluster_constructs.live.api import POD, Kind, Object
from jupyter_cluster_constructs.live.doctor import access, capacity, nodes, objects, probes, storage
from jupyter_cluster_constructs.live.doctor.finding import Finding, Level
from jupyter_cluster_constructs.spec import ClusterSpec

from .examples import SIGN_ON
from .live_objects import RUNNING, SPEC, container, ended, event, item, pod, waiting

NO_CLIENT = "bad option; you might need a /sbin/mount.<type> helper program."


def node(
    name: str = "n", *, images: Sequence[str] = (), address: str = "10.0.0.2", labels: Any = None, taints: Any = (), **allocatable: str
) -> Object:
    status = {
        "addresses": [{"type": "InternalIP", "address": address}],
        "images": [{"names": [image]} for image in images] + [{"names": None}],
        "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "10"} | allocatable,
    }
    return item("Node", name, labels=labels, spec={"taints": list(taints)}, status=status)


def storage_class(name: str, *, default: bool = False, provisioner: str = "example.org/disk") -> Object:
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
    return item("StorageClass", name, metadata={"annotations": annotations}, provisioner=provisioner, volumeBindingMode="Immediate")


@pytest.mark.parametrize(
    ("version", "level"),
    [("v1.27.0", Level.OK), ("v1.36.3", Level.OK), ("v1.28.5-eks-1", Level.OK), ("v1.26.9", Level.FAILURE), ("?", Level.WARNING)],
)
def test_kubernetes_is_1_27_or_newer(version: str, level: Level) -> None:
    assert access.version_finding({"gitVersion": version}).level is level


def test_rights_that_are_missing_are_named_as_rbac_names_them() -> None:
    right = (Kind("networking.k8s.io/v1", "NetworkPolicy"), "", "create")

    found = access.rights_finding("rights", [right], [right], is_needed=True)

    assert (found.level, found.found) == (Level.FAILURE, "this user may not create networkpolicies.networking.k8s.io")
    exec_right = (POD, "exec", "get")
    assert "get pods/exec" in access.rights_finding("rights", [exec_right], [exec_right], is_needed=False).found


def test_an_address_outside_of_the_service_network_tells_the_network() -> None:
    found = storage.refused_address_finding("192.0.2.1", "provided IP is not in the valid range. The range of valid IPs is 10.43.0.0/16")

    assert found.level is Level.FAILURE
    assert "10.43.0.0/16" in found.advice


@pytest.mark.parametrize(
    ("spec", "level"),
    [
        ({"clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9"]}, Level.FAILURE),
        ({"clusterIP": "10.96.0.9"}, Level.FAILURE),
        ({"clusterIP": "fd00::9", "clusterIPs": ["fd00::9", "10.96.0.9"]}, Level.FAILURE),
        ({"clusterIP": "10.96.0.90", "clusterIPs": ["10.96.0.90"]}, Level.OK),
        ({"clusterIP": "None", "clusterIPs": ["None"]}, Level.OK),
        ({"type": "ExternalName"}, Level.OK),
    ],
)
def test_an_address_is_free_that_no_service_has_though_a_dry_run_takes_it(spec: Object, level: Level) -> None:
    services = [{"metadata": {"name": "dns", "namespace": "kube-system"}, "spec": spec}]
    assert storage.free_address_finding("10.96.0.9", services).level is level


def test_an_address_that_another_service_has_is_a_failure() -> None:
    assert storage.refused_address_finding("10.96.0.9", "failed to allocate IP 10.96.0.9: provided IP is already allocated").level is Level.FAILURE


@pytest.mark.parametrize(("has", "level"), [("10.96.0.9", Level.OK), ("10.96.0.8", Level.FAILURE)])
def test_the_own_services_address_is_that_of_the_settings(has: str, level: Level) -> None:
    assert storage.own_address_finding("10.96.0.9", has, "lab-nfs").level is level


@pytest.mark.parametrize(
    ("name", "found", "level"),
    [
        (None, [storage_class("a"), storage_class("b", default=True)], Level.OK),
        (None, [storage_class("a")], Level.FAILURE),
        ("a", [storage_class("a")], Level.OK),
        ("c", [storage_class("a")], Level.FAILURE),
    ],
)
def test_the_class_of_the_disk_is_there(name: str | None, found: list[Object], level: Level) -> None:
    assert storage.disk_class_finding(name, found).level is level


def test_the_class_of_the_disk_tells_when_it_binds() -> None:
    assert "Immediate" in storage.disk_class_finding("a", [storage_class("a")]).found


@pytest.mark.parametrize(("provisioner", "level"), [("efs.csi.aws.com", Level.OK), ("ebs.csi.aws.com", Level.WARNING)])
def test_a_class_of_disks_for_one_node_is_told(provisioner: str, level: Level) -> None:
    assert storage.shared_class_finding("a", [storage_class("a", provisioner=provisioner)]).level is level


def test_a_claim_is_there_and_for_many_nodes() -> None:
    assert storage.claim_finding("homes", None).level is Level.FAILURE
    assert storage.claim_finding("homes", item("PersistentVolumeClaim", "homes", spec={"accessModes": ["ReadWriteOnce"]})).level is Level.FAILURE
    assert storage.claim_finding("homes", item("PersistentVolumeClaim", "homes", spec={"accessModes": ["ReadWriteMany"]})).level is Level.OK


def test_a_node_that_the_nfs_server_shuts_out_is_named() -> None:
    found = storage.node_networks_finding(["10.0.0.0/24"], [node("in"), node("out", address="10.1.0.2")])

    assert (found.level, found.found) == (Level.FAILURE, "shuts out out (10.1.0.2)")
    assert storage.node_networks_finding(["10.0.0.0/24"], [node("in")]).level is Level.OK


def secret(**keys: str) -> Object:
    return item("Secret", "s", data=keys)


@pytest.mark.parametrize(
    ("settings", "found", "level"),
    [
        ({"jupyter": {"mode": "server", "secret": "s"}}, secret(token="dA=="), Level.OK),
        ({"jupyter": {"mode": "server", "secret": "s"}}, secret(password="dA=="), Level.FAILURE),
        ({"jupyter": {"mode": "server", "secret": "s"}}, None, Level.FAILURE),
        ({"shadow_secret": "s"}, secret(shadow="dA=="), Level.OK),
        ({"shadow_secret": "s"}, secret(shadow=""), Level.FAILURE),
        ({"ssh": {"host_keys_secret": "s"}}, secret(ssh_host_ed25519_key="dA=="), Level.OK),
        ({"controller": {"curve_secret": "s"}}, secret(secretkey="dA=="), Level.OK),
        ({"jupyter": {"hub": {"sign_on": SIGN_ON}}}, secret(client_secret="dA=="), Level.OK),
        ({"images": {"pull_secrets": ["s"]}}, secret(**{".dockerconfigjson": "dA=="}), Level.OK),
    ],
)
def test_a_secret_that_the_settings_name_is_there_with_its_key(settings: dict[str, Any], found: Object | None, level: Level) -> None:
    (needed,) = objects.needed_secrets(ClusterSpec.model_validate({"name": "lab", **settings}))

    finding = objects.secret_finding(needed, found)

    assert finding.level is level
    assert "dA==" not in str(finding)


def test_a_tls_secret_needs_both_of_its_keys() -> None:
    needed = objects.NeededSecret("ingress.tls_secret", "s", ("tls.crt", "tls.key"))

    assert objects.secret_finding(needed, item("Secret", "s", data={"tls.crt": "dA=="})).level is Level.FAILURE
    assert objects.secret_finding(needed, item("Secret", "s", data={"tls.crt": "dA==", "tls.key": "dA=="})).level is Level.OK


@pytest.mark.parametrize(
    ("name", "default", "level"), [(None, True, Level.OK), (None, False, Level.FAILURE), ("a", False, Level.OK), ("b", True, Level.FAILURE)]
)
def test_somebody_serves_the_ingress(name: str | None, default: bool, level: Level) -> None:
    annotations = {"ingressclass.kubernetes.io/is-default-class": "true"} if default else {}

    assert objects.ingress_class_finding(name, [item("IngressClass", "a", metadata={"annotations": annotations})]).level is level


@pytest.mark.parametrize(
    ("level", "expected"), [("privileged", Level.OK), ("baseline", Level.FAILURE), ("restricted", Level.FAILURE), (None, Level.OK)]
)
def test_a_namespace_takes_the_nfs_servers_pod(level: PodSecurityLevel | None, expected: Level) -> None:
    assert objects.namespace_finding(SPEC, pod_security_labels(level) if level else {}).level is expected


def test_a_namespace_without_an_nfs_server_may_be_baseline() -> None:
    spec = ClusterSpec.model_validate({"name": "lab", "storage": {"claim": "homes"}})

    assert objects.namespace_finding(spec, pod_security_labels("baseline")).level is Level.OK


@pytest.mark.parametrize(
    ("has", "can_be_pulled", "level"),
    [
        ([["i:1"], ["i:1"]], False, Level.OK),
        ([["docker.io/library/i:1"], ["i:1"]], False, Level.OK),
        ([["i:1"], []], False, Level.WARNING),
        ([[], []], True, Level.WARNING),
        ([[], []], False, Level.FAILURE),
    ],
)
def test_the_nodes_have_the_image_or_can_fetch_it(has: list[list[str]], can_be_pulled: bool, level: Level) -> None:
    assert nodes.image_finding("i:1", [node(images=images) for images in has], can_be_pulled=can_be_pulled).level is level


def client_pod(*statuses: Object) -> Object:
    found = pod("lab-worker-1-a", *statuses)
    found["spec"] |= {"nodeName": "n", "volumes": [{"persistentVolumeClaim": {"claimName": "lab-shared"}}]}
    return found


def test_a_running_pod_shows_that_its_node_has_an_nfs_client() -> None:
    assert nodes.nfs_client_finding([client_pod(container("engine", RUNNING))], [], SPEC).level is Level.OK


def test_a_failed_mount_shows_that_its_node_has_none() -> None:
    of = client_pod(container("engine", waiting("ContainerCreating")))

    found = nodes.nfs_client_finding([of], [event(of, "FailedMount", NO_CLIENT)], SPEC)

    assert found.level is Level.FAILURE
    assert "nfs-common" in found.advice


def test_without_pods_nobody_knows_of_nfs_clients() -> None:
    assert nodes.nfs_client_finding([], [], SPEC).level is Level.WARNING


def asking(cpu: str = "1", memory: str = "1Gi", **more: Any) -> Object:
    return {"containers": [{"resources": {"requests": {"cpu": cpu, "memory": memory}}}], **more}


def test_pods_fit_until_the_nodes_are_full() -> None:
    four = [("lab-worker", asking())] * 4

    assert nodes.room_finding(four, [node()], []).level is Level.OK
    assert "not enough cpu" in nodes.room_finding([*four, *four], [node()], []).found
    assert nodes.room_finding([*four, *four], [node("a"), node("b")], []).level is Level.OK


def test_what_runs_on_a_node_takes_its_room_and_what_has_ended_does_not() -> None:
    other = item("Pod", "x", spec={**asking(cpu="3500m"), "nodeName": "n"}, status={"phase": "Running"})

    assert nodes.room_finding([("a", asking())], [node()], [other]).level is Level.FAILURE
    assert nodes.room_finding([("a", asking())], [node()], [{**other, "status": {"phase": "Succeeded"}}]).level is Level.OK


def test_a_pod_asks_for_the_sum_of_its_containers_or_for_its_largest_init_container() -> None:
    of = {"containers": [asking()["containers"][0]] * 2, "initContainers": asking(cpu="100m", memory="9Gi")["containers"]}

    found = {key: int(value) for key, value in capacity.requests(of).items()}

    assert found == {"cpu": 2, "memory": 9 * 1024**3, "pods": 1}


def test_gpus_that_no_node_has_are_missing() -> None:
    gpu = {"containers": [{"resources": {"limits": {"nvidia.com/gpu": "1"}}}]}

    assert "nvidia.com/gpu" in nodes.room_finding([("a", gpu)], [node()], []).found
    assert nodes.room_finding([("a", gpu)], [node(**{"nvidia.com/gpu": "1"})], []).level is Level.OK


def test_a_node_without_the_label_or_with_a_taint_takes_no_pod() -> None:
    taint = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}

    assert not capacity.lets_in(node(), asking(nodeSelector={"a": "b"}))
    assert capacity.lets_in(node(labels={"a": "b"}), asking(nodeSelector={"a": "b"}))
    assert not capacity.lets_in(node(taints=[taint]), asking())
    assert capacity.lets_in(node(taints=[taint]), asking(tolerations=[{"key": "gpu", "operator": "Exists"}]))
    assert capacity.lets_in(node(taints=[taint]), asking(tolerations=[{"key": "gpu", "value": "yes"}]))
    assert not capacity.lets_in(node(taints=[taint]), asking(tolerations=[{"key": "gpu", "value": "no"}]))


def levels(findings: Sequence[Finding]) -> dict[str, Level]:
    return {f.check.rpartition("/")[2].partition(":")[0]: f.level for f in findings}


def test_each_image_that_was_tried_has_a_finding() -> None:
    fn, wn, nfs = probes.IMAGES
    tried = pod("p", container(fn, ended(0)), container(wn, waiting("ImagePullBackOff", "not found")), container(nfs, ended(126)))

    assert levels(list(probes.image_findings(SPEC, tried, []))) == {fn: Level.OK, wn: Level.FAILURE, nfs: Level.FAILURE}


def test_images_that_were_not_tried_in_time_are_no_failure() -> None:
    assert {f.level for f in probes.image_findings(SPEC, pod("p"), [])} == {Level.WARNING}


@pytest.mark.parametrize(
    ("message", "server", "level"),
    [
        (NO_CLIENT, None, Level.FAILURE),
        (NO_CLIENT, "nfs.example.org", Level.FAILURE),
        ("mount.nfs: Connection refused", None, Level.OK),
        ("mount.nfs: Connection refused", "nfs.example.org", Level.FAILURE),
    ],
)
def test_a_probes_mount_tells_whether_its_node_has_a_client_or_a_server_answers(message: str, server: str | None, level: Level) -> None:
    of = pod("p", container("nfs-server", waiting("ContainerCreating")))

    found = probes.mount_finding("n", of, [event(of, "FailedMount", message)], server)

    assert found is not None
    assert found.level is level


def test_a_probe_that_waits_for_its_mount_tells_nothing_yet() -> None:
    assert probes.mount_finding("n", pod("p", container("nfs-server", waiting("ContainerCreating"))), [], None) is None


def test_policies_that_hold_need_the_nodes_networks() -> None:
    assert probes.policy_finding("open", SPEC).level is Level.WARNING
    assert "node_cidrs" in probes.policy_finding("closed", SPEC).found
    with_cidrs = ClusterSpec.model_validate({"name": "lab", "network": {"node_cidrs": ["10.0.0.0/24"]}})
    assert probes.policy_finding("closed", with_cidrs).level is Level.OK
