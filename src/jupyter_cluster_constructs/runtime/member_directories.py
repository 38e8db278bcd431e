"""Directories of members that root makes, without rights over what is a member's but to take it."""

from __future__ import annotations

import os
from pathlib import Path


def fresh_directory(path: Path, uid: int, gid: int, mode: int) -> Path:
    """A new empty directory of a member in place of whatever was there, of which no process may run any more."""
    if path.is_symlink() or path.exists():
        _remove(path)
    path.mkdir(mode=0o700)
    # In this order: what is somebody else's, root may not change here.
    path.chmod(mode)
    os.chown(path, uid, gid)
    return path


def _remove(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return
    os.chown(path, 0, 0, follow_symlinks=False)
    path.chmod(0o700)
    for each in list(path.iterdir()):
        _remove(each)
    path.rmdir()
