"""Files of the controller on the shared volume, which belongs to everybody: put in place whole, for nobody but whom they are for."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def controller_directory() -> Path:
    """IPYTHONDIR, which only the controller writes to.

    Raises:
        SystemExit: somebody else made it.
    """
    directory = Path(os.environ["IPYTHONDIR"])
    directory.mkdir(parents=True, exist_ok=True)
    if directory.is_symlink() or directory.stat().st_uid != os.getuid():
        sys.exit(f"{directory} belongs to somebody else; remove it on the NFS server")
    directory.chmod(0o755)
    return directory


def security_directory() -> Path:
    """The directory below it that the controller closes to everybody else."""
    directory = controller_directory() / "profile_default" / "security"
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    return directory


def write(path: Path, text: str, mode: int, group: int | None = None) -> None:
    """Put a file in place at once, so that nobody ever reads half of it; one that is right is left alone."""
    gid = os.getgid() if group is None else group
    if path.is_file() and not path.is_symlink():
        found = path.stat()
        if (found.st_mode & 0o777, found.st_gid) == (mode, gid) and path.read_text() == text:
            return
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        os.fchown(descriptor, -1, gid)
        os.fchmod(descriptor, mode)
        file.write(text)
        os.fsync(descriptor)
    new.replace(path)
    print(f"wrote {path}", flush=True)
