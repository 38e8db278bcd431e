"""`kubectl delete -f dist/`, and then a second life on the same storage."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from .conftest import Lab, apply
from .kube import kubectl
from .ssh import login

GHOSTS_SECONDS = 90


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


def test_delete_ends_within_two_minutes(seconds_to_delete: float) -> None:
    assert seconds_to_delete < 120


def test_delete_leaves_nothing_but_the_disk_of_the_homes(lab: Lab, seconds_to_delete: float) -> None:
    kinds = "deployments,statefulsets,replicasets,pods,services,configmaps,secrets,ingresses,persistentvolumeclaims"

    left = lab.cluster.kubectl("get", kinds, "--selector", lab.cluster.selector(), "--output=name").split()

    volumes = kubectl("get", "persistentvolumes", "--output=name").split()
    assert left == ["persistentvolumeclaim/export-lab-nfs-0"]
    assert [volume for volume in volumes if volume.startswith("persistentvolume/default.lab.")] == []


def test_a_second_apply_finds_every_file_again(again: Lab, kept: Kept) -> None:
    with login(again.cluster, "ada", key=again.ada.key) as ada, login(again.cluster, "grace", key=again.grace.key) as grace:
        assert {path: (grace if "grace" in path else ada).read(path) for path in kept.files} == kept.files


def test_a_second_apply_keeps_the_host_key(again: Lab, kept: Kept) -> None:
    with login(again.cluster, "ada", password=again.ada.password) as session:
        assert session.host_key == kept.host_key


def test_a_second_apply_has_its_engines_and_no_ghosts(again: Lab, note: Callable[[str], None]) -> None:
    start = time.monotonic()

    engines = again.cluster.wait_for_engines_of_pods(GHOSTS_SECONDS)

    note(f"second apply ready to no ghost left: {time.monotonic() - start:.1f} s")
    assert len(engines) == 2
