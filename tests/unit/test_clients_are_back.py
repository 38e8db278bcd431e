"""clients_are_back.py of the NFS server's image: a server is ready once its clients are back."""

from __future__ import annotations

import errno
import os
import stat
import time
from pathlib import Path

import pytest

from .nfs_programs import SERVICE, clients_are_back, run


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
