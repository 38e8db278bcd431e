"""A controller that restores its engines: ipyparallel's real Hub with the library's changes, and real sockets."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import zmq
from ipyparallel.controller.dictdb import NoDB
from ipyparallel.controller.hub import Hub
from jupyter_client.session import Session
from tornado.ioloop import IOLoop
from zmq.eventloop.zmqstream import ZMQStream

from jupyter_cluster_constructs.runtime import restored_engines

GRACE, SETTLE = 0.02, 0.01


@pytest.fixture
def state_file(tmp_path: Path, untouched_ipyparallel: None) -> Path:
    restored_engines.install(grace_seconds=GRACE, settle_seconds=SETTLE)
    return tmp_path / "engines.json"


@asynccontextmanager
async def controller(state_file: Path) -> AsyncIterator[Any]:
    """A hub of a controller that starts, as ipyparallel makes and starts it."""
    context = zmq.Context()
    streams = {name: ZMQStream(context.socket(zmq.ROUTER)) for name in ("query", "monitor", "notifier", "resubmit")}
    try:
        hub = Hub(
            loop=IOLoop.current(), session=Session(key=b"key"), db=NoDB(), engine_state_file=str(state_file), registration_timeout=300, **streams
        )
        hub._load_engine_state()
        yield hub
    finally:
        for stream in streams.values():
            stream.close(linger=0)
        context.term()


def register(hub: Any, uuid: str) -> int:
    """An engine registers, and its heart beats."""
    eid: int = hub.register_engine(b"identity", {"content": {"uuid": uuid}})
    hub.handle_new_heart(uuid.encode())
    return eid


def engines(hub: Any) -> dict[int, str]:
    return {eid: engine.uuid for eid, engine in hub.engines.items()}


async def after_the_grace_time() -> None:
    await asyncio.sleep(GRACE * 2)


def test_engines_that_live_on_are_restored_with_their_ids(state_file: Path) -> None:
    async def scenario() -> None:
        async with controller(state_file) as hub:
            assert [register(hub, uuid) for uuid in ("a", "b")] == [0, 1]
        async with controller(state_file) as hub:
            assert engines(hub) == {0: "a", 1: "b"}
            for uuid in ("a", "b"):
                hub.handle_new_heart(uuid.encode())
            await after_the_grace_time()
            assert engines(hub) == {0: "a", 1: "b"}
            assert hub.ids == {0, 1}

    asyncio.run(scenario())


def test_an_engine_that_is_gone_is_forgotten_after_the_grace_time(state_file: Path) -> None:
    async def scenario() -> None:
        async with controller(state_file) as hub:
            for uuid in ("a", "ghost", "c"):
                register(hub, uuid)
        async with controller(state_file) as hub:
            hub.handle_new_heart(b"a")
            hub.handle_new_heart(b"c")
            assert engines(hub) == {0: "a", 1: "ghost", 2: "c"}, "too early"
            await after_the_grace_time()
            assert engines(hub) == {0: "a", 2: "c"}
            assert json.loads(state_file.read_text())["engines"] == {"0": "a", "2": "c"}
            assert b"ghost" not in hub.hearts
            assert b"ghost" not in hub.by_ident

    asyncio.run(scenario())


def test_clients_are_told_of_an_engine_that_is_gone(state_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with controller(state_file) as hub:
            register(hub, "ghost")
        async with controller(state_file) as hub:
            sent: list[tuple[object, str, object]] = []
            monkeypatch.setattr(hub.session, "send", lambda stream, kind, content=None, **_: sent.append((stream, kind, content)))
            await after_the_grace_time()
            assert sent == [(hub.notifier, "unregistration_notification", {"id": 0, "uuid": "ghost"})]

    asyncio.run(scenario())


def test_an_engine_that_registers_in_the_grace_time_is_no_ghost(state_file: Path) -> None:
    async def scenario() -> None:
        async with controller(state_file) as hub:
            register(hub, "a")
        async with controller(state_file) as hub:
            assert register(hub, "new") == 1
            await after_the_grace_time()
            assert engines(hub) == {1: "new"}

    asyncio.run(scenario())


def test_an_engine_that_died_in_the_grace_time_is_no_error(state_file: Path) -> None:
    async def scenario() -> None:
        async with controller(state_file) as hub:
            register(hub, "a")
        async with controller(state_file) as hub:
            hub.handle_new_heart(b"a")
            hub.handle_stopped_heart(b"a")
            await after_the_grace_time()
            assert engines(hub) == {}

    asyncio.run(scenario())


def shown(hub: Any, monkeypatch: pytest.MonkeyPatch, **content: object) -> dict[str, str]:
    """The engines that a client is told of when it connects."""
    sent: list[dict[str, dict[str, str]]] = []
    with monkeypatch.context() as patch:
        patch.setattr(hub.session, "send", lambda stream, kind, content, **_: sent.append(content))
        hub.connection_request(b"client", {"content": content})
    return sent[0]["engines"]


def test_a_restored_engine_is_shown_only_once_it_was_heard_and_had_time_to_reconnect(state_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with controller(state_file) as hub:
            for uuid in ("a", "ghost"):
                register(hub, uuid)
            assert shown(hub, monkeypatch) == {"0": "a", "1": "ghost"}
        async with controller(state_file) as hub:
            assert shown(hub, monkeypatch) == {}
            hub.handle_new_heart(b"a")
            assert shown(hub, monkeypatch) == {}, "too early"
            await asyncio.sleep(SETTLE * 1.5)
            assert shown(hub, monkeypatch) == {"0": "a"}
            assert register(hub, "new") == 2
            assert shown(hub, monkeypatch) == {"0": "a", "2": "new"}

    asyncio.run(scenario())


def test_who_asks_for_all_engines_is_told_of_hidden_ones_too(state_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As an engine does that leaves.
    async def scenario() -> None:
        async with controller(state_file) as hub:
            register(hub, "a")
        async with controller(state_file) as hub:
            assert shown(hub, monkeypatch, all=True) == {"0": "a"}

    asyncio.run(scenario())


def test_clients_and_the_task_scheduler_are_told_once_when_a_restored_engine_is_there(state_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with controller(state_file) as hub:
            register(hub, "a")
        async with controller(state_file) as hub:
            sent: list[tuple[object, str, object]] = []
            monkeypatch.setattr(hub.session, "send", lambda stream, kind, content=None, **_: sent.append((stream, kind, content)))
            for _ in range(3):
                hub.handle_new_heart(b"a")
            await after_the_grace_time()
            assert sent == [(hub.notifier, "registration_notification", {"id": 0, "uuid": "a"})]

    asyncio.run(scenario())


def test_an_engine_that_leaves_before_it_is_shown_never_is(state_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with controller(state_file) as hub:
            register(hub, "a")
        async with controller(state_file) as hub:
            hub.handle_new_heart(b"a")
            hub.unregister_engine(b"", {"content": {"id": 0}})
            sent: list[object] = []
            monkeypatch.setattr(hub.session, "send", lambda *args, **_: sent.append(args))
            await after_the_grace_time()
            assert sent == []

    asyncio.run(scenario())


def test_an_id_is_never_given_twice_through_any_number_of_restarts(state_file: Path) -> None:
    async def scenario() -> None:
        given: list[int] = []
        for life in range(4):
            async with controller(state_file) as hub:
                # Each controller ends before its grace time does, as one that is killed.
                given += [register(hub, f"engine {life} {number}") for number in range(2)]
        assert given == list(range(8))

    asyncio.run(scenario())


def test_the_id_of_an_engine_that_has_left_is_not_given_again_after_a_restart(state_file: Path) -> None:
    async def scenario() -> None:
        async with controller(state_file) as hub:
            register(hub, "a")
            register(hub, "b")
            hub.handle_stopped_heart(b"b")
        async with controller(state_file) as hub:
            assert register(hub, "c") == 2

    asyncio.run(scenario())


@pytest.mark.parametrize("next_id", [0, 1])
def test_a_file_of_the_unchanged_controller_gives_no_id_twice(state_file: Path, next_id: int) -> None:
    # It writes a next_id that is in use.
    state_file.write_text(json.dumps({"engines": {"0": "a", "5": "b"}, "next_id": next_id}))

    async def scenario() -> None:
        async with controller(state_file) as hub:
            assert register(hub, "c") == 6

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        '{"engines": {"0": "a"',
        "[]",
        "null",
        "{}",
        '{"engines": [], "next_id": 0}',
        '{"engines": {"x": "a"}, "next_id": 1}',
        '{"engines": {"0": 7}, "next_id": 1}',
        '{"engines": {"0": "a"}, "next_id": "1"}',
        '{"engines": {"0": "ä"}, "next_id": 1}',
        '{"engines": {"-1": "a"}, "next_id": 1}',
        "\x00\x00",
    ],
)
def test_a_controller_with_a_damaged_file_starts_without_engines(state_file: Path, damaged: str) -> None:
    # The unchanged one would crash on it at each start.
    state_file.write_text(damaged)

    async def scenario() -> None:
        async with controller(state_file) as hub:
            assert engines(hub) == {}
            assert register(hub, "a") == 0

    asyncio.run(scenario())
    assert json.loads(state_file.read_text()) == {"engines": {"0": "a"}, "next_id": 1}


def test_a_controller_without_a_file_starts_without_engines(state_file: Path) -> None:
    async def scenario() -> None:
        async with controller(state_file) as hub:
            assert engines(hub) == {}

    asyncio.run(scenario())
    assert not state_file.exists()


def test_a_reader_never_sees_half_of_the_file(state_file: Path) -> None:
    async def scenario() -> None:
        async with controller(state_file) as hub:
            register(hub, "a")
            whole = state_file.read_text()
            with state_file.open() as reader:
                register(hub, "b")
                # Written in place, it would have the new text, or half of it.
                assert reader.read() == whole
            assert json.loads(state_file.read_text())["engines"] == {"0": "a", "1": "b"}

    asyncio.run(scenario())


def test_engines_register_on_a_full_disk_and_the_old_file_stays_until_there_is_room(state_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restored_engines, "SAVE_AGAIN_SECONDS", GRACE)

    def full_disk(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async def scenario() -> None:
        async with controller(state_file) as hub:
            register(hub, "a")
            whole = state_file.read_text()
            with monkeypatch.context() as full:
                full.setattr(os, "fsync", full_disk)
                assert register(hub, "b") == 1
                await after_the_grace_time()
                assert state_file.read_text() == whole
            await after_the_grace_time()
            assert json.loads(state_file.read_text())["engines"] == {"0": "a", "1": "b"}

    asyncio.run(scenario())


def test_the_file_is_not_touched_while_it_is_read(state_file: Path) -> None:
    # The unchanged hub writes it at each engine that it restores, with a next_id of 0: a crash then loses the rest.
    async def scenario() -> None:
        async with controller(state_file) as hub:
            for uuid in ("a", "b", "c"):
                register(hub, uuid)
        seen: list[dict[str, object]] = []
        finish = Hub.finish_registration

        def finish_and_look(hub: Any, heart: bytes) -> None:
            finish(hub, heart)
            seen.append(json.loads(state_file.read_text()))

        Hub.finish_registration = finish_and_look
        try:
            async with controller(state_file):
                pass
        finally:
            Hub.finish_registration = finish
        assert seen == [{"engines": {"0": "a", "1": "b", "2": "c"}, "next_id": 3}] * 3

    asyncio.run(scenario())
