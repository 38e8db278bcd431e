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

import zmq
from ipyparallel.util import connect
from jupyter_client.session import Session

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
    session = Session(key=connection["key"].encode(), signature_scheme=connection["signature_scheme"])
    serverkey = (connection.get("curve_serverkey") or "").encode()
    deadline = time.monotonic() + ANSWER_SECONDS
    # A context of its own would wait at its end for a name that is still looked up.
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
    with context.socket(zmq.DEALER) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.CONNECT_TIMEOUT, 500)
        connect(socket, f"tcp://{connection['location']}:{connection['registration']}", curve_serverkey=serverkey)
        session.send(socket, "connection_request", content={"all": True})
        while (left := deadline - time.monotonic()) > 0:
            if not socket.poll(int(left * 1000)):
                break
            _, answer = session.recv(socket)
            if answer is None or answer["header"]["msg_type"] != "connection_reply":
                continue
            mine = [int(eid) for eid, registered in answer["content"]["engines"].items() if registered == uuid]
            if not mine:
                return True
            session.send(socket, "unregistration_request", content={"id": mine[0]})
            session.send(socket, "connection_request", content={"all": True})
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
