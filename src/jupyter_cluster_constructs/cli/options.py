"""Options and arguments that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_CONFIG = Path("cluster.yaml")

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", envvar="CONFIG", metavar="FILE", help="Settings file of the cluster.", show_default="cluster.yaml")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]
ContextOption = Annotated[
    str | None, typer.Option("--context", metavar="NAME", help="Context of the kubeconfig. Default: the current one, or the pod's own account.")
]
TimeoutOption = Annotated[float, typer.Option("--timeout", min=0, metavar="SECONDS", help="Longest time to wait.")]
