"""A hub never fails to start over a damaged file of its own, and never gives up one that is sound."""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from jupyter_cluster_constructs.runtime import hub_database

SECRET = "0123456789abcdef" * 4 + "\n"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A directory with a database of some pages, and a cookie secret."""
    with closing(sqlite3.connect(tmp_path / hub_database.DATABASE)) as connection:
        connection.execute("CREATE TABLE users (name TEXT)")
        connection.executemany("INSERT INTO users VALUES (?)", [("ada" * 100,)] * 500)
        connection.commit()
    (tmp_path / hub_database.SECRET).write_text(SECRET)
    return tmp_path


@pytest.fixture
def requests(tmp_path: Path) -> Iterator[list[bytes]]:
    """What starts members' servers, and what it is asked for."""
    received: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "launcher.sock"))
        listening.listen()

        def answer() -> None:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                received.append(connection.makefile("rb").readline())
                connection.sendall(b"{}\n")

        thread = threading.Thread(target=answer)
        thread.start()
        yield received
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def run(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["hub_database.py", str(kept), str(kept / "launcher.sock")])
    hub_database.main()


def set_aside(kept: Path) -> list[str]:
    return sorted(file.name.partition(".damaged-")[0] for file in kept.iterdir() if ".damaged-" in file.name)


def test_sound_files_stay_and_so_do_servers(kept: Path, requests: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    before = (kept / hub_database.DATABASE).read_bytes()
    run(kept, monkeypatch)
    assert (kept / hub_database.DATABASE).read_bytes() == before
    assert (kept / hub_database.SECRET).read_text() == SECRET
    assert (set_aside(kept), requests) == ([], [])


@pytest.mark.parametrize("damage", ["truncated", "emptied", "overwritten", "beginning lost"])
def test_a_damaged_database_is_kept_aside_and_servers_that_it_knew_end(
    kept: Path, requests: list[bytes], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    file = kept / hub_database.DATABASE
    content = file.read_bytes()
    damaged = {
        "truncated": content[:30_000],
        "emptied": b"",
        "overwritten": content[:4096] + bytes(len(content) - 4096),
        "beginning lost": content[100:],
    }
    file.write_bytes(damaged[damage])
    (kept / f"{hub_database.DATABASE}-journal").write_bytes(b"")
    run(kept, monkeypatch)
    assert hub_database.DATABASE in set_aside(kept)
    assert not file.exists()
    assert requests == [b'{"do": "stop_all"}\n']
    assert (kept / hub_database.SECRET).read_text() == SECRET
    assert f"{file} is damaged (" in capsys.readouterr().out


def test_a_damaged_cookie_secret_is_kept_aside_alone(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (kept / hub_database.SECRET).write_text("")
    run(kept, monkeypatch)
    assert set_aside(kept) == [hub_database.SECRET]


def test_a_database_that_cannot_be_read_just_now_is_no_damaged_one(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = kept / hub_database.DATABASE
    os.replace(file, kept / "elsewhere")
    file.mkdir()
    with pytest.raises(sqlite3.OperationalError):
        run(kept, monkeypatch)
    assert set_aside(kept) == []


def test_a_new_cluster_has_nothing_to_look_at_and_nobody_to_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, monkeypatch)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_hub_had_begun_is_rolled_back_and_no_damage(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = kept / hub_database.DATABASE
    child = os.fork()
    if child == 0:
        connection = sqlite3.connect(f"file:{file}?nolock=1", uri=True)
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("UPDATE users SET name = 'other'")
        os._exit(0)
    os.waitpid(child, 0)
    assert (kept / f"{hub_database.DATABASE}-journal").stat().st_size
    run(kept, monkeypatch)
    assert set_aside(kept) == []
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT DISTINCT name FROM users").fetchall() == [("ada" * 100,)]
