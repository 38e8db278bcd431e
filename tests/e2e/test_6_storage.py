"""Homes in one volume, and storage that is neither the cluster's NFS server nor one beside it.

E2E_RWX_CLASS is a StorageClass of ReadWriteMany volumes; without it the tests of claims are skipped.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest

from .cluster import ROOT, Cluster
from .conftest import People
from .kube import CommandError, run, wait_until
from .others import own_namespace, small_cluster, small_settings
from .programs import digests
from .ssh import Session, login

SYNC_SECONDS = 90
MANY = 1000
DIRECTORY = "external"


def rolled_out(cluster: Cluster) -> Cluster:
    cluster.apply()
    cluster.wait_until_engines_are_ready()
    cluster.wait_until_frontend_is_ready()
    return cluster


def pods(cluster: Cluster) -> dict[str, int]:
    """Each pod of a cluster with its restarts."""
    return {pod["metadata"]["uid"]: sum(status["restartCount"] for status in pod["status"]["containerStatuses"]) for pod in cluster.pods()}


def with_users(cluster: Cluster, people: People, storage: dict[str, Any], *users: dict[str, Any]) -> Cluster:
    """Apply the cluster's manifests with more users."""
    settings = small_settings(cluster.name, ssh_key=people.ada.public_key, storage=storage)
    settings["users"] += users
    changed = Cluster.synthesized(settings, cluster.dist.parent)
    changed.apply()
    return changed


def is_let_in(cluster: Cluster, people: People, user: str) -> bool:
    """Whether somebody can log in with ada's key and write to a home of their own."""
    try:
        with login(cluster, user, key=people.ada.key) as session:
            return session.run("cd ~ && echo mine > mine && stat -c %U mine ~/.") == f"{user}\n{user}\n"
    except (paramiko.SSHException, OSError, CommandError):
        return False


SINGLE = {"local": {}, "homes": "single"}


@pytest.fixture(scope="module")
def single(people: People, directory: Path) -> Iterator[Cluster]:
    """A running cluster with all homes in one volume of its NFS server."""
    cluster = small_cluster("single", directory, ssh_key=people.ada.public_key, storage=SINGLE)
    with own_namespace(cluster):
        yield rolled_out(cluster)


@pytest.fixture(scope="module")
def ada(people: People, single: Cluster) -> Iterator[Session]:
    with login(single, "ada", key=people.ada.key) as session:
        yield session


def test_a_new_user_has_a_home_at_once_and_nothing_restarts(people: People, single: Cluster, ada: Session, note: Callable[[str], None]) -> None:
    before, start = pods(single), time.monotonic()

    changed = with_users(single, people, SINGLE, {"name": "lin", "uid": 1002, "ssh_keys": [people.ada.public_key]})
    wait_until("lin has a home", lambda: is_let_in(single, people, "lin"), seconds=SYNC_SECONDS)

    note(f"homes in one volume: a new user logs in {time.monotonic() - start:.1f} s after synth and apply")
    assert pods(single) == before
    assert "kubectl apply restarts no pod" in changed.summary
    assert ada.run("echo still here") == "still here\n"
    assert len(single.call(digests, "/home/lin/mine")) == 1


def test_a_thousand_users_are_one_mount_and_restart_nothing(people: People, single: Cluster, ada: Session, note: Callable[[str], None]) -> None:
    before, start = pods(single), time.monotonic()

    with_users(single, people, SINGLE, *({"name": f"user{number}", "uid": 2000 + number} for number in range(MANY)))
    home = f"/home/user{MANY - 1}"
    wait_until("the last home is there", lambda: ada.run(f"test -d {home}/ && stat -Lc %U {home}"), seconds=SYNC_SECONDS)

    note(f"homes in one volume: {MANY} homes are there {time.monotonic() - start:.1f} s after synth and apply")
    mounts = single.execute("deployment/frontend", "sshd", "cat", "/proc/mounts").splitlines()
    assert [line.split()[1] for line in mounts if line.split()[1].startswith("/home") and "config" not in line] == ["/home", "/home/jupyter/shared"]
    assert pods(single) == before


def test_a_user_who_leaves_and_comes_back_finds_the_home_again(people: People, single: Cluster, ada: Session) -> None:
    before = pods(single)

    with_users(single, people, SINGLE)
    wait_until("the links are gone", lambda: "lin" not in ada.run("ls /home").split(), seconds=SYNC_SECONDS)
    assert "user_home_dir_1002" in ada.run("ls /home").split()
    with_users(single, people, SINGLE, {"name": "lin", "uid": 1002, "ssh_keys": [people.ada.public_key]})

    wait_until("lin has a home", lambda: is_let_in(single, people, "lin"), seconds=SYNC_SECONDS)
    assert pods(single) == before


def test_the_documented_backup_brings_a_lost_home_back(single: Cluster, ada: Session, tmp_path: Path) -> None:
    lines = (ROOT / "docs" / "operations.md").read_text().splitlines()
    backup, restore = (line for line in lines if line.startswith("kubectl exec") and "homes.tar.gz" in line)
    ada.run("echo precious > precious; chmod 600 precious")

    run_in_shell(backup, single, tmp_path)
    single.on_nfs_server("rm -r user_home_dir_1001/precious")
    run_in_shell(restore, single, tmp_path)

    assert ada.run("cat precious; stat -c '%U %a' precious") == "precious\nada 600\n"


