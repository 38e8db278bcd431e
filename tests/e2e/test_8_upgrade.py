"""From the last release to this tree, over a running cluster."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_cluster_constructs import __version__

from .cluster import ROOT, Cluster
from .conftest import People
from .kube import CommandError, run, wait_until
from .others import own_namespace, small_settings
from .programs import map_through
from .ssh import login

NAME = "upgraded"


@pytest.fixture(scope="module")
def released(directory: Path) -> Iterator[Path]:
    """The tree of the last release."""
    try:
        tag = run(["git", "describe", "--tags", "--abbrev=0", "--match=v*", f"--exclude=v{__version__}"], directory=ROOT).strip()
    except CommandError:
        pytest.skip("this clone has no tag of a release")
    tree = directory / tag
    run(["git", "worktree", "add", "--detach", str(tree), tag], directory=ROOT)
    yield tree
    run(["git", "worktree", "remove", "--force", str(tree)], directory=ROOT)


@pytest.fixture(scope="module")
def running(people: People, released: Path, directory: Path, note: Callable[[str], None]) -> Iterator[Cluster]:
    """A cluster that the last release made, with its images."""
    settings, old = small_settings(NAME, ssh_key=people.ada.public_key), {"PYTHONPATH": str(released / "src")}
    # 0.1 has no such setting, and makes no policies.
    settings.pop("network", None)
    cluster = Cluster.synthesized(settings, directory / NAME, old, tree=released)
    config = {"CONFIG": str(directory / NAME / "cluster.yaml")}
    which = run([sys.executable, "-m", "jupyter_cluster_constructs.images"], directory=released, environment=os.environ | old | config)
    build = [sys.executable, "docker/build.py", "--load", *which.split()]
    run(build, directory=released, environment=os.environ, seconds=900)
    with own_namespace(cluster):
        cluster.apply()
        cluster.wait_until_engines_are_ready()
        cluster.wait_until_frontend_is_ready()
        note(f"upgrade from {released.name}")
        yield cluster


def test_homes_host_keys_and_engines_survive_an_upgrade_from_the_last_release(
    people: People, running: Cluster, released: Path, note: Callable[[str], None]
) -> None:
    with login(running, "ada", key=people.ada.key) as ada:
        ada.run("echo kept > kept")
        host_key = ada.host_key
    before, start = {image_of(pod) for pod in running.pods()}, time.monotonic()

    new = Cluster.synthesized(small_settings(NAME, ssh_key=people.ada.public_key), running.dist.parent)
    # The API server refuses, and the command fails, where a field is changed that can't be.
    new.apply()
    new.wait_for_rollouts("statefulset/nfs", "deployment/frontend", "deployment/worker")
    new.wait_for_engines_of_pods(60)
    note(f"  apply to all replaced and registered: {time.monotonic() - start:.1f} s")

    assert not before & {image_of(pod) for pod in new.pods()}
    with login(new, "ada", key=people.ada.key) as ada:
        assert ada.run("cat kept") == "kept\n"
        assert ada.host_key == host_key
    assert len(new.call(map_through, "load-balanced", 100)) == 100
    assert "refused" not in new.summary
    wait_until("nothing differs", lambda: not run(["kubectl", "diff", "--filename", str(new.dist)]), seconds=30)


def image_of(pod: dict[str, dict[str, list[dict[str, str]]]]) -> str:
    return pod["spec"]["containers"][0]["image"]
