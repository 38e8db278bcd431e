"""The kernel of an engine, which takes clients' signals by itself and says of a task only that it is done."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ipyparallel.engine import app
from ipyparallel.engine.kernel import IPythonParallelKernel
from ipyparallel.serialize import deserialize_object, pack_apply_message
from ipyparallel.util import interactive

from jupyter_cluster_constructs.runtime import engine_kernel
from jupyter_cluster_constructs.runtime.engine_kernel import EngineKernel


@pytest.fixture(autouse=True)
def an_interrupt_is_taken() -> Iterator[None]:
    # A shell that starts the tests in the background has them, and what they start, ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Engine:
    """What the kernel's handler has around it, in the order in which it uses it."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.session = SimpleNamespace(send=lambda stream, kind, content, **more: self.events.append((kind, content)))
        self.stream = SimpleNamespace(flush=lambda: self.events.append("flush"), io_loop=SimpleNamespace(call_later=self.call_later))
        self.log = logging.getLogger("test")

    def call_later(self, seconds: float, function: Any, number: int) -> None:
        self.events.append((function, number, seconds > 0))

    def request(self, wanted: object) -> list[Any]:
        cast(Any, EngineKernel).signal_request(self, self.stream, [b"client"], {"content": {"sig": wanted}})
        return self.events


@pytest.mark.parametrize("wanted", [signal.SIGINT, int(signal.SIGINT), "SIGINT"])
def test_a_client_is_answered_and_then_the_signal_is_taken(wanted: object) -> None:
    assert Engine().request(wanted) == [("signal_reply", {"status": "ok"}), "flush", (engine_kernel.take_signal, signal.SIGINT, False)]


@pytest.mark.parametrize("wanted", ["SIGKILL", signal.SIGKILL, signal.SIGUSR1])
def test_a_signal_that_ends_the_engine_leaves_time_for_the_answer(wanted: object) -> None:
    *_, (function, number, waits) = Engine().request(wanted)

    assert function is engine_kernel.take_signal
    assert number == (signal.SIGKILL if wanted == "SIGKILL" else wanted)
    assert waits


@pytest.mark.parametrize(("wanted", "name"), [("SIGNO", "AttributeError"), (4711, "ValueError"), (-1, "ValueError"), (None, "TypeError")])
def test_a_signal_that_there_is_not_is_an_error_of_the_client(wanted: object, name: str) -> None:
    ((kind, content),) = Engine().request(wanted)

    assert kind == "signal_reply"
    assert (content["status"], content["ename"]) == ("error", name)


def test_a_request_without_a_signal_is_an_error_of_the_client() -> None:
    engine = Engine()
    cast(Any, EngineKernel).signal_request(engine, engine.stream, [b"client"], {"content": {}})

    assert engine.events[0][1]["ename"] == "KeyError"


def test_a_signal_interrupts_the_main_thread_while_it_waits() -> None:
    program = """
import signal, sys, threading, time
sys.path[:0] = sys.argv[1:]
from jupyter_cluster_constructs.runtime.engine_kernel import take_signal
threading.Timer(0.2, take_signal, [signal.SIGINT]).start()
try:
    time.sleep(600)
except KeyboardInterrupt:
    print("interrupted")
"""
    done = subprocess.run([sys.executable, "-c", program, *sys.path], capture_output=True, text=True, timeout=60, check=False)

    assert done.stdout == "interrupted\n", done.stderr


def test_signal_0_asks_only_whether_the_engine_is_there() -> None:
    assert Engine().request(0)[-1] == (engine_kernel.take_signal, 0, False)
    engine_kernel.take_signal(0)


def test_the_kernel_takes_it_in_the_channel_that_answers_while_a_task_runs() -> None:
    added = {*EngineKernel.control_msg_types} - {*IPythonParallelKernel.control_msg_types}
    assert added == {"signal_request"}
    assert "signal_request" not in EngineKernel.msg_types


@pytest.mark.parametrize(
    ("kind", "state", "is_told"),
    [("apply_request", "busy", False), ("apply_request", "idle", True), ("execute_request", "busy", True), ("execute_request", "idle", True)],
)
def test_of_a_task_the_engine_tells_only_that_it_is_done(kind: str, state: str, is_told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(IPythonParallelKernel, "_publish_status", lambda kernel, status, channel, parent=None: told.append(status))
    kernel = EngineKernel.__new__(EngineKernel)
    request = {"header": {"msg_type": kind}}
    monkeypatch.setattr(EngineKernel, "get_parent", lambda kernel, channel: request)

    kernel._publish_status(state, "shell")
    kernel._publish_status(state, "shell", request)

    assert told == [state] * 2 * is_told


# What is there without a task.
NAMES = {"kernel", "__builtins__"}


class RunningKernel(EngineKernel):
    """A kernel without its sockets; the tasks see it as a global of theirs."""

    session = SimpleNamespace(buffer_threshold=1024, item_threshold=64)
    log = logging.getLogger("test")
    shell = SimpleNamespace()

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {"kernel": self}
        self.shell = SimpleNamespace(user_ns=self.namespace, user_global_ns=self.namespace)

    def run(self, function: Callable[[], object], msg_id: str) -> Any:
        # As if it were of a notebook, a function whose globals are the engine's.
        reply, result = self.do_apply({}, pack_apply_message(interactive(function), (), {}), msg_id, {})
        assert reply == {"status": "ok"}
        return deserialize_object(result)[0]


def test_a_tasks_names_are_the_same_whatever_its_id_is_and_gone_when_it_ends() -> None:
    # Python never forgets one, so that each task would take a kilobyte for ever.
    kernel = RunningKernel()
    first, second = (kernel.run(lambda: sorted(globals()), msg_id) for msg_id in ("4711-a", "4711-b"))
    assert first == second
    assert len(first) == len(NAMES) + 4
    assert set(kernel.namespace) == NAMES


def test_a_task_within_another_one_does_not_take_its_names() -> None:
    def outer() -> object:
        names = len(globals())
        return [globals()["kernel"].run(lambda: "inner", "inner"), names == len(globals())]

    kernel = RunningKernel()
    assert kernel.run(outer, "outer") == ["inner", True]
    assert set(kernel.namespace) == NAMES


def test_a_status_of_no_request_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(IPythonParallelKernel, "_publish_status", lambda kernel, status, channel, parent=None: told.append(status))
    monkeypatch.setattr(EngineKernel, "get_parent", lambda kernel, channel: {})

    EngineKernel.__new__(EngineKernel)._publish_status("busy", "shell")

    assert told == ["busy"]


def test_the_engine_makes_that_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "Kernel", app.Kernel)
    engine_kernel.install()

    assert app.Kernel is EngineKernel
