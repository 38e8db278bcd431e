#!/usr/bin/env python3
"""Make the directories of the storage, each with its owner and mode.

A SPEC is NAME:UID:GID:MODE, such as user_home_dir_1001:1001:1000:0750, or NAME -> TARGET for a symbolic link beside a
directory. What is right already is left alone, and each change is printed. No directory is ever removed; of links, those
to a home that is no longer named. Needs the capabilities CHOWN and FOWNER.
"""

import argparse
import os
import re
import signal
import stat
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

NO_ID = 2**32 - 1  # to chown it means: leave as it is
POLL_SECONDS = 2
HOME = re.compile(r"user_home_dir_\d+", re.ASCII)
NAME = r"[^/:.\s][^/:\s]*"


class Access(NamedTuple):
    """Whose a directory is, and its mode."""

    uid: int
    gid: int
    mode: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Access":
        """What the status of a directory says."""
        return cls(status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode))

    def __str__(self) -> str:
        return f"{self.uid}:{self.gid} {self.mode:04o}"


def parse(spec: str) -> tuple[str, Access | str]:
    """The name, and the access or the link's target, that a SPEC means; ValueError when it means none."""
    if link := re.fullmatch(rf"({NAME}) -> ({NAME})", spec):
        return link[1], link[2]
    match = re.fullmatch(rf"({NAME}(?:/{NAME})*):(\d+):(\d+):([0-7]{{3,4}})", spec, re.ASCII)
    if not match or max(int(match[2]), int(match[3])) >= NO_ID:
        raise ValueError(f"{spec!r} is not NAME:UID:GID:MODE, the name without a slash at its ends or a leading dot and the mode octal")
    return match[1], Access(int(match[2]), int(match[3]), int(match[4], 8))


def make(path: Path, wanted: Access) -> None:
    """Make one directory, or put right its owner and mode."""
    missing = not os.path.lexists(path)
    if missing:
        os.mkdir(path, mode=0o700)
    status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode):
        raise ValueError(f"{path} is in the way: it is not a directory")
    found = Access.of(status)
    if found != wanted:
        # By way of root: without the capability FSETID, chmod drops a setgid bit for any group but the caller's own.
        os.chown(path, 0, 0)
        os.chmod(path, wanted.mode)
        os.chown(path, wanted.uid, wanted.gid)
    if missing:
        print(f"made {path} as {wanted}", flush=True)
    elif found != wanted:
        print(f"changed {path} from {found} to {wanted}", flush=True)


def link(path: Path, target: str) -> None:
    """Make one symbolic link, or lead it elsewhere, at once."""
    if is_made(path, target):
        return
    if os.path.lexists(path) and not path.is_symlink():
        raise ValueError(f"{path} is in the way: it is not a link")
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(path)
    print(f"linked {path} to {target}", flush=True)


def make_all(root: Path, specs: Iterable[str]) -> list[str]:
    """Make what the SPECs mean, once all of them mean something, and remove links to homes that none of them makes.

    Returns:
        What could not be made; one obstacle keeps nobody else from a home.
    """
    parsed = dict(parse(spec) for spec in specs)
    make(root, Access(0, 0, 0o755))
    obstacles = []
    for name, wanted in parsed.items():
        try:
            if isinstance(wanted, Access):
                make(root / name, wanted)
            else:
                link(root / name, wanted)
        except (ValueError, OSError) as error:
            obstacles.append(str(error))
    for path in root.iterdir():
        if path.name not in parsed and path.is_symlink() and HOME.fullmatch(os.readlink(path)):
            path.unlink()
            print(f"removed the link {path}; the home stays", flush=True)
    return obstacles


def not_made(root: Path, specs: Iterable[str]) -> list[str]:
    """What of the SPECs is not as it should be; nothing is changed."""
    return [f"{root / name} is not {wanted}" for name, wanted in map(parse, specs) if not is_made(root / name, wanted)]


def is_made(path: Path, wanted: Access | str) -> bool:
    """Whether a directory, or a link, is what it should be."""
    if isinstance(wanted, str):
        return path.is_symlink() and os.readlink(path) == wanted
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(status.st_mode) and Access.of(status) == wanted


def listed(file: Path | None) -> list[str]:
    """The SPECs in the lines of a file."""
    return [line for line in file.read_text().splitlines() if line] if file else []


def follow(root: Path, specs: list[str], file: Path) -> None:
    """Make what a file gains, for as long as the process lives; what goes wrong is told once, and tried again."""
    done: list[str] | None = None
    told: list[str] = []
    while True:
        try:
            if (now := listed(file)) != done:
                wrong = make_all(root, [*specs, *now])
                done = None if wrong else now
            else:
                wrong = []
        except (ValueError, OSError) as error:
            wrong = [str(error)]
        if wrong != told:
            tell(wrong)
            told = wrong
        time.sleep(POLL_SECONDS)


def tell(wrong: list[str]) -> None:
    """Print what went wrong."""
    for message in wrong:
        print(f"make_directories.py: {message}", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listed-in", type=Path, metavar="FILE", help="a file with a SPEC a line")
    parser.add_argument("--follow", action="store_true", help="go on, and make what the file gains")
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 where something is not made")
    parser.add_argument("root", type=Path, metavar="ROOT")
    parser.add_argument("specs", nargs="*", metavar="SPEC")
    options = parser.parse_args()
    if options.follow:
        # The first process of a container ignores signals that it does not handle, and its pod would wait for it in vain.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        follow(options.root, options.specs, options.listed_in)
    try:
        specs = [*options.specs, *listed(options.listed_in)]
        if options.check:
            tell(wrong := not_made(options.root, specs))
            return 1 if wrong else 0
        tell(make_all(options.root, specs))
    except (ValueError, OSError) as error:
        tell([str(error)])
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
