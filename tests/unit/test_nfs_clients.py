"""nfs_clients.py of the NFS server's image: who is connected."""

from __future__ import annotations

import socket
import struct
import subprocess
import sys

import pytest

from .nfs_programs import PROGRAMS, nfs_clients

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
ESTABLISHED, TIME_WAIT, LISTEN = "01", "06", "0A"


def table4(*connections: tuple[str, int, str, str]) -> list[str]:
    """Lines of /proc/net/tcp: local address and port, peer, state."""

    def hexadecimal(address: str) -> str:
        return f"{struct.unpack('=I', socket.inet_aton(address))[0]:08X}"

    rows = (
        f"   {n}: {hexadecimal(local)}:{port:04X} {hexadecimal(peer)}:C350 {state} 00000000:00000000 00:00000000 00000000     0        0 1 1 0"
        for n, (local, port, peer, state) in enumerate(connections)
    )
    return [HEADER, *rows]


def test_the_connections_of_each_other_host_to_the_port_are_counted() -> None:
    node1, node2 = ("10.244.0.5", 2049, "10.244.0.1", ESTABLISHED), ("10.244.0.5", 2049, "10.244.0.9", ESTABLISHED)
    assert nfs_clients.clients(table4(node1, node2, node1), 2049) == {"10.244.0.1": 2, "10.244.0.9": 1}


@pytest.mark.parametrize(
    "connection",
    [
        ("0.0.0.0", 2049, "0.0.0.0", LISTEN),
        ("10.244.0.5", 2049, "10.244.0.1", TIME_WAIT),
        ("10.244.0.5", 22, "10.244.0.1", ESTABLISHED),
        ("127.0.0.1", 2049, "127.0.0.1", ESTABLISHED),
        ("10.244.0.5", 2049, "10.244.0.5", ESTABLISHED),
    ],
    ids=["listener", "ended", "another port", "probe by loopback", "the pod itself"],
)
def test_nothing_else_is_a_client(connection: tuple[str, int, str, str]) -> None:
    assert nfs_clients.clients(table4(connection), 2049) == {}


def test_clients_by_ipv6_and_those_that_it_maps_are_found() -> None:
    def line(peer: str) -> str:
        words = struct.unpack("=4I", socket.inet_pton(socket.AF_INET6, peer))
        local = "".join(f"{w:08X}" for w in struct.unpack("=4I", socket.inet_pton(socket.AF_INET6, "fd00::5")))
        return f"   0: {local}:0801 {''.join(f'{w:08X}' for w in words)}:C350 01 00000000:00000000"

    table = [HEADER, line("fd00::9"), line("::ffff:10.244.0.1"), line("::1"), line("::ffff:127.0.0.1")]
    assert nfs_clients.clients(table, 2049) == {"fd00::9": 1, "10.244.0.1": 1}


def test_the_table_of_this_machine_is_read() -> None:
    # A real connection, which is a client only if it came from another host.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            assert nfs_clients.current_clients(port) == {}


def test_an_administrator_is_shown_who_is_connected() -> None:
    # As docs/operations.md has them find out where nodes mount from; nobody is, on this machine.
    assert subprocess.run([sys.executable, PROGRAMS / "nfs_clients.py"], capture_output=True, text=True, check=True).stdout.split() == []
