"""The JSON Schema of cluster.yaml, for editors: `python -m jupyter_cluster_constructs.schema` writes it."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

from .spec import ClusterSpec


def schema_text() -> str:
    """Render the schema."""
    return json.dumps(ClusterSpec.model_json_schema() | {"$schema": "https://json-schema.org/draft/2020-12/schema"}, indent=2) + "\n"


def schema_path() -> Path:
    """Where the schema is in the package."""
    return Path(str(resources.files(__package__).joinpath("cluster.schema.json")))


if __name__ == "__main__":
    schema_path().write_text(schema_text())
    print(schema_path())
