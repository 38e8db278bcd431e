"""The text of a new settings file: what is set, and every other section as a comment."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping
from typing import Any

from pydantic.fields import FieldInfo
from ruamel.yaml import YAML

from ..spec import ClusterSpec

LINE_LENGTH = 110
NO_REMARKS: Mapping[str, str] = {}
HEAD = """\
# yaml-language-server: $schema={schema_file}
# A multi-user IPython Parallel cluster. Sections that are commented out are examples, and nothing of them is set. Every setting with its
# default is in docs/settings.md of jupyter-cluster-constructs; editors that know the schema of the first line complete and explain them.
# Then: jupyter-cluster synth, and kubectl apply -f dist/
"""


def settings_text(values: Mapping[str, Any], schema_file: str, remarks: Mapping[str, str] = NO_REMARKS) -> str:
    """Write settings with a word on each section, in the order of the schema.

    Args:
        values: what is set; comments that ruamel.yaml keeps with it are written too.
        schema_file: the JSON Schema, as seen from the settings file.
        remarks: what is to be said of a section in this file. Default: nothing.
    """
    sections = (_section(key, field, values, remarks.get(key, "")) for key, field in ClusterSpec.model_fields.items())
    return "\n".join([HEAD.format(schema_file=schema_file), *sections])


def _section(key: str, field: FieldInfo, values: Mapping[str, Any], remark: str) -> str:
    words = "".join(f"# {line}\n" for line in textwrap.wrap(f"{field.description} {remark}", LINE_LENGTH))
    if key in values:
        return words + yaml_text({key: values[key]})
    return words + textwrap.indent(yaml_text({key: (field.examples or [None])[0]}), "# ")


def yaml_text(value: Any) -> str:
    """A value as YAML in lines, indented as in the documentation."""
    yaml = YAML(typ="rt")
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 10_000
    stream = io.StringIO()
    yaml.dump(value, stream)
    return stream.getvalue()
