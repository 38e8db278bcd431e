"""make_directories.py of the NFS server's image: the directories of the storage, and what leads to them."""

from __future__ import annotations

import importlib.util
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import ROOT

PROGRAM = ROOT / "docker" / "nfs-server" / "usr" / "local" / "bin" / "make_directories.py"
found = importlib.util.spec_from_file_location("make_directories", PROGRAM)
assert found is not None
assert found.loader is not None
make_directories = importlib.util.module_from_spec(found)
found.loader.exec_module(make_directories)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
SHARED, HOME = "jupyter_shared:1000:1000:1777", "user_home_dir_1001:1001:1000:0750"
SPECS = (SHARED, HOME)
LINK = "ada -> user_home_dir_1001"
MOUNT_POINTS = ("jupyter:0:0:0755", "jupyter/config:0:0:0755", "jupyter/shared:0:0:0755")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["make_directories.py", *map(str, arguments)])
    code: int = make_directories.main()
    return code


def access(path: Path) -> str:
    status = path.lstat()
    return f"{status.st_uid}:{status.st_gid} {stat.S_IMODE(status.st_mode):04o}"


@as_root
def test_every_directory_is_made_with_owner_and_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, tmp_path, *SPECS) == 0
    assert access(tmp_path / "jupyter_shared") == "1000:1000 1777"
    assert access(tmp_path / "user_home_dir_1001") == "1001:1000 0750"


@as_root
def test_the_storage_itself_is_roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o777)
    assert run(monkeypatch, tmp_path) == 0
    assert access(tmp_path) == "0:0 0755"


@as_root
def test_a_second_run_changes_and_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = (*SPECS, LINK, *MOUNT_POINTS)
    run(monkeypatch, tmp_path, *wanted)
    before = {path: path.lstat().st_ctime_ns for path in (tmp_path, *tmp_path.rglob("*"))}
    assert len(before) == 7
    capsys.readouterr()
    assert run(monkeypatch, tmp_path, *wanted) == 0
    assert {path: path.lstat().st_ctime_ns for path in (tmp_path, *tmp_path.rglob("*"))} == before
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
    assert run(monkeypatch, tmp_path, HOME) == 0
    assert access(home) == "1001:1000 0750"
    assert access(home / "thesis.txt") == "0:0 0604"
    assert f"changed {home} from 0:0 0777 to 1001:1000 0750" in capsys.readouterr().out


@as_root
def test_a_users_directory_that_is_no_longer_configured_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, tmp_path, *SPECS)
    (tmp_path / "user_home_dir_1001" / "thesis.txt").write_text("kept")
    assert run(monkeypatch, tmp_path, SHARED) == 0
    assert (tmp_path / "user_home_dir_1001" / "thesis.txt").read_text() == "kept"


@as_root
@pytest.mark.parametrize("what", ["file", "link"])
def test_what_is_in_the_way_of_a_directory_is_named_and_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    export, elsewhere = tmp_path / "export", tmp_path / "elsewhere"
    export.mkdir()
    elsewhere.mkdir(mode=0o700)
    home = export / "user_home_dir_1001"
    if what == "file":
        home.write_text("")
    else:
        # A link would give a directory of the pod to a user.
        home.symlink_to(elsewhere)
    # Nobody else waits for their home because of it.
    assert run(monkeypatch, export, HOME, SHARED) == 0
    assert f"{home} is in the way" in capsys.readouterr().err
    assert (export / "jupyter_shared").is_dir()
    assert access(elsewhere) == "0:0 0700"


BAD_SPECS = (
    "home",
    "home:1:1",
    "home:1:1:0750:x",
    "../etc:1:1:0750",
    "a/../b:1:1:0750",
    "/a:1:1:0750",
    "a/:1:1:0750",
    "a//b:1:1:0750",
    ".:1:1:0750",
    "a b:1:1:0750",
    "home:x:1:0750",
    "home:1:1:0980",
    "home:4294967295:1:0750",
    ":1:1:0750",
    "ada ->",
    "-> user_home_dir_1001",
    "ada->user_home_dir_1001",
    "ada -> /etc",
    "ada -> ../etc",
    "ada -> a/b",
    "a/b -> user_home_dir_1001",
    ".ada -> user_home_dir_1001",
    "ada -> user_home_dir_1001 -> user_home_dir_1002",
)


@pytest.mark.parametrize("spec", ["", *BAD_SPECS])
def test_an_argument_that_means_nothing_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], spec: str
) -> None:
    assert run(monkeypatch, tmp_path, SHARED, spec) == 1
    assert "NAME:UID:GID:MODE" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


# Mount points


@as_root
def test_mount_points_are_made_inside_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, tmp_path, *MOUNT_POINTS) == 0
    assert {str(path.relative_to(tmp_path)): access(path) for path in tmp_path.rglob("*")} == {
        "jupyter": "0:0 0755",
        "jupyter/config": "0:0 0755",
        "jupyter/shared": "0:0 0755",
    }


# Links


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


@as_root
def test_a_link_leads_to_a_home_wherever_the_storage_is_mounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path, HOME, LINK) == 0
    assert os.readlink(tmp_path / "ada") == "user_home_dir_1001"
    assert f"linked {tmp_path}/ada to user_home_dir_1001\n" in capsys.readouterr().out


