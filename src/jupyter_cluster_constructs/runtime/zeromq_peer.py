"""Tell whether ZeroMQ answers at an address: an open port alone may be a Service without its server."""

from __future__ import annotations

import socket

GREETING_LENGTH = 10


def answers(host: str, port: int, timeout: float = 1.0) -> bool:
    """Whether a ZeroMQ socket greets at host and port, as ZMTP says (https://rfc.zeromq.org/spec/23/)."""
    try:
        with socket.create_connection((host, port), timeout) as connection, connection.makefile("rb") as received:
            greeting = received.read(GREETING_LENGTH)
    except OSError:
        return False
    return len(greeting) == GREETING_LENGTH and greeting[0] == 0xFF and greeting[9] == 0x7F
