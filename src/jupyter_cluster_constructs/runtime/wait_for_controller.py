"""Wait until every NFS mount answers, and then the controller, at the address in its engines' connection file.

A file alone may be an earlier life's. One program does both, since each container more takes a pod half a second of a CPU to start.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import wait_for_nfs
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
    """Use the mounts, then wait for the controller whose connection file is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--use", action="append", default=[], metavar="MOUNT")
    parser.add_argument("connection_file", type=Path, metavar="FILE")
    options = parser.parse_args()
    for path in options.use:
        wait_for_nfs.use(path)
    waiting.wait(lambda: why_not(options.connection_file))
    print("the controller answers", flush=True)


if __name__ == "__main__":
    main()
