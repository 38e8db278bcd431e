"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..settings_file import SettingsFileError, load_cluster
from ..spec import ClusterSpec
from .console import CommandError

PRIVATE, READABLE = 0o600, 0o644  # settings may hold hashes


@contextmanager
def replacement(path: Path, text: str, *, mode: int = PRIVATE) -> Iterator[Path]:
    """A new text of a file, beside it; it takes the file's place at the end, unless something fails before.

    Args:
        path: the file, which may be a link, and need not be there.
        text: what it will hold, written as it is.
        mode: access to a file that wasn't there. One that was keeps its mode and its owner.

    Raises:
        CommandError: it can't be written.
    """
    target = path.resolve()
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {target.parent}: {error.strerror}") from None
    new = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            _like(target, file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        yield new
        new.replace(target)
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror}; it is unchanged") from None
    finally:
        new.unlink(missing_ok=True)


def _like(old: Path, new: int, mode: int) -> None:
    try:
        there = old.stat()
    except FileNotFoundError:
        os.fchmod(new, mode)
        return
    made = os.fstat(new)
    if (there.st_uid, there.st_gid) != (made.st_uid, made.st_gid):
        os.fchown(new, there.st_uid, there.st_gid)
    os.fchmod(new, stat.S_IMODE(there.st_mode))


def write_settings(path: Path, text: str) -> ClusterSpec:
    """Write a settings file, once it is read as settings.

    Args:
        path: the file.
        text: its new text.

    Returns:
        The settings.

    Raises:
        SettingsFileError: they are refused; the file is as it was. The lines are those of the new text.
        CommandError: it can't be written.
    """
    is_of_windows = path.exists() and b"\r\n" in path.read_bytes()
    with replacement(path, text.replace("\n", "\r\n") if is_of_windows else text) as new:
        try:
            return load_cluster(new, hash_passwords=False)
        except SettingsFileError as error:
            raise SettingsFileError(f"{str(error).replace(str(new), str(path))}\n{path} is unchanged") from None


def read_settings(path: Path) -> tuple[str, ClusterSpec]:
    """Read a settings file, with its text.

    Raises:
        SettingsFileError: it can't be read, or its settings are refused.
    """
    spec = load_cluster(path, hash_passwords=False)
    return path.read_text(encoding="utf-8"), spec
