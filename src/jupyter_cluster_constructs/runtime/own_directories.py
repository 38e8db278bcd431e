"""Put right who owns directories of the storage, only where it is wrong, and say how where that can't be done here.

Where the server is the cluster's own, its mounts are used first, which waits until it answers: a container less to wait for one by one.

A directory is PATH:NAME:UID:GID:MODE: where it is mounted, its name on the storage, and what it has to be. A list has
NAME:UID:GID:MODE, below a root that is mounted, and LINK -> NAME, a symbolic link beside it.
"""

from __future__ import annotations

import argparse
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import wait_for_nfs
import waiting

PLACE = "on the server, in the exported directory"


@dataclass(frozen=True)
class Directory:
    """A directory of the storage and what it has to be."""

    path: str
    name: str
    uid: int
    gid: int
    mode: int

    @classmethod
    def parse(cls, text: str) -> Directory:
        """Read an argument."""
        path, name, uid, gid, mode = text.split(":")
        return cls(path, name, int(uid), int(gid), int(mode, 8))

    def put_right(self) -> str | None:
        """Change what is wrong; what the storage's administrator has to do where that is refused."""
        owner, mode = f"{self.uid}:{self.gid}", f"{self.mode:04o}"
        try:
            found = os.stat(self.path)
            if (found.st_uid, found.st_gid) != (self.uid, self.gid):
                os.chown(self.path, self.uid, self.gid)
                print(f"{self.path}: owner {found.st_uid}:{found.st_gid} is now {owner}", flush=True)
            if stat.S_IMODE(found.st_mode) != self.mode:
                os.chmod(self.path, self.mode)
                print(f"{self.path}: mode {stat.S_IMODE(found.st_mode):04o} is now {mode}", flush=True)
        except FileNotFoundError:
            command = f"mkdir -p {self.name} && chown {owner} {self.name} && chmod {mode} {self.name}"
            return f"{self.name} is missing; {PLACE}: {command}"
        except OSError as error:
            return (
                f"{self.name} on the NFS server has the wrong owner or mode, and putting it right was refused ({error.strerror});"
                f" {PLACE}: chown {owner} {self.name} && chmod {mode} {self.name}"
            )
        return None


@dataclass(frozen=True)
class Link:
    """A symbolic link beside a home, which gives it its user's name."""

    path: str
    name: str
    target: str

    def put_right(self) -> str | None:
        """What the storage's administrator has to do where it does not lead to its home."""
        if os.path.islink(self.path) and os.readlink(self.path) == self.target:
            return None
        return f"{self.name} does not lead to {self.target}; {PLACE}: ln -sfn {self.target} {self.name}"


def listed(lines: Iterable[str], root: Path) -> Iterator[Directory | Link]:
    """Read a list."""
    for line in (line.strip() for line in lines):
        name, arrow, target = line.partition(" -> ")
        if arrow:
            yield Link(str(root / name), name, target)
        elif line:
            yield Directory.parse(f"{root / line.partition(':')[0]}:{line}")


def wrong(wanted: Iterable[Directory | Link]) -> str:
    """Put each right; all that was refused, a line each."""
    return "\n".join(message for each in wanted if (message := each.put_right()))


def main() -> None:
    """Put each right, wait for the rest while somebody may still be making it; exit with 1 and all that is still wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wait", type=float, default=0, metavar="SECONDS")
    parser.add_argument("--listed-in", type=Path, metavar="FILE")
    parser.add_argument("--root", type=Path, metavar="DIRECTORY")
    parser.add_argument("--use", action="append", default=[], metavar="MOUNT")
    parser.add_argument("directories", nargs="*", type=Directory.parse, metavar="PATH:NAME:UID:GID:MODE")
    options = parser.parse_args()

    def wanted() -> Iterator[Directory | Link]:
        yield from options.directories
        if options.listed_in:
            lines = options.listed_in.read_text().splitlines()
            yield from listed(lines, options.root)

    for path in options.use:
        wait_for_nfs.use(path)
    if report := waiting.wait(lambda: wrong(wanted()) or None, at_most=options.wait):
        with open("/dev/termination-log", "w") as log:
            log.write(report[-4000:])
        sys.exit(report)


if __name__ == "__main__":
    main()
