"""Wait until an NFS mount answers.

A client that connects only when it is used would have no connection yet, and could not leave once the server's Service is
deleted. The server itself is out of this pod's reach: nothing but the node speaks NFS with it.
"""

from __future__ import annotations

import os
import threading

import waiting

SECONDS = 10


def why_not(path: str) -> str | None:
    """Say why a mount cannot be used; None when it can. A mount that is hard answers late, but with no error."""
    try:
        os.statvfs(path)
    except OSError as error:
        return f"{path}: {error.strerror}"
    return None


def tell(path: str, used: threading.Event) -> None:
    """Say every few seconds that a mount does not answer, until it does."""
    while not used.wait(SECONDS):
        print(f"waiting: no NFS server answers for {path}", flush=True)


def use(path: str) -> None:
    """Ask about a mount, and wait for the answer."""
    used = threading.Event()
    telling = threading.Thread(target=tell, args=(path, used), daemon=True)
    telling.start()
    try:
        waiting.wait(lambda: why_not(path))
    finally:
        used.set()
        # So that its last line ends before the next one begins.
        telling.join()
