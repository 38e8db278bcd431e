"""Wait until an NFS server accepts connections."""

from __future__ import annotations

import socket
import sys

import waiting

NFS_PORT = 2049


def why_not(host: str) -> str | None:
    """Say why nothing can be mounted from the server yet; None when it accepts a connection."""
    try:
        socket.create_connection((host, NFS_PORT), 1).close()
    except OSError as error:
        return f"no NFS server answers at {host}:{NFS_PORT}: {error}"
    return None


def main() -> None:
    """Wait for the server that the argument names."""
    waiting.wait(lambda: why_not(sys.argv[1]))
    print("the NFS server answers", flush=True)


if __name__ == "__main__":
    main()
