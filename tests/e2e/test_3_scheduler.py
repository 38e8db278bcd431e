"""A cluster whose scheduler is pure and one of whose groups has nannies: clients go on farming tasks, and signals reach engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .cluster import Cluster
from .others import CPU, ENGINE_MEMORY, own_namespace, small_settings
from .ssh import Person

ENGINES, TASKS = 3, 60
SECONDS = 240


@pytest.fixture(scope="module")
def cluster(directory: Path) -> Iterator[Cluster]:
    """The cluster, whose engines may not all be there yet."""
    settings = small_settings("pure", ssh_key=Person.with_new_key("ada", directory).public_key)
    settings |= {"controller": {"scheduler": "pure"}, "jupyter": {"mode": "server"}}
    small = {"cpu": CPU, "memory": ENGINE_MEMORY}
    settings["workers"] = [{"replicas": ENGINES - 1, **small}, {"name": "nanny", "replicas": 1, "nanny": True, **small}]
    made = Cluster.synthesized(settings, directory / "pure")
    with own_namespace(made):
        made.apply()
        made.wait_for_rollouts("deployment/frontend")
        yield made


def farm_while_engines_come_and_go(engines: int, tasks: int) -> dict[str, object]:
    """Farm tasks with one client: as soon as there is an engine, with all, without one that was killed, with another in its place."""
    import time

    import ipyparallel as ipp

    client = ipp.Client()
    view = client.load_balanced_view()
    answers = []

    def farm() -> None:
        answers.append(view.map_async(lambda number: number * 2, range(tasks)).get(timeout=60))

    client.wait_for_engines(1, timeout=200)
    farm()
    client.wait_for_engines(engines, timeout=200)
    farm()
    killed = min(client.ids)
    told: Any = client.send_signal("SIGKILL", targets=[killed], block=False)
    while killed in client.ids:
        time.sleep(0.1)
    farm()
    client.wait_for_engines(engines, timeout=200)
    farm()
    status = [message["content"]["status"] for message in told.result()]
    return {"answers": answers, "killed": killed, "ids": client.ids, "told": status}


def farm_with_a_new_client(tasks: int) -> dict[str, object]:
    """The ids of the engines, and who had a task."""
    import ipyparallel as ipp

    def answer(number: int) -> tuple[int, str]:
        import socket

        return number, socket.gethostname()

    client = ipp.Client()
    answers = client.load_balanced_view().map_async(answer, range(tasks)).get(timeout=60)
    return {"ids": client.ids, "numbers": [number for number, _ in answers], "pods": sorted({pod for _, pod in answers})}


def refused_options() -> list[str]:
    """What the errors are called of options that a pure scheduler does not have."""
    import ipyparallel as ipp

    client = ipp.Client()
    errors = []
    for options in ({"retries": 2}, {"targets": [client.ids[0]]}, {"after": ["task"]}, {"timeout": 5}):
        try:
            client.load_balanced_view()._really_apply(int, **options)
            errors.append("none")
        except RuntimeError as error:
            errors.append(type(error).__name__)
    return errors


def interrupt(pod: str) -> dict[str, object]:
    """Interrupt what an engine of a pod runs, and the engine when it runs nothing."""
    import socket
    import time

    import ipyparallel as ipp

    client = ipp.Client()
    (engine,) = [engine for engine in client.ids if client[engine].apply_sync(socket.gethostname) == pod]
    view = client[engine]
    errors = []
    for submitted in (view.apply_async(time.sleep, 600), view.execute("import time\ntime.sleep(600)", block=False)):
        while not submitted.ready():
            # The first may come before the task runs, and finds an engine that has nothing to do.
            client.send_signal("SIGINT", targets=[engine], block=True)
            submitted.wait(1)
        errors.append(submitted.exception().ename)
    client.send_signal(2, targets=[engine], block=True)
    try:
        client.send_signal("SIGNO", targets=[engine], block=True)
    except ipp.RemoteError as error:
        errors.append(error.ename)

    def children() -> int:
        import psutil

        return len(psutil.Process().children())

    return {"errors": errors, "children": view.apply_sync(children)}


def outputs(tasks: int) -> list[str]:
    """What each of many tasks has written, once its result and the engine's word that it is done are there."""
    import ipyparallel as ipp

    def write(number: int) -> None:
        import sys

        print(f"out {number}")
        if number % 2:
            print(f"err {number}", file=sys.stderr)

    view = ipp.Client().load_balanced_view()
    results = [view.apply_async(write, number) for number in range(tasks)]
    for result in results:
        result.get(timeout=60)
        # Results and output take different connections.
        assert result.wait_for_output(30)
    return [result.stdout + result.stderr for result in results]


def test_a_client_that_connects_early_farms_tasks_while_engines_come_and_go(cluster: Cluster) -> None:
    found = cluster.call(farm_while_engines_come_and_go, ENGINES, TASKS, seconds=SECONDS)

    assert found["answers"] == [[2 * number for number in range(TASKS)]] * 4
    assert found["killed"] not in found["ids"]
    assert len(found["ids"]) == ENGINES
    assert found["told"] == ["ok"]


def test_a_client_that_finds_a_gap_in_the_ids_farms_tasks_on_all_engines(cluster: Cluster) -> None:
    cluster.wait_for_engines_of_pods(SECONDS)

    found = cluster.call(farm_with_a_new_client, TASKS)

    assert found["ids"] != list(range(ENGINES))
    assert found["numbers"] == list(range(TASKS))
    assert found["pods"] == cluster.pod_names("worker")


def test_what_a_pure_scheduler_does_not_have_is_an_error_at_once(cluster: Cluster) -> None:
    assert cluster.call(refused_options) == ["RuntimeError"] * 4


@pytest.mark.parametrize(("nanny", "children"), [(False, 0), (True, 1)])
def test_a_signal_interrupts_a_task_and_leaves_an_idle_engine(cluster: Cluster, nanny: bool, children: int) -> None:
    cluster.wait_for_engines_of_pods(SECONDS)
    pods = [pod for pod in cluster.pod_names("worker") if ("-nanny-" in pod) == nanny]

    found = cluster.call(interrupt, pods[0])

    assert found == {"errors": ["KeyboardInterrupt", "KeyboardInterrupt", "AttributeError"], "children": children}


def test_what_a_task_writes_is_there_with_its_result(cluster: Cluster) -> None:
    assert cluster.call(outputs, TASKS) == [f"out {number}\n" + (f"err {number}\n" if number % 2 else "") for number in range(TASKS)]
