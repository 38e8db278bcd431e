"""Telling ZeroMQ from an open port, against real sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
import zmq

from jupyter_cluster_constructs.runtime.zeromq_peer import answers

HOST = "127.0.0.1"
# The first ten bytes of every ZeroMQ since 2012: https://rfc.zeromq.org/spec/23/
GREETING = b"\xff" + bytes(7) + b"\x01\x7f"


@contextmanager
def server(serve: Callable[[socket.socket], object]) -> Iterator[int]:
    """A TCP server that does something with its first connection."""
    with socket.create_server((HOST, 0)) as listener:

        def accept() -> None:
            connection, _ = listener.accept()
            with connection, suppress(ConnectionError):
                serve(connection)
                # Until the other side has gone.
                connection.recv(1)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


def closed_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.mark.parametrize("kind", [zmq.ROUTER, zmq.PUB, zmq.XPUB, zmq.REP, zmq.PULL], ids=lambda kind: zmq.SocketType(kind).name)
def test_a_zeromq_socket_answers(kind: int) -> None:
    with zmq.Context() as context, context.socket(kind) as peer:
        assert answers(HOST, peer.bind_to_random_port(f"tcp://{HOST}"))


def test_a_zeromq_socket_answers_again_and_again() -> None:
    # As a probe asks it, which must not use anything up.
    with zmq.Context() as context, context.socket(zmq.ROUTER) as peer:
        port = peer.bind_to_random_port(f"tcp://{HOST}")
        assert all(answers(HOST, port) for _ in range(50))


def test_a_listener_that_says_nothing_is_no_zeromq() -> None:
    # A Service without its server, or a process that is stuck.
    with socket.create_server((HOST, 0)) as listener:
        start = time.monotonic()
        assert not answers(HOST, listener.getsockname()[1], timeout=0.1)
        assert time.monotonic() - start < 1


@pytest.mark.parametrize(
    "text", [b"SSH-2.0-OpenSSH_10.0\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff", bytes(64), b"\xff" * 64, bytes(9) + b"\x7f"]
)
def test_a_listener_that_says_something_else_is_no_zeromq(text: bytes) -> None:
    with server(lambda connection: connection.sendall(text)) as port:
        assert not answers(HOST, port, timeout=0.1)


def test_a_listener_that_hangs_up_is_no_zeromq() -> None:
    with server(lambda connection: connection.shutdown(socket.SHUT_RDWR)) as port:
        assert not answers(HOST, port)


def test_a_greeting_that_comes_in_pieces_is_one() -> None:
    def in_pieces(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(GREETING[:4])
        time.sleep(0.05)
        connection.sendall(GREETING[4:])

    with server(in_pieces) as port:
        assert answers(HOST, port)


def test_a_closed_port_does_not_answer() -> None:
    assert not answers(HOST, closed_port())


def test_a_name_that_nobody_knows_does_not_answer() -> None:
    assert not answers("nobody.invalid", 10101, timeout=0.1)
