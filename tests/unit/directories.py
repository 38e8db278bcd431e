"""What tests of make_directories.py ask it to make, and how they look at what it made."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from .nfs_programs import make_directories, run

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
SHARED, HOME = "jupyter_shared:1000:1000:1777", "user_home_dir_1001:1001:1000:0750"
SPECS = (SHARED, HOME)
LINK = "ada -> user_home_dir_1001"
MOUNT_POINTS = ("jupyter:0:0:0755", "jupyter/config:0:0:0755", "jupyter/shared:0:0:0755")


def make(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    return run(make_directories, monkeypatch, *arguments)


def access(path: Path) -> str:
    status = path.lstat()
    return f"{status.st_uid}:{status.st_gid} {stat.S_IMODE(status.st_mode):04o}"


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


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}
