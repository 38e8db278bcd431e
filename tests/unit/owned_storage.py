"""What tests of own_directories.py have it look after, and how they run it."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from jupyter_cluster_constructs.runtime import own_directories

LIST = ("jupyter_shared:1000:1000:1777", "user_home_dir_1001:1001:1000:0750", "ada -> user_home_dir_1001", "jupyter/config:0:0:0755")


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


def storage(tmp_path: Path) -> Path:
    """A storage with nothing in it, and the list of what it should have beside it."""
    (tmp_path / "root").mkdir()
    (tmp_path / "list").write_text("".join(f"{line}\n" for line in LIST))
    return tmp_path / "root"


def missing(monkeypatch: pytest.MonkeyPatch, root: Path, *options: str) -> list[str]:
    """The names that the program reports."""
    _, log = run(monkeypatch, "--listed-in", str(root.parent / "list"), "--root", str(root), *options)
    return [line.split()[0] for line in log.splitlines()]


def keep_of_the_list(root: Path, name: str) -> None:
    """Leave one line of the list."""
    (root.parent / "list").write_text("".join(f"{line}\n" for line in LIST if line.startswith(name)))
