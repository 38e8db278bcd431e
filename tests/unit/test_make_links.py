"""make_directories.py of the NFS server's image: the links by which users' names lead to homes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .directories import HOME, LINK, as_root, make, names


@as_root
def test_a_link_leads_to_a_home_wherever_the_storage_is_mounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make(monkeypatch, tmp_path, HOME, LINK) == 0
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
    assert make(monkeypatch, tmp_path, HOME, LINK) == 0
    assert os.readlink(tmp_path / "ada") == "user_home_dir_1001"
    # Who logs in meanwhile always finds a home.
    assert tmp_path / "ada" not in removed
    assert names(tmp_path) == {"ada", "user_home_dir_1001"}


@as_root
def test_what_a_run_that_was_cut_off_left_behind_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".ada.new").symlink_to("user_home_dir_7")
    assert make(monkeypatch, tmp_path, HOME, LINK) == 0
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
    assert make(monkeypatch, tmp_path, HOME, LINK) == 0
    assert f"{there} is in the way: it is not a link" in capsys.readouterr().err
    assert there.is_file() is (what == "file")
    assert not there.is_symlink()


@as_root
def test_links_to_homes_that_nobody_names_go_and_everything_else_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make(monkeypatch, tmp_path, HOME, "user_home_dir_1002:1002:1000:0750", LINK, "grace -> user_home_dir_1002")
    (tmp_path / "user_home_dir_1002" / "thesis.txt").write_text("kept")
    (tmp_path / "user_home_dir_1002" / "latest").symlink_to("user_home_dir_1001")
    for name, target in {"data": "jupyter_shared", "old": "user_home_dir_1001.bak", "up": "../user_home_dir_1001"}.items():
        (tmp_path / name).symlink_to(target)
    capsys.readouterr()

    assert make(monkeypatch, tmp_path, HOME, LINK) == 0
    assert names(tmp_path) == {"ada", "data", "old", "up", "user_home_dir_1001", "user_home_dir_1002"}
    assert (tmp_path / "user_home_dir_1002" / "thesis.txt").read_text() == "kept"
    assert (tmp_path / "user_home_dir_1002" / "latest").is_symlink()
    assert capsys.readouterr().out == f"removed the link {tmp_path}/grace; the home stays\n"


@as_root
def test_a_user_who_is_renamed_finds_the_same_home_by_the_new_name_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(monkeypatch, tmp_path, HOME, LINK)
    (tmp_path / "ada" / "thesis.txt").write_text("kept")
    assert make(monkeypatch, tmp_path, HOME, "lovelace -> user_home_dir_1001") == 0
    assert names(tmp_path) == {"lovelace", "user_home_dir_1001"}
    assert (tmp_path / "lovelace" / "thesis.txt").read_text() == "kept"


@as_root
def test_users_who_change_homes_have_their_links_led_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    homes = (HOME, "user_home_dir_1002:1002:1000:0750")
    make(monkeypatch, tmp_path, *homes, LINK, "grace -> user_home_dir_1002")
    assert make(monkeypatch, tmp_path, *homes, "ada -> user_home_dir_1002", "grace -> user_home_dir_1001") == 0
    assert (os.readlink(tmp_path / "ada"), os.readlink(tmp_path / "grace")) == ("user_home_dir_1002", "user_home_dir_1001")
