"""`jupyter-cluster schema`: the JSON Schema of cluster.yaml, for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ..schema import schema_text
from .console import CommandError, stdout
from .files import READABLE, replacement

SCHEMA_FILE = "cluster.schema.json"
STDOUT = Path("-")


def schema(file: Annotated[Path, typer.Argument(metavar="[FILE|-]", help="Where it is written; - is stdout.")] = Path(SCHEMA_FILE)) -> None:
    """Write the JSON Schema of the settings, for editors.

    The first line of a settings file names it: # yaml-language-server: $schema=cluster.schema.json
    """
    if file == STDOUT:
        print(schema_text(), end="")
        return
    write_schema(file)
    stdout.print(f"{file}: written; the first line of a settings file beside it: # yaml-language-server: $schema={file.name}")


def write_schema(file: Path) -> None:
    """Write the JSON Schema, in place of an older one.

    Raises:
        CommandError: the file is something else, or can't be written.
    """
    try:
        there = file.read_text(encoding="utf-8") if file.exists() else None
    except (OSError, ValueError):
        there = ""
    if there is not None and not _is_schema(there):
        raise CommandError(f"{file}: is there, and no JSON Schema of these settings; name another file")
    if there != schema_text():
        with replacement(file, schema_text(), mode=READABLE):
            pass


def _is_schema(text: str) -> bool:
    try:
        found = json.loads(text)
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("title") == "ClusterSpec"
