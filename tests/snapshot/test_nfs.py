"""The construct Nfs: the volumes and claims of homes and of the shared directory, on a server of its own or another."""

from __future__ import annotations

import pytest
from support import Manifest, all_of, one
from syrupy.assertion import SnapshotAssertion

from jupyter_cluster_constructs import ExternalStorage, Nfs, Storage, Users

from .charts import ADA, EXTERNAL, GRACE, LOCAL, NAMES, PHYSICS, manifests, new_chart
from .nfs_manifests import nfs


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


def test_the_homes_of_the_users_are_found_by_name() -> None:
    made = Nfs(new_chart(), "Nfs", users=Users(new_chart(), "Users", names=NAMES, users=[ADA, GRACE], groups=[PHYSICS]), storage=LOCAL)
    assert made.home_of("grace").name == "user_home_dir_7"
    with pytest.raises(KeyError):
        made.home_of("eve")
