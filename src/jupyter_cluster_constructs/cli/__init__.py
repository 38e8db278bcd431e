"""The command jupyter-cluster: settings, manifests and the cluster that they make."""

from __future__ import annotations

import sys
from importlib.util import find_spec

NEEDED = ("kubernetes", "rich", "typer")
BAD_USAGE = 2


def main() -> None:
    """Run the command; exits with 2 and one line where the extra `cli` is not installed."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        print(f"jupyter-cluster needs {' and '.join(missing)}: pip install 'jupyter-cluster-constructs[cli]'", file=sys.stderr)
        sys.exit(BAD_USAGE)
    from .app import app

    app(prog_name="jupyter-cluster")
