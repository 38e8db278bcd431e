"""The construct Nfs: volumes, and the server where there is none."""

from __future__ import annotations

import pytest
from support import Manifest, all_of, containers, mounted_volumes, one, pod_metadata, pod_of, without_containers
from syrupy.assertion import SnapshotAssertion

from jupyter_cluster_constructs import ExternalStorage, InvalidSettingsError, LocalStorage, Names, Nfs, Storage, User, Users

from .charts import ADA, EXTERNAL, GRACE, LOCAL, NAMES, PHYSICS, SINGLE, STORAGES, manifests, new_chart


def nfs(storage: Storage, *, namespace: str | None = None, users: bool = True) -> list[Manifest]:
    """The manifests of Nfs, without those of the users that it needs."""
    chart, elsewhere = new_chart(namespace), new_chart()
    accounts = Users(elsewhere, "Users", names=NAMES, users=[ADA, GRACE] if users else [], groups=[PHYSICS])
    Nfs(chart, "Nfs", users=accounts, storage=storage)
    return manifests(chart)


@pytest.fixture(scope="module")
def local() -> list[Manifest]:
    return nfs(LOCAL)


@pytest.fixture(scope="module")
def external() -> list[Manifest]:
    return nfs(EXTERNAL)


@pytest.fixture(scope="module", params=["local", "external", "local in a namespace", "external in a namespace"])
def each(request: pytest.FixtureRequest) -> list[Manifest]:
    """Both kinds of storage, in a Chart with a namespace of its own as well."""
    storage = LOCAL if request.param.startswith("local") else EXTERNAL
    return nfs(storage, namespace="charts-own" if request.param.endswith("namespace") else None)


def test_external_with_one_user(yaml_snapshot: SnapshotAssertion) -> None:
    chart = new_chart()
    Nfs(chart, "Nfs", users=Users(new_chart(), "Users", names=NAMES, users=[ADA]), storage=EXTERNAL)
    assert manifests(chart) == yaml_snapshot


def test_local_server(local: list[Manifest], yaml_snapshot: SnapshotAssertion) -> None:
    shown = without_containers(one(local, "StatefulSet"))
    # It changes with every change of the configuration, which other tests look at.
    pod_metadata(shown)["annotations"] = sorted(pod_metadata(shown)["annotations"])
    assert [one(local, "Service"), shown] == yaml_snapshot


def test_local_servers_containers(local: list[Manifest], yaml_snapshot: SnapshotAssertion) -> None:
    assert list(containers(one(local, "StatefulSet")).values()) == yaml_snapshot


def test_volumes_have_no_namespace_and_all_else_has_the_clusters(each: list[Manifest]) -> None:
    # A Chart with a namespace stamps it on them: https://github.com/cdk8s-team/cdk8s-core/issues/731
    assert len(all_of(each, "PersistentVolume")) == 3
    for manifest in each:
        expected = None if manifest["kind"] == "PersistentVolume" else "science"
        assert manifest["metadata"].get("namespace") == expected, manifest["metadata"]["name"]


def test_each_claim_and_its_volume_name_each_other_and_nobody_else(each: list[Manifest]) -> None:
    claims, made = all_of(each, "PersistentVolumeClaim"), all_of(each, "PersistentVolume")
    by_claim = {(c["metadata"]["namespace"], c["metadata"]["name"]): c["spec"]["volumeName"] for c in claims}
    by_volume = {(v["spec"]["claimRef"]["namespace"], v["spec"]["claimRef"]["name"]): v["metadata"]["name"] for v in made}
    assert by_claim == by_volume
    assert len(by_claim) == len(claims) == len(made) == 3


def test_no_storage_class_ever_makes_a_volume_for_them(each: list[Manifest]) -> None:
    for manifest in all_of(each, "PersistentVolume", "PersistentVolumeClaim"):
        # Left out, the default class would be taken.
        assert manifest["spec"]["storageClassName"] == ""


def test_volumes_are_retained(each: list[Manifest]) -> None:
    assert {v["spec"]["persistentVolumeReclaimPolicy"] for v in all_of(each, "PersistentVolume")} == {"Retain"}


def test_a_claim_asks_for_what_its_volume_has(each: list[Manifest]) -> None:
    there = {v["metadata"]["name"]: v["spec"] for v in all_of(each, "PersistentVolume")}
    for claim in all_of(each, "PersistentVolumeClaim"):
        volume = there[claim["spec"]["volumeName"]]
        assert claim["spec"]["resources"]["requests"] == volume["capacity"]
        assert claim["spec"]["accessModes"] == volume["accessModes"] == ["ReadWriteMany"]


