"""Read cluster.yaml into settings, and say of each mistake in which line it is."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from .errors import InvalidSettingsError, Problem, SettingsPath
from .passwords import with_password_hash
from .schema import resolved, schema
from .spec import ClusterSpec

# A password may stand in any of them by mistake.
PASSWORD_KEYS = {"password_env", "password_file", "password_hash", "ssh_keys"}
# And in these what is in the Secret, instead of its name.
SECRET_NAMES = {"curve_secret", "host_keys_secret", "pull_secrets", "secret", "shadow_secret", "tls_secret"}
SECRET_KEYS = frozenset(PASSWORD_KEYS | SECRET_NAMES)
# One may stand anywhere by mistake, as a key or in a list too.
HASH = re.compile(r"(?:\$(?:2[aby]|5|6|7|g?y)\$|argon2:|sha\d+:[0-9a-f]+:)[^\s',]{16,}")
DIRECTIVE = re.compile(r"^%", re.MULTILINE)
KINDS = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "string_type": "a text",
    "tuple_type": "a list",
    "dict_type": "keys with values",
    "model_type": "keys with values",
}


class SettingsFileError(Exception):
    """A settings file that cannot become a cluster; its text has one line a mistake, each with the file and the line."""


def load_cluster(path: Path, *, environment: Mapping[str, str] | None = None, hash_passwords: bool = True) -> ClusterSpec:
    """Read a cluster's settings from a YAML file.

    Args:
        path: the file.
        environment: where ``password_env`` is looked up. Default: the process's environment.
        hash_passwords: whether plain passwords are read and replaced by their hashes, which takes 0.1 s each.

    Returns:
        The settings.

    Raises:
        SettingsFileError: the file cannot be read, is not YAML, or its settings are refused.
    """

    def checked(document: Mapping[Any, Any]) -> ClusterSpec:
        spec = ClusterSpec.model_validate(_plain(document))
        return _with_hashes(spec, path.parent, os.environ if environment is None else environment) if hash_passwords else spec

    # Only mistakes need lines, and the parser that knows them takes 0.7 s for a thousand users.
    with suppress(OSError, ValueError, YAMLError, RecursionError):
        return checked(_parsed_without_lines(path))
    document = _parsed(path)
    try:
        return checked(document)
    except ValidationError as error:
        problems = [problem for details in error.errors() for problem in _problems(details)]
    except InvalidSettingsError as error:
        problems = list(error.problems)
    raise _placed(path, document, problems) from None


def in_file(path: Path, error: InvalidSettingsError) -> SettingsFileError:
    """Say in which lines of a settings file the problems are that only showed when the objects were made."""
    return _placed(path, _parsed(path), error.problems)


def _placed(path: Path, document: CommentedMap, problems: Iterable[Problem]) -> SettingsFileError:
    placed = sorted(((_line(document, problem.path), problem) for problem in problems), key=lambda pair: pair[0])
    return SettingsFileError("\n".join(f"{path}:{line}: {_printable(problem)}" for line, problem in placed))


def _parsed_without_lines(path: Path) -> Mapping[Any, Any]:
    """What is in a file without mistakes.

    Raises:
        OSError, ValueError, YAMLError, RecursionError: there are some, or what the two parsers might not read alike.
    """
    text = path.read_text(encoding="utf-8")
    document = YAML(typ="safe").load(text)
    if DIRECTIVE.search(text) or not isinstance(document, dict):
        raise ValueError("another version of YAML, or no keys with values")
    return document


def _parsed(path: Path) -> CommentedMap:
    try:
        document = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsFileError(f"{path}: there is no such file; CONFIG or --config names another one") from None
    except OSError as error:
        raise SettingsFileError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsFileError(f"{path}: is not UTF-8 text") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise SettingsFileError(f"{path}:{mark.line + 1 if mark else 1}: is not YAML: {_reason(error)}") from None
    except (YAMLError, ValueError) as error:
        raise SettingsFileError(f"{path}: is not YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise SettingsFileError(f"{path}: is not YAML for settings: nested too deeply") from None
    if document is None:
        raise SettingsFileError(f"{path}: is empty; at least `name: …` is needed")
    if not isinstance(document, CommentedMap):
        raise SettingsFileError(f"{path}:1: received {_shown(document)}; allowed: keys with values, such as `name: lab`")
    return document


def _printable(problem: Problem) -> str:
    """A problem in one line, whatever characters are in the keys of its path."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in HASH.sub("(a hash, not shown)", str(problem)))


