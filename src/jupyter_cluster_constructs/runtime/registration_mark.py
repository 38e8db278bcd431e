"""Leave a mark once the controller has an engine: where it is somebody else's, no file lists its engines.

An engine itself is told that it is registered a heartbeat or two before clients see it.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from registrar import registrar

ANSWER_SECONDS = 5
PAUSE_SECONDS = 1.0


def wait_until_listed(uuid: str, connection: dict[str, Any]) -> None:
    """Ask the controller until it has an engine."""
    while True:
        with registrar(connection) as asked:
            if uuid in (asked.engines(time.monotonic() + ANSWER_SECONDS) or {}).values():
                return
        time.sleep(PAUSE_SECONDS)


def main() -> None:
    """Write the file that the third argument names, once the controller of the first has the engine of the second."""
    file, uuid, mark = sys.argv[1:]
    wait_until_listed(uuid, json.loads(Path(file).read_text()))
    Path(mark).touch()


if __name__ == "__main__":
    main()
