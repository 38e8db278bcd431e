from __future__ import annotations

import pytest

from jupyter_cluster_constructs.labels import Component, object_labels, selector
from jupyter_cluster_constructs.live.api import Object
from jupyter_cluster_constructs.live.deleting import StuckError, find, run, stages

from .live_objects import NAMES, Server, claim, item, pod, whole_cluster, workload


def volume(name: str, namespace: str, cluster: str = "lab") -> Object:
    labels = object_labels(cluster, Component.NFS)
    return item("PersistentVolume", name, labels=labels, spec={"claimRef": {"namespace": namespace}, "persistentVolumeReclaimPolicy": "Retain"})


def disk() -> Object:
    """A claim as a StatefulSet makes it: with the template's labels alone."""
    return item("PersistentVolumeClaim", "export-lab-nfs-0", labels=selector("lab", Component.NFS), spec={"volumeName": "pvc-1"})


def others() -> list[Object]:
    labels = object_labels("lab", Component.FRONTEND)
    return [
        item("Service", "lab-nfs", labels=object_labels("lab", Component.NFS), spec={}),
        item("Service", "lab-ssh", labels=labels, spec={}),
        item("Secret", "lab-users", labels=object_labels("lab", Component.USERS)),
        item("NetworkPolicy", "lab-worker-old", labels=object_labels("lab", Component.WORKER, "old"), spec={}),
        item("Secret", "lab-login"),
    ]


def server(*more: Object) -> Server:
    there = whole_cluster()
    workloads = [*there.deployments, *there.stateful_sets]
    claims = [claim("lab-shared"), claim("lab-home-1001"), disk()]
    return Server(*there.pods, *workloads, *claims, volume("science.lab.shared", "science"), *others(), *more)


def down(there: Server, *, remove_volumes: bool = False, remove_namespace: bool = False) -> list[str]:
    found = find(there, NAMES, [])
    for stage in stages(there, NAMES, found, remove_volumes=remove_volumes, remove_namespace=remove_namespace):
        run(there, stage, 0, lambda left: None)
    return there.deleted


def test_clients_of_the_nfs_server_go_before_it_and_volumes_after_it() -> None:
    order = down(server())

    places = [order.index(each) for each in ("Deployment/lab-worker", "Deployment/lab-frontend", "StatefulSet/lab-nfs")]
    assert places == sorted(places)
    last_server = max(places[2], order.index("Service/lab-nfs"))
    assert last_server < order.index("PersistentVolumeClaim/lab-shared") < order.index("PersistentVolume/science.lab.shared")


def test_the_disk_under_the_homes_is_kept() -> None:
    assert "PersistentVolumeClaim/export-lab-nfs-0" not in down(server())


def test_the_disk_under_the_homes_goes_when_it_is_asked_for() -> None:
    assert down(server(), remove_volumes=True)[-1] == "PersistentVolumeClaim/export-lab-nfs-0"


def test_the_namespace_goes_last_and_only_when_it_is_asked_for() -> None:
    namespace = item("Namespace", "science")

    assert "Namespace/science" not in down(server(namespace), remove_volumes=True)
    assert down(server(namespace), remove_volumes=True, remove_namespace=True)[-1] == "Namespace/science"


def test_what_a_removed_group_left_goes_too() -> None:
    assert "NetworkPolicy/lab-worker-old" in down(server())


def test_a_secret_that_somebody_else_made_stays() -> None:
    assert "Secret/lab-login" not in down(server())


@pytest.mark.parametrize(("name", "namespace"), [("other.lab.shared", "other"), ("science.lab.shared", "other"), ("mine", "science")])
def test_a_volume_of_another_namespace_or_name_stays(name: str, namespace: str) -> None:
    there = server()
    there.items = [i for i in there.items if i["kind"] != "PersistentVolume"]
    there.items.append(volume(name, namespace))

    assert f"PersistentVolume/{name}" not in down(there)


def test_an_object_that_lost_its_labels_goes_by_its_name() -> None:
    there = Server(item("ConfigMap", "lab-config"))

    found = find(there, NAMES, [item("ConfigMap", "lab-config"), item("Namespace", "science"), item("Secret", "lab-none")])

    assert [i["metadata"]["name"] for i in found.rest] == ["lab-config"]


def test_a_strangers_pod_that_uses_a_home_keeps_the_nfs_server() -> None:
    stranger = item("Pod", "notebook", spec={"volumes": [{"persistentVolumeClaim": {"claimName": "lab-home-1001"}}]}, status={"phase": "Running"})
    there = server(stranger)

    with pytest.raises(StuckError, match="pod/notebook, not of this cluster, uses lab-home-1001"):
        down(there)

    assert "StatefulSet/lab-nfs" not in there.deleted


def test_a_pod_that_does_not_end_is_named() -> None:
    there = server()
    # Of no Deployment, so that it stays.
    there.items.append(pod("lab-worker-old-a", going=True, component=Component.WORKER))
    there.items[-1]["metadata"]["labels"]["jupyter-cluster/worker-group"] = "old"

    with pytest.raises(StuckError, match=r"engines: pod/lab-worker-old-a \(Terminating\)"):
        down(there)


def test_a_disk_that_goes_with_its_statefulset_is_told_before() -> None:
    nfs = workload("StatefulSet", "lab-nfs", Component.NFS)
    nfs["spec"]["persistentVolumeClaimRetentionPolicy"] = {"whenDeleted": "Delete"}

    assert find(Server(nfs), NAMES, []).disks_that_go == ["lab-nfs"]
    assert find(server(), NAMES, []).disks_that_go == []


def test_nothing_but_a_disk_is_an_empty_cluster() -> None:
    assert find(Server(disk()), NAMES, []).is_empty
    assert not find(server(), NAMES, []).is_empty