def test_homes_are_found_by_their_number_not_by_their_place(each: list[Manifest]) -> None:
    paths = {v["metadata"]["name"]: v["spec"]["nfs"]["path"].rpartition("/")[2] for v in all_of(each, "PersistentVolume")}
    assert paths == {
        "science.lab.home-1001": "user_home_dir_1001",
        "science.lab.home-7": "user_home_dir_7",
        "science.lab.shared": "jupyter_shared",
    }


def test_local_volumes_lead_to_the_pinned_address_and_the_export(local: list[Manifest]) -> None:
    assert one(local, "Service")["spec"]["clusterIP"] == "10.96.0.150"
    for volume in all_of(local, "PersistentVolume"):
        assert volume["spec"]["nfs"]["server"] == "10.96.0.150"
        assert volume["spec"]["nfs"]["path"].startswith("/export/")


def test_external_volumes_lead_to_the_server_and_no_pod_is_made(external: list[Manifest]) -> None:
    assert {m["kind"] for m in external} == {"PersistentVolume", "PersistentVolumeClaim"}
    for volume in all_of(external, "PersistentVolume"):
        assert volume["spec"]["nfs"]["server"] == "10.0.0.5"
        assert volume["spec"]["nfs"]["path"].startswith("/srv/jupyter/")


def test_a_server_that_exports_its_root_has_no_double_slash() -> None:
    storage = Storage(external=ExternalStorage(server="10.0.0.5", path="/"))
    assert {v["spec"]["nfs"]["path"] for v in all_of(nfs(storage, users=False), "PersistentVolume")} == {"/jupyter_shared"}


def test_sizes_and_mount_options_are_those_of_the_settings() -> None:
    storage = LOCAL.model_copy(update={"home_size": "7Gi", "shared_size": "8Gi", "mount_options": ("nfsvers=4.2",)})
    made = {v["metadata"]["name"]: v["spec"] for v in all_of(nfs(storage), "PersistentVolume")}
    assert {name: spec["capacity"]["storage"] for name, spec in made.items()} == {
        "science.lab.home-1001": "7Gi",
        "science.lab.home-7": "7Gi",
        "science.lab.shared": "8Gi",
    }
    assert all(spec["mountOptions"] == ["nfsvers=4.2"] for spec in made.values())


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


def test_the_homes_of_the_users_are_found_by_name() -> None:
    made = Nfs(new_chart(), "Nfs", users=Users(new_chart(), "Users", names=NAMES, users=[ADA, GRACE], groups=[PHYSICS]), storage=LOCAL)
    assert made.home_of("grace").name == "user_home_dir_7"
    with pytest.raises(KeyError):
        made.home_of("eve")


# Homes in a single volume, and storage on a claim


CLAIMED = {name: storage for name, storage in STORAGES.items() if storage.is_claimed}
ON_NFS = {name: storage for name, storage in SINGLE.items() if not storage.is_claimed}
KEEPING = {name: storage for name, storage in STORAGES.items() if storage.external is None}


@pytest.mark.parametrize("kind", ON_NFS)
def test_single_homes_have_one_volume_and_one_claim_beside_the_shared_directorys(kind: str) -> None:
    for users in (True, False):
        # With no users yet, too: the first one restarts nothing.
        there = nfs(ON_NFS[kind], users=users)
        top = "/export" if kind == "local single" else "/srv/jupyter"
        assert {v["metadata"]["name"]: v["spec"]["nfs"]["path"] for v in all_of(there, "PersistentVolume")} == {
            "science.lab.homes": top,
            "science.lab.shared": f"{top}/jupyter_shared",
        }
        claims = all_of(there, "PersistentVolumeClaim")
        assert {c["metadata"]["name"]: c["spec"]["volumeName"] for c in claims} == {
            "lab-homes": "science.lab.homes",
            "lab-shared": "science.lab.shared",
        }
        for volume in all_of(there, "PersistentVolume"):
            assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
            assert volume["spec"]["storageClassName"] == ""
            assert (volume["spec"]["claimRef"]["namespace"], volume["metadata"].get("namespace")) == ("science", None)


def test_a_server_that_exports_its_root_has_all_homes_at_its_root() -> None:
    storage = Storage(external=ExternalStorage(server="10.0.0.5", path="/"), homes="single")
    assert {v["spec"]["nfs"]["path"] for v in all_of(nfs(storage), "PersistentVolume")} == {"/", "/jupyter_shared"}


