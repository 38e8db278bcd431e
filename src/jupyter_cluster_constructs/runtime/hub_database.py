"""Look at the hub's files before it starts: what is damaged is kept aside, since a hub that can't read it would never come back.

Usage: hub_database.py KEPT LAUNCHER   KEPT is the directory, LAUNCHER the socket of what starts members' servers

Members then log in once more, and their servers, of which a new database knows nothing, are ended; files in homes are not concerned.
"""

from __future__ import annotations

import re
import socket
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

DATABASE, SECRET = "jupyterhub.sqlite", "cookie_secret"
ANSWER_SECONDS = 30


def damage(database: Path) -> str | None:
    """What is wrong with a database; None if nothing is."""
    try:
        # As the hub opens it, which here rolls back what a hub that was killed had begun.
        with closing(sqlite3.connect(f"file:{database}?nolock=1", uri=True)) as connection:
            found = [line for (line,) in connection.execute("PRAGMA quick_check(1)")]
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'users'").fetchone():
                return "it has no users"
    except sqlite3.OperationalError:
        # It could not be read just now, which says nothing about it.
        raise
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if found == ["ok"] else "; ".join(found)


def set_aside(file: Path, why: str) -> None:
    """Keep a file under another name, with what belongs to it."""
    suffix = f".damaged-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    print(f"{file} is damaged ({why}): it is kept as {file.name}{suffix}, and a new one is made; members log in once more", flush=True)
    for each in (file, file.with_name(f"{file.name}-journal"), file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
        if each.exists():
            each.rename(each.with_name(each.name + suffix))


def end_servers(launcher: str) -> None:
    """End all members' servers, which nobody could reach or end otherwise."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(launcher)
            connection.sendall(b'{"do": "stop_all"}\n')
            connection.makefile("rb").readline()
    except OSError:
        # It has not started yet, and has no servers.
        return


def main() -> None:
    """Look at both files."""
    kept, launcher = Path(sys.argv[1]), sys.argv[2]
    database, secret = kept / DATABASE, kept / SECRET
    if secret.exists() and not re.fullmatch(r"[0-9a-f]{64}\s*", secret.read_text(errors="replace")):
        set_aside(secret, "it is not 64 hexadecimal digits")
    if database.exists() and (why := damage(database)):
        set_aside(database, why)
    if not database.exists():
        end_servers(launcher)


if __name__ == "__main__":
    main()
