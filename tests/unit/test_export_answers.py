"""export_answers.py of the NFS server's image: a server is alive while its export answers."""

from __future__ import annotations

import socket
import struct

import pytest

from .nfs4_server import NFS4ERR_DELAY, NFS4ERR_PERM, nfs_reply, nfs_server
from .nfs_programs import export_answers, run


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
