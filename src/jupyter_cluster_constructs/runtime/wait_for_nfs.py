"""Wait until an NFS server accepts connections, and use every mount of it once."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence

import waiting

NFS_PORT = 2049


def why_not(host: str) -> str | None:
    """Say why nothing can be mounted from the server yet; None when it accepts a connection."""
    try:
        socket.create_connection((host, NFS_PORT), 1).close()
    except OSError as error:
        return f"no NFS server answers at {host}:{NFS_PORT}: {error}"
    return None


def use(mounts: Sequence[str]) -> None:
    """Ask the server about each mount, and wait for the answer.

    A client that connects only when it is used would have no connection yet, and could not leave once the server's Service is deleted.
    """
    for path in mounts:
        os.statvfs(path)


def main() -> None:
    """Wait for the server that the first argument names; the others are the mounts."""
    host, *mounts = sys.argv[1:]
    waiting.wait(lambda: why_not(host))
    use(mounts)
    print("the NFS server answers", flush=True)


if __name__ == "__main__":
    main()
