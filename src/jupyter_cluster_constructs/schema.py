"""The JSON Schema of cluster.yaml, for editors, and its settings as a table, for people; `make schema` writes both."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
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


def schema_text() -> str:
    """Render the schema."""
    return json.dumps(ClusterSpec.model_json_schema() | {"$schema": "https://json-schema.org/draft/2020-12/schema"}, indent=2) + "\n"


def schema_path() -> Path:
    """Where the schema is in the package."""
    return Path(str(resources.files(__package__).joinpath("cluster.schema.json")))


def settings_table() -> str:
    """Render every setting as a row of a Markdown table."""
    schema = ClusterSpec.model_json_schema()
    return HEADING + "".join(_rows(schema, schema["$defs"], ""))


def _rows(schema: dict[str, Any], definitions: dict[str, Any], prefix: str) -> Iterator[str]:
    for key, described in schema.get("properties", {}).items():
        name, at = f"{prefix}{key}", next((c for c in described.get("anyOf", ()) if c.get("type") != "null"), described)
        if at.get("type") == "array":
            name, at = f"{name}[]", at["items"]
        nested = definitions[at["$ref"].rpartition("/")[2]] if "$ref" in at else None
        yield f"| `{name}` | {'' if nested else _default(key, schema, described)} | {described['description'].replace('|', chr(92) + '|')} |\n"
        if nested:
            yield from _rows(nested, definitions, f"{name}.")


def _default(key: str, schema: dict[str, Any], described: dict[str, Any]) -> str:
    if key in schema.get("required", ()):
        return "*required*"
    default = described.get("default")
    return "" if default is None else f"`{json.dumps(default)}`"


if __name__ == "__main__":
    schema_path().write_text(schema_text(), encoding="utf-8")
    Path(sys.argv[1]).write_text(settings_table(), encoding="utf-8")
