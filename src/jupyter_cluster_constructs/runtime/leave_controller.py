"""Tell the controller that this container's engine leaves, which otherwise stays in every list until its heartbeat is missed.

It runs before the container is stopped and after its engine ended. It asks the controller and not engines.json which
engines there are: an answer comes after what was sent before it, and NFS may show an old file. A controller that is away
needs no word: it shows none of its engines before it has heard them.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID

from registrar import registrar

ENGINE_ID = Path("/tmp/engine-id")
ANSWER_SECONDS = 2.0
# Ends this program even where the connection file's server is away.
MOST_SECONDS = 5


def engine_id(file: Path) -> str | None:
    """The uuid of this container's engine; None where it has none."""
    try:
        return str(UUID(file.read_text().strip()))
    except (OSError, ValueError):
        return None


def leave(uuid: str, connection: dict[str, Any]) -> bool:
    """Unregister an engine; whether the controller said that it is no longer among its engines."""
    deadline = time.monotonic() + ANSWER_SECONDS
    with registrar(connection) as asked:
        while (engines := asked.engines(deadline)) is not None:
            mine = [engine for engine, registered in engines.items() if registered == uuid]
            if not mine:
                return True
            asked.unregister(mine[0])
    return False


def main() -> None:
    """Leave the controller whose connection file the argument names; never fail."""
    signal.alarm(MOST_SECONDS)
    uuid = engine_id(ENGINE_ID)
    if uuid is None:
        return
    try:
        if not leave(uuid, json.loads(Path(sys.argv[1]).read_text())):
            print(f"the controller did not confirm in {ANSWER_SECONDS:g} s that engine {uuid} leaves", flush=True)
        # Once is enough, of the hook and the engine's end.
        ENGINE_ID.unlink(missing_ok=True)
    except Exception as error:
        print(f"engine {uuid} cannot tell the controller that it leaves: {error!r}", flush=True)


if __name__ == "__main__":
    main()
