"""make_directories.py of the NFS server's image: a list of directories, read once or followed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from .directories import BAD_SPECS, HOME, LINK, SHARED, SPECS, access, as_root, make, names
from .nfs_programs import PROGRAMS

# Lists


def list_in(directory: Path, *lines: str) -> Path:
    file = directory / "directories"
    file.write_text("".join(f"{line}\n" for line in lines))
    return file


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    (tmp_path / "storage").mkdir()
    return tmp_path / "storage"


@as_root
def test_a_list_is_made_beside_the_arguments(tmp_path: Path, storage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = list_in(tmp_path, HOME, "", LINK)
    assert make(monkeypatch, "--listed-in", file, storage, SHARED) == 0
    assert names(storage) == {"jupyter_shared", "user_home_dir_1001", "ada"}


@pytest.mark.parametrize("line", BAD_SPECS)
def test_of_a_list_with_a_line_that_means_nothing_nothing_is_made(
    tmp_path: Path, storage: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    assert make(monkeypatch, "--listed-in", list_in(tmp_path, *SPECS, line), storage) == 1
    assert line in capsys.readouterr().err
    assert names(storage) == set()


def test_a_list_that_is_not_there_is_told(tmp_path: Path, storage: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert make(monkeypatch, "--listed-in", tmp_path / "none", storage, SHARED) == 1
    assert f"{tmp_path}/none" in capsys.readouterr().err
    assert names(storage) == set()


# Following a list


class Ended(BaseException):
    """What ends a program that goes on for ever."""


def follow(monkeypatch: pytest.MonkeyPatch, file: Path, storage: Path, steps: Sequence[Callable[[], object]]) -> None:
    """Follow a list, each step between two looks at it."""
    left = list(steps)

    def pause(seconds: float) -> None:
        assert seconds > 0
        if not left:
            raise Ended
        left.pop(0)()

    handler = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(time, "sleep", pause)
    try:
        with pytest.raises(Ended):
            make(monkeypatch, "--follow", "--listed-in", file, storage)
    finally:
        signal.signal(signal.SIGTERM, handler)


@as_root
def test_what_a_list_gains_and_loses_is_followed(
    tmp_path: Path, storage: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = list_in(tmp_path, *SPECS, LINK)
    seen: list[set[str]] = []
    grace = ("user_home_dir_1002:1002:1000:0700", "grace -> user_home_dir_1002")
    steps = (
        lambda: seen.append(names(storage)),
        lambda: list_in(tmp_path, *SPECS, LINK, *grace),
        lambda: seen.append(names(storage)),
        lambda: list_in(tmp_path, SHARED, *grace),
    )
    follow(monkeypatch, file, storage, steps)
    assert seen == [{"jupyter_shared", "user_home_dir_1001", "ada"}, {"jupyter_shared", "user_home_dir_1001", "ada", "user_home_dir_1002", "grace"}]
    assert names(storage) == {"jupyter_shared", "user_home_dir_1001", "user_home_dir_1002", "grace"}
    assert access(storage / "user_home_dir_1002") == "1002:1000 0700"
    assert capsys.readouterr().err == ""


@as_root
@pytest.mark.parametrize("mistake", ["a line", "an obstacle", "no file"])
def test_a_mistake_is_told_and_the_rest_goes_on_once_it_is_mended(
    tmp_path: Path, storage: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mistake: str
) -> None:
    def err() -> None:
        if mistake == "a line":
            list_in(tmp_path, HOME, "grace")
        elif mistake == "an obstacle":
            (storage / "ada").mkdir()
            list_in(tmp_path, HOME, LINK)
        else:
            file.unlink()

    def mend() -> None:
        if mistake == "an obstacle":
            (storage / "ada").rmdir()
        list_in(tmp_path, HOME, LINK)

    file = list_in(tmp_path, SHARED)
    told: list[str] = []
    follow(monkeypatch, file, storage, (err, lambda: told.append(capsys.readouterr().err), mend, lambda: None))
    assert told[0].startswith("make_directories.py: ")
    assert {"a line": "'grace'", "an obstacle": f"{storage}/ada is in the way", "no file": f"{file}"}[mistake] in told[0]
    assert names(storage) == {"jupyter_shared", "user_home_dir_1001", "ada"}


@as_root
def test_a_list_that_kubernetes_replaces_is_followed(tmp_path: Path, storage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A kubelet writes another directory and leads a link to it: the file's own path is a link through that one.
    mounted = tmp_path / "mounted"

    def publish(version: str, *lines: str) -> None:
        (mounted / version).mkdir(parents=True)
        list_in(mounted / version, *lines)
        (mounted / "..data_tmp").symlink_to(version)
        (mounted / "..data_tmp").replace(mounted / "..data")

    publish("..2026_1", SHARED)
    (mounted / "directories").symlink_to("..data/directories")
    follow(monkeypatch, mounted / "directories", storage, (lambda: publish("..2026_2", *SPECS, LINK), lambda: None))
    assert names(storage) == {"jupyter_shared", "user_home_dir_1001", "ada"}


@contextmanager
def following(file: Path, storage: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(PROGRAMS / "make_directories.py"), "--follow", "--listed-in", str(file), str(storage)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@as_root
def test_it_ends_when_its_pod_does(tmp_path: Path, storage: Path) -> None:
    # The first process of a container gets no signal that it does not handle: the NFS server's pod would stay for its whole grace period.
    with following(list_in(tmp_path, SHARED), storage) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"made {storage}/jupyter_shared as 1000:1000 1777\n"
        process.terminate()
        assert process.wait(timeout=10) == 0
        assert process.stdout.read() == ""
