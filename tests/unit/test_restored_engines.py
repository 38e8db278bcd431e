"""A controller that restores its engines: who is shown to clients, who is forgotten, and when."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from .hub import SETTLE, after_the_grace_time, controller, engines, messages, register


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
            sent = messages(hub, monkeypatch)
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
            sent = messages(hub, monkeypatch)
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
            sent = messages(hub, monkeypatch)
            await after_the_grace_time()
            assert sent == []

    asyncio.run(scenario())
