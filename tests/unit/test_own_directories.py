"""Putting right who owns the storage's directories."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import time
from pathlib import Path

import pytest

from jupyter_cluster_constructs import directories
from jupyter_cluster_constructs.names import Names
from jupyter_cluster_constructs.runtime.own_directories import Directory, Link, listed
from jupyter_cluster_constructs.spec import ExternalStorage, Storage, User

from .examples import ADA
from .owned_storage import LIST, keep_of_the_list, missing, run, storage

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
# A directory whose mode the kernel lets nobody change, not even root: what a server that refuses looks like.
REFUSING = Path("/proc/self/fd")
on_linux = pytest.mark.skipif(not REFUSING.is_dir(), reason="needs Linux's /proc")


def argument(path: Path, *, name: str = "user_home_dir_1001", uid: int | None = None, gid: int | None = None, mode: str = "0750") -> str:
    found = path.stat()
    return f"{path}:{name}:{found.st_uid if uid is None else uid}:{found.st_gid if gid is None else gid}:{mode}"


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


def test_a_directory_that_is_missing_is_not_made_and_its_commands_are_told(tmp_path: Path) -> None:
    # Made here, it would be on the node's disk where the storage is not mounted.
    message = Directory(str(tmp_path / "gone"), "user_home_dir_1001", 1001, 1000, 0o750).put_right()
    assert message == (
        "user_home_dir_1001 is missing; on the server, in the exported directory: "
        "mkdir -p user_home_dir_1001 && chown 1001:1000 user_home_dir_1001 && chmod 0750 user_home_dir_1001"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_its_home_is_right(tmp_path: Path) -> None:
    (tmp_path / "ada").symlink_to("user_home_dir_1001")
    assert Link(str(tmp_path / "ada"), "ada", "user_home_dir_1001").put_right() is None


@pytest.mark.parametrize("there", ["nothing", "a link to another home", "an absolute link", "a directory", "a file"])
def test_what_is_no_link_to_its_home_is_left_and_its_command_is_told(tmp_path: Path, there: str) -> None:
    path = tmp_path / "ada"
    if there == "a directory":
        path.mkdir()
    elif there == "a file":
        path.write_text("kept")
    elif there != "nothing":
        path.symlink_to("user_home_dir_7" if there == "a link to another home" else tmp_path / "user_home_dir_1001")
    before = path.lstat() if os.path.lexists(path) else None
    message = Link(str(path), "ada", "user_home_dir_1001").put_right()
    assert message == ("ada does not lead to user_home_dir_1001; on the server, in the exported directory: ln -sfn user_home_dir_1001 ada")
    assert (path.lstat() if os.path.lexists(path) else None) == before


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


# Lists


def test_a_list_has_directories_below_a_root_and_links_beside_them() -> None:
    assert list(listed([*LIST, "", "  \n"], Path("/run/storage"))) == [
        Directory("/run/storage/jupyter_shared", "jupyter_shared", 1000, 1000, 0o1777),
        Directory("/run/storage/user_home_dir_1001", "user_home_dir_1001", 1001, 1000, 0o750),
        Link("/run/storage/ada", "ada", "user_home_dir_1001"),
        Directory("/run/storage/jupyter/config", "jupyter/config", 0, 0, 0o755),
    ]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return storage(tmp_path)


def test_of_a_list_everything_is_looked_at(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing(monkeypatch, root) == ["jupyter_shared", "user_home_dir_1001", "ada", "jupyter/config"]


def test_mounts_are_used_before_anything_is_looked_at(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    # A server that comes up late is waited for, however little time the directories themselves have.
    errors = [OSError(errno.ESTALE, "Stale file handle")]

    def statvfs(_: str) -> None:
        if errors:
            raise errors.pop()

    monkeypatch.setattr(os, "statvfs", statvfs)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    (root / "ada").symlink_to("user_home_dir_1001")
    keep_of_the_list(root, "ada")
    assert missing(monkeypatch, root, "--use=/home/ada") == []
    assert capsys.readouterr().out == "waiting: /home/ada: Stale file handle\n"


@as_root
def test_what_a_list_wants_is_put_right(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("jupyter_shared", "user_home_dir_1001", "jupyter", "jupyter/config"):
        (root / name).mkdir(mode=0o700)
    (root / "ada").symlink_to("user_home_dir_1001")
    assert missing(monkeypatch, root) == []
    assert (root / "ada" / ".").stat().st_uid == 1001
    assert stat.S_IMODE((root / "jupyter" / "config").stat().st_mode) == 0o755


@as_root
@pytest.mark.parametrize("single", [True, False])
def test_the_commands_for_an_administrator_make_what_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, single: bool) -> None:
    storage = Storage(external=ExternalStorage(server="nfs", path="/srv"), homes="single" if single else "per-user")
    names = Names("lab", "default")
    homes = [directories.home_directory(user, names, storage) for user in (ADA, User(name="grace", uid=1002, home_number=7))]
    shared = directories.shared_directory(names, storage)
    (tmp_path / "root").mkdir()
    subprocess.run(["sh", "-euc", "\n".join(directories.commands(shared, homes, links=single))], cwd=tmp_path / "root", check=True)

    wanted = [*directories.specs(shared, homes), *(directories.links(homes) if single else ())]
    (tmp_path / "list").write_text("\n".join(wanted))

    def refused(*_: object) -> None:
        raise AssertionError("something had to be put right")

    monkeypatch.setattr(os, "chown", refused)
    monkeypatch.setattr(os, "chmod", refused)
    assert missing(monkeypatch, tmp_path / "root") == []
