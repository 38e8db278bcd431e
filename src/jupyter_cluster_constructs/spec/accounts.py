"""Users and groups, and the checks that need more than one of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from ..errors import Problem
from .base import Settings
from .values import AccountId, AccountName, EnvironmentName, Listed, PasswordHash, SshKey

# Accounts and groups that Debian's base, its packages in the images, or this library own.
_SYSTEM = """
root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc gnats nobody nogroup _apt _ssh sshd ssh
systemd-network systemd-resolve systemd-timesync systemd-journal systemd-coredump messagebus polkitd _chrony statd _rpc rpc
adm tty disk kmem dialout fax voice cdrom floppy tape sudo audio dip operator src shadow utmp video sasl plugdev staff users
input sgx render kvm netdev crontab lxd docker wheel shared jupyter sshd-keys ipcontroller jupyterhub cluster-members ssh-passwords
"""
SYSTEM_NAMES = frozenset(_SYSTEM.split())
SYSTEM_IDS = frozenset({65534, 65535})
PASSWORD_FIELDS = ("password_hash", "password_env", "password_file")


class Group(Settings):
    """A group of users, beside the one that each user has of their own."""

    name: AccountName = Field(description="Name of the group, as groupadd takes it.", examples=["physics"])
    gid: AccountId = Field(description="Number of the group, from 1001 up; no user's uid.")
    members: Annotated[tuple[AccountName, ...], Listed] = Field(
        default=(), description="Users in the group, in addition to those that name it in their own `groups`.", examples=[["ada", "grace"]]
    )


class User(Settings):
    """A person with an account: SSH login, home directory and share of the cluster.

    Without a password, without a key and without a name at an identity provider the account exists but is locked.
    """

    name: AccountName = Field(description="Login name, as useradd takes it.", examples=["ada"])
    uid: AccountId = Field(description="User id, from 1001 up; also the number of the user's own group.")
    password_hash: PasswordHash | None = Field(
        default=None,
        repr=False,
        description="Hash of the password as crypt(5) writes it, such as `mkpasswd -m sha-512` prints. Default: no password.",
    )
    password_env: EnvironmentName | None = Field(
        default=None,
        description="Environment variable that holds the plain password when the manifests are made. Default: none.",
        examples=["ADA_PASSWORD"],
    )
    password_file: str | None = Field(
        default=None,
        min_length=1,
        description="File that holds the plain password when the manifests are made, relative to the settings' directory. Default: none.",
        examples=["secrets/ada"],
    )
    ssh_keys: Annotated[tuple[SshKey, ...], Listed] = Field(
        default=(), description="Public keys that log in, each one line of a .pub file. Default: none; ~/.ssh/authorized_keys works too."
    )
    groups: Annotated[tuple[AccountName, ...], Listed] = Field(
        default=(), description="Groups (from `groups`) that the user belongs to.", examples=[["physics"]]
    )
    home_number: int | None = Field(
        default=None, ge=0, le=2**31 - 1, description="Number of the home's directory, user_home_dir_<number>. Default: the uid."
    )

    @property
    def home(self) -> int:
        """The number of the home's directory on the NFS server."""
        return self.uid if self.home_number is None else self.home_number

    @property
    def has_password(self) -> bool:
        """Whether a password is configured, in whichever form."""
        return any(getattr(self, field) is not None for field in PASSWORD_FIELDS)

    @property
    def is_locked(self) -> bool:
        """Whether there is neither a password nor a key."""
        return not self.has_password and not self.ssh_keys

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        given = [f for f in PASSWORD_FIELDS if getattr(self, f) is not None]
        if len(given) > 1:
            raise ValueError(f"received {' and '.join(given)}; allowed: one of password_hash, password_env and password_file")
        return self


def account_problems(users: Sequence[User], groups: Sequence[Group]) -> Iterator[Problem]:
    """Find what is wrong with users and groups taken together: doubles, system accounts, members that don't exist."""
    yield from _doubles("users", "name", (u.name for u in users))
    yield from _doubles("users", "uid", (u.uid for u in users))
    # Two users of one uid are told so already.
    first_of_uid = {u.uid: i for i, u in reversed(tuple(enumerate(users)))}
    yield from _doubles("users", "home_number", (u.home if first_of_uid[u.uid] == i else None for i, u in enumerate(users)))
    yield from _doubles("groups", "name", (g.name for g in groups))
    yield from _doubles("groups", "gid", (g.gid for g in groups))
    yield from _system_accounts("users", "uid", ((u.name, u.uid) for u in users))
    yield from _system_accounts("groups", "gid", ((g.name, g.gid) for g in groups))
    owners = {u.name: i for i, u in enumerate(users)}
    private_groups = {u.uid: u.name for u in users}
    for i, group in enumerate(groups):
        if group.name in owners:
            yield Problem(("groups", i, "name"), f"received {group.name!r}, the name of users[{owners[group.name]}]'s own group; choose another name")
        if group.gid in private_groups:
            yield Problem(("groups", i, "gid"), f"received {group.gid}, the number of {private_groups[group.gid]}'s own group; choose another number")
        for j, member in enumerate(group.members):
            if member not in owners:
                yield Problem(("groups", i, "members", j), f"received {member!r}, which is no user; allowed: {_choices(owners)}")
    names = {g.name for g in groups}
    for i, user in enumerate(users):
        for j, name in enumerate(user.groups):
            if name not in names:
                yield Problem(("users", i, "groups", j), f"received {name!r}, which is no group; allowed: {_choices(names)}; add it to `groups`")


def shadow_problems(users: Sequence[User], shadow_secret: str | None) -> Iterator[Problem]:
    """Find passwords that are given though a Secret has them all."""
    for i, user in enumerate(users if shadow_secret is not None else ()):
        for field in PASSWORD_FIELDS:
            if getattr(user, field) is not None:
                yield Problem(
                    ("users", i, field), f"received it with shadow_secret {shadow_secret!r}, which has all passwords; leave one of them out"
                )


def _doubles(kind: str, key: str, values: Iterable[Hashable]) -> Iterator[Problem]:
    first: dict[Hashable, int] = {}
    for i, value in enumerate(values):
        if value is None:
            continue
        if value in first:
            yield Problem((kind, i, key), f"received {value!r}, which {kind}[{first[value]}] has already; each {key} is used once")
        first.setdefault(value, i)


def _system_accounts(kind: str, key: str, accounts: Iterable[tuple[str, int]]) -> Iterator[Problem]:
    for i, (name, number) in enumerate(accounts):
        if name in SYSTEM_NAMES:
            yield Problem((kind, i, "name"), f"received {name!r}, an account of the system; choose another name")
        if number in SYSTEM_IDS:
            yield Problem((kind, i, key), f"received {number}, which the system uses; choose another number")


def _choices(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none is defined"
