"""The examples' programs, as `cdk8s synth` runs them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml
from support import ROOT, Manifest

from jupyter_cluster_constructs.testing import run_app

DIRECTORIES = sorted(file.parent for file in (ROOT / "examples").glob("*/app.py"))
README_APP = "README"
NAMES = ["cluster.yaml", README_APP, *(directory.name for directory in DIRECTORIES)]
# What has to be there before they are applied, as each one's README says.
EXISTING: dict[str, set[str]] = {"engines_for_another_controller": {"Secret/science/their-controller"}}


@dataclass(frozen=True)
class Example:
    """What an example's program writes."""

    name: str
    program: Path
    files: dict[str, bytes]

    @property
    def documents(self) -> dict[str, list[Manifest]]:
        """The manifests of each file."""
        return {name: [found for found in yaml.safe_load_all(content) if found] for name, content in self.files.items()}

    @property
    def manifests(self) -> list[Manifest]:
        """The manifests of all files, in the order in which `kubectl apply -f dist/` gets them."""
        return [manifest for found in self.documents.values() for manifest in found]


def program_of(name: str, directory: Path) -> Path:
    """The program of an example; README's is written into a directory."""
    if name == "cluster.yaml":
        return ROOT / "app.py"
    if name != README_APP:
        return ROOT / "examples" / name / "app.py"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (text,) = (block for block in re.findall(r"^```python\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL) if "cdk8s.App" in block)
    program = directory / "app.py"
    program.write_text(text, encoding="utf-8")
    return program


def run(program: Path, seed: int) -> dict[str, bytes]:
    """What a program writes, with this seed of Python's hashes."""
    return run_app(program, environment={"PYTHONHASHSEED": str(seed), "ADA_PASSWORD": "only for this test", "CONFIG": ""})