def run_in_shell(command: str, cluster: Cluster, directory: Path) -> None:
    """Run a command of the documentation, which is about the example, on another cluster."""
    shown = command.replace("kubectl ", f"kubectl --namespace {cluster.namespace} ").replace("lab-", f"{cluster.name}-")
    run(["sh", "-euc", shown], directory=directory)


def test_what_is_missing_on_an_external_server_is_named_with_the_commands_that_make_it(
    people: People, single: Cluster, directory: Path, note: Callable[[str], None]
) -> None:
    single.on_nfs_server(f"install -d {DIRECTORY}; install -d -o 0 -g 1000 -m 1777 {DIRECTORY}/jupyter_shared")
    server = single.kubectl("get", "service", "single-nfs", "--output=jsonpath={.spec.clusterIP}")
    storage = {"external": {"server": server, "path": f"/export/{DIRECTORY}"}, "homes": "single"}
    cluster = small_cluster("external", directory, ssh_key=people.ada.public_key, storage=storage)
    with own_namespace(cluster):
        cluster.apply()
        message = wait_until("own-homes says what is missing", cluster.refusal, seconds=SYNC_SECONDS)
        assert [line.partition(" ")[0] for line in message.splitlines()] == [
            "user_home_dir_1001",
            "ada",
            "jupyter",
            "jupyter/config",
            "jupyter/shared",
        ]
        for line in message.splitlines():
            single.on_nfs_server(f"cd {DIRECTORY}; {line.rpartition('in the exported directory: ')[2]}")
        start = time.monotonic()
        cluster.wait_until_engines_are_ready()
        cluster.wait_until_frontend_is_ready()
        note(f"external storage, homes in one volume: commands done to all ready: {time.monotonic() - start:.1f} s")
        assert is_let_in(cluster, people, "ada")


@pytest.fixture
def rwx_class() -> str:
    return os.environ.get("E2E_RWX_CLASS") or pytest.skip("E2E_RWX_CLASS names no StorageClass of ReadWriteMany volumes")


def files_on(cluster: Cluster, people: People, command: str) -> tuple[str, str]:
    """What ada's command prints, and the host key."""
    with login(cluster, "ada", key=people.ada.key) as session:
        return session.run(command), session.host_key


def test_a_cluster_on_a_class_keeps_its_claim_until_it_is_told_otherwise(
    people: People, directory: Path, rwx_class: str, note: Callable[[str], None]
) -> None:
    storage = {"storage_class": rwx_class, "claim_size": "1Gi"}
    cluster = small_cluster("class", directory, ssh_key=people.ada.public_key, storage=storage)
    with own_namespace(cluster):
        # A namespace of its own would be deleted with the manifests, and the claim with it.
        outlives = without_namespace(cluster)
        rolled_out(outlives)
        _, host_key = files_on(cluster, people, "echo kept > kept")
        assert cluster.engines()

        note(f"storage_class: delete to no pod left: {outlives.delete():.1f} s")
        assert claims(cluster) == ["storage-class-storage-0"]
        rolled_out(outlives)
        assert files_on(cluster, people, "cat kept") == ("kept\n", host_key)

        settings = small_settings("class", ssh_key=people.ada.public_key, storage=storage | {"reclaim_policy": "Delete"})
        forgetful = without_namespace(Cluster.synthesized(settings, cluster.dist.parent))
        forgetful.apply()
        cluster.wait_for_rollouts("statefulset/storage", seconds=60)
        forgetful.delete()
        wait_until("the claim is gone", lambda: not claims(cluster), seconds=60)


def without_namespace(cluster: Cluster) -> Cluster:
    """The same manifests but the namespace's, which is made here."""
    (file,) = cluster.dist.glob("*namespace.k8s.yaml")
    cluster.kubectl("apply", "--filename", str(file))
    file.unlink()
    return cluster


def claims(cluster: Cluster) -> list[str]:
    found = cluster.kubectl("get", "persistentvolumeclaims", "--output=jsonpath={range .items[*]}{.metadata.name} {end}")
    return found.split()


def test_a_cluster_on_a_claim_makes_homes_while_it_runs_and_leaves_the_claim(
    people: People, directory: Path, rwx_class: str, note: Callable[[str], None]
) -> None:
    storage = {"claim": "made-before", "homes": "single"}
    cluster = small_cluster("claim", directory, ssh_key=people.ada.public_key, storage=storage)
    with own_namespace(cluster):
        without_namespace(cluster)
        claim = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "made-before"},
            "spec": {"accessModes": ["ReadWriteMany"], "storageClassName": rwx_class, "resources": {"requests": {"storage": "1Gi"}}},
        }
        cluster.kubectl("apply", "--filename=-", stdin=json.dumps(claim))
        rolled_out(cluster)
        before, start = pods(cluster), time.monotonic()

        with_users(cluster, people, storage, {"name": "lin", "uid": 1002, "ssh_keys": [people.ada.public_key]})
        wait_until("lin has a home", lambda: is_let_in(cluster, people, "lin"), seconds=SYNC_SECONDS)

        note(f"claim: a new user logs in {time.monotonic() - start:.1f} s after synth and apply")
        assert pods(cluster) == before
        without_namespace(cluster).delete()
        assert claims(cluster) == ["made-before"]
