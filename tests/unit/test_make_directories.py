"""make_directories.py of the NFS server's image: the directories of the storage, and what is checked of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .directories import BAD_SPECS, HOME, LINK, MOUNT_POINTS, SHARED, SPECS, access, as_root, make


@as_root
def test_every_directory_is_made_with_owner_and_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert make(monkeypatch, tmp_path, *SPECS) == 0
    assert access(tmp_path / "jupyter_shared") == "1000:1000 1777"
    assert access(tmp_path / "user_home_dir_1001") == "1001:1000 0750"


@as_root
def test_the_storage_itself_is_roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o777)
    assert make(monkeypatch, tmp_path) == 0
    assert access(tmp_path) == "0:0 0755"


@as_root
def test_a_second_run_changes_and_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = (*SPECS, LINK, *MOUNT_POINTS)
    make(monkeypatch, tmp_path, *wanted)
    before = {path: path.lstat().st_ctime_ns for path in (tmp_path, *tmp_path.rglob("*"))}
    assert len(before) == 7
    capsys.readouterr()
    assert make(monkeypatch, tmp_path, *wanted) == 0
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
    assert make(monkeypatch, tmp_path, HOME) == 0
    assert access(home) == "1001:1000 0750"
    assert access(home / "thesis.txt") == "0:0 0604"
    assert f"changed {home} from 0:0 0777 to 1001:1000 0750" in capsys.readouterr().out


@as_root
def test_a_users_directory_that_is_no_longer_configured_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(monkeypatch, tmp_path, *SPECS)
    (tmp_path / "user_home_dir_1001" / "thesis.txt").write_text("kept")
    assert make(monkeypatch, tmp_path, SHARED) == 0
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
    assert make(monkeypatch, export, HOME, SHARED) == 0
    assert f"{home} is in the way" in capsys.readouterr().err
    assert (export / "jupyter_shared").is_dir()
    assert access(elsewhere) == "0:0 0700"


@pytest.mark.parametrize("spec", ["", *BAD_SPECS])
def test_an_argument_that_means_nothing_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], spec: str
) -> None:
    assert make(monkeypatch, tmp_path, SHARED, spec) == 1
    assert "NAME:UID:GID:MODE" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


# Mount points


@as_root
def test_mount_points_are_made_inside_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert make(monkeypatch, tmp_path, *MOUNT_POINTS) == 0
    assert {str(path.relative_to(tmp_path)): access(path) for path in tmp_path.rglob("*")} == {
        "jupyter": "0:0 0755",
        "jupyter/config": "0:0 0755",
        "jupyter/shared": "0:0 0755",
    }


@as_root
def test_a_check_passes_once_everything_is_made_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = (*SPECS, LINK, *MOUNT_POINTS)
    assert make(monkeypatch, "--check", tmp_path, *wanted) == 1
    assert list(tmp_path.iterdir()) == []
    make(monkeypatch, tmp_path, *wanted)
    capsys.readouterr()
    assert make(monkeypatch, "--check", tmp_path, *wanted) == 0
    assert capsys.readouterr() == ("", "")


@as_root
@pytest.mark.parametrize("wrong", ["owner", "mode", "link", "kind"])
def test_a_check_names_what_is_not_as_it_should_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    make(monkeypatch, tmp_path, *SPECS, LINK)
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
    assert make(monkeypatch, "--check", tmp_path, *SPECS, LINK) == 1
    assert f"{tmp_path / ('ada' if wrong == 'link' else 'user_home_dir_1001')} is not" in capsys.readouterr().err
    assert access(home) == before
