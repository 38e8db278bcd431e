"""Users in the text of a settings file: who comes, who goes, and which numbers are never given again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.error import YAMLError

from ..spec import ClusterSpec
from ..spec.accounts import PASSWORD_FIELDS, SYSTEM_IDS
from . import yaml_edit
from .console import CommandError

BEYOND = "the file's layout (anchors, aliases, values over several lines) is more than this command can edit, and it is unchanged; edit it by hand"
FIRST_UID, LAST_UID = 1001, 2**31 - 1
NOTE = re.compile(r"^[ ]*# removed user (?P<name>\S+): uid (?P<uid>[0-9]+), user_home_dir_(?P<home>[0-9]+)\b.*\n?", re.MULTILINE)


@dataclass(frozen=True)
class RemovedUser:
    """A user who is gone, and whose files are there.

    Attributes:
        name: the login name.
        uid: whose the files are.
        home: the number of the home's directory.
    """

    name: str
    uid: int
    home: int

    def __str__(self) -> str:
        """The comment that keeps the numbers from being given again."""
        return f"# removed user {self.name}: uid {self.uid}, user_home_dir_{self.home}; while this line is here, no new user gets that home"


@contextmanager
def _told() -> Iterator[None]:
    """An alias is where its anchor is, or nowhere once the anchor is gone: nothing is written then."""
    try:
        yield
    except (YAMLError, LookupError, ValueError, AttributeError, StopIteration):
        raise CommandError(BEYOND) from None


def removed_users(text: str) -> list[RemovedUser]:
    """Who was removed from a settings file by this command, as its comments say."""
    return [RemovedUser(found["name"], int(found["uid"]), int(found["home"])) for found in NOTE.finditer(text)]


def next_uid(spec: ClusterSpec, removed: Sequence[RemovedUser]) -> int:
    """The lowest uid above all uids and homes that there are or were, so that nobody gets somebody else's files."""
    taken = {number for user in spec.users for number in (user.uid, user.home)} | {number for user in removed for number in (user.uid, user.home)}
    unusable = taken | SYSTEM_IDS | {group.gid for group in spec.groups}
    above = max((number + 1 for number in taken), default=FIRST_UID)
    for start in (max(above, FIRST_UID), FIRST_UID):
        for uid in range(start, LAST_UID + 1):
            if uid not in unusable:
                return uid
    raise CommandError("every uid is used; --uid names one")


@_told()
def with_user(text: str, spec: ClusterSpec, entry: Mapping[str, Any]) -> str:
    """Add a user to a settings file; one who was removed may come back to the same uid and home.

    Args:
        text: the settings file.
        spec: the settings in it.
        entry: name and uid, and whatever else a user may have, not yet checked.

    Raises:
        CommandError: the uid or the home was somebody else's, or the user exists.
    """
    name, uid = entry["name"], entry["uid"]
    if any(name == other.name for other in spec.users):
        raise CommandError(f"received {name!r}, who is a user already; `jupyter-cluster user passwd {name}` changes the password")
    for former in removed_users(text):
        if uid in (former.uid, former.home) and name != former.name:
            raise CommandError(
                f"received the uid {uid}, which was {former.name}'s, whose files would be {name}'s; leave --uid out,"
                f" or delete the line `# removed user {former.name}` once these files are gone"
            )
        if (name, uid) == (former.name, former.uid):
            text = NOTE.sub(lambda found: "" if (found["name"], int(found["uid"])) == (name, uid) else found[0], text)
            entry = {**entry, **({"home_number": former.home} if former.home != uid else {})}
    expected = _plain(text)
    expected["users"] = [*(expected.get("users") or []), entry]
    return _checked(yaml_edit.with_entry(text, ("users",), entry), expected)


@_told()
def without_user(text: str, spec: ClusterSpec, name: str) -> tuple[str, list[str]]:
    """Remove a user from a settings file, from its groups too, and note the numbers that are not to be given again.

    Returns:
        The new text, and the groups that had the user among their members.

    Raises:
        CommandError: there is no such user.
    """
    position = position_of(spec, name)
    user, expected = spec.users[position], _plain(text)
    expected["users"] = [entry for i, entry in enumerate(expected["users"]) if i != position]
    new = yaml_edit.without_entry(text, ("users",), position)
    groups = []
    for i, group in enumerate(spec.groups):
        for j in reversed(range(len(group.members))):
            if group.members[j] == name:
                groups.append(group.name)
                new = yaml_edit.without_entry(new, ("groups", i, "members"), j)
                del expected["groups"][i]["members"][j]
    new = yaml_edit.with_line_before(new, "users", str(RemovedUser(name, user.uid, user.home)))
    return _checked(new, expected), groups


@_told()
def with_password(text: str, spec: ClusterSpec, name: str, password_hash: str) -> str:
    """Give a user of a settings file another password, in place of the one of whichever form.

    Raises:
        CommandError: there is no such user.
    """
    position = position_of(spec, name)
    expected = _plain(text)
    for key in PASSWORD_FIELDS[1:]:
        if expected["users"][position].pop(key, None) is not None:
            text = yaml_edit.without_key(text, ("users", position), key)
    expected["users"][position]["password_hash"] = password_hash
    return _checked(yaml_edit.with_value(text, ("users", position), "password_hash", password_hash), expected)


def position_of(spec: ClusterSpec, name: str) -> int:
    """Where a user is among all.

    Raises:
        CommandError: there is no such user.
    """
    names = [user.name for user in spec.users]
    if name not in names:
        raise CommandError(f"received {name!r}, which is no user; allowed: {', '.join(sorted(names)) or 'none, since there are no users'}")
    return names.index(name)


def _plain(text: str) -> Any:
    """What a text holds, with a copy of its own wherever an alias stands."""
    return json.loads(json.dumps(yaml_edit.loaded(text), default=str))


def _checked(new: str, expected: Any) -> str:
    """The new text, if it says what it should: an alias, for example, stands for what is written elsewhere."""
    if _plain(new) != expected:
        raise CommandError(BEYOND)
    return new
