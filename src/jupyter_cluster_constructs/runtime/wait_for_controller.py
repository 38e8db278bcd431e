"""Wait until the controller answers at the address in its engines' connection file: a file alone may be an earlier life's."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import zeromq_peer

PAUSE = 0.5
REPORT_EVERY = 20


def why_not(connection_file: Path) -> str | None:
    """Say what is missing before an engine can register; None when nothing is."""
    try:
        info = json.loads(connection_file.read_text())
        host, port = info["location"], info["registration"]
    except FileNotFoundError:
        return f"{connection_file} is not there yet"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"{connection_file} cannot be read: {error!r}"
    return None if zeromq_peer.answers(host, port) else f"no controller answers at {host}:{port}"


def main() -> None:
    """Wait for as long as it takes; say why at first and then every few seconds."""
    connection_file = Path(sys.argv[1])
    attempt = 0
    while reason := why_not(connection_file):
        if attempt % REPORT_EVERY == 0:
            print(f"waiting: {reason}", flush=True)
        attempt += 1
        time.sleep(PAUSE)
    print("the controller answers", flush=True)


if __name__ == "__main__":
    main()