def test_the_volume_of_all_homes_has_the_size_and_mount_options_of_the_settings() -> None:
    storage = SINGLE["local single"].model_copy(update={"home_size": "7Gi", "mount_options": ("nfsvers=4.2",)})
    homes = one(nfs(storage), "PersistentVolume", "science.lab.homes")["spec"]
    assert (homes["capacity"]["storage"], homes["mountOptions"]) == ("7Gi", ["nfsvers=4.2"])


@pytest.mark.parametrize("kind", CLAIMED)
def test_a_cluster_on_a_claim_makes_no_volume_and_no_claim_that_delete_would_remove(kind: str) -> None:
    assert sorted(m["kind"] for m in nfs(CLAIMED[kind])) == ["ConfigMap", "NetworkPolicy", "Service", "ServiceAccount", "StatefulSet"]


def test_a_claimed_storage(yaml_snapshot: SnapshotAssertion) -> None:
    there = nfs(STORAGES["class single"])
    assert [one(there, "ConfigMap"), one(there, "Service"), without_containers(one(there, "StatefulSet"))] == yaml_snapshot


def test_a_claimed_storages_follower(yaml_snapshot: SnapshotAssertion) -> None:
    assert [containers(one(nfs(STORAGES["claim"]), "StatefulSet"))["make-homes"]] == yaml_snapshot


@pytest.mark.parametrize("kind", CLAIMED)
def test_the_storages_pod_makes_everything_before_it_follows_the_list(kind: str) -> None:
    stateful = one(nfs(CLAIMED[kind]), "StatefulSet", "lab-storage")
    made, followed = containers(stateful)["make-directories"], containers(stateful)["make-homes"]
    assert [[c["name"] for c in pod_of(stateful)[key]] for key in ("initContainers", "containers")] == [["make-directories"], ["make-homes"]]
    assert followed["command"] == ["make_directories.py", "--follow", *made["command"][1:]]
    own = ("name", "command", "resources", "readinessProbe", "livenessProbe")
    assert {k: v for k, v in made.items() if k not in own} == {k: v for k, v in followed.items() if k not in own}
    for probe in ("readinessProbe", "livenessProbe"):
        assert followed[probe]["exec"]["command"] == ["make_directories.py", "--check", *made["command"][1:]]
    assert stateful["spec"]["replicas"] == 1


@pytest.mark.parametrize("kind", CLAIMED)
def test_a_claim_is_the_one_of_the_settings_or_made_by_the_template(kind: str) -> None:
    stateful = one(nfs(CLAIMED[kind]), "StatefulSet")
    mounted = mounted_volumes(stateful, "make-homes")["/run/storage"]
    if CLAIMED[kind].claim:
        assert mounted["persistentVolumeClaim"] == {"claimName": "files"}
        assert "volumeClaimTemplates" not in stateful["spec"]
    else:
        template = mounted["claimTemplate"]
        assert template["metadata"]["name"] == "storage"
        assert template["spec"]["accessModes"] == ["ReadWriteMany"]
        assert (template["spec"]["storageClassName"], template["spec"]["resources"]["requests"]["storage"]) == ("cephfs", "50Gi")
        assert "app.kubernetes.io/version" not in template["metadata"]["labels"]


@pytest.mark.parametrize("kind", STORAGES)
def test_a_disk_goes_with_the_cluster_only_when_asked_for(kind: str) -> None:
    for stateful in all_of(nfs(STORAGES[kind]), "StatefulSet"):
        assert "persistentVolumeClaimRetentionPolicy" not in stateful["spec"]
    if STORAGES[kind].local or STORAGES[kind].storage_class:
        stateful = one(nfs(STORAGES[kind].model_copy(update={"reclaim_policy": "Delete"})), "StatefulSet")
        # Scaled to nothing, as for a backup, it keeps the disk all the same.
        assert stateful["spec"]["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Delete", "whenScaled": "Retain"}


LIST = ["jupyter_shared:0:1000:1777", "user_home_dir_1001:1001:1000:0750", "user_home_dir_7:1002:1000:0750"]
BESIDE = [
    "ada -> user_home_dir_1001",
    "grace -> user_home_dir_7",
    "jupyter:0:0:0755",
    "jupyter/config:0:0:0755",
    "jupyter/shared:0:0:0755",
]


@pytest.mark.parametrize("kind", STORAGES)
def test_directories_are_listed_in_a_config_map_wherever_pods_see_them_all_at_once(kind: str) -> None:
    listed = {m["metadata"]["name"]: m["data"].get("directories", "").splitlines() for m in all_of(nfs(STORAGES[kind]), "ConfigMap")}
    if kind in SINGLE:
        assert listed == {"lab-nfs": LIST + BESIDE}
    elif kind in CLAIMED:
        assert listed == {"lab-nfs": LIST}
    else:
        assert listed == ({"lab-nfs": []} if kind == "local" else {})


