"""Who is a member, and whose password it is, with PAM's and the accounts' answers in the place of real ones."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Callable
from types import SimpleNamespace

import pamela
import pytest

from jupyter_cluster_constructs.runtime import member_accounts
from jupyter_cluster_constructs.runtime.member_accounts import Member, RefusedError

ADA = Member("ada", 47110, 47111, "/home/ada", "/bin/bash")


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Accounts, members, passwords and who is locked out."""
    found = SimpleNamespace(members=["ada", "locked"], passwords={"ada": "ada's", "locked": "locked's", "root": "root's", "nobody": ""}, asked=[])
    passwd = {"ada": (ADA.uid, ADA.gid, "/home/ada"), "locked": (47112, 47112, "/home/locked"), "root": (0, 0, "/root"), "jupyter": (1000, 1000, "/")}

    def getpwnam(name: str) -> SimpleNamespace:
        if "\0" in name:
            raise ValueError("embedded null byte")
        name.encode()
        uid, gid, home = passwd[name]
        return SimpleNamespace(pw_name=name, pw_uid=uid, pw_gid=gid, pw_dir=home, pw_shell="/bin/bash")

    def authenticate(name: str, password: str, **options: object) -> None:
        found.asked.append((name, options))
        password.encode()
        if not password or found.passwords.get(name) != password or name == "locked":
            raise pamela.PAMError("7")

    def check_account(name: str, **options: object) -> None:
        if name == "locked":
            raise pamela.PAMError("13")

    monkeypatch.setattr(pwd, "getpwnam", getpwnam)
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: getpwnam(next(name for name, entry in passwd.items() if entry[0] == uid)))
    monkeypatch.setattr(grp, "getgrnam", lambda _: SimpleNamespace(gr_mem=found.members))
    monkeypatch.setattr(pamela, "authenticate", authenticate)
    monkeypatch.setattr(pamela, "check_account", check_account)
    return found


def test_a_member_gets_in_by_the_own_password_alone(system: SimpleNamespace) -> None:
    assert member_accounts.has_password("ada", "ada's")
    for wrong in ("", "ada", "locked's", "ada's\0", "\ud800"):
        assert not member_accounts.has_password("ada", wrong)


@pytest.mark.parametrize("name", ["root", "jupyter", "nobody", "locked", "mallory", "", "ada\0", "\ud800", "../ada", "ADA", "ada:x", "a" * 10_000])
def test_who_is_no_member_or_locked_does_not(system: SimpleNamespace, name: str) -> None:
    for password in (system.passwords.get(name, "x"), "ada's", ""):
        assert not member_accounts.has_password(name, password)
    assert not member_accounts.is_open(name)
    with pytest.raises(RefusedError):
        member_accounts.member(name)


def test_a_name_that_nobody_has_takes_as_long_as_a_members(system: SimpleNamespace) -> None:
    for name in ("mallory", "root", "ada\0"):
        system.asked.clear()
        member_accounts.has_password(name, "x")
        assert [asked for asked, _ in system.asked] == ["nobody"]


def test_pam_is_asked_about_the_account_too_and_changes_nothing(system: SimpleNamespace) -> None:
    member_accounts.has_password("ada", "x")
    assert system.asked == [("ada", {"service": "jupyterhub", "resetcred": 0, "check": True})]


def test_who_stops_being_a_member_while_pam_is_asked_does_not_get_in(system: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pamela, "authenticate", lambda *_, **__: system.members.clear())
    assert not member_accounts.has_password("ada", "ada's")


@pytest.mark.parametrize(
    "change",
    [
        lambda system: system.members.clear(),
        lambda system: system.members.remove("ada"),
    ],
)
def test_who_is_taken_out_is_no_member_any_more(system: SimpleNamespace, change: Callable[[SimpleNamespace], None]) -> None:
    assert member_accounts.member("ada") == ADA
    assert member_accounts.is_still_open(ADA)
    change(system)
    assert not member_accounts.is_still_open(ADA)
    assert member_accounts.find("ada") is None


def test_another_number_or_home_is_another_member(system: SimpleNamespace) -> None:
    for was in (Member("ada", 1, ADA.gid, ADA.home, ADA.shell), Member("ada", ADA.uid, ADA.gid, "/home/other", ADA.shell)):
        assert not member_accounts.is_still_open(was)


def test_a_locked_members_server_may_not_go_on(system: SimpleNamespace) -> None:
    locked = member_accounts.find("locked")
    assert locked
    assert not member_accounts.is_still_open(locked)


def test_a_number_is_a_members_or_nobodys(system: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert member_accounts.of_uid(ADA.uid) == ADA
    assert member_accounts.of_uid(0) is None
    monkeypatch.undo()
    assert member_accounts.of_uid(4_000_000_000) is None


def test_a_members_process_has_their_numbers_and_variables_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getgrouplist", lambda name, gid: [gid, 2001])
    assert ADA.identity() == {"user": ADA.uid, "group": ADA.gid, "extra_groups": [ADA.gid, 2001], "umask": 0o022}
    assert ADA.environment()["HOME"] == "/home/ada"
    assert set(ADA.environment()) == {"HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG"}
