"""The JSON Schema of cluster.yaml, for editors, and its settings as a table, for people; `make schema` writes both."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from .spec import ClusterSpec

HEADING = """\
# Settings of cluster.yaml

Made by `make schema` out of the typed settings in `src/jupyter_cluster_constructs/spec/`. A name with `[]` is a list's entry.

| setting | default | what it is |
|---|---|---|
"""


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of all settings."""
    return ClusterSpec.model_json_schema()


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """A part of the schema without the choice of nothing, and with what it refers to in its place."""
    choice = next((choice for choice in part.get("anyOf", ()) if choice.get("type") != "null"), part)
    found: dict[str, Any] = schema()["$defs"][choice["$ref"].rpartition("/")[2]] if "$ref" in choice else choice
    return found


def schema_text() -> str:
    """Render the schema."""
    return json.dumps(schema() | {"$schema": "https://json-schema.org/draft/2020-12/schema"}, indent=2) + "\n"


def schema_path() -> Path:
    """Where the schema is in the package."""
    return Path(str(resources.files("jupyter_cluster_constructs").joinpath("cluster.schema.json")))


def settings_table() -> str:
    """Render every setting as a row of a Markdown table."""
    return HEADING + "".join(_rows(schema(), ""))


def _rows(group: dict[str, Any], prefix: str) -> Iterator[str]:
    for key, described in group["properties"].items():
        name, at = f"{prefix}{key}", resolved(described)
        if at.get("type") == "array":
            name, at = f"{name}[]", resolved(at["items"])
        is_group = "properties" in at
        yield f"| `{name}` | {'' if is_group else _default(key, group, described)} | {described['description'].replace('|', chr(92) + '|')} |\n"
        if is_group:
            yield from _rows(at, f"{name}.")


def _default(key: str, group: dict[str, Any], described: dict[str, Any]) -> str:
    if key in group.get("required", ()):
        return "*required*"
    default = described.get("default")
    return "" if default is None else f"`{json.dumps(default)}`"


if __name__ == "__main__":
    schema_path().write_text(schema_text(), encoding="utf-8")
    Path(sys.argv[1]).write_text(settings_table(), encoding="utf-8")