@pytest.mark.parametrize("kind", [kind for kind in KEEPING if kind != "local"])
def test_the_list_is_read_where_its_config_map_is_mounted(kind: str) -> None:
    stateful = one(nfs(KEEPING[kind]), "StatefulSet")
    for name in ("make-directories", "make-homes"):
        command = containers(stateful)[name]["command"]
        directory, _, key = command[command.index("--listed-in") + 1].rpartition("/")
        assert mounted_volumes(stateful, name)[directory]["configMap"] == {"name": "lab-nfs"}
        assert key == "directories"
        # A file that is mounted by itself would never change.
        assert not [m for m in containers(stateful)[name]["volumeMounts"] if "subPath" in m]
        assert command[-1] in mounted_volumes(stateful, name)


@pytest.mark.parametrize("kind", KEEPING)
def test_only_what_users_live_in_changes_with_them(kind: str) -> None:
    before, after = nfs(KEEPING[kind], users=False), nfs(KEEPING[kind])
    pods = [one(there, "StatefulSet")["spec"]["template"] for there in (before, after)]
    assert (pods[0] == pods[1]) is (kind in SINGLE)
    lists = [one(there, "ConfigMap")["data"].get("directories") for there in (before, after)]
    assert (lists[0] == lists[1]) is (kind == "local")


@pytest.mark.parametrize("mode", ["0700", "750"])
@pytest.mark.parametrize("kind", [kind for kind in STORAGES if kind in SINGLE or kind in CLAIMED])
def test_the_homes_mode_in_the_list_is_that_of_the_settings(kind: str, mode: str) -> None:
    listed = one(nfs(STORAGES[kind].model_copy(update={"home_mode": mode})), "ConfigMap")["data"]["directories"].splitlines()
    assert listed[1] == f"user_home_dir_1001:1001:1000:{mode.rjust(4, '0')}"


@pytest.mark.parametrize(
    ("kind", "claim", "sub_path"),
    [
        ("local", "lab-home-7", None),
        ("external", "lab-home-7", None),
        ("local single", "lab-homes", "user_home_dir_7"),
        ("external single", "lab-homes", "user_home_dir_7"),
        ("claim", "files", "user_home_dir_7"),
        ("claim single", "files", "user_home_dir_7"),
        ("class", "storage-lab-storage-0", "user_home_dir_7"),
        ("class single", "storage-lab-storage-0", "user_home_dir_7"),
    ],
)
def test_a_home_tells_on_which_claim_and_where_it_is(kind: str, claim: str, sub_path: str | None) -> None:
    made = Nfs(new_chart(), "Nfs", users=Users(new_chart(), "Users", names=NAMES, users=[ADA, GRACE], groups=[PHYSICS]), storage=STORAGES[kind])
    home = made.home_of("grace")
    assert (home.path, home.claim_name, home.sub_path) == ("/home/grace", claim, sub_path)
    assert (made.server is None, made.address) == (not kind.startswith("local"), {"l": "10.96.0.150", "e": "10.0.0.5"}.get(kind[0]))


@pytest.mark.parametrize("storage", CLAIMED.values(), ids=CLAIMED)
def test_the_construct_alone_refuses_a_name_that_is_too_long_for_its_statefulset(storage: Storage) -> None:
    with pytest.raises(ValueError, match=r"of 53 characters; allowed: 52; shorten the cluster's name"):
        Nfs(new_chart(), "Nfs", users=Users(new_chart(), "Users", names=Names("c" * 45, "science")), storage=storage)
    chart = new_chart()
    Nfs(chart, "Nfs", users=Users(new_chart(), "Users", names=Names("c" * 44, "science")), storage=storage)
    assert len(one(manifests(chart), "StatefulSet")["metadata"]["name"]) == 52


def test_a_user_called_like_a_directory_is_refused_where_names_are_beside_directories() -> None:
    accounts = Users(new_chart(), "Users", names=NAMES, users=[User(name="jupyter_shared", uid=1001)])
    assert Nfs(new_chart(), "Nfs", users=accounts, storage=LOCAL).homes
    with pytest.raises(InvalidSettingsError, match="a directory of the storage"):
        Nfs(new_chart(), "Nfs", users=accounts, storage=LOCAL.model_copy(update={"homes": "single"}))
