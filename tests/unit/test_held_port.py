"""A port that is kept for one user's server, with real sockets and the program as the pods run it."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import product

import pytest
from support import SOURCE

from jupyter_cluster_constructs.runtime import held_port

PROGRAM = SOURCE / "runtime" / "held_port.py"
OWNER, OTHER = 4711, 4712
# `kubectl port-forward` goes to ::1 where nobody answers at 127.0.0.1.
ADDRESSES = ["0.0.0.0", "127.0.0.1", "127.0.0.2", *(["::", "::1"] if socket.has_dualstack_ipv6() else [])]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def held(port: int) -> Iterator[int]:
    """A port that is held for its owner."""
    with held_port.hold(port, OWNER):
        yield port


def bound(uid: int, port: int, address: str, *options: int) -> socket.socket:
    """A user's socket at a port."""
    os.seteuid(uid)
    try:
        found = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        if ":" in address:
            found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for option in options:
            found.setsockopt(socket.SOL_SOCKET, option, 1)
        found.bind((address, port))
        return found
    finally:
        os.seteuid(0)


@as_root
@pytest.mark.parametrize(("address", "reuse"), list(product(ADDRESSES, ["", "address", "port", "address and port"])))
def test_nobody_else_gets_the_port_in_any_way(held: int, address: str, reuse: str) -> None:
    options = [getattr(socket, f"SO_REUSE{kind.upper().removesuffix('ESS')}") for kind in ("address", "port") if kind in reuse]
    with pytest.raises(OSError, match="in use") as refused:
        bound(OTHER, held, address, *options)
    assert refused.value.errno == errno.EADDRINUSE


@as_root
def test_its_owner_listens_there_and_is_reached(held: int) -> None:
    for _ in range(3):
        with bound(OWNER, held, "0.0.0.0", socket.SO_REUSEADDR, socket.SO_REUSEPORT) as server:
            server.listen()
            with socket.create_connection(("127.0.0.1", held), 2):
                server.accept()[0].close()


def test_a_kernel_without_ipv6_holds_that_of_ipv4(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    bind = held_port._bound

    def without_ipv6(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "no IPv6 here")
        return bind(family, address, port)

    monkeypatch.setattr(held_port, "_bound", without_ipv6)
    with held_port.hold(port, os.geteuid()), socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))


def test_a_port_that_is_taken_is_told(port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        with pytest.raises(OSError, match="in use"):
            held_port.hold(port, os.geteuid())


@as_root
def test_nobody_answers_there_while_its_owner_is_away(held: int) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", held), 2)


@as_root
def test_who_holds_it_is_again_who_they_were(held: int) -> None:
    assert os.geteuid() == 0


def test_a_server_of_tornado_shares_a_port_once_it_is_told_to(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_server import serverapp
    from tornado import netutil, tcpserver

    for module in (serverapp, tcpserver):
        # Not what a Jupyter Server of another test left there.
        monkeypatch.setitem(vars(module), "bind_sockets", netutil.bind_sockets)
    with held_port.hold(port, os.geteuid()):
        with pytest.raises(OSError, match="in use"):
            vars(serverapp)["bind_sockets"](port, "127.0.0.1")
        held_port.share()
        for module in (serverapp, tcpserver):
            (server,) = vars(module)["bind_sockets"](port, address="127.0.0.1", reuse_port=False)
            assert server.getsockname()[1] == port
            server.close()


@pytest.mark.parametrize(("command", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -KILL $$", 137)])
def test_it_ends_as_its_command_does(port: int, command: str, code: int) -> None:
    done = subprocess.run([sys.executable, "-SE", PROGRAM, str(port), str(os.geteuid()), "sh", "-c", command])
    assert done.returncode == code


def test_it_tells_its_command_to_end_and_holds_the_port_until_then(port: int) -> None:
    command = ["sh", "-c", "trap 'sleep 0.5; exit 3' TERM; echo ready; while :; do sleep 0.05; done"]
    with subprocess.Popen([sys.executable, "-SE", PROGRAM, str(port), str(os.geteuid()), *command], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
        assert process.wait(5) == 3
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
