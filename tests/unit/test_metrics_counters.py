"""A controller that tells what it knows: ipyparallel's real Hub and heart monitor with the library's changes, and real sockets."""

from __future__ import annotations

import asyncio
import pickle
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import zmq
from ipyparallel.controller import app, heartmonitor
from ipyparallel.controller.heartmonitor import HeartMonitor
from jupyter_client.session import Session
from zmq.eventloop.zmqstream import ZMQStream

from jupyter_cluster_constructs.runtime import controller_counters, finished_tasks, metrics

from .hub import controller, register

Told = dict[str, Any]


@pytest.fixture
def path(tmp_path: Path, state_file: Path) -> Path:
    """The socket of a controller with all changes of the library, in the order of its configuration."""
    finished_tasks.install()
    controller_counters.install(str(tmp_path / "controller.sock"))
    return tmp_path / "controller.sock"


@asynccontextmanager
async def telling(state_file: Path) -> AsyncIterator[Any]:
    """A hub that listens at its socket."""
    async with controller(state_file) as hub:
        await asyncio.sleep(0)
        try:
            yield hub
        finally:
            if hasattr(hub, "snapshots"):
                hub.snapshots.stop()


async def told(path: Path) -> Told:
    return await asyncio.to_thread(metrics.ask, str(path), 5)


class Client:
    """What schedulers tell the Hub of a client's tasks."""

    def __init__(self, hub: Any) -> None:
        self._hub, self._session = hub, Session(key=b"key")

    def _tell(self, topic: bytes, idents: list[bytes], msg: Any) -> None:
        self._hub.dispatch_monitor_traffic([topic, *self._session.serialize(msg, ident=idents)])

    def submit(self, engine: str | None = None) -> Any:
        """A task for an engine, or for any."""
        msg = self._session.msg("apply_request")
        if engine is None:
            self._tell(b"intask", [b"client"], msg)
        else:
            self._tell(b"in", [engine.encode(), b"client"], msg)
        return msg

    def assign(self, task: Any, engine: str) -> None:
        content = {"msg_id": task["header"]["msg_id"], "engine_id": engine}
        self._tell(b"tracktask", [b""], self._session.msg("task_destination", content=content))

    def finish(self, task: Any, engine: str, *, direct: bool = False) -> None:
        reply = self._session.msg("apply_reply", content={"status": "ok"}, parent=task["header"], metadata={"status": "ok", "engine": engine})
        self._tell(*((b"out", [b"client", engine.encode()]) if direct else (b"outtask", [b"client"])), reply)

    def miss(self, *engines: str) -> None:
        """The heart monitor tells of missed heartbeats."""
        self._tell(controller_counters.TOPIC, [b""], self._session.msg("missed_hearts", content={"hearts": list(engines)}))


def test_tasks_are_queued_then_run_then_completed(path: Path, state_file: Path) -> None:
    async def scenario() -> None:
        async with telling(state_file) as hub:
            for uuid in ("a", "b"):
                register(hub, uuid)
            client = Client(hub)
            assert await told(path) == {
                "engines": {"0": [0, 0, 0], "1": [0, 0, 0]}, "unassigned": 0, "completed": 0, "missed": 0, "gone": 0, "lost": 0
            }  # fmt: skip
            direct, first, second = client.submit("a"), client.submit(), client.submit()
            assert ((now := await told(path))["engines"], now["unassigned"]) == ({"0": [1, 0, 0], "1": [0, 0, 0]}, 2)
            client.assign(first, "a")
            client.assign(second, "b")
            assert ((now := await told(path))["engines"], now["unassigned"]) == ({"0": [2, 0, 0], "1": [1, 0, 0]}, 0)
            client.finish(direct, "a", direct=True)
            client.finish(second, "b")
            assert ((now := await told(path))["engines"], now["completed"]) == ({"0": [1, 1, 0], "1": [0, 1, 0]}, 2)

    asyncio.run(scenario())


def test_a_count_is_right_after_more_tasks_than_are_remembered(path: Path, state_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finished_tasks, "KEPT_OF_ENGINE", 3)

    async def scenario() -> None:
        async with telling(state_file) as hub:
            register(hub, "a")
            client = Client(hub)
            for _ in range(20):
                task = client.submit("a")
                client.finish(task, "a", direct=True)
            assert (await told(path))["engines"] == {"0": [0, 20, 0]}

    asyncio.run(scenario())


def test_an_engine_that_goes_leaves_its_completed_tasks_to_the_sum(path: Path, state_file: Path) -> None:
    async def scenario() -> None:
        async with telling(state_file) as hub:
            for uuid in ("a", "b"):
                register(hub, uuid)
            client = Client(hub)
            for engine in ("a", "a", "b"):
                task = client.submit(engine)
                client.finish(task, engine, direct=True)
            client.miss("a")
            hub.unregister_engine(b"identity", {"content": {"id": 0}})
            assert await told(path) == {"engines": {"1": [0, 1, 0]}, "unassigned": 0, "completed": 3, "missed": 1, "gone": 1, "lost": 0}
            # It says so twice, of which the second changes nothing; so does a request that makes no sense.
            hub.unregister_engine(b"identity", {"content": {"id": 0}})
            hub.unregister_engine(b"identity", {"content": {}})
            assert (await told(path))["gone"] == 1

    asyncio.run(scenario())


