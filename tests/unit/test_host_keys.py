"""sshd's host keys, made by the real program with the real ssh-keygen."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from support import SOURCE

pytestmark = pytest.mark.skipif(not shutil.which("ssh-keygen") or not shutil.which("setpriv"), reason="needs ssh-keygen and setpriv")
PROGRAM = SOURCE / "runtime" / "copied_host_keys.sh"
KINDS = ("ed25519", "ecdsa")


class Keys:
    """Where keys are kept, and where sshd reads them."""

    def __init__(self, directory: Path) -> None:
        self.kept, self.copies = directory / "shared" / ".sshd", directory / "host-keys"
        self.kept.parent.mkdir()
        self.copies.mkdir()

    def make(self, *kinds: str) -> subprocess.CompletedProcess[str]:
        """Run the program as sshd's container does; the command after it says that it runs."""
        command: list[str | Path] = ["sh", PROGRAM, self.kept, self.copies, str(os.geteuid()), *(kinds or KINDS), "--", "echo", "sshd runs"]
        return subprocess.run(command, capture_output=True, text=True)

    def texts(self, directory: Path) -> dict[str, str]:
        return {file.name: file.read_text() for file in sorted(directory.iterdir()) if not file.name.endswith(".pub")}


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_each_kind_of_key_is_made_and_copied(keys: Keys) -> None:
    done = keys.make()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "sshd runs"
    assert set(keys.texts(keys.kept)) == {f"ssh_host_{kind}_key" for kind in KINDS}
    assert keys.texts(keys.kept) == keys.texts(keys.copies)


def test_the_keys_are_keys_of_their_kinds(keys: Keys) -> None:
    keys.make()
    for kind in KINDS:
        shown = subprocess.run(["ssh-keygen", "-l", "-f", keys.copies / f"ssh_host_{kind}_key"], capture_output=True, text=True, check=True)
        assert shown.stdout.strip().endswith(f"({kind.upper()})")


def test_a_second_run_keeps_the_keys(keys: Keys) -> None:
    keys.make()
    first = keys.texts(keys.kept)
    # The pod's copies are in memory, and gone with the pod.
    shutil.rmtree(keys.copies)
    keys.copies.mkdir()
    done = keys.make()
    assert keys.texts(keys.kept) == keys.texts(keys.copies) == first
    assert done.stdout == "sshd runs\n"


def test_a_container_that_starts_again_needs_no_storage(keys: Keys) -> None:
    keys.make()
    first = keys.texts(keys.copies)
    shutil.rmtree(keys.kept)
    done = keys.make()
    assert (done.returncode, done.stdout) == (0, "sshd runs\n")
    assert keys.texts(keys.copies) == first
    assert not keys.kept.exists()


def test_a_kind_that_is_new_is_added(keys: Keys) -> None:
    keys.make("ed25519")
    first = keys.texts(keys.kept)
    keys.make("ed25519", "ecdsa")
    assert keys.texts(keys.kept)["ssh_host_ed25519_key"] == first["ssh_host_ed25519_key"]
    assert set(keys.texts(keys.copies)) == {"ssh_host_ed25519_key", "ssh_host_ecdsa_key"}


def test_the_kept_keys_and_the_copies_are_closed(keys: Keys) -> None:
    # As a volume in memory is.
    keys.copies.chmod(0o777)
    before = os.umask(0)
    try:
        keys.make()
    finally:
        os.umask(before)
    assert mode(keys.kept) == 0o700
    assert {mode(file) for file in keys.kept.iterdir() if file.suffix != ".pub"} == {0o600}
    assert mode(keys.copies) == 0o700
    assert {mode(file) for file in keys.copies.iterdir()} == {0o600}


def test_the_umask_of_what_runs_then_is_untouched(keys: Keys) -> None:
    command: list[str | Path] = ["sh", PROGRAM, keys.kept, keys.copies, str(os.geteuid()), *KINDS, "--", "sh", "-c", "umask"]
    assert int(subprocess.run(command, capture_output=True, text=True, check=True, umask=0o027).stdout.splitlines()[-1], 8) == 0o027


def test_what_an_interrupted_run_left_is_replaced(keys: Keys) -> None:
    keys.make("ed25519")
    key = keys.kept / "ssh_host_ed25519_key"
    key.write_text("")
    (keys.copies / key.name).unlink()
    (keys.kept / "ssh_host_ed25519_key.new").write_text("half a key")
    (keys.kept / "ssh_host_ed25519_key.new.pub").write_text("half a key")
    done = keys.make("ed25519")
    assert done.returncode == 0, done.stderr
    assert "PRIVATE KEY" in key.read_text()
    assert not list(keys.kept.glob("*.new*"))


def test_a_link_in_the_place_of_the_directory_is_refused(keys: Keys, tmp_path: Path) -> None:
    # The shared directory belongs to everybody: a member could have the keys written to a place of theirs.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    keys.kept.symlink_to(elsewhere)
    done = keys.make()
    assert done.returncode == 1
    assert str(keys.kept) in done.stderr
    assert "remove it on the NFS server" in done.stderr
    assert list(elsewhere.iterdir()) == list(keys.copies.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_directory_of_somebody_else_is_refused(keys: Keys) -> None:
    keys.kept.mkdir()
    os.chown(keys.kept, 1001, 1001)
    done = keys.make()
    assert done.returncode == 1
    assert "belongs to somebody else" in done.stderr
    assert list(keys.copies.iterdir()) == []


def test_a_key_that_cannot_be_made_ends_the_program(keys: Keys) -> None:
    done = keys.make("nonsense")
    assert done.returncode != 0
    assert "sshd runs" not in done.stdout
    assert list(keys.copies.iterdir()) == []