@as_root
def test_a_link_that_leads_elsewhere_is_replaced_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ada").symlink_to("user_home_dir_7")
    removed: list[Path] = []
    unlink = Path.unlink

    def watched(path: Path, missing_ok: bool = False) -> None:
        removed.append(path)
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", watched)
    assert run(monkeypatch, tmp_path, HOME, LINK) == 0
    assert os.readlink(tmp_path / "ada") == "user_home_dir_1001"
    # Who logs in meanwhile always finds a home.
    assert tmp_path / "ada" not in removed
    assert names(tmp_path) == {"ada", "user_home_dir_1001"}


@as_root
def test_what_a_run_that_was_cut_off_left_behind_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".ada.new").symlink_to("user_home_dir_7")
    assert run(monkeypatch, tmp_path, HOME, LINK) == 0
    assert names(tmp_path) == {"ada", "user_home_dir_1001"}


@as_root
@pytest.mark.parametrize("what", ["file", "directory"])
def test_what_is_in_the_way_of_a_link_is_named_and_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    there = tmp_path / "ada"
    if what == "file":
        there.write_text("kept")
    else:
        there.mkdir()
    assert run(monkeypatch, tmp_path, HOME, LINK) == 0
    assert f"{there} is in the way: it is not a link" in capsys.readouterr().err
    assert there.is_file() is (what == "file")
    assert not there.is_symlink()


@as_root
def test_links_to_homes_that_nobody_names_go_and_everything_else_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, tmp_path, HOME, "user_home_dir_1002:1002:1000:0750", LINK, "grace -> user_home_dir_1002")
    (tmp_path / "user_home_dir_1002" / "thesis.txt").write_text("kept")
    (tmp_path / "user_home_dir_1002" / "latest").symlink_to("user_home_dir_1001")
    for name, target in {"data": "jupyter_shared", "old": "user_home_dir_1001.bak", "up": "../user_home_dir_1001"}.items():
        (tmp_path / name).symlink_to(target)
    capsys.readouterr()

    assert run(monkeypatch, tmp_path, HOME, LINK) == 0
    assert names(tmp_path) == {"ada", "data", "old", "up", "user_home_dir_1001", "user_home_dir_1002"}
    assert (tmp_path / "user_home_dir_1002" / "thesis.txt").read_text() == "kept"
    assert (tmp_path / "user_home_dir_1002" / "latest").is_symlink()
    assert capsys.readouterr().out == f"removed the link {tmp_path}/grace; the home stays\n"


@as_root
def test_a_user_who_is_renamed_finds_the_same_home_by_the_new_name_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, tmp_path, HOME, LINK)
    (tmp_path / "ada" / "thesis.txt").write_text("kept")
    assert run(monkeypatch, tmp_path, HOME, "lovelace -> user_home_dir_1001") == 0
    assert names(tmp_path) == {"lovelace", "user_home_dir_1001"}
    assert (tmp_path / "lovelace" / "thesis.txt").read_text() == "kept"


@as_root
def test_users_who_change_homes_have_their_links_led_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    homes = (HOME, "user_home_dir_1002:1002:1000:0750")
    run(monkeypatch, tmp_path, *homes, LINK, "grace -> user_home_dir_1002")
    assert run(monkeypatch, tmp_path, *homes, "ada -> user_home_dir_1002", "grace -> user_home_dir_1001") == 0
    assert (os.readlink(tmp_path / "ada"), os.readlink(tmp_path / "grace")) == ("user_home_dir_1002", "user_home_dir_1001")


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
    assert run(monkeypatch, "--listed-in", file, storage, SHARED) == 0
    assert names(storage) == {"jupyter_shared", "user_home_dir_1001", "ada"}


@pytest.mark.parametrize("line", BAD_SPECS)
def test_of_a_list_with_a_line_that_means_nothing_nothing_is_made(
    tmp_path: Path, storage: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    assert run(monkeypatch, "--listed-in", list_in(tmp_path, *SPECS, line), storage) == 1
    assert line in capsys.readouterr().err
    assert names(storage) == set()


def test_a_list_that_is_not_there_is_told(tmp_path: Path, storage: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--listed-in", tmp_path / "none", storage, SHARED) == 1
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
            run(monkeypatch, "--follow", "--listed-in", file, storage)
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
    def make() -> None:
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
    follow(monkeypatch, file, storage, (make, lambda: told.append(capsys.readouterr().err), mend, lambda: None))
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
    command = [sys.executable, str(PROGRAM), "--follow", "--listed-in", str(file), str(storage)]
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


@as_root
def test_a_check_passes_once_everything_is_made_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = (*SPECS, LINK, *MOUNT_POINTS)
    assert run(monkeypatch, "--check", tmp_path, *wanted) == 1
    assert list(tmp_path.iterdir()) == []
    run(monkeypatch, tmp_path, *wanted)
    capsys.readouterr()
    assert run(monkeypatch, "--check", tmp_path, *wanted) == 0
    assert capsys.readouterr() == ("", "")


@as_root
@pytest.mark.parametrize("wrong", ["owner", "mode", "link", "kind"])
def test_a_check_names_what_is_not_as_it_should_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    run(monkeypatch, tmp_path, *SPECS, LINK)
    home = tmp_path / "user_home_dir_1001"
    if wrong == "owner":
        os.chown(home, 1002, 1000)
    elif wrong == "mode":
        home.chmod(0o777)
    elif wrong == "link":
        (tmp_path / "ada").unlink()
        (tmp_path / "ada").symlink_to("user_home_dir_7")
    else:
        home.rmdir()
        home.write_text("")
    before = access(home)
    assert run(monkeypatch, "--check", tmp_path, *SPECS, LINK) == 1
    assert f"{tmp_path / ('ada' if wrong == 'link' else 'user_home_dir_1001')} is not" in capsys.readouterr().err
    assert access(home) == before
