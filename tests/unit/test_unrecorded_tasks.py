"""A Hub without a task database counts what ipyparallel's own counts: both are fed with the same messages."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import zmq
from ipyparallel.controller.dictdb import DictDB, NoDB
from ipyparallel.controller.hub import Hub
from jupyter_client.session import Session
from tornado.ioloop import IOLoop
from zmq.eventloop.zmqstream import ZMQStream

from jupyter_cluster_constructs.runtime import unrecorded_tasks

ENGINES = ("engine-a", "engine-b")
COUNTED = ("pending", "unassigned", "all_completed", "tasks", "queues", "completed")
DATABASES: dict[str, Callable[[], Any]] = {"none": NoDB, "memory": DictDB}


@asynccontextmanager
async def hub(database: str = "none", key: bytes = b"") -> AsyncIterator[Any]:
    """A hub of two engines."""
    context = zmq.Context()
    streams = {name: ZMQStream(context.socket(zmq.ROUTER)) for name in ("query", "monitor", "notifier", "resubmit")}
    try:
        made = Hub(loop=IOLoop.current(), session=Session(key=key), db=DATABASES[database](), registration_timeout=300, **streams)
        for engine in ENGINES:
            made.register_engine(b"identity", {"content": {"uuid": engine}})
            made.handle_new_heart(engine.encode())
        yield made
    finally:
        for stream in streams.values():
            stream.close(linger=0)
        context.term()


@pytest.fixture
def install(untouched_ipyparallel: None) -> Callable[[], None]:
    return unrecorded_tasks.install


class Traffic:
    """What schedulers tell a Hub, as they do."""

    def __init__(self, key: bytes = b"") -> None:
        self.session = Session(key=key)
        self.messages: list[list[bytes]] = []

    def tell(self, topic: bytes, idents: list[str], kind: str, **content: Any) -> dict[str, Any]:
        message: dict[str, Any] = self.session.msg(kind, **content)
        self.messages.append([topic, *self.session.serialize(message, ident=[ident.encode() for ident in idents]), b"a buffer"])
        return message

    def task(self, engine: str, *, status: str = "ok", steps: str = "sdr") -> str:
        """A task that is submitted, has a destination, and a result."""
        task = self.session.msg("apply_request", metadata={"label": None})
        for step in steps:
            if step == "s":
                self.messages.append([b"intask", *self.session.serialize(task, ident=b"client")])
            elif step == "d":
                self.tell(b"tracktask", ["scheduler"], "task_destination", content={"msg_id": task["msg_id"], "engine_id": engine})
            else:
                self.reply(b"outtask", [engine, "client"], task, engine, status)
        return str(task["msg_id"])

    def call(self, engine: str, *, status: str = "ok", steps: str = "sr") -> None:
        """A call on one engine."""
        call = self.session.msg("apply_request")
        if "s" in steps:
            self.messages.append([b"in", *self.session.serialize(call, ident=[engine.encode(), b"client"])])
        if "r" in steps:
            self.reply(b"out", ["client", engine], call, engine, status)

    def broadcast(self, engine: str, status: str = "ok") -> None:
        call = self.tell(b"inbcast", ["client"], "apply_request", metadata={"is_broadcast": True})
        self.reply(b"outbcast", ["client"], call, engine, status)

    def reply(self, topic: bytes, idents: list[str], request: Any, engine: str, status: str) -> None:
        metadata = {"engine": engine, "status": status, "started": "2026-11-30T01:02:03.000004Z"}
        self.tell(topic, idents, "apply_reply", content={"status": status}, parent=request, metadata=metadata)

    def status(self, engine: int, state: str) -> None:
        self.tell(b"iopub", [f"engine.{engine}.status"], "status", content={"execution_state": state}, parent=self.session.msg("apply_request"))


def mixed(seed: int) -> Traffic:
    """Tasks and calls of all kinds, of which some are of engines that nobody knows, or come twice."""
    chosen, traffic = random.Random(seed), Traffic()
    for _ in range(200):
        engine = chosen.choice((*ENGINES, *ENGINES, "unknown"))
        status = chosen.choice(("ok", "ok", "error", "aborted"))
        kind = chosen.choice(("task", "task", "call", "broadcast", "status"))
        if kind == "task":
            traffic.task(engine, status=status, steps=chosen.choice(("sdr", "sdr", "s", "sd", "srd", "sr", "r", "sdrr")))
        elif kind == "call":
            traffic.call(engine, status=status, steps=chosen.choice(("sr", "s", "r")))
        elif kind == "broadcast":
            traffic.broadcast(engine, status)
        else:
            traffic.status(chosen.randrange(2), chosen.choice(("busy", "idle")))
    chosen.shuffle(traffic.messages)
    return traffic


async def counts(traffic: Traffic, **kind: Any) -> dict[str, Any]:
    async with hub(**kind) as made:
        for message in traffic.messages:
            made.dispatch_monitor_traffic(list(message))
        return {name: getattr(made, name) for name in COUNTED}


@pytest.mark.parametrize("seed", range(20))
def test_it_counts_what_ipyparallels_own_hub_counts(seed: int, install: Callable[[], None]) -> None:
    traffic = mixed(seed)
    by_ipyparallel = asyncio.run(counts(traffic))
    install()
    assert asyncio.run(counts(traffic)) == by_ipyparallel
    assert by_ipyparallel["all_completed"]


def test_a_task_is_seen_from_its_submission_to_its_result(install: Callable[[], None]) -> None:
    async def scenario() -> None:
        async with hub() as made:
            traffic = Traffic()
            task = traffic.task(ENGINES[1])
            submitted, sent, done = traffic.messages
            made.dispatch_monitor_traffic(submitted)
            assert (made.pending, made.unassigned) == ({task}, {task})
            made.dispatch_monitor_traffic(sent)
            assert (made.pending, made.unassigned, made.tasks) == ({task}, set(), {0: [], 1: [task]})
            made.dispatch_monitor_traffic(done)
            assert (made.pending, made.tasks, made.completed) == (set(), {0: [], 1: []}, {0: [], 1: [task]})

    install()
    asyncio.run(scenario())


@pytest.mark.parametrize(("kind", "reads_all"), [({}, False), ({"key": b"key"}, True), ({"database": "memory"}, True)])
def test_a_hub_reads_all_where_messages_are_signed_or_kept(kind: dict[str, Any], reads_all: bool, install: Callable[[], None]) -> None:
    async def scenario() -> None:
        async with hub(**kind) as made:
            traffic = Traffic(kind.get("key", b""))
            task = traffic.task(ENGINES[0])
            read: list[object] = []
            deserialize = made.session.deserialize

            def note_and_deserialize(*given: Any, **options: Any) -> Any:
                read.append(given)
                return deserialize(*given, **options)

            made.session.deserialize = note_and_deserialize
            for message in traffic.messages:
                made.dispatch_monitor_traffic(message)
            assert (len(read), made.completed[0]) == (3 if reads_all else 0, [task])

    install()
    asyncio.run(scenario())


def test_a_message_with_a_wrong_signature_counts_for_nothing(install: Callable[[], None], caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with hub(key=b"key") as made:
            traffic = Traffic(b"another key")
            traffic.task(ENGINES[0])
            for message in traffic.messages:
                made.dispatch_monitor_traffic(message)
            assert (made.pending, made.all_completed) == (set(), set())

    install()
    asyncio.run(scenario())


def test_an_engine_that_shuts_down_is_still_heard_and_its_states_are_not_read(install: Callable[[], None]) -> None:
    async def scenario() -> None:
        async with hub() as made:
            traffic = Traffic()
            traffic.status(0, "busy")
            traffic.status(0, "idle")
            made.session.deserialize, deserialize = None, made.session.deserialize
            for message in traffic.messages:
                made.dispatch_monitor_traffic(message)
            made.session.deserialize = deserialize
            leaving = Traffic()
            leaving.session.session = ENGINES[0]
            leaving.tell(b"iopub", ["engine.0.shutdown"], "shutdown_reply", content={})
            made.dispatch_monitor_traffic(leaving.messages[0])
            assert list(made.engines) == [1]

    install()
    asyncio.run(scenario())
