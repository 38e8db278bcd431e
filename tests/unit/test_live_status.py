from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from jupyter_cluster_constructs.live import hub_program
from jupyter_cluster_constructs.live.logs import container_names, is_named, sources
from jupyter_cluster_constructs.live.overview import as_data, overview_of
from jupyter_cluster_constructs.live.queues import EngineQueue, Queues, read
from jupyter_cluster_constructs.live.snapshot import Entrances, Snapshot

from .live_objects import RUNNING, SPEC, container, ended, pod, waiting, whole_cluster


def test_the_hubs_answer_becomes_what_each_engine_has_to_do() -> None:
    content = {"status": "ok", "0": {"queue": 1, "tasks": 2, "completed": 7}, "10": {"queue": 0, "tasks": 0, "completed": 0}, "unassigned": 4}

    assert read(hub_program.queues(content)) == Queues((EngineQueue(0, 2, 1, 7), EngineQueue(10, 0, 0, 0)), 4)


def test_a_hub_without_engines_is_no_error() -> None:
    assert read(hub_program.queues({"status": "error", "ename": "IndexError"})) == Queues()


def test_the_program_that_asks_the_hub_imports_nothing_of_this_library() -> None:
    spec = importlib.util.find_spec(hub_program.__name__)
    assert spec is not None
    assert spec.origin is not None

    source = Path(spec.origin).read_text()

    assert "from ." not in source
    assert "jupyter_cluster_constructs" not in source


def test_the_shape_of_the_data_is_the_documented_one() -> None:
    data = as_data(overview_of(SPEC, whole_cluster(), Entrances(), Queues((EngineQueue(0, 0, 1, 5),))))

    assert list(data) == ["name", "namespace", "ready", "parts", "engines", "queues", "users", "addresses"]
    assert data["ready"] is True
    assert data["parts"][0] == {"name": "volumes", "ready": 3, "wanted": 3, "is_ready": True, "reasons": []}
    assert data["engines"] == [{"group": None, "deployment": "lab-worker", "wanted": 1, "running": 1, "registered": 1}]
    assert data["queues"] == {"problem": None, "unassigned": 0, "engines": [{"id": 0, "queued": 0, "running": 1, "completed": 5}]}
    assert data["users"] == [{"name": "ada", "uid": 1001, "login": data["users"][0]["login"], "home_claim": "lab-home-1001"}]


def test_a_controller_that_can_not_be_asked_does_not_make_the_cluster_unready() -> None:
    found = overview_of(SPEC, whole_cluster(), Entrances(), Queues(problem="pods/exec is forbidden"))

    assert found.is_ready
    assert as_data(found)["queues"]["problem"] == "pods/exec is forbidden"


def test_a_cluster_that_is_not_there_is_not_ready() -> None:
    assert not overview_of(SPEC, Snapshot(), Entrances(), Queues()).is_ready


@pytest.mark.parametrize(
    ("name", "expected"), [("engine", ["engine", "engine-2"]), (None, ["engine", "engine-2"]), ("wait-for-nfs", ["wait-for-nfs"])]
)
def test_logs_are_of_every_engine_of_a_pod_or_of_the_named_container(name: str | None, expected: list[str]) -> None:
    of = pod("p", container("engine", RUNNING), container("engine-2", RUNNING), init=(container("wait-for-nfs", ended(0)),))

    assert [s.container for s in sources([of], name, group=None, cluster="lab")] == expected


def test_logs_of_a_group_are_of_its_engines_alone() -> None:
    frontend = whole_cluster().pods[0]
    engine = pod("p", container("engine", RUNNING))

    assert [s.pod for s in sources([frontend, engine], None, group="", cluster="lab")] == ["p"]
    assert sources([frontend, engine], None, group="big", cluster="lab") == []


def test_a_container_that_never_started_has_no_log() -> None:
    assert sources([pod("p", container("engine", waiting("ErrImagePull")))], "engine", group=None, cluster="lab") == []


def test_the_log_of_the_life_before_is_there_after_a_restart_alone() -> None:
    once, twice = pod("p", container("engine", RUNNING)), pod("q", container("engine", RUNNING, last=ended(1)))

    assert [s.pod for s in sources([once, twice], "engine", group=None, cluster="lab", previous=True)] == ["q"]


def test_names_to_choose_from_are_told_once() -> None:
    of = pod("p")
    of["spec"] = {"containers": [{"name": "engine"}], "initContainers": [{"name": "wait-for-nfs"}]}

    assert container_names([of, of]) == ["engine", "wait-for-nfs"]
    assert is_named("engine-12", "engine")
    assert not is_named("controller", "engine")
