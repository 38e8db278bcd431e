"""Whether a program answers at its socket: socket_answers.py SOCKET ping, or SOCKET and the path of a URL."""

from __future__ import annotations

import socket
import sys

SECONDS = 5


def answer(path: str, question: str) -> bytes:
    """The first line of the answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(SECONDS)
        connection.connect(path)
        request = '{"do": "ping"}\n' if question == "ping" else f"GET {question} HTTP/1.0\r\nHost: localhost\r\n\r\n"
        connection.sendall(request.encode())
        return connection.makefile("rb").readline()


def main() -> int:
    """0 if it does."""
    path, question = sys.argv[1:]
    try:
        line = answer(path, question)
    except OSError as error:
        # The kubelet shows it to whoever waits.
        print(f"no answer at {path}: {error.strerror or error}")
        return 1
    return 0 if line.startswith(b"{" if question == "ping" else b"HTTP/1.1 200") else 1


if __name__ == "__main__":
    sys.exit(main())
