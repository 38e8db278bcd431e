"""A controller that forgets finished tasks: ipyparallel's real Hub and task scheduler, fed with real messages."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import zmq
from ipyparallel.controller import app
from ipyparallel.controller.dictdb import NoDB
from ipyparallel.controller.hub import Hub
from ipyparallel.controller.task_scheduler import TaskScheduler
from jupyter_client.session import Session
from tornado.ioloop import IOLoop
from traitlets.config import Config
from zmq.eventloop.zmqstream import ZMQStream

from jupyter_cluster_constructs.runtime import finished_tasks

KEPT, AT_ONCE, OF_ENGINE = 10, 4, 3
ENGINES = (b"engine-a", b"engine-b")


@pytest.fixture(autouse=True)
def small_numbers(untouched_ipyparallel: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finished_tasks, "KEPT", KEPT)
    monkeypatch.setattr(finished_tasks, "KEPT_OF_ENGINE", OF_ENGINE)
    monkeypatch.setattr(finished_tasks, "FORGOTTEN_AT_ONCE", AT_ONCE)
    finished_tasks.install()


class Scheduler:
    """The task scheduler and, in place of clients, engines and Hub, what it is told and what it answers."""

    def __init__(self, tasks: Any, session: Any) -> None:
        self.tasks, self.session = tasks, session
        self.errors: dict[str, str] = {}
        send = tasks.session.send

        def note(stream: Any, kind: Any, content: Any = None, parent: Any = None, **more: Any) -> Any:
            if kind == "apply_reply":
                self.errors[parent["msg_id"]] = content["ename"]
            return send(stream, kind, content=content, parent=parent, **more)

        tasks.session.send = note

    def submit(self, **metadata: object) -> str:
        msg = self.session.msg("apply_request", metadata=metadata)
        self.tasks.dispatch_submission([zmq.Frame(part) for part in self.session.serialize(msg, ident=b"client")])
        return str(msg["msg_id"])

    def finish(self, task: str, status: str = "ok") -> None:
        """The engine that runs a task sends its result."""
        (engine,) = (engine for engine, running in self.tasks.pending.items() if task in running)
        header = self.tasks.pending[engine][task].header
        reply = self.session.msg("apply_reply", content={"status": status}, parent=header, metadata={"status": status, "engine": engine.decode()})
        self.tasks.dispatch_result([zmq.Frame(part) for part in self.session.serialize(reply, ident=[engine, b"client"])])

    def run(self, number: int, status: str = "ok") -> list[str]:
        """Run tasks one after the other."""
        done = []
        for _ in range(number):
            done.append(self.submit())
            self.finish(done[-1], status)
        return done

    def is_running(self, task: str) -> bool:
        return any(task in running for running in self.tasks.pending.values())

    def remembered(self) -> int:
        """The most that any of its collections holds of tasks."""
        tasks = self.tasks
        by_engine = [task for collection in (tasks.completed, tasks.failed) for found in collection.values() for task in found]
        names = ("all_ids", "all_done", "all_completed", "all_failed", "destinations", "retries", "queue_map", "graph")
        return max(len(by_engine), *(len(getattr(tasks, name)) for name in names))


@asynccontextmanager
async def scheduler() -> AsyncIterator[Scheduler]:
    """The controller's task scheduler with two engines."""
    context, key = zmq.Context(), b"key"
    kinds = {"client_stream": zmq.ROUTER, "engine_stream": zmq.ROUTER, "mon_stream": zmq.PUB, "notifier_stream": zmq.SUB, "query_stream": zmq.DEALER}
    streams = {name: ZMQStream(context.socket(kind)) for name, kind in kinds.items()}
    try:
        tasks = app.TaskScheduler(loop=IOLoop.current(), session=Session(key=key), config=Config(), **streams)
        for engine in ENGINES:
            tasks._register_engine(engine)
        yield Scheduler(tasks, Session(key=key))
    finally:
        for stream in streams.values():
            stream.close(linger=0)
        context.term()


def test_the_controller_starts_the_task_scheduler_that_forgets_in_its_other_process() -> None:
    started = app.TaskScheduler
    assert issubclass(started, TaskScheduler)
    assert started is not TaskScheduler
    # A process that is not forked gets it by name.
    assert pickle.loads(pickle.dumps(started)) is started


def test_a_setting_of_ipyparallels_task_scheduler_is_one_of_this() -> None:
    async def scenario() -> None:
        async with scheduler() as s:
            assert type(s.tasks)(config=Config({"TaskScheduler": {"hwm": 7}})).hwm == 7

    asyncio.run(scenario())


@pytest.mark.parametrize("status", ["ok", "error"])
def test_a_scheduler_remembers_only_the_last_of_many_tasks(status: str) -> None:
    async def scenario() -> None:
        async with scheduler() as s:
            done = s.run(10 * KEPT, status)
            assert s.remembered() <= KEPT + AT_ONCE
            assert set(done[-KEPT:]) <= s.tasks.all_done

    asyncio.run(scenario())


def test_a_scheduler_remembers_only_the_last_of_many_tasks_that_cannot_run() -> None:
    async def scenario() -> None:
        async with scheduler() as s:
            for _ in range(10 * KEPT):
                s.submit(after={"dependencies": ["unknown"], "all": True, "success": True, "failure": False})
            assert len(s.errors) == 10 * KEPT
            assert s.remembered() <= KEPT + AT_ONCE

    asyncio.run(scenario())


def after(*tasks: str) -> dict[str, object]:
    return {"dependencies": list(tasks), "all": True, "success": True, "failure": False}


