"""Wait until the controller answers at the address in its engines' connection file: a file alone may be an earlier life's."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import waiting
import zeromq_peer


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
    """Wait for the controller whose connection file the argument names."""
    waiting.wait(lambda: why_not(Path(sys.argv[1])))
    print("the controller answers", flush=True)


if __name__ == "__main__":
    main()
