"""`jupyter-cluster synth`: the manifests of a settings file."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from .console import CommandError, print_json, stdout
from .options import DEFAULT_CONFIG, ConfigOption, JsonOption

OutOption = Annotated[
    Path, typer.Option("--out", "-o", envvar="CDK8S_OUTDIR", metavar="DIRECTORY", help="Where the manifests are written.", show_default="dist")
]


def synth(config: ConfigOption = DEFAULT_CONFIG, out: OutOption = Path("dist"), json: JsonOption = False) -> None:
    """Write the manifests, say who can log in, and what applying them changes."""
    # Here, since it is half of what every other command would wait for.
    from ..synthesis import OutputError, synthesize_file

    if "JSII_NODE" not in os.environ and shutil.which("node") is None:
        raise CommandError("cdk8s runs on Node, and there is none: pip install 'jupyter-cluster-constructs[node]', or put Node 22 or newer on PATH")
    try:
        made = synthesize_file(config, out)
    except OutputError as error:
        raise CommandError(f"{error}; --out names another directory") from None
    if not json:
        stdout.print(made.summary)
        return
    print_json(
        {
            "directory": str(out),
            "files": [{"file": str(file), "objects": [_named(each) for each in manifests]} for file, manifests in made.files.items()],
            "changes": asdict(made.changes) if made.changes else None,
        }
    )


def _named(manifest: dict[str, Any]) -> dict[str, Any]:
    metadata = manifest["metadata"]
    return {"apiVersion": manifest["apiVersion"], "kind": manifest["kind"], "namespace": metadata.get("namespace"), "name": metadata["name"]}
