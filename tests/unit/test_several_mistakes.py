"""Several mistakes are all told at once, each at its place, in the order of the settings."""

from __future__ import annotations

from pathlib import Path

from .bad_input import error_of
from .examples import settings_file


def test_several_mistakes_are_all_told_in_the_order_of_the_settings(tmp_path: Path) -> None:
    file = settings_file(tmp_path, "name: My Lab\nusers:\n  - name: ada\n    uid: 7\n  - uid: 1002\nworkers:\n  - replicas: -1\nssh: {prt: 22}\n")
    assert [line.removeprefix(f"{file}:").split(": ")[:2] for line in error_of(file).splitlines()] == [
        ["1", "name"],
        ["4", "users[0].uid"],
        ["5", "users[1].name"],
        ["7", "workers[0].replicas"],
        ["8", "ssh.prt"],
    ]


def test_several_mistakes_of_accounts_are_all_told_in_the_order_of_the_settings(tmp_path: Path) -> None:
    file = settings_file(
        tmp_path,
        """
        name: lab
        users:
          - {name: ada, uid: 1001}
          - {name: ada, uid: 1001}
          - {name: root, uid: 1003, groups: [none]}
        groups:
          - {name: physics, gid: 1001, members: [eve]}
        """,
    )
    paths = [line.split(": ")[1] for line in error_of(file).splitlines()]
    assert paths == ["users[1].name", "users[1].uid", "users[2].name", "users[2].groups[0]", "groups[0].gid", "groups[0].members[0]"]


def test_several_passwords_that_cannot_be_read_are_all_told(tmp_path: Path) -> None:
    file = settings_file(
        tmp_path,
        """
        name: lab
        users:
          - {name: ada, uid: 1001, password_env: UNSET}
          - {name: bob, uid: 1002, password_file: nowhere.txt}
        """,
    )
    assert [line.split(": ")[1] for line in error_of(file).splitlines()] == ["users[0].password_env", "users[1].password_file"]


def test_a_home_number_twice_is_told_at_its_own_place_beside_a_uid_twice(tmp_path: Path) -> None:
    file = settings_file(
        tmp_path,
        """
        name: lab
        users:
          - {name: ada, uid: 1001}
          - {name: bob, uid: 1001}
          - {name: eve, uid: 1003}
          - {name: kim, uid: 1004, home_number: 1003}
        """,
    )
    said = [line.removeprefix(f"{file}:") for line in error_of(file).splitlines()]
    assert [line.split(": ")[:2] for line in said] == [["4", "users[1].uid"], ["6", "users[3].home_number"]]
    assert "users[2] has already" in said[1]
