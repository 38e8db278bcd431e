"""Members whose processes are real, under numbers that nobody else has."""

from __future__ import annotations

import asyncio
import functools
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from member_accounts import Member

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
# Tests that run beside each other signal all processes of a number.
FIRST = 47_000 + 100 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
ADA, GRACE = (Member(name, uid, uid, "/tmp", "/bin/sh") for name, uid in (("ada", FIRST + 10), ("grace", FIRST + 20)))
SECONDS = 10


@contextmanager
def open_directory() -> Iterator[Path]:
    """A directory that other users than pytest's may enter."""
    with tempfile.TemporaryDirectory(prefix="members-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def running(member: Member) -> list[dict[str, Any]]:
    """The processes of a member, without those that have ended."""
    found = [process.info for process in psutil.process_iter(["uids", "status", "cmdline"])]
    return [info for info in found if info["uids"] and info["uids"].real == member.uid and info["status"] != psutil.STATUS_ZOMBIE]


def started(member: Member, *command: str) -> subprocess.Popen[Any]:
    """A process of a member."""
    return subprocess.Popen(command, **member.identity(), start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def eventually(what: Callable[[], object]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def in_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test in an event loop of its own."""

    @functools.wraps(test)
    def run(**fixtures: Any) -> None:
        asyncio.run(test(**fixtures))

    return run
