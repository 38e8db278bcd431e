"""The programs of the NFS server's image."""

from __future__ import annotations

import importlib.util
import os
import socket
import stat
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support import ROOT

PROGRAMS = ROOT / "docker" / "nfs-server" / "usr" / "local" / "bin"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


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


def mode(path: Path) -> str:
    return f"{path.stat().st_uid}:{path.stat().st_gid} {stat.S_IMODE(path.stat().st_mode):04o}"


# make_directories.py

make_directories = program("make_directories.py")
SPECS = ("jupyter_shared:1000:1000:1777", "user_home_dir_1001:1001:1000:0750")


@as_root
def test_every_directory_is_made_with_owner_and_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(make_directories, monkeypatch, str(tmp_path), *SPECS) == 0
    assert mode(tmp_path / "jupyter_shared") == "1000:1000 1777"
    assert mode(tmp_path / "user_home_dir_1001") == "1001:1000 0750"


@as_root
def test_the_export_itself_is_roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o777)
    assert run(make_directories, monkeypatch, str(tmp_path)) == 0
    assert mode(tmp_path) == "0:0 0755"


@as_root
def test_a_second_run_changes_and_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run(make_directories, monkeypatch, str(tmp_path), *SPECS)
    before = [(tmp_path / name).stat().st_ctime_ns for name in ("jupyter_shared", "user_home_dir_1001")]
    capsys.readouterr()
    assert run(make_directories, monkeypatch, str(tmp_path), *SPECS) == 0
    assert [(tmp_path / name).stat().st_ctime_ns for name in ("jupyter_shared", "user_home_dir_1001")] == before
    assert capsys.readouterr().out == ""


@as_root
def test_a_wrong_owner_and_mode_are_put_right_and_what_is_inside_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "user_home_dir_1001"
    home.mkdir()
    home.chmod(0o777)
    (home / "thesis.txt").write_text("kept")
    (home / "thesis.txt").chmod(0o604)
    assert run(make_directories, monkeypatch, str(tmp_path), SPECS[1]) == 0
    assert mode(home) == "1001:1000 0750"
    assert mode(home / "thesis.txt") == "0:0 0604"
    assert f"changed {home} from 0:0 0777 to 1001:1000 0750" in capsys.readouterr().out


@as_root
def test_a_users_directory_that_is_no_longer_configured_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(make_directories, monkeypatch, str(tmp_path), *SPECS)
    (tmp_path / "user_home_dir_1001" / "thesis.txt").write_text("kept")
    assert run(make_directories, monkeypatch, str(tmp_path), SPECS[0]) == 0
    assert (tmp_path / "user_home_dir_1001" / "thesis.txt").read_text() == "kept"


@as_root
@pytest.mark.parametrize("what", ["file", "link"])
def test_what_is_in_the_way_is_named_and_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], what: str) -> None:
    export, elsewhere = tmp_path / "export", tmp_path / "elsewhere"
    export.mkdir()
    elsewhere.mkdir(mode=0o700)
    home = export / "user_home_dir_1001"
    if what == "file":
        home.write_text("")
    else:
        # A link would give a directory of the pod to a user.
        home.symlink_to(elsewhere)
    assert run(make_directories, monkeypatch, str(export), SPECS[1]) == 1
    assert f"{home} is in the way" in capsys.readouterr().err
    assert mode(elsewhere) == "0:0 0700"


@pytest.mark.parametrize(
    "spec",
    ["", "home", "home:1:1", "home:1:1:0750:x", "../etc:1:1:0750", "a/b:1:1:0750", ".:1:1:0750", "home:x:1:0750", "home:1:1:0980", ":1:1:0750"],
)
def test_an_argument_that_means_no_directory_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], spec: str
) -> None:
    assert run(make_directories, monkeypatch, str(tmp_path), SPECS[0], spec) == 1
    assert "NAME:UID:GID:MODE" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


# wait_for_clients.py

wait_for_clients = program("wait_for_clients.py")
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


