"""Ask the controller's Hub, as a client does, how many engines and tasks there are; it runs in the controller's container.

The container has ipyparallel, and this library is not installed there. https://ipyparallel.readthedocs.io/en/latest/reference/messages.html
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import zmq
from ipyparallel.util import connect
from jupyter_client.session import Session

ANSWER_SECONDS = 5.0


def ask(connection: dict[str, Any]) -> dict[str, Any]:
    """What the Hub answers to a request for the queues of all engines.

    Raises:
        TimeoutError: there was no answer.
    """
    session = Session(key=connection["key"].encode(), signature_scheme=connection["signature_scheme"])
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
    with context.socket(zmq.DEALER) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        serverkey = (connection.get("curve_serverkey") or "").encode()
        connect(socket, f"tcp://{connection['location']}:{connection['registration']}", curve_serverkey=serverkey)
        session.send(socket, "queue_request", content={"targets": None, "verbose": False})
        if not socket.poll(int(ANSWER_SECONDS * 1000)):
            raise TimeoutError(f"the Hub did not answer within {ANSWER_SECONDS:g} s")
        _, answer = session.recv(socket)
    content: dict[str, Any] = answer["content"] if answer else {}
    return content


def queues(content: dict[str, Any]) -> dict[str, Any]:
    """The Hub's answer: what each engine has to do and has done, and what no engine has yet.

    An engine runs one task at a time, so what else was sent to it waits there.
    """
    # Without engines it answers with an error.
    engines = {int(key): value for key, value in content.items() if key.isdigit()}
    return {
        "unassigned": content.get("unassigned", 0),
        "engines": [
            {
                "id": number,
                "queued": max(0, value["queue"] + value["tasks"] - 1),
                "running": min(1, value["queue"] + value["tasks"]),
                "completed": value["completed"],
            }
            for number, value in sorted(engines.items())
        ],
    }


if __name__ == "__main__":
    print(json.dumps(queues(ask(json.loads(Path(sys.argv[1]).read_text())))))
