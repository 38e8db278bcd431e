"""Wait until an NFS server accepts connections."""

from __future__ import annotations

import socket
import sys
import time

NFS_PORT = 2049
PAUSE = 0.5
REPORT_EVERY = 20


def main() -> None:
    """Wait for as long as it takes; say why at first and then every few seconds."""
    host = sys.argv[1]
    attempt = 0
    while True:
        try:
            socket.create_connection((host, NFS_PORT), 1).close()
        except OSError as error:
            if attempt % REPORT_EVERY == 0:
                print(f"waiting: no NFS server answers at {host}:{NFS_PORT}: {error}", flush=True)
            attempt += 1
            time.sleep(PAUSE)
        else:
            print("the NFS server answers", flush=True)
            return


if __name__ == "__main__":
    main()
