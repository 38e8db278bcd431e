"""Whose process has to go before memory is full, with real processes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import member_accounts
import pytest
from member_accounts import Member

from jupyter_cluster_constructs.runtime import fair_memory
from jupyter_cluster_constructs.runtime.fair_memory import Process, processes, too_large

from .members import ADA, in_loop

MEBIBYTE = 2**20
HOLDS = "import sys; held = b'x' * int(sys.argv[1]); print(flush=True); sys.stdin.read()"


def process(uid: int, memory: int, pid: int = 0) -> Process:
    return Process(pid, uid, memory, "python3")


def test_while_there_is_room_nobody_loses_anything() -> None:
    assert too_large([], 100) is None
    assert too_large([process(1, 50), process(2, 40)], 100) is None


def test_who_uses_the_most_loses_their_largest_process() -> None:
    # Neither the largest process of all nor the member with the most processes.
    found = [process(1, 40, 1), process(2, 30, 2), process(2, 25, 3), *(process(3, 1, 10 + each) for each in range(5))]
    gone = too_large(found, 100)
    assert gone
    assert (gone.uid, gone.pid) == (2, 2)


def test_roots_process_never_goes() -> None:
    gone = too_large([process(0, 90, 1), process(1, 10, 2)], 100)
    assert gone
    assert gone.pid == 2
    assert too_large([process(0, 100, 1)], 100) is None


@pytest.fixture
def large() -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds 64 MiB."""
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(64 * MEBIBYTE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        assert started.stdout
        started.stdout.readline()
        yield started
        started.kill()


def test_memory_of_a_process_is_what_it_holds_itself(large: subprocess.Popen[bytes]) -> None:
    (found,) = [each for each in processes() if each.pid == large.pid]
    assert found.uid == os.getuid()
    assert 64 * MEBIBYTE < found.memory < 96 * MEBIBYTE


@in_loop
async def test_it_is_ended_and_told_in_one_line(
    large: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    held = Process(large.pid, ADA.uid, 64 * MEBIBYTE, "python3")
    monkeypatch.setattr(fair_memory, "in_use", lambda: 64 * MEBIBYTE if large.poll() is None else 0)
    monkeypatch.setattr(fair_memory, "processes", lambda: [held])
    monkeypatch.setattr(member_accounts, "of_uid", lambda uid: ADA)
    ended: list[tuple[Member, int]] = []

    def end(member: Member, pid: int) -> None:
        ended.append((member, pid))
        large.kill()

    watching = asyncio.create_task(fair_memory.watch(70 * MEBIBYTE, end))
    async with asyncio.timeout(10):
        while large.poll() is None:
            await asyncio.sleep(0.02)
        await asyncio.sleep(3 * fair_memory.SECONDS)
    watching.cancel()
    assert ended == [(ADA, large.pid)]
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("ada: python3 of 64 MiB was ended")


@in_loop
async def test_a_look_that_fails_is_told_and_is_not_the_last(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    looks = SimpleNamespace(count=0)

    def in_use() -> int:
        looks.count += 1
        raise ValueError("nonsense in a file")

    monkeypatch.setattr(fair_memory, "in_use", in_use)
    monkeypatch.setattr(fair_memory, "SECONDS", 0.01)
    watching = asyncio.create_task(fair_memory.watch(1, lambda member, pid: None))
    async with asyncio.timeout(10):
        while looks.count < 3:
            await asyncio.sleep(0.01)
    watching.cancel()
    assert capsys.readouterr().out.splitlines()[0] == "memory was not looked at: ValueError: nonsense in a file"
