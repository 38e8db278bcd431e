"""The account files of libnss-extrausers: passwd, group, shadow, gshadow and the users' public keys.

See passwd(5), group(5), shadow(5) and gshadow(5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from . import paths
from .spec import Group, SignOn, User

NOLOGIN = "/usr/sbin/nologin"
EXPIRED = "1"  # the second day of 1970


@dataclass(frozen=True)
class SystemAccount:
    """An account of the library's own, with a group of the same number; nobody logs in to it."""

    name: str
    uid: int
    home: str
    comment: str


# Runs engines and Jupyter Server; its group reads the homes.
JUPYTER = SystemAccount("jupyter", 1000, paths.JUPYTER_HOME, "IPython Parallel")
# Owns sshd's host keys: not `jupyter`, since members run code as jupyter on the engines.
SSHD_KEYS = SystemAccount("sshd-keys", 990, "/nonexistent", "SSH host keys")
# Runs the controller: not `jupyter` either, whose files the engines' tasks read.
IPCONTROLLER = SystemAccount("ipcontroller", 991, "/nonexistent", "IPython Parallel controller")
# Runs the hub and its proxy, which belong to no member.
JUPYTERHUB = SystemAccount("jupyterhub", 992, "/nonexistent", "JupyterHub")
# Tells the metrics, and owns nothing: not among the accounts, since most clusters have no metrics.
METRICS = SystemAccount("metrics", 987, "/nonexistent", "Prometheus metrics")
SYSTEM_ACCOUNTS = (JUPYTER, SSHD_KEYS, IPCONTROLLER, JUPYTERHUB)


@dataclass(frozen=True)
class SystemGroup:
    """A group of the library's own. NFS sends a user's first 16 groups, so its number is below those of the settings."""

    name: str
    gid: int


# May read what opens the controller to clients.
MEMBERS = SystemGroup("cluster-members", 989)
# sshd asks them alone for a password.
PASSWORDS = SystemGroup("ssh-passwords", 988)


def passwd(users: Sequence[User]) -> str:
    """Render passwd."""
    system = (f"{a.name}:x:{a.uid}:{a.uid}:{a.comment}:{a.home}:{NOLOGIN}" for a in SYSTEM_ACCOUNTS)
    people = (f"{u.name}:x:{u.uid}:{u.uid}::{paths.home(u.name)}:/bin/bash" for u in users)
    return _lines(*system, *people)


def group(users: Sequence[User], groups: Sequence[Group], *, shadow_is_made: bool = True) -> str:
    """Render group: one of each account's own, those of members and of passwords, then the configured ones with theirs.

    Args:
        users: the users.
        groups: the configured groups.
        shadow_is_made: whether shadow is made from the settings; otherwise everybody may have a password.
    """
    own = (f"{a.name}:x:{a.uid}:" for a in SYSTEM_ACCOUNTS)
    shared = (f"{g.name}:x:{g.gid}:{','.join(names)}" for g, names in _system_groups(users, shadow_is_made))
    private = (f"{u.name}:x:{u.uid}:" for u in users)
    named = (f"{g.name}:x:{g.gid}:{','.join(_members(g, users))}" for g in groups)
    return _lines(*own, *shared, *private, *named)


def shadow(users: Sequence[User], sign_on: SignOn | None = None) -> str:
    """Render shadow. Who has no way to log in has an account that is expired too, which refuses keys that were left in its home.

    Args:
        users: the users, each with a hash in place of a plain password.
        sign_on: the identity provider, which is a way to log in beside a password and a key. Default: there is none.
    """
    locked = {user.name for user in users if user.is_locked and not (sign_on and sign_on.admits(user.name))}
    system = (f"{a.name}:!*:::::::" for a in SYSTEM_ACCOUNTS)
    people = (f"{u.name}:!::::::{EXPIRED}:" if u.name in locked else f"{u.name}:{u.password_hash or '*'}:::::::" for u in users)
    return _lines(*system, *people)


def gshadow(users: Sequence[User], groups: Sequence[Group], *, shadow_is_made: bool = True) -> str:
    """Render gshadow, in which no group has a password; the arguments are those of group."""
    own = (f"{name}:!::" for name in (*(a.name for a in SYSTEM_ACCOUNTS), *(u.name for u in users)))
    shared = (f"{g.name}:!::{','.join(names)}" for g, names in _system_groups(users, shadow_is_made))
    named = (f"{g.name}:!::{','.join(_members(g, users))}" for g in groups)
    return _lines(*own, *shared, *named)


def authorized_keys(user: User) -> str:
    """Render the configured keys of a user; empty where there are none, so that sshd finds a file for everybody."""
    return _lines(*user.ssh_keys)


def _system_groups(users: Sequence[User], shadow_is_made: bool) -> Iterator[tuple[SystemGroup, list[str]]]:
    yield MEMBERS, [u.name for u in users]
    yield PASSWORDS, [u.name for u in users if u.has_password or not shadow_is_made]


def _members(of: Group, users: Sequence[User]) -> Iterator[str]:
    return (u.name for u in users if u.name in of.members or of.name in u.groups)


def _lines(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)
