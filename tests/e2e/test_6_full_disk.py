"""A cluster whose disk is filled.

E2E_SMALL_CLASS is a StorageClass that gives a claim of 32Mi a disk which is full at some time; without it the tests are skipped.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .cluster import Cluster
from .conftest import People
from .others import own_namespace, small_cluster
from .programs import write_errors
from .ssh import Session, login

HANGS_AFTER = 30
FILLED_WITHIN = 120


@pytest.fixture(scope="module")
def small(people: People, directory: Path) -> Iterator[Cluster]:
    """A running cluster on a small disk."""
    storage_class = os.environ.get("E2E_SMALL_CLASS") or pytest.skip("E2E_SMALL_CLASS names no StorageClass of small disks")
    storage = {"local": {"storage_class": storage_class, "size": "32Mi"}}
    cluster = small_cluster("full", directory, ssh_key=people.ada.public_key, storage=storage)
    with own_namespace(cluster):
        cluster.apply()
        cluster.wait_until_engines_are_ready()
        cluster.wait_until_frontend_is_ready()
        yield cluster


@pytest.fixture(scope="module")
def ada(people: People, small: Cluster) -> Iterator[Session]:
    with login(small, "ada", key=people.ada.key) as session:
        yield session


@pytest.fixture(scope="module")
def full(small: Cluster, ada: Session) -> str:
    """What a member's shell says when she has filled the disk."""
    return ada.run("dd if=/dev/zero of=~/all bs=1M 2>&1; dd if=/dev/zero of=~/rest bs=4k 2>&1; true", seconds=FILLED_WITHIN)


def test_a_writer_is_told_that_no_space_is_left(full: str) -> None:
    assert full.count("No space left on device") == 2


def test_an_engine_is_told_too(small: Cluster, full: str) -> None:
    assert small.call(write_errors, "/home/jupyter/shared/one-more", 2_000_000) == ["ENOSPC"]


def test_logins_reads_and_clients_go_on_while_it_is_full(people: People, small: Cluster, full: str, note: Callable[[str], None]) -> None:
    start = time.monotonic()
    with login(small, "ada", key=people.ada.key) as session:
        assert session.run("head -c 3 ~/all | wc -c", seconds=HANGS_AFTER) == "3\n"
    assert len(small.engines()) == 1
    note(f"full disk: login, read and a call on the engine took {time.monotonic() - start:.1f} s")


def test_an_engine_that_is_replaced_while_it_is_full_registers(small: Cluster, full: str, note: Callable[[str], None]) -> None:
    restarts = small.restarts()
    (gone,) = small.pod_names("worker")
    start = time.monotonic()

    small.kubectl("delete", "pod", gone)
    engines = small.wait_for_engines_of_pods(60)

    note(f"full disk: engine replaced and registered after {time.monotonic() - start:.1f} s")
    assert gone not in engines.values()
    assert {name: count for name, count in small.restarts().items() if name in restarts} == {
        name: count for name, count in restarts.items() if not name.startswith(gone)
    }


def test_writing_goes_on_as_soon_as_there_is_room(small: Cluster, ada: Session, full: str) -> None:
    content = secrets.token_bytes(1_000_000)
    ada.run("rm ~/all ~/rest", seconds=HANGS_AFTER)

    ada.write("/home/ada/after", content)

    assert ada.read("/home/ada/after") == content
    assert small.call(write_errors, "/home/jupyter/shared/one-more", 2_000_000) == ["none"]
    assert small.restarts() == dict.fromkeys(small.restarts(), 0)
