"""The programs of the NFS server's image."""

from __future__ import annotations

import errno
import importlib.util
import os
import socket
import stat
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support import ROOT

PROGRAMS = ROOT / "docker" / "nfs-server" / "usr" / "local" / "bin"


def program(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name.removesuffix(".py"), PROGRAMS / name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def run(module: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", [module.__name__, *arguments])
    code: int = module.main()
    return code


# nfs_clients.py

export_answers = program("export_answers.py")
nfs_clients = program("nfs_clients.py")
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


# wait_for_clients.py

wait_for_clients = program("wait_for_clients.py")
SERVICE = "10.96.0.150"
ALWAYS = (0.0, float("inf"))
Spans = tuple[tuple[float, float], ...]


class Clock:
    """Time that passes when the program sleeps; clients come and go at given moments, and so does the Service."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *present: tuple[float, float], service: Spans = ()) -> None:
        self.now, self.present, self.service = 0.0, present, service
        monkeypatch.setattr(wait_for_clients.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(wait_for_clients.time, "sleep", self.sleep)
        monkeypatch.setattr(wait_for_clients, "current_clients", lambda: {"10.244.0.1": 3} if self.is_in(self.present) else {})
        monkeypatch.setattr(wait_for_clients.export_answers, "why_not", self.why_not)

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def is_in(self, spans: Spans) -> bool:
        return any(start <= self.now < end for start, end in spans)

    def why_not(self, export: str, host: str) -> str | None:
        assert (export, host) == ("/", SERVICE)
        return None if self.is_in(self.service) else "gone"

    def wait(self, *, quiet: float = 5, at_most: float = 60) -> float:
        wait_for_clients.wait(quiet, at_most, SERVICE)
        return self.now


def test_while_the_service_answers_it_is_a_restart_and_nobody_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    # Clients stay mounted for ever, and a replacement comes to the same address.
    assert Clock(monkeypatch, ALWAYS, service=(ALWAYS,)).wait() == pytest.approx(5, abs=0.5)


def test_once_the_service_is_gone_the_clients_that_are_left_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Clock(monkeypatch, (0, 40), service=((0, 3),)).wait() == pytest.approx(45, abs=0.6)


def test_a_service_that_comes_back_makes_a_restart_of_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Clock(monkeypatch, ALWAYS, service=((20, 1000),)).wait() == pytest.approx(25, abs=0.6)


def test_a_service_that_answers_now_and_then_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Clock(monkeypatch, (0, 12), service=((0, 3), (4, 7), (8, 11))).wait() == pytest.approx(17, abs=0.6)


def test_without_clients_it_waits_for_the_quiet_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # A client that is about to connect is not there at first.
    assert Clock(monkeypatch).wait() == pytest.approx(5, abs=0.5)


def test_a_client_that_comes_back_starts_the_quiet_time_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Clock(monkeypatch, (0, 2), (6, 9)).wait() == pytest.approx(14, abs=0.6)


def test_it_waits_no_longer_than_the_limit(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert Clock(monkeypatch, ALWAYS).wait(at_most=30) == pytest.approx(30, abs=0.5)
    assert "gave up after 30 s" in capsys.readouterr().out


def test_a_limit_of_nothing_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Clock(monkeypatch, ALWAYS).wait(at_most=0) <= 0.5


def test_it_says_whom_it_waits_for(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Clock(monkeypatch, (0, 8), service=((0, 2),)).wait()
    assert capsys.readouterr().out.splitlines() == [
        "10.244.0.1 (3); the Service answers",
        "10.244.0.1 (3); the Service does not answer",
        "no client; the Service does not answer",
        "every client has left",
    ]


def test_an_address_where_something_accepts_connections_is_not_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    # Some networks answer for every address that is not theirs.
    with nfs_server(monkeypatch, set(), answer=lambda *_: b"HTTP/1.1 400 Bad Request"):
        assert not wait_for_clients.is_reached("127.0.0.1")
    with nfs_server(monkeypatch, set()):
        assert wait_for_clients.is_reached("127.0.0.1")


HOOK = ("--quiet-seconds", "5", "--at-most", "600", "--service", SERVICE)


@pytest.mark.parametrize(("reached", "seconds"), [(True, 600), (False, wait_for_clients.AT_MOST_UNSURE)])
def test_a_server_that_never_reached_itself_by_the_service_waits_a_minute_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reached: bool, seconds: float
) -> None:
    # Where the network does not lead back, each restart looks like the end.
    clock, marker = Clock(monkeypatch, ALWAYS), tmp_path / "reached"
    if reached:
        marker.touch()
    monkeypatch.setattr(wait_for_clients, "SERVICE_REACHED", marker)
    assert run(wait_for_clients, monkeypatch, *HOOK) == 0
    assert clock.now == pytest.approx(seconds, abs=0.5)


# clients_are_back.py

clients_are_back = program("clients_are_back.py")


class Server:
    """A server that started some seconds ago, with its files in a directory and clients that a test sets."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch, self.record = monkeypatch, directory / "export" / ".nfs-clients"
        self._pid, self._back, self.reached = directory / "pid", directory / "back", directory / "reached"
        self.record.parent.mkdir()
        self.connected: dict[str, int] = {}
        self.served: dict[str, str | None] = {"127.0.0.1": None, SERVICE: None}
        for name, value in {"PID_FILE": self._pid, "WERE_BACK": self._back, "SERVICE_REACHED": self.reached}.items():
            monkeypatch.setattr(clients_are_back, name, value)
        monkeypatch.setattr(clients_are_back, "current_clients", lambda: dict(self.connected))
        monkeypatch.setattr(clients_are_back.export_answers, "why_not", lambda _, host="127.0.0.1": self.served[host])
        self.start()

    def start(self, seconds_ago: float = 0) -> None:
        self._pid.touch()
        # The kernel stamps files by a clock that is some milliseconds behind.
        moment = time.time() - seconds_ago - 0.1
        os.utime(self._pid, (moment, moment))
        if self._back.exists():
            os.utime(self._back, (moment - 100, moment - 100))

    def is_ready(self, **connected: int) -> bool:
        self.connected = connected
        arguments = ("/export", "--record", str(self.record), "--at-most", "30", "--service", SERVICE)
        return run(clients_are_back, self._monkeypatch, *arguments) == 0


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(tmp_path, monkeypatch)


def test_the_first_server_is_ready_at_once(server: Server) -> None:
    assert server.is_ready()


def test_a_replacement_is_ready_once_every_client_has_as_many_connections_as_before(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert server.is_ready(node1=3, node2=1)
    server.start()
    assert not server.is_ready()
    assert not server.is_ready(node1=2, node2=1)
    assert "not back after 0 s: {'node1': 1}" in capsys.readouterr().err
    assert server.is_ready(node1=3, node2=1, node3=1)


def test_a_client_that_does_not_come_back_is_waited_for_until_the_limit(server: Server) -> None:
    assert server.is_ready(node1=1)
    server.start(seconds_ago=29)
    assert not server.is_ready()
    server.start(seconds_ago=31)
    assert server.is_ready()


def test_a_server_killed_before_its_clients_were_back_hands_the_record_on(server: Server) -> None:
    assert server.is_ready(node1=3)
    server.start()
    assert not server.is_ready(node1=1)
    server.start()
    assert not server.is_ready(node1=1)
    assert server.is_ready(node1=3)


def test_a_client_that_leaves_afterwards_is_not_missed(server: Server) -> None:
    assert server.is_ready(node1=3)
    assert server.is_ready(node1=1)
    server.start()
    assert server.is_ready(node1=1)


def test_who_was_there_is_written_only_when_it_changes(server: Server) -> None:
    assert server.is_ready(node1=3)
    first = server.record.stat()
    assert server.is_ready(node1=3)
    assert server.record.stat() == first
    assert server.is_ready(node1=4)
    assert server.record.stat().st_ino != first.st_ino


def test_the_record_is_its_owners_alone_and_a_link_in_its_place_is_not_followed(server: Server, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text('{"node1": 9}')
    for name in (".nfs-clients", ".nfs-clients.new"):
        (server.record.parent / name).symlink_to(elsewhere)
    assert server.is_ready(node1=3)
    assert elsewhere.read_text() == '{"node1": 9}'
    assert not server.record.is_symlink()
    assert stat.S_IMODE(server.record.stat().st_mode) == 0o600
    assert [path.name for path in server.record.parent.iterdir()] == [".nfs-clients"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"node1": null}', "\0\0"])
def test_a_record_that_cannot_be_read_is_none(server: Server, content: str) -> None:
    server.record.write_text(content)
    assert server.is_ready(node1=1)


def test_a_full_disk_does_not_make_the_server_unready(server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(clients_are_back.json, "dump", full)
    assert server.is_ready(node1=3)
    assert "is not written" in capsys.readouterr().err


def test_an_export_that_is_not_served_is_not_ready(server: Server) -> None:
    server.served["127.0.0.1"] = "no"
    assert not server.is_ready()


def test_that_the_service_leads_back_to_the_server_is_kept(server: Server) -> None:
    server.served[SERVICE] = "no route"
    assert server.is_ready()
    assert not server.reached.exists()
    server.served[SERVICE] = None
    assert server.is_ready()
    assert server.reached.exists()


# export_answers.py

NFS4_OK, NFS4ERR_PERM, NFS4ERR_NOENT, NFS4ERR_DELAY = 0, 1, 2, 10008


def opaque(data: bytes, at: int) -> tuple[bytes, int]:
    """An XDR opaque and where it ends."""
    (length,) = struct.unpack_from(">I", data, at)
    return data[at + 4 : at + 4 + length], at + 4 + length + -length % 4


def nfs_reply(message: bytes, tree: set[str], status: int, reading: int = 0) -> bytes:
    """What a server of NFSv4.0 (RFC 7530) answers to a COMPOUND; it knows the paths in the tree."""
    xid, call, rpc, number, version, procedure = struct.unpack_from(">6I", message)
    assert (call, rpc, number, version, procedure) == (0, 2, 100003, 4, 1)
    _, at = opaque(message, 28)
    _, at = opaque(message, at + 4)
    tag, at = opaque(message, at)
    minor, count = struct.unpack_from(">2I", message, at)
    assert (tag, minor) == (b"", 0)
    at, path, results = at + 8, "", []
    for _ in range(count):
        (operation,) = struct.unpack_from(">I", message, at)
        at += 4
        result, body = status, b""
        if operation == 15:
            name, at = opaque(message, at)
            path += f"/{name.decode()}"
            result = result or (NFS4_OK if path in tree else NFS4ERR_NOENT)
        elif operation == 26:
            at += 24
            _, at = opaque(message, at)
            # A verifier, no entry, and that this is the end.
            result, body = result or reading, struct.pack(">Q2I", 0, 0, 1)
        else:
            assert operation == 24
            path = ""
        results.append(struct.pack(">2I", operation, result) + (body if result == NFS4_OK else b""))
        if result:
            break
    last = struct.unpack_from(">I", results[-1], 4)[0]
    return struct.pack(">6I", xid, 1, 0, 0, 0, 0) + struct.pack(">3I", last, 0, len(results)) + b"".join(results)


@contextmanager
def nfs_server(monkeypatch: pytest.MonkeyPatch, tree: set[str], *, status: int = NFS4_OK, answer: Any = nfs_reply) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as calls:
                mark = int.from_bytes(calls.read(4), "big")
                assert mark & 1 << 31
                reply = answer(calls.read(mark & ~(1 << 31)), tree, status)
                connection.sendall(struct.pack(">I", len(reply) | 1 << 31) + reply)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        monkeypatch.setattr(export_answers, "PORT", listener.getsockname()[1])
        yield
        thread.join(5)


def test_a_served_export_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    with nfs_server(monkeypatch, {"/export"}):
        assert run(export_answers, monkeypatch, "/export") == 0


def test_an_export_below_another_directory_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    with nfs_server(monkeypatch, {"/srv", "/srv/jupyter"}):
        assert run(export_answers, monkeypatch, "/srv/jupyter") == 0


def test_a_server_without_the_export_is_not_ready(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    # As ganesha is when it could not set the export up: it runs, its port is open, and every mount fails.
    with nfs_server(monkeypatch, set()):
        assert run(export_answers, monkeypatch, "/export") == 1
    assert "/export is not served: LOOKUP export gives NFS status 2" in capsys.readouterr().err


def test_a_server_that_may_not_open_files_is_not_ready(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    # As ganesha is without the capability DAC_READ_SEARCH, or behind a filter of system calls.
    with nfs_server(monkeypatch, {"/export"}, answer=lambda message, tree, status: nfs_reply(message, tree, status, NFS4ERR_PERM)):
        assert run(export_answers, monkeypatch, "/export") == 1
    assert "NFS status 1" in capsys.readouterr().err


def test_a_server_that_asks_for_patience_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    with nfs_server(monkeypatch, {"/export"}, status=NFS4ERR_DELAY):
        assert run(export_answers, monkeypatch, "/export") == 1


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 400 Bad Request", struct.pack(">6I", 1, 1, 1, 0, 2, 4)])
def test_a_server_of_something_else_is_not_ready(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], reply: bytes) -> None:
    with nfs_server(monkeypatch, set(), answer=lambda *_: reply):
        assert run(export_answers, monkeypatch, "/export") == 1
    assert "is not served" in capsys.readouterr().err


def test_no_server_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(export_answers, "PORT", listener.getsockname()[1])
    assert run(export_answers, monkeypatch, "/export") == 1


def test_a_server_that_is_stuck_is_not_ready_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_answers, "SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(export_answers, "PORT", listener.getsockname()[1])
        assert run(export_answers, monkeypatch, "/export") == 1
