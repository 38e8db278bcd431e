"""The manifests of a cluster, from its settings, without leaving files unless they are asked for."""

from __future__ import annotations

import atexit
import sys
import tempfile
from itertools import chain
from pathlib import Path

from ..changes import read
from ..spec import ClusterSpec
from .api import Object


def without_passwords(spec: ClusterSpec) -> ClusterSpec:
    """Settings that make objects of the same names, and need neither a password's variable nor its file."""
    nothing = {"password_env": None, "password_file": None}
    return spec.model_copy(update={"users": tuple(user.model_copy(update=nothing) for user in spec.users)})


def manifests_of(spec: ClusterSpec, outdir: Path | None = None) -> list[Object]:
    """The manifests of a cluster, in the order of their files.

    Args:
        spec: the settings.
        outdir: where the files are written too. Default: nowhere.

    Raises:
        InvalidSettingsError: a patch does not fit.
        OSError: the directory can't be written.
    """
    written = _written(spec, outdir)
    # After jsii's own, so that it runs before it.
    atexit.register(_node_may_be_gone)
    return written


def _written(spec: ClusterSpec, outdir: Path | None) -> list[Object]:
    # Here, since it takes long to import.
    from ..synthesis import synthesize

    if outdir is not None:
        return _read(synthesize(spec, outdir))
    with tempfile.TemporaryDirectory(prefix="jupyter-cluster-") as directory:
        return _read(synthesize(spec, Path(directory) / "dist"))


def _node_may_be_gone() -> None:
    """Ctrl-C ends Node too, and jsii fails to end it again."""
    shown = sys.unraisablehook
    sys.unraisablehook = lambda found: None if isinstance(found.exc_value, BrokenPipeError) else shown(found)


def _read(files: list[Path]) -> list[Object]:
    return list(chain(*read(files).values()))