def test_other_hosts_with_a_connection_to_the_port_are_clients() -> None:
    table = table4(("10.244.0.5", 2049, "10.244.0.1", ESTABLISHED), ("10.244.0.5", 2049, "10.244.0.9", ESTABLISHED))
    assert wait_for_clients.clients(table, 2049) == {"10.244.0.1", "10.244.0.9"}


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
    assert wait_for_clients.clients(table4(connection), 2049) == set()


def test_clients_by_ipv6_and_those_that_it_maps_are_found() -> None:
    def line(peer: str) -> str:
        words = struct.unpack("=4I", socket.inet_pton(socket.AF_INET6, peer))
        local = "".join(f"{w:08X}" for w in struct.unpack("=4I", socket.inet_pton(socket.AF_INET6, "fd00::5")))
        return f"   0: {local}:0801 {''.join(f'{w:08X}' for w in words)}:C350 01 00000000:00000000"

    table = [HEADER, line("fd00::9"), line("::ffff:10.244.0.1"), line("::1"), line("::ffff:127.0.0.1")]
    assert wait_for_clients.clients(table, 2049) == {"fd00::9", "10.244.0.1"}


def test_the_table_of_this_machine_is_read() -> None:
    # A real connection, which is a client only if it came from another host.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            assert wait_for_clients.current_clients(port) == set()


class Clock:
    """Time that passes when the program sleeps; clients come and go at given moments."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *present: tuple[float, float]) -> None:
        self.now, self.present = 100.0, [(100 + start, 100 + end) for start, end in present]
        monkeypatch.setattr(wait_for_clients.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(wait_for_clients.time, "sleep", self.sleep)
        monkeypatch.setattr(wait_for_clients, "current_clients", self.clients)

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def clients(self, port: int) -> set[str]:
        assert port == 2049
        return {"10.244.0.1"} if any(start <= self.now < end for start, end in self.present) else set()

    def wait(self, *, quiet: float = 5, at_most: float = 30) -> float:
        wait_for_clients.wait(2049, quiet, at_most)
        return self.now - 100


def test_without_clients_it_waits_for_the_quiet_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # A client that is about to connect again, since the server was replaced, is not there at first.
    assert Clock(monkeypatch).wait() == pytest.approx(5, abs=0.5)


def test_it_waits_until_the_last_client_has_been_gone_for_the_quiet_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Clock(monkeypatch, (0, 8)).wait() == pytest.approx(13, abs=0.6)


def test_a_client_that_comes_back_starts_the_quiet_time_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Clock(monkeypatch, (0, 2), (6, 9)).wait() == pytest.approx(14, abs=0.6)


def test_it_waits_no_longer_than_the_limit(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert Clock(monkeypatch, (0, 1000)).wait() == pytest.approx(30, abs=0.5)
    assert "gave up after 30 s" in capsys.readouterr().out


def test_a_limit_of_nothing_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Clock(monkeypatch, (0, 1000)).wait(at_most=0) <= 0.5


def test_it_says_whom_it_waits_for(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Clock(monkeypatch, (0, 8)).wait()
    assert capsys.readouterr().out.splitlines() == ["waiting for 10.244.0.1", "waiting for 5 s without a client"]


def test_the_hook_is_run_with_the_arguments_that_the_manifest_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    assert run(wait_for_clients, monkeypatch, "--quiet-seconds", "5", "--at-most", "30") == 0
    assert clock.now == pytest.approx(105, abs=0.5)


# export_answers.py

export_answers = program("export_answers.py")
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
        monkeypatch.setattr(export_answers, "ADDRESS", listener.getsockname())
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
        monkeypatch.setattr(export_answers, "ADDRESS", listener.getsockname())
    assert run(export_answers, monkeypatch, "/export") == 1


def test_a_server_that_is_stuck_is_not_ready_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_answers, "SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(export_answers, "ADDRESS", listener.getsockname())
        assert run(export_answers, monkeypatch, "/export") == 1
