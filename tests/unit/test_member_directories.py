"""Directories that root makes for members, in which members leave whatever they like."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_cluster_constructs.runtime.member_directories import fresh_directory

from .members import ADA, as_root, open_directory, started


@pytest.fixture
def directory() -> Iterator[Path]:
    with open_directory() as made:
        yield made


@as_root
@pytest.mark.parametrize(
    "left",
    [
        "true",
        "touch a .b && mkdir -p c/d/e && touch c/d/e/f",
        "touch a && chmod 0 a && mkdir b && touch b/c && chmod 0 b && chmod 0 .",
        "ln -s /etc/passwd a && ln -s /etc b && ln -s . c && ln -s nowhere d && mkfifo e",
        "mkdir $(printf 'a\\nb') && touch -- '-rf' '*'",
    ],
)
def test_it_is_new_and_empty_whatever_its_member_left(directory: Path, left: str) -> None:
    outside = directory / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    path = fresh_directory(directory / "x", ADA.uid, 47130, 0o710)
    assert started(ADA, "sh", "-ec", f"cd {path}; ln -s {outside} out; {left}").wait() == 0
    assert fresh_directory(path, ADA.uid, 47130, 0o710) == path
    assert list(path.iterdir()) == []
    assert (path.stat().st_uid, path.stat().st_gid, path.stat().st_mode & 0o777) == (ADA.uid, 47130, 0o710)
    assert [each.name for each in outside.iterdir()] == ["kept"]
    assert Path("/etc/passwd").stat().st_uid == 0


@as_root
def test_a_file_link_or_socket_in_its_place_is_no_hindrance(directory: Path) -> None:
    target = directory / "target"
    target.mkdir(mode=0o700)
    (directory / "file").touch()
    (directory / "link").symlink_to(target)
    (directory / "dead").symlink_to("nowhere")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(directory / "socket"))
    for name in ("file", "link", "dead", "socket"):
        made = fresh_directory(directory / name, ADA.uid, ADA.gid, 0o700)
        assert not made.is_symlink()
        assert made.stat().st_uid == ADA.uid
    assert target.stat().st_uid == 0
