"""The file from which a controller restores its engines: ids that are never given twice, damaged files, full disks."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest
from ipyparallel.controller.hub import Hub

from jupyter_cluster_constructs.runtime import restored_engines

from .hub import GRACE, after_the_grace_time, controller, engines, register


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


def test_the_file_is_not_touched_while_it_is_read(state_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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

        with monkeypatch.context() as patch:
            patch.setattr(Hub, "finish_registration", finish_and_look)
            async with controller(state_file):
                pass
        assert seen == [{"engines": {"0": "a", "1": "b", "2": "c"}, "next_id": 3}] * 3

    asyncio.run(scenario())
