"""The first users of a new settings file: from options, or asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from ..spec import ClusterSpec, User
from .console import CommandError
from .prompts import asked, asked_password_hash
from .ssh_keys import keys_of
from .user_edits import FIRST_UID

OPTION = re.compile(r"(?P<name>[^:=]+)(?::(?P<uid>[0-9]+))?(?:=(?P<key>.+))?", re.DOTALL)
OWN_KEY = Path("~/.ssh/id_ed25519.pub")


def users_of_options(texts: Sequence[str]) -> list[dict[str, Any]]:
    """Read ``NAME[:UID][=KEY]``, where the key is a file or its text.

    Raises:
        CommandError: it is something else.
    """
    users: list[dict[str, Any]] = []
    for text in texts:
        found = OPTION.fullmatch(text)
        if found is None:
            raise CommandError(f"--user: received {text!r}; allowed: NAME, NAME:UID, and =KEY after them, a public key or the file with it")
        uid = int(found["uid"]) if found["uid"] else _next_uid(users)
        users.append({"name": found["name"], "uid": uid, **({"ssh_keys": keys_of(found["key"])} if found["key"] else {})})
    return users


def asked_users() -> list[dict[str, Any]]:
    """Ask for users and how they log in, until an empty name."""
    users: list[dict[str, Any]] = []
    while name := asked(
        "Login name of a user (empty: no more)" if users else "Login name of the first user (empty: none yet)", "", check=_new_name(users)
    ):
        uid = asked(f"uid of {name}", str(_next_uid(users)), check=_uid)
        users.append({"name": name, "uid": uid, **_asked_login(name, is_first=not users)})
    return users


def _asked_login(name: str, *, is_first: bool) -> dict[str, Any]:
    default = str(OWN_KEY) if is_first and OWN_KEY.expanduser().exists() else "none"
    if keys := asked(f"Public SSH key of {name}, a file or its text (none: a password)", default, check=_keys):
        return {"ssh_keys": keys}
    if typer.confirm(f"A password for {name} now? Without one the account is locked", default=True, err=True):
        return {"password_hash": asked_password_hash(name)}
    return {}


def _new_name(users: Sequence[dict[str, Any]]) -> Any:
    def check(answer: str) -> str:
        if answer:
            ClusterSpec(name="lab", users=(*(User(**user) for user in users), User(name=answer, uid=_next_uid(users))))
        return answer

    return check


def _uid(answer: str) -> int:
    return User(name="anyone", uid=int(answer) if answer.isdecimal() else -1).uid


def _keys(answer: str) -> list[str]:
    try:
        return [] if answer == "none" else keys_of(answer)
    except CommandError as error:
        raise ValueError(str(error)) from None


def _next_uid(users: Sequence[dict[str, Any]]) -> int:
    return max((user["uid"] + 1 for user in users), default=FIRST_UID)
