"""Whole outputs of settings files, as `python app.py` makes them."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import ROOT, Manifest, read

from jupyter_cluster_constructs import synthesis

HERE = Path(__file__).parent
EXAMPLE = ROOT / "cluster.yaml"
EVERYTHING = HERE / "everything.yaml"
EVERYTHING_ELSE = HERE / "everything_else.yaml"
EVERYTHING_CLAIMED = HERE / "everything_claimed.yaml"
EVERYTHING_MADE = HERE / "everything_made.yaml"
SETTINGS = {
    "example": EXAMPLE,
    "everything": EVERYTHING,
    "everything else": EVERYTHING_ELSE,
    "everything claimed": EVERYTHING_CLAIMED,
    "everything made": EVERYTHING_MADE,
}
# What the settings name and what exists before the cluster does.
EXISTING: dict[str, set[str]] = {
    "example": set(),
    "everything": {
        "IngressClass/nginx",
        "Secret/jupyter-tls",
        "Secret/lab-curve",
        "Secret/lab-host-keys",
        "Secret/registry-login",
        "StorageClass/fast",
    },
    "everything else": {"Gateway/gateways/public", "Secret/lab-sign-on"},
    "everything claimed": {"PersistentVolumeClaim/files", "Secret/jupyter-login", "Secret/lab-shadow"},
    "everything made": {"StorageClass/cephfs"},
}
NAMESPACES = {"everything": "science", "everything claimed": "science"}
ADA_PASSWORD, BOB_PASSWORD = "correct horse", "battery staple, groß"


@dataclass(frozen=True)
class Output:
    """What settings became."""

    name: str
    files: dict[str, bytes]
    manifests: list[Manifest]


def project(directory: Path, settings: Path | str = EXAMPLE) -> Path:
    """A directory with a settings file and what it needs, as an admin has it."""
    directory.mkdir(parents=True, exist_ok=True)
    if isinstance(settings, Path):
        shutil.copy(settings, directory / "cluster.yaml")
    else:
        (directory / "cluster.yaml").write_text(settings)
    (directory / "bob.txt").write_text(f"{BOB_PASSWORD}\n", encoding="utf-8")
    return directory


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a run: this one's, without what would lead it elsewhere."""
    own = {key: value for key, value in os.environ.items() if key not in ("CONFIG", "CDK8S_OUTDIR", "PYTHONHASHSEED")}
    return own | {"ADA_PASSWORD": ADA_PASSWORD} | dict(more or {})


def run_app(directory: Path, more: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """`python app.py` in a directory."""
    return subprocess.run([sys.executable, ROOT / "app.py"], cwd=directory, env=environment(more), capture_output=True, text=True, encoding="utf-8")


def run_main(directory: Path) -> str:
    """What the same prints in this process, whose kernel of jsii is running already."""
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as printed:
        for name, value in environment({"CONFIG": str(directory / "cluster.yaml"), "CDK8S_OUTDIR": str(directory / "dist")}).items():
            patch.setenv(name, value)
        synthesis.main()
    return printed.getvalue()


def contents(directory: Path) -> dict[str, bytes]:
    """The files of a directory."""
    return {str(file.relative_to(directory)): file.read_bytes() for file in sorted(directory.rglob("*")) if file.is_file()}


def output(name: str, directory: Path) -> Output:
    """Run the app on one of the settings files."""
    run_main(project(directory, SETTINGS[name]))
    files = sorted((directory / "dist").iterdir())
    return Output(name, contents(directory / "dist"), read(*files))
