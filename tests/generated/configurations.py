"""Whole settings files: plausible ones, most of them with something hostile in one place or two."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import hypothesis
import pytest
import yaml
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from jupyter_cluster_constructs.spec import ClusterSpec

from .hostile import KEYS, KINDS, RAW, TEXTS, UNKNOWN_KEY, VALUES
from .plausible import plausible
from .repairs import Data

COUNT = 500
OF_A_KIND = 18
SECRET_KEYS = ("password_hash",)
# Where any text may stand: what is hostile is accepted there most easily.
# Where any text may stand.
FREE = ("annotations", "env", "mount_options", "ssh_keys")
# What becomes lines of account files, names and paths.
NAMED = ("name", "uid", "gid", "members", "groups", "home_number", "password_hash", "namespace", "host", "server", "path", "registry", "tag", "claim")
# Where keys are people's own.
KEYS_OF_PEOPLE = ("annotations", "env", "node_selector", "pod_labels")
# Stands in the file where something only YAML can say comes.
RAW_HERE = "RAW"

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Place:
    """A value in the settings, or the key of one.

    Args:
        path: keys and positions.
        is_key: whether it is the last key itself.
    """

    path: Path
    is_key: bool = False


@dataclass(frozen=True, eq=False)
class Configuration:
    """A settings file.

    Args:
        text: the file.
        data: what it says, but for what only YAML can say.
        base: the file without what is hostile in it; None where nothing is.
        kind: of what is hostile in it.
        hostile: the hostile text in it, if it is a text.
        secrets: what no message may show.
    """

    text: str
    data: Data
    base: Configuration | None = None
    kind: str | None = None
    hostile: str | None = None
    secrets: frozenset[str] = frozenset()


class _Dumper(yaml.SafeDumper):
    """Quotes every text, so that it stays one in YAML 1.2."""


_Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))
_Dumper.ignore_aliases = lambda *_: True  # type: ignore[method-assign]


def written(data: Data) -> str:
    return yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000)


def attack(draw: st.DrawFn, data: Data, kind: str) -> tuple[str, str | None]:
    """Put something hostile into one place of settings; the file's text, and the hostile one if it is a text."""
    place = draw(_attacked_places(data))
    if kind == UNKNOWN_KEY:
        _settings_around(data, place)[draw(st.sampled_from(KEYS))] = draw(st.sampled_from([True, "x", {"path": "/"}, ["-x"], "hunter2"]))
        return written(data), None
    if kind in TEXTS:
        hostile = draw(st.sampled_from(TEXTS[kind]))
        old = place.path[-1] if place.is_key else _at(data, place.path)
        text = draw(st.sampled_from([hostile, old + hostile, hostile + old, old[:3] + hostile + old[3:]])) if isinstance(old, str) else hostile
        _put(data, place, text)
        return written(data), text
    if kind in VALUES:
        _put(data, place, copy.deepcopy(draw(st.sampled_from(VALUES[kind]))))
        return written(data), None
    _put(data, place, RAW_HERE)
    return written(data).replace(f'"{RAW_HERE}"', draw(st.sampled_from(RAW[kind]))), None


def _attacked_places(data: Data) -> st.SearchStrategy[Place]:
    """Any place, but more often one of names and paths, or one where any text may stand, so that hostile ones are accepted there."""
    places = list(_places(data))
    named = [place for place in places if {*NAMED} & {*place.path[-2:]}]
    free = [place for place in places if {*FREE} & {*place.path[:-1]} and not place.is_key]
    return st.sampled_from([free or places, free or places, free or places, named, places]).flatmap(st.sampled_from)


def _put(data: Data, place: Place, value: Any) -> None:
    around, last = _at(data, place.path[:-1]), place.path[-1]
    if place.is_key:
        renamed = {(value if isinstance(value, Hashable) else str(value)) if key == last else key: kept for key, kept in around.items()}
        around.clear()
        around.update(renamed)
    else:
        around[last] = value


def _settings_around(data: Data, place: Place) -> Data:
    """The settings that a place is in, where no keys but those of settings may stand."""
    path = place.path[:-1]
    while not isinstance(_at(data, path), dict) or {*KEYS_OF_PEOPLE} & {*path}:
        path = path[:-1]
    found: Data = _at(data, path)
    return found


def _places(data: Any, path: Path = ()) -> Iterator[Place]:
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        if (*path, key) == ("patches",):
            # What a patch writes is not this library's to judge.
            continue
        yield Place((*path, key))
        if {*KEYS_OF_PEOPLE} & {*path[-1:]}:
            yield Place((*path, key), is_key=True)
        yield from _places(value, (*path, key))


def _at(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


def _secrets(data: Any) -> Iterator[str]:
    for place in _places(data):
        value = _at(data, place.path)
        if place.path[-1] in SECRET_KEYS and isinstance(value, str) and len(value) > 8:
            yield value


def harmless_files() -> st.SearchStrategy[Configuration]:
    """Settings files with nothing hostile in them."""
    return plausible(ClusterSpec).map(lambda data: Configuration(written(data), data, secrets=frozenset(_secrets(data))))


def hostile_files(bases: Sequence[Configuration], kind: str) -> st.SearchStrategy[Configuration]:
    """The same with something hostile of a kind in one place."""

    @st.composite
    def files(draw: st.DrawFn) -> Configuration:
        base = draw(st.sampled_from(bases))
        data = copy.deepcopy(base.data)
        text, hostile = attack(draw, data, kind)
        return Configuration(text, data, base, kind, hostile, base.secrets | {*_secrets(data)})

    return files()


@cache
def configurations() -> tuple[Configuration, ...]:
    """The settings files, the same ones each time."""
    kinds = sorted(KINDS)
    found: dict[str, Configuration] = {}
    with pytest.MonkeyPatch.context() as patch:
        # Otherwise they depend on the numbers in all modules that are imported already.
        patch.setattr(providers, "_get_local_constants", Constants)
        _add(found, harmless_files(), COUNT - OF_A_KIND * len(kinds))
        harmless = tuple(found.values())
        for kind in kinds:
            _add(found, hostile_files(harmless, kind), OF_A_KIND)
    return tuple(found.values())


def _add(found: dict[str, Configuration], files: st.SearchStrategy[Configuration], count: int) -> None:
    """Add so many files that are not there yet."""
    wanted = len(found) + count
    # Others for each, or all hostile things would be in the same places.
    for seed in range(wanted, wanted + count):
        if len(found) >= wanted:
            break

        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=3 * count // 2,
            derandomize=True,
            deadline=None,
            database=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
        )
        @hypothesis.given(files)
        def collect(configuration: Configuration) -> None:
            if len(found) < wanted:
                found.setdefault(configuration.text, configuration)

        collect()