def test_a_task_may_depend_on_one_of_the_last() -> None:
    async def scenario() -> None:
        async with scheduler() as s:
            *_, first = s.run(10 * KEPT - KEPT + 1)
            s.run(KEPT - 1)
            task = s.submit(after=after(first))
            assert s.is_running(task)
            assert s.errors == {}

    asyncio.run(scenario())


def test_a_task_that_depends_on_a_forgotten_one_is_refused() -> None:
    async def scenario() -> None:
        async with scheduler() as s:
            first, *_ = s.run(10 * KEPT)
            task = s.submit(after=after(first))
            assert s.errors == {task: "InvalidDependency"}

    asyncio.run(scenario())


def test_what_a_waiting_task_depends_on_is_not_forgotten() -> None:
    async def scenario() -> None:
        async with scheduler() as s:
            first, long = s.submit(), s.submit()
            waiting = s.submit(after=after(first, long))
            s.finish(first)
            s.run(10 * KEPT)
            assert first in s.tasks.all_done
            s.finish(long)
            assert s.is_running(waiting)
            s.finish(waiting)
            s.run(2 * KEPT)
            assert first not in s.tasks.all_ids
            assert s.errors == {}

    asyncio.run(scenario())


def test_what_a_running_task_depended_on_is_not_forgotten_since_it_may_have_to_wait_again() -> None:
    async def scenario() -> None:
        async with scheduler() as s:
            first = s.submit()
            s.finish(first)
            running = s.submit(follow=after(first), retries=1)
            s.run(10 * KEPT)
            s.finish(running, "error")
            # The engine that it has to follow is no longer wanted, so that it cannot run; but nobody forgot why.
            assert first in s.tasks.destinations
            assert "InvalidDependency" not in s.errors.values()

    asyncio.run(scenario())


def test_looking_for_dependencies_is_rare_even_where_nothing_can_be_forgotten() -> None:
    async def scenario() -> None:
        async with scheduler() as s:
            needed, long = s.run(KEPT), s.submit()
            s.submit(after=after(long), follow=after(*needed))
            looks = 0
            for _ in range(10 * AT_ONCE):
                before = s.tasks._most
                s.run(1)
                looks += s.tasks._most != before
            assert set(needed) <= s.tasks.all_ids
            assert 1 <= looks <= 10

    asyncio.run(scenario())


def test_an_engine_that_never_came_may_go() -> None:
    # restored_engines tells of it.
    async def scenario() -> None:
        async with scheduler() as s:
            s.tasks._unregister_engine(b"unknown")
            s.tasks._unregister_engine(ENGINES[0])
            assert s.tasks.targets == [ENGINES[1]]

    asyncio.run(scenario())


@asynccontextmanager
async def hub_of_two(state_file: Path) -> AsyncIterator[Any]:
    context = zmq.Context()
    streams = {name: ZMQStream(context.socket(zmq.ROUTER)) for name in ("query", "monitor", "notifier", "resubmit")}
    try:
        session = Session(key=b"key")
        hub = Hub(loop=IOLoop.current(), session=session, db=NoDB(), engine_state_file=str(state_file), registration_timeout=300, **streams)
        for engine in ENGINES:
            hub.register_engine(b"identity", {"content": {"uuid": engine.decode()}})
            hub.handle_new_heart(engine)
        yield hub
    finally:
        for stream in streams.values():
            stream.close(linger=0)
        context.term()


def run_tasks(hub: Any, number: int) -> list[str]:
    """The hub sees tasks from their submission to their result, in turn on each engine."""
    session, done = Session(key=b"key"), []

    def seen(kind: str, **content: Any) -> Any:
        return session.feed_identities(session.serialize(session.msg(kind, **content)))[1]

    for count in range(number):
        engine = ENGINES[count % 2].decode()
        task = session.msg("apply_request")
        hub.save_task_request([b"client"], session.feed_identities(session.serialize(task))[1])
        hub.save_task_destination([b""], seen("task_destination", content={"msg_id": task["msg_id"], "engine_id": engine}))
        metadata = {"engine": engine, "status": "ok"}
        hub.save_task_result([b"client"], seen("apply_reply", parent=task["header"], content={"status": "ok"}, metadata=metadata))
        done.append(task["msg_id"])
    return done


def test_a_hub_remembers_only_the_last_of_many_tasks_and_counts_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with hub_of_two(tmp_path / "engines.json") as hub:
            done = run_tasks(hub, 10 * KEPT)
            assert hub.all_completed == set(done[-KEPT:])
            assert (hub.pending, hub.unassigned, hub.tasks) == (set(), set(), {0: [], 1: []})
            assert [list(tasks) for tasks in hub.completed.values()] == [done[-2 * OF_ENGINE :: 2], done[-2 * OF_ENGINE + 1 :: 2]]

            sent: list[Any] = []
            monkeypatch.setattr(hub.session, "send", lambda stream, kind, content=None, **_: sent.append(content))
            for verbose in (False, True):
                hub.queue_status(b"client", {"content": {"targets": [0], "verbose": verbose}})
            assert sent[0]["0"] == {"queue": 0, "completed": 5 * KEPT, "tasks": 0}
            assert session_reads(sent[1])["0"] == {"queue": [], "completed": done[-2 * OF_ENGINE :: 2], "tasks": []}

    asyncio.run(scenario())


def session_reads(content: dict[str, Any]) -> dict[str, Any]:
    session = Session(key=b"key")
    read: dict[str, Any] = session.unpack(session.pack(content))
    return read


def test_a_hub_does_not_forget_a_task_sooner_because_it_finished_twice() -> None:
    last = finished_tasks.LastTasks()
    for _ in range(10 * KEPT):
        last.add("again")
    last.add("b")
    assert last == {"again", "b"}
