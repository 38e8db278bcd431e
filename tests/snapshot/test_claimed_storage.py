"""The construct Nfs with all homes in a single volume, or on a claim: what is made, listed and refused."""

from __future__ import annotations

import pytest
from support import all_of, containers, mounted_volumes, one, pod_of, without_containers
from syrupy.assertion import SnapshotAssertion

from jupyter_cluster_constructs import ExternalStorage, InvalidSettingsError, Names, Nfs, Storage, User, Users

from .charts import ADA, GRACE, LOCAL, NAMES, PHYSICS, SINGLE, STORAGES, manifests, new_chart
from .nfs_manifests import nfs

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
