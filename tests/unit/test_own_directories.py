"""Putting right who owns the storage's directories."""

from __future__ import annotations

import io
import os
import stat
import sys
from pathlib import Path

import pytest

from jupyter_cluster_constructs.runtime import own_directories
from jupyter_cluster_constructs.runtime.own_directories import Directory

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
# A directory whose mode the kernel lets nobody change, not even root: what a server that refuses looks like.
REFUSING = Path("/proc/self/fd")
on_linux = pytest.mark.skipif(not REFUSING.is_dir(), reason="needs Linux's /proc")


def argument(path: Path, *, name: str = "user_home_dir_1001", uid: int | None = None, gid: int | None = None, mode: str = "0750") -> str:
    found = path.stat()
    return f"{path}:{name}:{found.st_uid if uid is None else uid}:{found.st_gid if gid is None else gid}:{mode}"


class TerminationLog(io.StringIO):
    """The file that Kubernetes shows the end of."""

    def close(self) -> None:
        """Keep the text for the test."""


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[str | int | None, str]:
    """Run the program: with what it exits, and what it leaves in the termination log."""
    log = TerminationLog()
    opened: list[tuple[str, str]] = []

    def open_log(path: str, mode: str) -> TerminationLog:
        opened.append((path, mode))
        return log

    monkeypatch.setattr(own_directories, "open", open_log, raising=False)
    monkeypatch.setattr(sys, "argv", ["own_directories.py", *arguments])
    try:
        own_directories.main()
    except SystemExit as ended:
        assert opened == [("/dev/termination-log", "w")]
        return ended.code, log.getvalue()
    assert not opened
    return 0, ""


def test_an_argument_is_path_name_owner_and_mode() -> None:
    assert Directory.parse("/home/ada:user_home_dir_1001:1001:1000:0750") == Directory("/home/ada", "user_home_dir_1001", 1001, 1000, 0o750)


def test_a_wrong_mode_is_put_right_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmp_path.chmod(0o777)
    assert Directory.parse(argument(tmp_path)).put_right() is None
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750
    assert capsys.readouterr().out == f"{tmp_path}: mode 0777 is now 0750\n"


@as_root
def test_a_wrong_owner_is_put_right_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmp_path.chmod(0o750)
    assert Directory.parse(argument(tmp_path, uid=1001, gid=1000)).put_right() is None
    assert (tmp_path.stat().st_uid, tmp_path.stat().st_gid) == (1001, 1000)
    assert "0:0 is now 1001:1000" in capsys.readouterr().out


@as_root
def test_owner_and_sticky_mode_are_put_right_together(tmp_path: Path) -> None:
    assert Directory.parse(argument(tmp_path, uid=1000, gid=1000, mode="1777")).put_right() is None
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777


def test_what_is_right_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmp_path.chmod(0o750)
    before = tmp_path.stat().st_ctime_ns
    assert Directory.parse(argument(tmp_path)).put_right() is None
    assert tmp_path.stat().st_ctime_ns == before
    assert capsys.readouterr().out == ""


def test_what_is_inside_is_left_alone(tmp_path: Path) -> None:
    # Members' own files have the modes that they gave them.
    home = tmp_path / "home"
    home.mkdir()
    (home / "file").write_text("")
    (home / "file").chmod(0o604)
    Directory.parse(argument(home)).put_right()
    assert stat.S_IMODE((home / "file").stat().st_mode) == 0o604


@on_linux
def test_a_refusal_names_the_directory_on_the_server_and_the_commands() -> None:
    message = Directory.parse(argument(REFUSING, uid=os.geteuid(), gid=os.getegid())).put_right()
    assert message is not None
    assert message.startswith("user_home_dir_1001 on the NFS server ")
    assert "Operation not permitted" in message
    owner = f"{os.geteuid()}:{os.getegid()}"
    assert message.endswith(f"chown {owner} user_home_dir_1001 && chmod 0750 user_home_dir_1001")


def test_a_directory_that_is_missing_is_refused_by_name(tmp_path: Path) -> None:
    message = Directory(str(tmp_path / "gone"), "user_home_dir_1001", 1001, 1000, 0o750).put_right()
    assert message is not None
    assert "user_home_dir_1001" in message
    assert "No such file or directory" in message


@on_linux
def test_all_are_tried_and_all_refusals_are_told_to_kubernetes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o777)
    code, log = run(
        monkeypatch,
        argument(REFUSING, name="user_home_dir_1"),
        argument(tmp_path, name="user_home_dir_2"),
        argument(REFUSING, name="user_home_dir_3"),
    )
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750
    # sys.exit with a text prints it and exits with 1.
    assert isinstance(code, str)
    assert code == log
    assert [line.split()[0] for line in log.splitlines()] == ["user_home_dir_1", "user_home_dir_3"]


@on_linux
def test_the_termination_log_is_at_most_what_kubernetes_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    _, log = run(monkeypatch, *(argument(REFUSING, name=f"user_home_dir_{number}") for number in range(100)))
    assert 0 < len(log) <= 4096


def test_when_all_is_right_it_ends_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o750)
    assert run(monkeypatch, argument(tmp_path), argument(tmp_path)) == (0, "")


def test_without_users_it_ends_well(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch) == (0, "")
