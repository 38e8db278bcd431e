"""A controller that watches its processes: ipyparallel's application with the library's change, and real processes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from types import SimpleNamespace
from typing import Any

import pytest
from ipyparallel.controller.app import IPController

from jupyter_cluster_constructs.runtime import watched_schedulers


class EndedError(Exception):
    """Stands for the end of the controller's process."""


class Log(list[str]):
    def critical(self, text: str, *values: object) -> None:
        self.append(text % values)


@pytest.fixture
def controller(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A controller of two schedulers, one a queue that has its process as ipyparallel's do, and a heart monitor."""

    def end(code: int) -> None:
        raise EndedError(code)

    monkeypatch.setattr(os, "_exit", end)
    # Forked, as the controller's are.
    new = get_context("fork").Process
    made: list[BaseProcess] = [new(target=time.sleep, args=(60,), name=name, daemon=True) for name in ("a", "TaskScheduler", "c")]
    for process in made:
        process.start()
    queue = SimpleNamespace(name="IOPubScheduler", launcher=made[0])
    yield SimpleNamespace(children=[queue, made[1]], heartmonitor_process=made[2], log=Log())
    for process in made:
        process.kill()
        process.join()


def wait_for_all(controller: Any) -> list[int | None]:
    for process in watched_schedulers.processes(controller).values():
        process.join(5)
    return [process.exitcode for process in watched_schedulers.processes(controller).values()]


def test_a_controller_whose_processes_all_run_goes_on(controller: Any) -> None:
    watched_schedulers.end_without_all(controller)
    assert controller.log == []
    assert all(process.is_alive() for process in watched_schedulers.processes(controller).values())


@pytest.mark.parametrize("name", ["IOPubScheduler", "TaskScheduler", "HeartMonitor"])
def test_a_controller_ends_with_all_of_its_processes_when_one_has_died_and_names_it(controller: Any, name: str) -> None:
    process = watched_schedulers.processes(controller)[name]
    process.kill()
    process.join()
    with pytest.raises(EndedError, match="1"):
        watched_schedulers.end_without_all(controller)
    assert controller.log[0] == f"{name} ended with exit code -9: ending the controller, to be started anew"
    assert wait_for_all(controller) == [-9, -9, -9]


def test_a_process_that_hangs_does_not_keep_a_controller_from_ending(controller: Any) -> None:
    pid = controller.heartmonitor_process.pid
    os.kill(pid, signal.SIGSTOP)
    watched_schedulers.kill_all(controller)
    assert wait_for_all(controller) == [-9, -9, -9]


def test_the_application_watches_once_its_processes_run(untouched_ipyparallel: None, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[object] = []
    monkeypatch.setattr(IPController, "init_signal", lambda controller: called.append("signals"))
    monkeypatch.setattr(watched_schedulers, "end_without_all", called.append)

    class Callback:
        def __init__(self, function: Any, period: int) -> None:
            self.function, self.period = function, period

        def start(self) -> None:
            called.append(self.period)
            self.function()

    monkeypatch.setattr(watched_schedulers, "PeriodicCallback", Callback)
    watched_schedulers.install()
    controller: Any = SimpleNamespace()
    IPController.init_signal(controller)
    assert called == ["signals", 1000, controller]


def test_a_signal_to_the_application_ends_what_hangs_too(untouched_ipyparallel: None, controller: Any) -> None:
    watched_schedulers.install()
    controller.terminate_children = lambda: IPController.terminate_children(controller)
    controller.loop = SimpleNamespace(add_callback_from_signal=lambda callback: None, stop=None)
    os.kill(controller.children[1].pid, signal.SIGSTOP)
    IPController.handle_signal(controller, signal.SIGTERM, None)
    assert wait_for_all(controller) == [-9, -9, -9]
