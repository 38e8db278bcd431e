"""prepare_home.sh: what a member finds in the home, at the first login and later."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import SOURCE

PROGRAM = SOURCE / "runtime" / "prepare_home.sh"


@dataclass(frozen=True)
class Member:
    home: Path
    client: Path
    shared: Path
    examples: Path

    @property
    def link(self) -> Path:
        return self.home / ".ipython/profile_default/security/ipcontroller-client.json"

    @property
    def example(self) -> Path:
        return self.home / "ipyparallel.ipynb"

    def log_in(self) -> None:
        command = ["sh", str(PROGRAM), str(self.client), str(self.shared), str(self.examples)]
        subprocess.run(command, env={"HOME": str(self.home), "PATH": "/usr/bin:/bin"}, check=True, timeout=10)

    def visible(self) -> set[str]:
        return {path.name for path in self.home.iterdir() if not path.name.startswith(".")}


@pytest.fixture
def member(tmp_path: Path) -> Member:
    member = Member(tmp_path / "home of ada", tmp_path / "client.json", tmp_path / "shared", tmp_path / "examples")
    for directory in (member.home, member.shared, member.examples):
        directory.mkdir()
    member.client.write_text("{}")
    (member.examples / "ipyparallel.ipynb").write_text("the example")
    return member


def test_a_new_home_has_the_connection_the_example_and_the_shared_directory(member: Member) -> None:
    member.log_in()

    assert member.link.readlink() == member.client
    assert member.example.read_text() == "the example"
    assert (member.home / "shared").readlink() == member.shared
    assert member.visible() == {"ipyparallel.ipynb", "shared"}


def test_what_a_member_changed_stays(member: Member) -> None:
    member.log_in()
    member.example.write_text("mine")

    member.log_in()

    assert member.example.read_text() == "mine"


def test_what_a_member_removed_does_not_come_back(member: Member) -> None:
    member.log_in()
    member.example.unlink()
    (member.home / "shared").unlink()

    member.log_in()

    assert member.visible() == set()


@pytest.mark.parametrize("kind", ["file", "directory", "dangling link"])
def test_what_was_there_before_under_these_names_stays(member: Member, kind: str) -> None:
    for name in ("shared", "ipyparallel.ipynb"):
        path = member.home / name
        if kind == "file":
            path.write_text("older")
        elif kind == "directory":
            path.mkdir()
        else:
            path.symlink_to("nowhere")

    member.log_in()

    assert member.visible() == {"shared", "ipyparallel.ipynb"}
    for name in ("shared", "ipyparallel.ipynb"):
        path = member.home / name
        assert (path.is_symlink(), path.is_dir()) == (kind == "dangling link", kind == "directory")
        assert kind != "file" or path.read_text() == "older"
        assert kind != "directory" or not list(path.iterdir())


def test_a_file_in_the_way_of_the_connection_is_kept_beside_it(member: Member) -> None:
    member.link.parent.mkdir(parents=True)
    member.link.write_text("of another cluster")

    member.log_in()

    assert member.link.readlink() == member.client
    assert member.link.with_name(f"{member.link.name}~").read_text() == "of another cluster"


def test_a_link_that_leads_elsewhere_leads_to_this_cluster_again(member: Member) -> None:
    member.log_in()
    member.link.unlink()
    member.link.symlink_to("/nonexistent")

    member.log_in()

    assert member.link.readlink() == member.client


def test_what_failed_at_the_first_login_is_made_at_the_next(member: Member) -> None:
    (member.examples / "ipyparallel.ipynb").rename(member.examples / "gone")
    (member.examples / "ipyparallel.ipynb").symlink_to("nowhere")
    member.log_in()
    assert not member.example.exists()
    (member.examples / "ipyparallel.ipynb").unlink()
    (member.examples / "gone").rename(member.examples / "ipyparallel.ipynb")
    (member.home / "gone").unlink(missing_ok=True)

    member.log_in()

    assert member.visible() == {"ipyparallel.ipynb", "shared"}


def test_a_login_goes_on_where_the_home_cannot_be_written(member: Member) -> None:
    Member(Path("/proc/nonexistent"), member.client, member.shared, member.examples).log_in()
