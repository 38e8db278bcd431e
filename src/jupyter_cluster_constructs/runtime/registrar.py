"""Ask a controller at the port where engines register: which engines it has, and to take one out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import zmq
from ipyparallel.util import connect
from jupyter_client.session import Session


class Registrar:
    """A connection to the controller's Hub, as an engine has one.

    https://ipyparallel.readthedocs.io/en/latest/reference/connections.html
    """

    def __init__(self, socket: zmq.Socket[bytes], session: Session) -> None:
        self._socket, self._session = socket, session

    def engines(self, deadline: float) -> dict[int, str] | None:
        """The uuids of the engines that the Hub has, also of those that it does not show yet; None without an answer until then."""
        self._session.send(self._socket, "connection_request", content={"all": True})
        while (left := deadline - time.monotonic()) > 0 and self._socket.poll(int(left * 1000)):
            _, answer = self._session.recv(self._socket)
            if answer is not None and answer["header"]["msg_type"] == "connection_reply":
                return {int(engine): uuid for engine, uuid in answer["content"]["engines"].items()}
        return None

    def unregister(self, engine: int) -> None:
        """Take an engine out of the Hub's list."""
        self._session.send(self._socket, "unregistration_request", content={"id": engine})


@contextmanager
def registrar(connection: Mapping[str, Any]) -> Iterator[Registrar]:
    """Connect to the controller of a connection file."""
    session = Session(key=connection["key"].encode(), signature_scheme=connection["signature_scheme"])
    serverkey = (connection.get("curve_serverkey") or "").encode()
    # A context of its own would wait at its end for a name that is still looked up.
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
    with context.socket(zmq.DEALER) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.CONNECT_TIMEOUT, 500)
        connect(socket, f"tcp://{connection['location']}:{connection['registration']}", curve_serverkey=serverkey)
        yield Registrar(socket, session)
