"""Waiting for who makes the storage's directories."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .owned_storage import keep_of_the_list, missing, storage


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return storage(tmp_path)


class Steps:
    """Time in which something is done between two looks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *steps: Callable[[], object]) -> None:
        self.now, self._steps = 100.0, list(steps)
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(time, "sleep", self._sleep)

    def _sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds
        if self._steps:
            self._steps.pop(0)()


def test_without_a_time_to_wait_it_reports_at_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Steps(monkeypatch)
    keep_of_the_list(root, "jupyter_shared")
    assert missing(monkeypatch, root) == ["jupyter_shared"]
    assert clock.now == 100


def test_it_ends_as_soon_as_somebody_has_made_everything(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def make() -> None:
        (root / "ada").symlink_to("user_home_dir_1001")

    clock = Steps(monkeypatch, lambda: None, make)
    keep_of_the_list(root, "ada")
    assert missing(monkeypatch, root, "--wait", "120") == []
    assert clock.now < 102
    assert capsys.readouterr().out.count("waiting: ada does not lead to user_home_dir_1001") == 1


def test_after_the_time_it_reports_what_is_still_wrong(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def make() -> None:
        (root / "ada").symlink_to("user_home_dir_1001")

    clock = Steps(monkeypatch, make)
    assert missing(monkeypatch, root, "--wait", "120") == ["jupyter_shared", "user_home_dir_1001", "jupyter/config"]
    assert 220 <= clock.now < 222


def test_while_it_waits_it_reads_what_the_list_gains(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A kubelet brings a changed list later than the pod starts.
    def change() -> None:
        (root.parent / "list").write_text("grace -> user_home_dir_7\n")

    Steps(monkeypatch, change)
    assert missing(monkeypatch, root, "--wait", "5") == ["grace"]
