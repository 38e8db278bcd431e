"""The JSON Schema of cluster.yaml: current, told in words, and every option of it used by a test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from jupyter_cluster_constructs.schema import schema_path, schema_text

from .outputs import EXAMPLE, SETTINGS

SCHEMA: dict[str, Any] = json.loads(schema_text())
EVERYTHING = [file for file in SETTINGS.values() if file != EXAMPLE]


def settings(file: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(file.read_text())
    return loaded


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without references, and without the `or nothing` of an option that has no default."""
    for choice in schema.get("anyOf", ()):
        if choice.get("type") != "null":
            return resolved(choice)
    if "$ref" in schema:
        found: dict[str, Any] = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
        return found
    return schema


def options(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each option of the schema: `users[].name`."""
    inner = resolved(schema)
    if "items" in inner:
        yield from options(inner["items"], f"{path}[]")
    for name, option in inner.get("properties", {}).items():
        where = f"{path}.{name}" if path else name
        yield where, option
        yield from options(option, where)


def options_set(value: Any, path: str = "") -> Iterator[str]:
    """Each option that a settings file sets."""
    if isinstance(value, list):
        for item in value:
            yield from options_set(item, f"{path}[]")
    elif isinstance(value, dict):
        for key, inner in value.items():
            where = f"{path}.{key}" if path else key
            yield where
            yield from options_set(inner, where)


OPTIONS = dict(options(SCHEMA))


def test_the_schema_in_the_package_is_current() -> None:
    # `make schema` writes it.
    assert schema_path().read_text() == schema_text()


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_that_are_taken_are_fine_to_an_editor(name: str) -> None:
    jsonschema.validate(settings(SETTINGS[name]), SCHEMA)


def test_an_editor_sees_an_unknown_key_at_every_level() -> None:
    for part in (SCHEMA, *SCHEMA["$defs"].values()):
        assert part["additionalProperties"] is False, part["title"]


def test_the_example_leads_editors_to_the_schema() -> None:
    first = EXAMPLE.read_text().splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (EXAMPLE.parent / first.partition("$schema=")[2]).resolve() == schema_path().resolve()


def test_every_option_is_set_by_a_settings_file_of_the_tests() -> None:
    used = {option for file in EVERYTHING for option in options_set(settings(file))}
    assert len(OPTIONS) > 60
    assert sorted(OPTIONS.keys() - used) == []


def test_every_option_is_set_to_something_that_is_not_its_default() -> None:
    # One that stays at its default would show nothing.
    values: dict[str, list[object]] = {}
    for file in EVERYTHING:
        for path, value in with_values(settings(file)):
            values.setdefault(path, []).append(value)
    unchanged = {
        path for path, option in OPTIONS.items() if "default" in option and all(value == option["default"] for value in values.get(path, ()))
    }
    assert unchanged == set()


def with_values(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from with_values(item, f"{path}[]")
    elif isinstance(value, dict):
        for key, inner in value.items():
            where = f"{path}.{key}" if path else key
            yield where, inner
            yield from with_values(inner, where)


@pytest.mark.parametrize("path", OPTIONS)
def test_an_option_is_described_in_a_sentence(path: str) -> None:
    description = OPTIONS[path].get("description", "")
    assert description[:1].isupper(), description
    assert description.endswith("."), description


# One of these is always given, or the other one stands in its place.
ALTERNATIVES = {"storage.local", "storage.external", "jupyter.password_hash", "jupyter.secret"}
WITHOUT_VALUE = [path for path, option in OPTIONS.items() if option.get("default", ...) is None and path not in ALTERNATIVES]


@pytest.mark.parametrize("path", WITHOUT_VALUE)
def test_an_option_without_a_value_says_what_then_happens(path: str) -> None:
    assert "Default:" in OPTIONS[path]["description"], OPTIONS[path]["description"]


def test_the_example_is_short() -> None:
    assert len(EXAMPLE.read_text().splitlines()) < 30
