"""Share the container's memory fairly: before it is full, who uses the most loses their largest process.

Otherwise the kernel chooses, and where it ends the whole container (as Kubernetes has it since 1.28, with cgroup v2), all lose theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import member_accounts
import psutil
from member_accounts import Member

FULL = 0.9
# To look costs one small file; processes are only looked at where memory is nearly full.
SECONDS = 0.1
GONE_SECONDS = 5
# What can't be written to a disk instead: by version of cgroups, the file and its lines.
COUNTED = {
    Path("/sys/fs/cgroup/memory.stat"): ("anon", "shmem"),
    Path("/sys/fs/cgroup/memory/memory.stat"): ("total_rss", "total_shmem"),
}
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Process:
    """A process, by whose memory it is."""

    pid: int
    uid: int
    memory: int
    name: str


def in_use() -> int | None:
    """The memory of this container that is taken for good, in bytes; None where the node does not tell.

    A sum over processes counts what they share once for each: an array whose process was forked, for example.
    """
    for file, names in COUNTED.items():
        with suppress(OSError):
            values = dict(line.split() for line in file.read_text().splitlines())
            return sum(int(values.get(name, 0)) for name in names)
    return None


def processes() -> Iterator[Process]:
    """All processes here; libraries and files that several have in memory are nobody's, memory that they share is each one's."""
    for process in psutil.process_iter(["uids", "name"]):
        if (uids := process.info["uids"]) is not None:
            yield Process(process.pid, uids.real, _memory(process.pid), process.info["name"])


def _memory(pid: int) -> int:
    with suppress(OSError):
        lines = (line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        return sum(int(line[1]) * 1024 for line in lines if line[0] in ("RssAnon:", "RssShmem:"))
    return 0


def too_large(found: Collection[Process], limit: int) -> Process | None:
    """The process that has to go: the largest one of the member who uses the most; None while there is room."""
    if sum(process.memory for process in found) <= FULL * limit:
        return None
    used: dict[int, int] = {}
    for process in found:
        if process.uid != 0:
            used[process.uid] = used.get(process.uid, 0) + process.memory
    if not used:
        return None
    most = max(used, key=used.__getitem__)
    return max((process for process in found if process.uid == most), key=lambda process: process.memory)


async def watch(limit: int, end: Callable[[Member, int], None]) -> None:
    """End processes that are too large, by their member and number, for as long as this runs."""
    while True:
        try:
            taken = in_use()
            if taken is None or taken > FULL * limit:
                await _make_room(limit, taken, end)
        except Exception as error:
            # Whatever it was, the next time may go well.
            print(f"memory was not looked at: {type(error).__name__}: {error}", flush=True)
        await asyncio.sleep(SECONDS)


async def _make_room(limit: int, taken: int | None, end: Callable[[Member, int], None]) -> None:
    found = list(processes())
    process = too_large(found, limit)
    owner = member_accounts.of_uid(process.uid) if process else None
    if not (process and owner):
        return
    total = sum(each.memory for each in found) if taken is None else taken
    end(owner, process.pid)
    print(
        f"{owner.name}: {process.name} of {process.memory // MEBIBYTE} MiB was ended, since all members' processes together took"
        f" {total // MEBIBYTE} of {limit // MEBIBYTE} MiB, and {owner.name}'s the most",
        flush=True,
    )
    # Until its memory is free, another one would go for nothing.
    with suppress(TimeoutError):
        async with asyncio.timeout(GONE_SECONDS):
            while _memory(process.pid):
                await asyncio.sleep(0.02)
