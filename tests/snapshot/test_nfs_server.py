"""The construct Nfs with local storage: the server, its disk and its Service."""

from __future__ import annotations

import pytest
from support import Manifest, containers, one, pod_metadata, pod_of, without_containers
from syrupy.assertion import SnapshotAssertion

from jupyter_cluster_constructs import LocalStorage, Storage

from .charts import LOCAL
from .nfs_manifests import nfs


@pytest.fixture(scope="module")
def local() -> list[Manifest]:
    return nfs(LOCAL)


def test_local_server(local: list[Manifest], yaml_snapshot: SnapshotAssertion) -> None:
    shown = without_containers(one(local, "StatefulSet"))
    # It changes with every change of the configuration, which other tests look at.
    pod_metadata(shown)["annotations"] = sorted(pod_metadata(shown)["annotations"])
    assert [one(local, "Service"), shown] == yaml_snapshot


def test_local_servers_containers(local: list[Manifest], yaml_snapshot: SnapshotAssertion) -> None:
    assert list(containers(one(local, "StatefulSet")).values()) == yaml_snapshot


def test_every_directory_is_made_with_its_owner_and_mode(local: list[Manifest]) -> None:
    command = containers(one(local, "StatefulSet"))["make-directories"]["command"]
    assert command == [
        "make_directories.py",
        "/export",
        "jupyter_shared:0:1000:1777",
        "user_home_dir_1001:1001:1000:0750",
        "user_home_dir_7:1002:1000:0750",
    ]


@pytest.mark.parametrize(("mode", "written"), [("0700", "0700"), ("750", "0750")])
def test_the_homes_mode_is_that_of_the_settings(mode: str, written: str) -> None:
    storage = LOCAL.model_copy(update={"home_mode": mode})
    assert containers(one(nfs(storage), "StatefulSet"))["make-directories"]["command"][3] == f"user_home_dir_1001:1001:1000:{written}"


def test_the_servers_disk_is_a_claim_that_outlives_it(local: list[Manifest]) -> None:
    # A claim among the files would be deleted with them, and the homes with it.
    stateful = one(local, "StatefulSet")["spec"]
    assert [t["metadata"]["name"] for t in stateful["volumeClaimTemplates"]] == ["export"]
    assert "persistentVolumeClaimRetentionPolicy" not in stateful
    assert "export" not in {v["name"] for v in pod_of(one(local, "StatefulSet"))["volumes"]}
    assert stateful["replicas"] == 1


def test_the_disks_size_and_class_are_those_of_the_settings() -> None:
    storage = Storage(local=LocalStorage(size="5Gi", storage_class="fast"))
    template = one(nfs(storage), "StatefulSet")["spec"]["volumeClaimTemplates"][0]["spec"]
    assert template["storageClassName"] == "fast"
    assert template["resources"]["requests"]["storage"] == "5Gi"


def test_without_a_class_the_clusters_default_is_taken(local: list[Manifest]) -> None:
    # An empty one would mean: no class.
    assert "storageClassName" not in one(local, "StatefulSet")["spec"]["volumeClaimTemplates"][0]["spec"]


def test_the_claim_template_has_no_label_that_changes(local: list[Manifest]) -> None:
    # It is immutable: with the version in it, every release would be refused by the API server.
    template = one(local, "StatefulSet")["spec"]["volumeClaimTemplates"][0]["metadata"]
    assert "app.kubernetes.io/version" not in template.get("labels", {})


def option(command: list[str], name: str) -> str:
    return command[command.index(name) + 1]


def test_readiness_means_that_the_export_answers_and_the_clients_are_back(local: list[Manifest]) -> None:
    server = containers(one(local, "StatefulSet"))["nfs-server"]
    ready = server["readinessProbe"]["exec"]["command"]
    assert ready[:2] == ["clients_are_back.py", "/export"]
    # Who was there is kept on the disk that the next server has.
    disk = next(m["mountPath"] for m in server["volumeMounts"] if m["name"] == "export")
    assert option(ready, "--record").startswith(f"{disk}/.")
    # A server whose clients are away runs all the same.
    assert {server[probe]["exec"]["command"][0] for probe in ("startupProbe", "livenessProbe")} == {"export_answers.py"}


def test_a_server_that_waits_for_its_clients_is_reached_by_them(local: list[Manifest]) -> None:
    assert one(local, "Service")["spec"]["publishNotReadyAddresses"] is True


def test_the_server_tells_a_restart_from_the_end_by_its_services_address(local: list[Manifest]) -> None:
    server = containers(one(local, "StatefulSet"))["nfs-server"]
    address = one(local, "Service")["spec"]["clusterIP"]
    for command in (server["lifecycle"]["preStop"]["exec"]["command"], server["readinessProbe"]["exec"]["command"]):
        assert option(command, "--service") == address


@pytest.mark.parametrize("seconds", [0, 30, 3600])
def test_the_server_waits_for_its_clients_and_is_not_killed_before(seconds: int) -> None:
    stateful = one(nfs(Storage(local=LocalStorage(leave_seconds=seconds))), "StatefulSet")
    hook = containers(stateful)["nfs-server"]["lifecycle"]["preStop"]["exec"]["command"]
    assert hook[0] == "wait_for_clients.py"
    assert option(hook, "--at-most") == str(seconds)
    assert pod_of(stateful)["terminationGracePeriodSeconds"] > seconds + 5


def test_the_service_leads_to_the_servers_port(local: list[Manifest]) -> None:
    (port,) = one(local, "Service")["spec"]["ports"]
    (container_port,) = containers(one(local, "StatefulSet"))["nfs-server"]["ports"]
    assert (port["port"], port["targetPort"]) == (2049, container_port["name"])
    assert container_port["containerPort"] == 2049


def test_a_changed_server_configuration_replaces_the_pod(local: list[Manifest], monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_cluster_constructs import ganesha

    monkeypatch.setattr(ganesha, "ganesha_config", lambda _: "changed")
    annotations = [one(m, "StatefulSet")["spec"]["template"]["metadata"]["annotations"] for m in (local, nfs(LOCAL))]
    assert annotations[0] != annotations[1]
