"""Rules that hold for everything that a cluster is made of, whatever its settings."""

from __future__ import annotations

import pytest
from support import Manifest, all_containers, all_of, containers, decoded, mounted_volumes, pod_metadata, pod_of, secret_names, volumes, workloads

from jupyter_cluster_constructs import Controller, Jupyter, WorkerGroup

from .charts import ADA, GRACE, SHA512, STORAGES, whole

GRACE_ALONE = GRACE.model_copy(update={"groups": ()})
JUPYTER_HASH = "sha1:97d7fed4c901:e79e48a6a9b58b62be62c2911fa863a64a8cf9d9"
GROUPS = (WorkerGroup(name="cpu"), WorkerGroup(name="gpu", gpu=1, engines_per_pod=2))


@pytest.fixture(scope="module", params=STORAGES)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of storage."""
    return str(request.param)


@pytest.fixture(scope="module")
def cluster(kind: str) -> list[Manifest]:
    """A cluster of each kind of storage, of several users and groups of engines, half of them with one JupyterLab for all."""
    one_for_all = Jupyter(mode="server", password_hash=JUPYTER_HASH)
    return whole(users=(ADA, GRACE_ALONE), storage=STORAGES[kind], groups=GROUPS, jupyter=one_for_all if "single" in kind else Jupyter())


def test_a_selector_is_part_of_its_pods_labels(cluster: list[Manifest]) -> None:
    assert workloads(cluster)
    for workload in workloads(cluster):
        assert workload["spec"]["selector"]["matchLabels"].items() <= pod_metadata(workload)["labels"].items()


def test_a_service_selects_the_pods_of_one_workload_that_have_its_ports(cluster: list[Manifest]) -> None:
    assert all_of(cluster, "Service")
    for service in all_of(cluster, "Service"):
        (selected,) = (w for w in workloads(cluster) if service["spec"]["selector"].items() <= pod_metadata(w)["labels"].items())
        named = {port["name"] for container in pod_of(selected)["containers"] for port in container.get("ports", ())}
        assert {port["targetPort"] for port in service["spec"].get("ports", ())} <= named


def test_only_a_service_that_nothing_connects_to_has_no_port(cluster: list[Manifest], kind: str) -> None:
    # Kubernetes takes it if it has no address either; a StatefulSet has to name one.
    without = {s["metadata"]["name"]: s["spec"]["clusterIP"] for s in all_of(cluster, "Service") if not s["spec"].get("ports")}
    assert without == ({"lab-storage": "None"} if STORAGES[kind].is_claimed else {})


def test_no_pod_has_a_label_that_changes_with_each_release(cluster: list[Manifest]) -> None:
    for workload in workloads(cluster):
        assert "app.kubernetes.io/version" not in pod_metadata(workload)["labels"]
        assert "app.kubernetes.io/version" in workload["metadata"]["labels"]


def test_every_object_has_the_labels_of_the_contract(cluster: list[Manifest]) -> None:
    for manifest in cluster:
        labels = manifest["metadata"]["labels"]
        assert labels["app.kubernetes.io/name"] == "jupyter-cluster"
        assert labels["app.kubernetes.io/instance"] == "lab"
        assert labels["app.kubernetes.io/managed-by"] == "cdk8s"


def test_every_container_has_requests_and_limits(cluster: list[Manifest]) -> None:
    for name, container in all_containers(cluster):
        for kind in ("requests", "limits"):
            assert {"cpu", "memory"} <= container["resources"][kind].keys(), name


def test_every_container_begins_with_no_rights(cluster: list[Manifest]) -> None:
    for name, container in all_containers(cluster):
        security = container["securityContext"]
        assert security["capabilities"]["drop"] == ["ALL"], name
        assert security["allowPrivilegeEscalation"] is False, name
        assert security["readOnlyRootFilesystem"] is True, name
        assert "privileged" not in security, name
        assert "runAsUser" in security, name


def test_only_named_containers_get_rights_back(cluster: list[Manifest], kind: str) -> None:
    adding = {name for name, container in all_containers(cluster) if "add" in container["securityContext"]["capabilities"]}
    of_kind = {
        "local": {"lab-nfs/nfs-server", "lab-nfs/make-directories"},
        "local single": {"lab-nfs/nfs-server", "lab-nfs/make-directories", "lab-nfs/make-homes"},
        "external": {"lab-frontend/own-homes"},
        "claim": {"lab-storage/make-directories", "lab-storage/make-homes"},
    }
    hub = set() if "single" in kind else {"lab-frontend/jupyter"}
    assert adding == {"lab-frontend/sshd"} | hub | of_kind.get(kind, of_kind["external" if kind == "external single" else "claim"])


def test_only_containers_with_rights_are_root(cluster: list[Manifest]) -> None:
    for name, container in all_containers(cluster):
        security = container["securityContext"]
        assert security["runAsNonRoot"] is ("add" not in security["capabilities"]), name
        assert (security["runAsUser"] == 0) is ("add" in security["capabilities"]), name


def test_the_runtimes_filter_of_system_calls_is_on_in_all_but_the_nfs_server(cluster: list[Manifest], kind: str) -> None:
    without = {
        name for name, container in all_containers(cluster) if container["securityContext"].get("seccompProfile") != {"type": "RuntimeDefault"}
    }
    assert without == ({"lab-nfs/nfs-server"} if STORAGES[kind].local else set())


def test_no_pod_has_a_token_of_the_api_server_or_variables_of_all_services(cluster: list[Manifest]) -> None:
    for workload in workloads(cluster):
        assert pod_of(workload)["automountServiceAccountToken"] is False
        assert pod_of(workload)["enableServiceLinks"] is False


def test_no_pod_uses_anything_of_its_node(cluster: list[Manifest]) -> None:
    for workload in workloads(cluster):
        assert {"hostNetwork", "hostPID", "hostIPC"}.isdisjoint(pod_of(workload))
        assert all("hostPath" not in volume for volume in pod_of(workload)["volumes"])


def test_hashes_are_only_in_secrets(cluster: list[Manifest], kind: str) -> None:
    secrets = all_of(cluster, "Secret")
    assert SHA512 in str([decoded(secret) for secret in secrets])
    assert (JUPYTER_HASH in str([decoded(secret) for secret in secrets])) is ("single" in kind)
    others = str([manifest for manifest in cluster if manifest["kind"] != "Secret"])
    assert SHA512 not in others
    assert JUPYTER_HASH not in others


def test_the_accounts_hashes_are_mounted_where_passwords_are_checked_alone(cluster: list[Manifest], kind: str) -> None:
    seeing = {
        (workload["metadata"]["name"], name)
        for workload in workloads(cluster)
        for name in containers(workload)
        for volume in mounted_volumes(workload, name).values()
        if "lab-users" in secret_names(volume)
    }
    assert seeing == {("lab-frontend", "sshd")} | (set() if "single" in kind else {("lab-frontend", "jupyter")})


def test_every_mount_has_its_volume_and_every_path_one_mount(cluster: list[Manifest]) -> None:
    for workload in workloads(cluster):
        for name, container in containers(workload).items():
            paths = [mount["mountPath"] for mount in container["volumeMounts"]]
            assert len({*paths}) == len(paths), name
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes(workload).keys(), name


def test_every_volume_is_mounted_somewhere(cluster: list[Manifest]) -> None:
    for workload in workloads(cluster):
        mounted = {mount["name"] for container in containers(workload).values() for mount in container["volumeMounts"]}
        assert volumes(workload).keys() <= mounted, workload["metadata"]["name"]


def test_every_container_that_somebody_asks_has_all_three_probes(cluster: list[Manifest]) -> None:
    for workload in workloads(cluster):
        for container in pod_of(workload)["containers"]:
            # Nobody asks the one that makes homes: it says in its log what it does.
            if container["name"] != "make-homes":
                assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys(), container["name"]


def test_every_port_of_a_probe_is_the_containers_by_name_or_the_pods_by_number(cluster: list[Manifest]) -> None:
    for workload in workloads(cluster):
        numbers = {port["containerPort"] for container in pod_of(workload)["containers"] for port in container.get("ports", ())}
        for name, container in containers(workload).items():
            named = {port["name"] for port in container.get("ports", ())}
            for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
                for action in ("httpGet", "tcpSocket"):
                    port = container.get(kind, {}).get(action, {}).get("port")
                    assert port is None or port in named | numbers, name


def test_nothing_but_volumes_is_outside_of_a_namespace(cluster: list[Manifest], kind: str) -> None:
    assert {m["kind"] for m in cluster if "namespace" not in m["metadata"]} == (set() if STORAGES[kind].is_claimed else {"PersistentVolume"})


def test_only_one_workload_makes_directories_and_only_for_storage_that_the_cluster_owns(cluster: list[Manifest], kind: str) -> None:
    making = {name for name, container in all_containers(cluster) if container["command"][0] == "make_directories.py"}
    assert {name.partition("/")[0] for name in making} == (
        set() if STORAGES[kind].external else {"lab-nfs" if STORAGES[kind].local else "lab-storage"}
    )


@pytest.mark.parametrize("namespace", [None, "charts-own"])
def test_a_charts_own_namespace_changes_nothing(namespace: str | None) -> None:
    for manifest in whole(namespace=namespace):
        assert manifest["metadata"].get("namespace") == (None if manifest["kind"] == "PersistentVolume" else "science")


def checksums(manifests: list[Manifest]) -> dict[str, object]:
    return {w["metadata"]["name"]: pod_metadata(w).get("annotations") for w in workloads(manifests) if w["kind"] == "Deployment"}


def test_a_user_more_replaces_no_pod_by_its_checksum_and_another_heartbeat_replaces_all() -> None:
    before = checksums(whole())
    assert set(before) == {"lab-frontend", "lab-worker"}
    assert checksums(whole(users=(ADA, GRACE_ALONE))) == before
    after = checksums(whole(controller=Controller(heartbeat_period=3000)))
    assert all(after[name] != before[name] for name in before)
