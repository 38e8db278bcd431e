"""Members' accounts, as the account files have them now: who is one, and whose password it is."""

from __future__ import annotations

import grp
import os
import pwd
from dataclasses import dataclass
from typing import Any

import pamela

MEMBERS = "cluster-members"
SERVICE = "jupyterhub"
PATH = "/opt/venv/bin:/usr/local/bin:/usr/bin:/bin"


class RefusedError(Exception):
    """Somebody has no account here, or one that is closed."""


@dataclass(frozen=True)
class Member:
    """Somebody with an account."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str

    def identity(self) -> dict[str, Any]:
        """What makes a new process theirs."""
        return {"user": self.uid, "group": self.gid, "extra_groups": os.getgrouplist(self.name, self.gid), "umask": 0o022}

    def environment(self) -> dict[str, str]:
        """The variables that a login would set."""
        return {"HOME": self.home, "USER": self.name, "LOGNAME": self.name, "SHELL": self.shell, "PATH": PATH, "LANG": "C.UTF-8"}


def find(name: str) -> Member | None:
    """The member of a name; None where nobody of the settings has it, such as for accounts of the system."""
    try:
        account = pwd.getpwnam(name)
        members = grp.getgrnam(MEMBERS).gr_mem
    # ValueError: a name with characters that none can have.
    except (KeyError, ValueError):
        return None
    return Member(name, account.pw_uid, account.pw_gid, account.pw_dir, account.pw_shell) if name in members else None


def of_uid(uid: int) -> Member | None:
    """The member of a number."""
    try:
        return find(pwd.getpwuid(uid).pw_name)
    except KeyError:
        return None


def member(name: str) -> Member:
    """The member of a name.

    Raises:
        RefusedError: there is none, or the account is closed.
    """
    found = find(name)
    if found is None:
        raise RefusedError(f"{name} has no account in this cluster")
    if not is_open(name):
        raise RefusedError(f"the account {name} is locked")
    return found


def is_still_open(member: Member) -> bool:
    """Whether a member is still the same, and the account open."""
    return find(member.name) == member and is_open(member.name)


def is_open(name: str) -> bool:
    """Whether somebody is a member whose account is not locked."""
    if find(name) is None:
        return False
    try:
        pamela.check_account(name, service=SERVICE)
    except pamela.PAMError:
        return False
    return True


def has_password(name: str, password: str) -> bool:
    """Whether a password is that of a member whose account is not locked."""
    if find(name) is None:
        # As long as a wrong password of somebody who is one: names can't be told apart by it.
        name = "nobody"
    try:
        # Credentials are those of the process that is started, not this one's.
        pamela.authenticate(name, password, service=SERVICE, resetcred=0, check=True)
    # ValueError: a password with characters that none can have.
    except (pamela.PAMError, ValueError):
        return False
    return find(name) is not None