def test_missed_heartbeats_are_those_of_engines_that_are_there(path: Path, state_file: Path) -> None:
    async def scenario() -> None:
        async with telling(state_file) as hub:
            for uuid in ("a", "b"):
                register(hub, uuid)
            client = Client(hub)
            client.miss("a", "never registered")
            client.miss("a", "b")
            assert ((now := await told(path))["engines"], now["missed"]) == ({"0": [0, 0, 2], "1": [0, 0, 1]}, 3)
            hub.handle_stopped_heart(b"a")
            hub.handle_stopped_heart(b"a")
            client.miss("a")
            assert await told(path) == {"engines": {"1": [0, 0, 1]}, "unassigned": 0, "completed": 0, "missed": 3, "gone": 1, "lost": 1}

    asyncio.run(scenario())


def test_a_restored_engine_is_told_of_when_clients_see_it(path: Path, state_file: Path) -> None:
    async def scenario() -> None:
        async with telling(state_file) as hub:
            register(hub, "a")
        async with telling(state_file) as hub:
            assert (await told(path))["engines"] == {}
            hub.handle_new_heart(b"a")
            while hub.hidden_hearts:
                await asyncio.sleep(0.01)
            assert (await told(path))["engines"] == {"0": [0, 0, 0]}

    asyncio.run(scenario())


def test_a_controller_without_a_directory_for_its_socket_runs_all_the_same(path: Path, state_file: Path) -> None:
    controller_counters.install(str(path.parent / "missing" / "controller.sock"))

    async def scenario() -> None:
        async with telling(state_file) as hub:
            assert register(hub, "a") == 0

    asyncio.run(scenario())


def test_a_new_controller_takes_the_place_of_one_that_left_its_socket(path: Path, state_file: Path) -> None:
    async def scenario() -> None:
        for _ in range(2):
            async with telling(state_file):
                assert (await told(path))["engines"] == {}
        assert stat.S_IMODE(path.stat().st_mode) == controller_counters.SOCKET_MODE

    asyncio.run(scenario())


def test_the_controllers_loop_goes_on_while_somebody_does_not_read(path: Path, state_file: Path) -> None:
    async def scenario() -> None:
        async with telling(state_file) as hub:
            for number in range(30_000):
                hub.engines[number] = type("Engine", (), {"ident": b"%d" % number})
                hub.queues[number] = hub.tasks[number] = hub.completed[number] = []
            _, writer = await asyncio.open_unix_connection(str(path), limit=1)
            await asyncio.sleep(0.05)
            assert len((await told(path))["engines"]) == 30_000
            writer.close()

    asyncio.run(scenario())


def test_the_heart_monitor_tells_the_hub_of_each_missed_heartbeat(path: Path, state_file: Path) -> None:
    """A monitor of a short period, an engine's heart that beats for a while and then no more, and the Hub that hears of it."""

    async def scenario() -> None:
        controller_counters.tell_of_missed()
        context = zmq.Context()
        sockets = {name: context.socket(kind) for name, kind in {"ping": zmq.PUB, "pong": zmq.ROUTER, "monitor": zmq.XPUB}.items()}
        hub_end, heart_in, heart_out = context.socket(zmq.SUB), context.socket(zmq.SUB), context.socket(zmq.DEALER)
        for socket in (hub_end, heart_in):
            socket.setsockopt(zmq.SUBSCRIBE, b"")
        heart_out.setsockopt(zmq.IDENTITY, b"a")
        for name, other in (("monitor", hub_end), ("ping", heart_in), ("pong", heart_out)):
            sockets[name].bind(f"inproc://{name}")
            other.connect(f"inproc://{name}")
        monitor = HeartMonitor(
            period=20, max_heartmonitor_misses=3, session=Session(key=b"key"), **{f"{name}_stream": ZMQStream(s) for name, s in sockets.items()}
        )
        async with telling(state_file) as hub:
            hub.register_engine(b"identity", {"content": {"uuid": "a"}})
            traffic, heart = ZMQStream(hub_end), ZMQStream(heart_in)
            traffic.on_recv(hub.dispatch_monitor_traffic)
            heart.on_recv(heart_out.send_multipart)
            monitor.start()
            while not hub.engines:
                await asyncio.sleep(0.005)
            heart.on_recv(None)
            while hub.engines:
                await asyncio.sleep(0.005)
            found = await told(path)
            monitor.caller.stop()
            for stream in (traffic, heart, *(getattr(monitor, f"{name}_stream") for name in sockets)):
                stream.close(linger=0)
        heart_out.close(linger=0)
        context.term()
        # The fourth in a row is one too many.
        assert found["missed"] >= 4
        assert found["lost"] == found["gone"] == 1

    asyncio.run(asyncio.wait_for(scenario(), 20))


def test_the_controller_starts_the_heart_monitor_that_tells_in_its_other_process(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: Any = app.start_heartmonitor
    # A process that is not forked gets it by name.
    assert pickle.loads(pickle.dumps(started)) is started
    seen: list[object] = []
    before = HeartMonitor._check_missed
    monkeypatch.setattr(heartmonitor, "start_heartmonitor", lambda *a, **o: seen.append((a, o, HeartMonitor._check_missed is before)))
    started("ping", log_level=1)
    assert seen == [(("ping",), {"log_level": 1}, False)]


def test_what_is_told_costs_little_with_many_engines(path: Path, state_file: Path) -> None:
    """Counted, not timed: one look at each engine's queues, whatever is in them."""

    class Counted(list[str]):
        looks = 0

        def __len__(self) -> int:
            Counted.looks += 1
            return 10**9

    async def scenario() -> None:
        async with telling(state_file) as hub:
            for number in range(100):
                register(hub, f"engine-{number}")
            hub.queues = hub.tasks = hub.completed = {number: Counted() for number in range(100)}
            controller_counters.snapshot(hub)
            assert Counted.looks == 400

    asyncio.run(scenario())
