"""`kubectl delete -f dist/`, of all files and of single ones, and then another life on the same storage."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from .cluster import Cluster
from .conftest import Lab, apply
from .kube import kubectl, wait_until
from .ssh import login
from .writers import Writer, writing

GHOSTS_SECONDS = 90
STALL_SECONDS = 5
DELETE_SECONDS = 60
ALONE_SECONDS = 20


@dataclass(frozen=True)
class Kept:
    """What has to outlive the cluster.

    Attributes:
        files: contents by path, those of a home first.
        host_key: sshd's key.
    """

    files: dict[str, bytes]
    host_key: str


@pytest.fixture(scope="module")
def kept(lab: Lab) -> Kept:
    files = {path: secrets.token_bytes(10_000) for path in ("/home/ada/kept", "/home/grace/kept", "/home/jupyter/shared/kept")}
    with login(lab.cluster, "ada", key=lab.ada.key) as ada, login(lab.cluster, "grace", key=lab.grace.key) as grace:
        for path, content in files.items():
            (grace if "grace" in path else ada).write(path, content)
        return Kept(files, ada.host_key)


@pytest.fixture(scope="module")
def seconds_to_delete(lab: Lab, kept: Kept, note: Callable[[str], None]) -> float:
    """How long the delete took, while somebody is logged in and has a file open."""
    with login(lab.cluster, "ada", key=lab.ada.key) as session:
        session.client.exec_command("tail -f ~/kept > /dev/null")
        seconds = lab.cluster.delete()
    note(f"delete to no pod left: {seconds:.1f} s")
    return seconds


@pytest.fixture(scope="module")
def again(lab: Lab, seconds_to_delete: float, note: Callable[[str], None]) -> Lab:
    """The cluster after a second apply."""
    apply(lab.cluster, "second apply", note)
    return lab


def test_delete_ends_within_a_minute(seconds_to_delete: float) -> None:
    assert seconds_to_delete < DELETE_SECONDS


def left(cluster: Cluster) -> list[str]:
    """What there is of the cluster but the disk of the homes."""
    kinds = "deployments,statefulsets,replicasets,pods,services,configmaps,secrets,ingresses,persistentvolumeclaims"
    objects = cluster.kubectl("get", kinds, "--selector", cluster.selector(), "--output=name").split()
    volumes = kubectl("get", "persistentvolumes", "--output=name").split()
    own = [volume for volume in volumes if volume.startswith(f"persistentvolume/{cluster.namespace}.{cluster.name}.")]
    return sorted({*objects, *own} - {f"persistentvolumeclaim/export-{cluster.name}-nfs-0"})


def test_delete_leaves_nothing_but_the_disk_of_the_homes(lab: Lab, seconds_to_delete: float) -> None:
    assert left(lab.cluster) == []
    assert lab.cluster.kubectl("get", "persistentvolumeclaim", "export-lab-nfs-0", "--output=name")


def assert_is_there(lab: Lab, kept: Kept) -> None:
    with login(lab.cluster, "ada", key=lab.ada.key) as ada, login(lab.cluster, "grace", key=lab.grace.key) as grace:
        assert {path: (grace if "grace" in path else ada).read(path) for path in kept.files} == kept.files


def test_a_second_apply_finds_every_file_again(again: Lab, kept: Kept) -> None:
    assert_is_there(again, kept)


def test_a_second_apply_keeps_the_host_key(again: Lab, kept: Kept) -> None:
    with login(again.cluster, "ada", password=again.ada.password) as session:
        assert session.host_key == kept.host_key


def test_a_second_apply_has_its_engines_and_no_ghosts(again: Lab, note: Callable[[str], None]) -> None:
    start = time.monotonic()

    engines = again.cluster.wait_for_engines_of_pods(GHOSTS_SECONDS)

    note(f"second apply ready to no ghost left: {time.monotonic() - start:.1f} s")
    assert len(engines) == 2


def test_delete_ends_within_a_minute_after_the_nfs_servers_pod_was_replaced(again: Lab, kept: Kept, note: Callable[[str], None]) -> None:
    # Idle clients notice the other server late, and find it by the Service alone, which goes in the first second.
    cluster, start = again.cluster, time.monotonic()
    cluster.kubectl("delete", "pod", "lab-nfs-0")
    cluster.wait_for_rollouts("statefulset/nfs", seconds=60)
    ready = time.monotonic() - start

    seconds = cluster.delete()

    note(f"NFS server's pod deleted to ready again: {ready:.1f} s; delete from then to no pod left: {seconds:.1f} s")
    assert seconds < DELETE_SECONDS
    assert left(cluster) == []
    apply(cluster, "apply after that", note)
    assert_is_there(again, kept)


def delete_file(file: Path) -> None:
    kubectl("delete", "--ignore-not-found", "--wait=false", "--filename", str(file))


def delete_single_files(cluster: Cluster, files: Iterable[Path]) -> float:
    """Delete files one after the other, and say how many seconds after the last one everything was gone."""
    for file in files:
        delete_file(file)
        time.sleep(1)
    start = time.monotonic()
    wait_until("nothing is left", lambda: not left(cluster), seconds=DELETE_SECONDS)
    return time.monotonic() - start


@pytest.mark.parametrize("order", ["first to last", "last to first"])
def test_files_are_deleted_one_by_one(again: Lab, kept: Kept, order: str, note: Callable[[str], None]) -> None:
    files = sorted(again.cluster.dist.iterdir(), reverse=order == "last to first")

    seconds = delete_single_files(again.cluster, files)

    note(f"single files deleted {order}: nothing left after {seconds:.1f} s")
    apply(again.cluster, "apply after that", note)
    assert_is_there(again, kept)


def test_members_go_on_without_the_nfs_file_and_the_rest_is_deleted_later(again: Lab, kept: Kept, note: Callable[[str], None]) -> None:
    cluster = again.cluster
    (nfs,) = cluster.dist.glob("*nfs.k8s.yaml")
    rest = sorted(set(cluster.dist.iterdir()) - {nfs})

    with (
        login(cluster, "ada", key=again.ada.key) as ada,
        writing([Writer.in_session(ada, "user_home_dir_1001"), Writer.on_engine(cluster, cluster.pod_names("worker")[0])]) as all_written,
    ):
        delete_file(nfs)
        time.sleep(ALONE_SECONDS)
    for written in all_written:
        assert written.kept(cluster) == written.digests
    seconds = delete_single_files(cluster, rest)

    longest = ", ".join(f"{written.writer.who} {written.longest:.1f} s" for written in all_written)
    note(f"NFS file deleted {ALONE_SECONDS} s before the others: longest time without a write {longest}; nothing left after {seconds:.1f} s")
    assert max(written.longest for written in all_written) < STALL_SECONDS
    apply(cluster, "apply after that", note)
    assert_is_there(again, kept)
