"""Write the manifests of a settings file, whole or not at all."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from .changes import Changes, Manifest, changes, read
from .errors import InvalidSettingsError
from .settings_file import SettingsFileError, in_file, load_cluster
from .spec import ClusterSpec
from .summary import summary

BAD_INPUT = 2


def synthesize(spec: ClusterSpec, outdir: Path) -> list[Path]:
    """Write a cluster's manifests in place of what an earlier run left, which stays when anything fails before.

    Args:
        spec: the settings.
        outdir: the directory; made if it isn't there.

    Returns:
        The files, in the order in which kubectl applies them.
    """
    # Here, so that mistakes in the settings are told without starting Node.
    import cdk8s

    from .cluster import JupyterCluster

    outdir.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=outdir.parent, prefix=f".{outdir.name}-") as new:
        # Absolute, since Node stays in the directory that it was started in.
        app = cdk8s.App(outdir=str(Path(new).absolute()))
        JupyterCluster(app, "Default", spec=spec)
        app.synth()
        outdir.mkdir(exist_ok=True)
        written = sorted(Path(new).glob("*.k8s.yaml"))
        for stale in set(outdir.glob("*.k8s.yaml")) - {outdir / file.name for file in written}:
            stale.unlink()
        return [Path(shutil.move(file, outdir / file.name)) for file in written]


class OutputError(Exception):
    """A directory that manifests can't be written to; its text says which and why."""


@dataclass(frozen=True)
class Synthesis:
    """What was written.

    Attributes:
        spec: the settings.
        outdir: the directory.
        files: the manifests, by their files.
        changes: what differs from those that were there before; None when nothing of the same cluster was there.
    """

    spec: ClusterSpec
    outdir: Path
    files: Mapping[Path, list[Manifest]]
    changes: Changes | None

    @property
    def summary(self) -> str:
        """The same in words."""
        return summary(self.spec, self.outdir, self.files, self.changes)


def synthesize_file(config: Path, outdir: Path) -> Synthesis:
    """Write the manifests of a settings file.

    Args:
        config: the settings file.
        outdir: the directory.

    Raises:
        SettingsFileError: the settings, or their patches, are refused; nothing is written.
        OutputError: the directory can't be written to.
    """
    spec = load_cluster(config)
    before = read(outdir.glob("*.k8s.yaml"))
    try:
        after = read(synthesize(spec, outdir))
    except InvalidSettingsError as error:
        raise in_file(config, error) from None
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise OutputError(f"{outdir}: cannot be written: {error.filename}: {error.strerror}") from None
    return Synthesis(spec, outdir, after, changes(chain(*before.values()), chain(*after.values())))


def main() -> None:
    """Read the settings file that CONFIG names (cluster.yaml), write CDK8S_OUTDIR (dist) and print what was written.

    Exits with 2 and a line for each mistake, and writes nothing, when the settings are refused or the directory cannot be written.
    """
    # This process ends soon: looking for cycles among what it imports is work for nothing.
    gc.disable()
    config, outdir = Path(os.environ.get("CONFIG") or "cluster.yaml"), Path(os.environ.get("CDK8S_OUTDIR") or "dist")
    try:
        print(synthesize_file(config, outdir).summary)
    except SettingsFileError as error:
        print(error, file=sys.stderr)
        sys.exit(BAD_INPUT)
    except OutputError as error:
        print(f"{error}; OUT names another directory", file=sys.stderr)
        sys.exit(BAD_INPUT)
