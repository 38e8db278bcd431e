#!/usr/bin/env python3
"""Make the directories that the NFS server exports, each with its owner and mode.

A SPEC is NAME:UID:GID:MODE, such as user_home_dir_1001:1001:1000:0750. What is right already is left alone, and each
change is printed. Needs the capabilities CHOWN and FOWNER.
"""

import argparse
import os
import re
import stat
import sys
from pathlib import Path
from typing import NamedTuple

NO_ID = 2**32 - 1  # to chown it means: leave as it is


class Access(NamedTuple):
    """Whose a directory is, and its mode."""

    uid: int
    gid: int
    mode: int

    def __str__(self) -> str:
        return f"{self.uid}:{self.gid} {self.mode:04o}"


def parse(spec: str) -> tuple[str, Access]:
    """The name and the access that a SPEC means; ValueError when it means none."""
    match = re.fullmatch(r"([^/:.][^/:]*):(\d+):(\d+):([0-7]{3,4})", spec, re.ASCII)
    if not match or max(int(match[2]), int(match[3])) >= NO_ID:
        raise ValueError(f"{spec!r} is not NAME:UID:GID:MODE, the name without a slash or leading dot and the mode octal")
    return match[1], Access(int(match[2]), int(match[3]), int(match[4], 8))


def make(path: Path, wanted: Access) -> None:
    """Make one directory, or put right its owner and mode."""
    missing = not os.path.lexists(path)
    if missing:
        os.mkdir(path, mode=0o700)
    status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode):
        raise ValueError(f"{path} is in the way: it is not a directory")
    found = Access(status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode))
    if found != wanted:
        # By way of root: without the capability FSETID, chmod drops a setgid bit for any group but the caller's own.
        os.chown(path, 0, 0)
        os.chmod(path, wanted.mode)
        os.chown(path, wanted.uid, wanted.gid)
    if missing:
        print(f"made {path} as {wanted}")
    elif found != wanted:
        print(f"changed {path} from {found} to {wanted}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, metavar="ROOT")
    parser.add_argument("specs", nargs="*", metavar="SPEC")
    options = parser.parse_args()
    try:
        directories = [parse(spec) for spec in options.specs]
        make(options.root, Access(0, 0, 0o755))
        for name, access in directories:
            make(options.root / name, access)
    except (ValueError, OSError) as error:
        print(f"make_directories.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