def _reason(error: MarkedYAMLError) -> str:
    """What is wrong with the YAML, without the values that the parser shows."""
    return (error.problem or "unreadable").splitlines()[0].partition(" with value")[0]


def _plain(node: Any) -> Any:
    """Take YAML's own types away, which strict validation would refuse."""
    if isinstance(node, Mapping):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _with_hashes(spec: ClusterSpec, directory: Path, environment: Mapping[str, str]) -> ClusterSpec:
    users, problems = [], []
    for i, user in enumerate(spec.users):
        try:
            users.append(with_password_hash(user, cluster=f"{spec.namespace}/{spec.name}", directory=directory, environment=environment))
        except ValueError as error:
            problems.append(Problem(("users", i, "password_env" if user.password_env else "password_file"), str(error)))
    if problems:
        raise InvalidSettingsError(*problems)
    return spec.model_copy(update={"users": tuple(users)})


def _problems(details: ErrorDetails) -> Iterator[Problem]:
    """Turn what pydantic found into problems in this library's words."""
    cause = details.get("ctx", {}).get("error")
    if isinstance(cause, InvalidSettingsError):
        yield from cause.problems
        return
    path: SettingsPath = tuple(part for part in details["loc"] if part != "[key]")
    kind, value = details["type"], details["input"]
    received = "a value (not shown)" if SECRET_KEYS & set(path) else _shown(value)
    if kind == "missing":
        yield Problem(path, f"is missing: {_described(path)['description']}")
    elif kind == "extra_forbidden":
        allowed = _keys_at(path[:-1])
        close = difflib.get_close_matches(str(path[-1]), allowed, n=1)
        yield Problem(path, f"unknown key{f', did you mean {close[0]}?' if close else ';'} allowed: {', '.join(allowed)}")
    elif kind in KINDS:
        # A text in the place of several settings may be any of them, a password too.
        shown = "a text" if isinstance(value, str) and SECRET_KEYS & set(_keys_at(path)) else received
        yield Problem(path, f"received {shown}; allowed: {KINDS[kind]}")
    elif kind == "value_error":
        text = str(cause)
        yield Problem(path, text if text.startswith("received") or isinstance(value, (dict, list)) else f"received {received}; {text}")
    else:
        message = details["msg"].replace("Input should be", "allowed:")
        yield Problem(path, f"received {received}; {message[0].lower()}{message[1:]}")


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "keys with values"
    if isinstance(value, list):
        return "a list"
    text = HASH.sub("(a hash, not shown)", repr(value))
    return f"{text[:60]}…" if len(text) > 60 else text


def _described(path: SettingsPath) -> dict[str, Any]:
    """The part of the JSON Schema that describes a place in the settings."""
    at = schema()
    for part in path:
        around = resolved(at)
        at = (around.get("items") if isinstance(part, int) else around.get("properties", {}).get(part, around.get("additionalProperties"))) or {}
    return at


def _keys_at(path: SettingsPath) -> list[str]:
    return sorted(resolved(_described(path)).get("properties", ()))


def _line(document: CommentedMap, path: SettingsPath) -> int:
    """The line of a place in the file, or of the nearest thing around it that is in the file."""
    line, node = 1, document
    for part in path:
        # Keys that are no text were made one for the path.
        key = next((key for key in node if str(key) == part), part) if isinstance(node, CommentedMap) else part
        try:
            line, node = node.lc.data[key][0] + 1, node[key]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return line
