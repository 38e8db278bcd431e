"""What comes with the extra `testing`, and what is said where it is missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

INSTALL = "pip install 'jupyter-cluster-constructs[testing]'"


def required(module: str) -> Any:
    """Import a module of the extra.

    Raises:
        ImportError: it is not installed; the line says what to install.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ImportError(f"jupyter_cluster_constructs.testing needs {error.name}, which comes with the extra: {INSTALL}", name=error.name) from error
