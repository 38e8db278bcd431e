"""Put right who owns directories of the storage, only where it is wrong, and say how where the server refuses.

Each argument is PATH:NAME:UID:GID:MODE: where it is mounted, its name on the server, and what it has to be.
"""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass


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
        """Change what is wrong; what the server's administrator has to do where that is refused."""
        try:
            found = os.stat(self.path)
            if (found.st_uid, found.st_gid) != (self.uid, self.gid):
                os.chown(self.path, self.uid, self.gid)
                print(f"{self.path}: owner {found.st_uid}:{found.st_gid} is now {self.uid}:{self.gid}", flush=True)
            if stat.S_IMODE(found.st_mode) != self.mode:
                os.chmod(self.path, self.mode)
                print(f"{self.path}: mode {stat.S_IMODE(found.st_mode):04o} is now {self.mode:04o}", flush=True)
        except OSError as error:
            return (
                f"{self.name} on the NFS server has the wrong owner or mode, and putting it right was refused ({error.strerror});"
                f" on the server, in the exported directory: chown {self.uid}:{self.gid} {self.name} && chmod {self.mode:04o} {self.name}"
            )
        return None


def main() -> None:
    """Put each right; exit with 1 and all that was refused."""
    refused = [message for text in sys.argv[1:] if (message := Directory.parse(text).put_right())]
    if refused:
        report = "\n".join(refused)
        with open("/dev/termination-log", "w") as log:
            log.write(report[-4000:])
        sys.exit(report)


if __name__ == "__main__":
    main()
