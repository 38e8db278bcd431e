"""The command in this process, and as the real program in another one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner, Result

from jupyter_cluster_constructs.cli.app import app

SCRIPT = Path(sys.executable).parent / "jupyter-cluster"


def run(*arguments: str | Path, stdin: str = "") -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, [str(each) for each in arguments], input=stdin, catch_exceptions=False)


def run_script(*arguments: str | Path, directory: Path, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program without a terminal."""
    kept = {key: value for key, value in os.environ.items() if key not in {"CONFIG", "KUBECONFIG", "CDK8S_OUTDIR"}}
    return subprocess.run(
        [str(SCRIPT), *map(str, arguments)], cwd=directory, env=kept | environment, input=stdin, capture_output=True, text=True, timeout=60
    )
