"""A second cluster, whose external NFS server is the one of the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from .cluster import Cluster, example
from .conftest import EXTERNAL_NAMESPACE, Lab
from .kube import kubectl, wait_until
from .programs import map_through
from .ssh import login
from .web import answer

DIRECTORY = "lab2"
# Small requests: both clusters have to fit on a node of two CPUs.
CPU = "20m"
REFUSAL_SECONDS = 90


@pytest.fixture(scope="module")
def second(lab: Lab, directory: Path) -> Iterator[Cluster]:
    """A second cluster that is not applied yet; its directories are there, but one home belongs to the wrong user."""
    lab.cluster.on_nfs_server(
        f"""mkdir -p {DIRECTORY}
        cd {DIRECTORY}
        install -d -o 0 -g 1000 -m 1777 jupyter_shared
        install -d -o 1001 -g 1000 -m 0750 user_home_dir_1001
        install -d -o 0 -g 0 -m 0755 user_home_dir_1002
        """
    )
    server = lab.cluster.kubectl("get", "service", "lab-nfs", "--output=jsonpath={.spec.clusterIP}")
    cluster = Cluster.synthesized(external_settings(lab, server), directory / "lab2")
    yield cluster
    cluster.delete()


def external_settings(lab: Lab, server: str) -> Any:
    settings = example()
    settings |= {"name": "lab2", "namespace": EXTERNAL_NAMESPACE, "create_namespace": True}
    settings["storage"] = {"external": {"server": server, "path": f"/export/{DIRECTORY}"}}
    settings["users"][0]["ssh_keys"] = [lab.ada.public_key]
    settings["workers"] = [{"replicas": 1, "engines_per_pod": 2, "cpu": CPU}]
    settings["jupyter"] = {"mode": "server"}
    settings["frontend"] = {container: {"cpu": CPU} for container in ("controller", "jupyter", "sshd")}
    return settings


@pytest.fixture(scope="module")
def refusal(second: Cluster) -> str:
    """What the init container says that may not put the wrong owner right."""
    second.apply()

    return wait_until("own-homes fails", second.refusal, seconds=REFUSAL_SECONDS)


@pytest.fixture(scope="module")
def lab2(lab: Lab, second: Cluster, refusal: str, note: Callable[[str], None]) -> Cluster:
    """The second cluster, ready after its message was obeyed."""
    command = refusal.rpartition("in the exported directory: ")[2]
    start = datetime.now(UTC)
    lab.cluster.on_nfs_server(f"cd {DIRECTORY}\n{command}")
    second.wait_until_engines_are_ready()
    note(f"external storage: chown to all engines registered: {(datetime.now(UTC) - start).total_seconds():.1f} s")
    second.wait_until_frontend_is_ready()
    return second


def test_a_home_of_the_wrong_owner_is_named_with_the_command_that_puts_it_right(refusal: str) -> None:
    assert refusal.endswith("chown 1002:1000 user_home_dir_1002 && chmod 0750 user_home_dir_1002")
    assert "1001" not in refusal


def test_the_cluster_goes_on_by_itself_once_the_owner_is_right(lab2: Cluster) -> None:
    (pod,) = lab2.pods("frontend")

    assert all(status["ready"] for status in pod["status"]["containerStatuses"])


def test_external_storage_needs_no_pod_of_its_own(lab2: Cluster) -> None:
    assert lab2.pods("nfs") == []


def test_two_engines_of_one_pod_map_right(lab2: Cluster) -> None:
    answers = lab2.call(map_through, "direct", 100)

    (pod,) = lab2.pod_names("worker")
    assert answers == [[number * number, pod] for number in range(100)]
    assert list(lab2.engines().values()) == [pod, pod]


def test_a_user_of_the_second_cluster_has_a_home_of_its_own(lab: Lab, lab2: Cluster) -> None:
    with login(lab.cluster, "ada", key=lab.ada.key) as first, login(lab2, "ada", key=lab.ada.key) as other:
        first.write("/home/ada/which", b"first")
        other.write("/home/ada/which", b"second")

        assert first.read("/home/ada/which") == b"first"
        assert other.host_key != first.host_key

    assert lab.cluster.on_nfs_server(f"cat user_home_dir_1001/which; echo; cat {DIRECTORY}/user_home_dir_1001/which") == "first\nsecond"


def test_jupyterlab_without_a_login_in_the_settings_is_locked(lab: Lab, lab2: Cluster) -> None:
    with lab2.forward("jupyter", 80) as port:
        assert answer(port, "/login") == "200"
        assert answer(port, "/api/contents") == "403"
        assert answer(port, "/api/contents", token=lab.token) == "403"


def test_two_clusters_leave_each_other_alone(lab: Lab, lab2: Cluster) -> None:
    assert kubectl("diff", "--filename", str(lab.cluster.dist)) == ""
    assert kubectl("diff", "--filename", str(lab2.dist)) == ""
    assert sorted(lab.cluster.engines().values()) == lab.cluster.pod_names("worker")
