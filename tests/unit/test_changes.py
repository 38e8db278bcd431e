"""What applying new manifests does to what was there before."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from support import Manifest

from jupyter_cluster_constructs.changes import Changes, changes, described, read

NAMESPACE: Manifest = {"kind": "Namespace", "metadata": {"name": "science"}}
USERS: Manifest = {"kind": "ConfigMap", "metadata": {"name": "lab-users", "namespace": "science"}, "data": {"passwd": ""}}
VOLUME: Manifest = {"kind": "PersistentVolume", "metadata": {"name": "science.lab.home-1001"}, "spec": {}}


def workload(name: str, kind: str = "Deployment", *, image: str = "engine:1", replicas: int = 1, **spec: object) -> Manifest:
    template = {"spec": {"containers": [{"name": "it", "image": image}]}}
    return {"kind": kind, "metadata": {"name": name, "namespace": "science"}, "spec": {"replicas": replicas, "template": template, **spec}}


FRONTEND, WORKER, NFS = workload("lab-frontend"), workload("lab-worker"), workload("lab-nfs", "StatefulSet")
CLUSTER = (NAMESPACE, USERS, VOLUME, FRONTEND, WORKER, NFS)


def of(before: tuple[Manifest, ...], after: tuple[Manifest, ...]) -> Changes:
    found = changes(before, after)
    assert found is not None
    return found


def test_the_same_manifests_restart_and_leave_nothing() -> None:
    assert of(CLUSTER, copy.deepcopy(CLUSTER)) == Changes(restarted=(), refused=(), left_over=())


def test_workloads_whose_pods_change_restart() -> None:
    after = (NAMESPACE, USERS, VOLUME, workload("lab-frontend", image="frontend:2"), WORKER, workload("lab-nfs", "StatefulSet", image="nfs:2"))
    assert of(CLUSTER, after).restarted == ("deployment/lab-frontend", "statefulset/lab-nfs")


def test_the_number_of_pods_and_what_is_no_pods_restart_nothing() -> None:
    users = USERS | {"data": {"passwd": "ada"}}
    service = {"kind": "Service", "metadata": {"name": "lab-ssh", "namespace": "science"}, "spec": {"template": "not a pod's"}}
    before, after = (*CLUSTER, service), (NAMESPACE, users, VOLUME, FRONTEND, workload("lab-worker", replicas=9), NFS, service | {"spec": {}})
    assert of(before, after) == Changes(restarted=(), refused=(), left_over=())


def test_what_is_new_is_not_restarted() -> None:
    assert of(CLUSTER, (*CLUSTER, workload("lab-worker-gpu"))) == Changes(restarted=(), refused=(), left_over=())


def test_what_is_no_longer_there_is_left_over() -> None:
    assert of(CLUSTER, (NAMESPACE, USERS, FRONTEND)).left_over == (
        "persistentvolume/science.lab.home-1001",
        "deployment/lab-worker",
        "statefulset/lab-nfs",
    )


def test_a_workload_of_another_kind_is_another_object() -> None:
    assert of(CLUSTER, (*CLUSTER[:-1], workload("lab-nfs"))) == Changes(restarted=(), refused=(), left_over=("statefulset/lab-nfs",))


def test_an_object_of_the_same_name_in_another_namespace_is_another_one() -> None:
    elsewhere = copy.deepcopy(WORKER)
    elsewhere["metadata"]["namespace"] = "math"
    assert of(CLUSTER, (NAMESPACE, USERS, VOLUME, FRONTEND, elsewhere, NFS)).left_over == ("deployment/lab-worker",)


def test_a_namespace_is_never_left_over() -> None:
    # Whoever then runs the command that is printed would delete every home.
    assert of(CLUSTER, CLUSTER[1:]) == Changes(restarted=(), refused=(), left_over=())


def test_nothing_before_and_nothing_of_the_same_cluster_before_is_nothing_to_compare_with() -> None:
    assert changes((), CLUSTER) is None
    other: Manifest = {"kind": "ConfigMap", "metadata": {"name": "lab2-users", "namespace": "science"}}
    assert changes((other,), CLUSTER) is None
    # Two clusters may have a namespace together.
    assert changes((NAMESPACE, other), CLUSTER) is None


def test_left_over_disks_that_go_with_their_server_are_known() -> None:
    deleting = workload("lab-nfs", "StatefulSet", persistentVolumeClaimRetentionPolicy={"whenDeleted": "Delete", "whenScaled": "Retain"})
    assert of((*CLUSTER[:-1], deleting), CLUSTER[:-1]).disks == ("statefulset/lab-nfs",)
    assert of((*CLUSTER[:-1], deleting), CLUSTER).disks == ()
    assert of(CLUSTER, CLUSTER[:-1]).disks == ()


STATEFUL = workload("lab-nfs", "StatefulSet", serviceName="lab-nfs", selector={"a": "b"}, volumeClaimTemplates=[{"metadata": {"name": "export"}}])
FIXED: dict[str, Manifest] = {
    "statefulset/lab-nfs": STATEFUL,
    "deployment/lab-frontend": workload("lab-frontend", selector={"a": "b"}),
    "service/lab-nfs": {"kind": "Service", "metadata": {"name": "lab-nfs"}, "spec": {"clusterIP": "10.96.0.150"}},
    "persistentvolume/a.lab.shared": {"kind": "PersistentVolume", "metadata": {"name": "a.lab.shared"}, "spec": {"nfs": {"server": "10.0.0.5"}}},
    "persistentvolumeclaim/lab-shared": {
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "lab-shared"},
        "spec": {"volumeName": "a.lab.shared", "storageClassName": "", "accessModes": ["ReadWriteMany"], "resources": {"requests": {}}},
    },
}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("statefulset/lab-nfs", "serviceName"),
        ("statefulset/lab-nfs", "selector"),
        ("statefulset/lab-nfs", "volumeClaimTemplates"),
        ("deployment/lab-frontend", "selector"),
        ("service/lab-nfs", "clusterIP"),
        ("persistentvolume/a.lab.shared", "nfs"),
        ("persistentvolumeclaim/lab-shared", "volumeName"),
        ("persistentvolumeclaim/lab-shared", "storageClassName"),
        ("persistentvolumeclaim/lab-shared", "accessModes"),
        ("persistentvolumeclaim/lab-shared", "resources"),
    ],
)
def test_what_the_api_server_does_not_let_be_changed_is_named(name: str, key: str) -> None:
    before = FIXED[name]
    assert of((USERS, before), (USERS, copy.deepcopy(before))).refused == ()
    assert of((USERS, before), (USERS, before | {"spec": before["spec"] | {key: "another"}})).refused == (f"{name} (spec.{key})",)
    # What comes or goes is no change.
    assert of((USERS,), (USERS, before)).refused == of((USERS, before), (USERS,)).refused == ()


def test_what_may_change_is_not_refused() -> None:
    before = {"kind": "PersistentVolume", "metadata": {"name": "a"}, "spec": {"mountOptions": ["hard"], "capacity": {"storage": "1Gi"}}}
    policy = STATEFUL["spec"] | {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}, "replicas": 0}
    assert of((before, STATEFUL), (before | {"spec": {}}, STATEFUL | {"spec": policy})).refused == ()


# Files


def files(directory: Path, *texts: str) -> list[Path]:
    for number, text in enumerate(texts):
        (directory / f"{number}.k8s.yaml").write_text(text)
    return [directory / f"{number}.k8s.yaml" for number in reversed(range(len(texts)))]


def test_all_manifests_of_all_files_are_read_in_their_order(tmp_path: Path) -> None:
    texts = ("kind: A\nmetadata: {name: a}\n---\nkind: B\nmetadata: {name: b}\n", "", "kind: C\nmetadata: {name: c}\n---\n")
    assert [manifest["kind"] for found in read(files(tmp_path, *texts)).values() for manifest in found] == ["A", "B", "C"]


@pytest.mark.parametrize(
    "text",
    [
        "old\n",
        "- 1\n",
        "kind: Stale\n",
        "metadata: {name: a}\n",
        "kind: A\nmetadata: a\n",
        "kind: A\nmetadata: {labels: {}}\n",
        "kind: [A]\nmetadata: {name: a}\n",
        "kind: A\nmetadata: {name: 1}\n",
        "kind: A\nkind: B\nmetadata: {name: a}\n",
        "a: [\n",
        "a: 2026-13-45\n",
    ],
)
def test_files_of_which_one_holds_no_manifest_are_as_good_as_none(tmp_path: Path, text: str) -> None:
    assert read(files(tmp_path, "kind: A\nmetadata: {name: a}\n", text)) == {}


def test_files_of_which_one_cannot_be_read_are_as_good_as_none(tmp_path: Path) -> None:
    there = files(tmp_path, "kind: A\nmetadata: {name: a}\n")
    assert read([*there, tmp_path / "none.k8s.yaml"]) == {}
    (tmp_path / "latin.k8s.yaml").write_bytes(b"kind: \xe4\n")
    assert read([*there, tmp_path / "latin.k8s.yaml"]) == {}
    (tmp_path / "directory.k8s.yaml").mkdir()
    assert read([*there, tmp_path / "directory.k8s.yaml"]) == {}


# Words


def test_what_restarts_is_named_with_what_that_ends() -> None:
    restarts, ends = described(Changes(restarted=("deployment/lab-frontend", "deployment/lab-worker"), refused=(), left_over=()), "science")
    assert restarts == "Against what was there before, kubectl apply restarts the pods of deployment/lab-frontend, deployment/lab-worker."
    assert ends == "  A frontend's restart ends SSH sessions and kernels; a worker's, the memory of its engines. No file is lost."


def test_what_is_refused_is_named_with_where_to_read_on() -> None:
    _, refused = described(Changes(restarted=(), refused=("statefulset/lab-nfs (spec.volumeClaimTemplates)",), left_over=()), "science")
    assert refused.startswith("kubectl apply is refused for statefulset/lab-nfs (spec.volumeClaimTemplates), ")
    assert "docs/operations.md" in refused


def test_that_nothing_restarts_is_said() -> None:
    assert list(described(Changes(restarted=(), refused=(), left_over=()), "science")) == [
        "Against what was there before, kubectl apply restarts no pod."
    ]


def test_what_is_left_over_comes_with_the_command_that_deletes_it() -> None:
    *_, command = described(Changes(restarted=(), refused=(), left_over=("deployment/lab-worker-gpu", "persistentvolume/a.b")), "science")
    assert command.endswith("kubectl delete -n science deployment/lab-worker-gpu persistentvolume/a.b")


def test_a_disk_that_goes_with_what_is_left_over_is_warned_of() -> None:
    *_, warning = described(Changes(restarted=(), refused=(), left_over=("statefulset/lab-nfs",), disks=("statefulset/lab-nfs",)), "science")
    assert "deletes the disk under all homes that statefulset/lab-nfs had" in warning
