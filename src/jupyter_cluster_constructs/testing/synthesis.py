"""Manifests of an App, a Chart or settings, in memory; and the files of a program, as cdk8s runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ..settings_file import load_cluster
from ..spec import ClusterSpec
from .manifests import Manifest

if TYPE_CHECKING:
    import cdk8s

Source: TypeAlias = "cdk8s.App | cdk8s.Chart | ClusterSpec | Path | str"
"""An App, a Chart, settings, or the path of a settings file."""

# Never made: nothing is written.
NOWHERE = "jupyter-cluster-constructs-writes-nothing"


def synth(source: Source) -> list[Manifest]:
    """Make the manifests of an App, a Chart or settings, without writing a file.

    Args:
        source: an App, a Chart, settings, or the path of a settings file.

    Returns:
        The objects, in the order in which `kubectl apply -f dist/` would get them.

    Raises:
        SettingsFileError: the settings file has mistakes.
        RuntimeError: cdk8s refuses the construct tree.
    """
    return [manifest for made in synth_charts(source).values() for manifest in made]


def synth_charts(source: Source) -> dict[str, list[Manifest]]:
    """Make the manifests of an App, a Chart or settings, by the Chart that each belongs to: a Chart is a file.

    Args:
        source: an App, a Chart, settings, or the path of a settings file.

    Returns:
        The objects of each Chart by the Chart's path in its App (``frontend``), in the order of the files.

    Raises:
        SettingsFileError: the settings file has mistakes.
        RuntimeError: cdk8s refuses the construct tree.
    """
    # Here, so that looking into manifests needs no Node.
    import cdk8s

    if isinstance(source, cdk8s.Chart):
        return _manifests([source])
    if isinstance(source, cdk8s.App):
        return _of_app(source)
    from ..cluster import JupyterCluster

    app = cdk8s.App(outdir=NOWHERE)
    JupyterCluster(app, "Default", spec=source if isinstance(source, ClusterSpec) else load_cluster(Path(source)))
    return _of_app(app)


def _of_app(app: cdk8s.App) -> dict[str, list[Manifest]]:
    import cdk8s

    charts: Any = app.charts
    if charts:
        # It makes the dependencies between Charts, which their order follows.
        cdk8s.Testing.synth(charts[0])
    return _manifests(app.charts)


def _manifests(charts: Any) -> dict[str, list[Manifest]]:
    import cdk8s

    return {chart.node.path: list(cdk8s.Testing.synth(chart)) for chart in charts}


def run_app(program: Path, *, environment: Mapping[str, str] | None = None) -> dict[str, bytes]:
    """Run a cdk8s program as `cdk8s synth` does, into a directory that is removed afterwards.

    Args:
        program: such as ``app.py``; it runs in its own directory.
        environment: variables beside this process's own. Default: none.

    Returns:
        The content of each file that it wrote, by its path in the output directory.

    Raises:
        RuntimeError: it fails, or writes nothing where cdk8s asks it to.
    """
    program = program.absolute()
    with tempfile.TemporaryDirectory() as outdir:
        variables = os.environ | dict(environment or {}) | {"CDK8S_OUTDIR": outdir}
        done = subprocess.run([sys.executable, str(program)], cwd=program.parent, env=variables, capture_output=True, encoding="utf-8")
        if done.returncode:
            raise RuntimeError(f"{program}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        files = {str(file.relative_to(outdir)): file.read_bytes() for file in sorted(Path(outdir).rglob("*")) if file.is_file()}
    if not files:
        raise RuntimeError(f"{program}: nothing is in CDK8S_OUTDIR; call app.synth() and leave outdir of cdk8s.App unset")
    return files


def changing_files(program: Path, *, environment: Mapping[str, str] | None = None) -> list[str]:
    """Run a cdk8s program twice, with other hash seeds, and compare what it writes byte by byte.

    Args:
        program: such as ``app.py``.
        environment: variables beside this process's own. Default: none.

    Returns:
        A line for each file that differs or is there once; none where everything is the same.

    Raises:
        RuntimeError: it fails, or writes nothing where cdk8s asks it to.
    """
    first, second = (run_app(program, environment={**(environment or {}), "PYTHONHASHSEED": seed}) for seed in ("1", "2"))
    return [
        f"{name}: {'two runs write different bytes' if name in first and name in second else 'only one of two runs writes it'}"
        for name in sorted(first.keys() | second.keys())
        if first.get(name) != second.get(name)
    ]
