"""cdk8s-plus' typed objects of Kubernetes without its other constructs, of which this library uses none.

To import those takes a third of what the whole package takes.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

PACKAGE = "cdk8s_plus_27"


def import_k8s_alone() -> None:
    """Import ``cdk8s_plus_27.k8s`` and leave the rest of the package until somebody asks for it; nothing where it is imported already."""
    spec = find_spec(PACKAGE) if PACKAGE not in sys.modules else None
    if spec is None:
        return
    package = _Package(PACKAGE)
    package.__spec__, package.__file__, package.__path__ = spec, spec.origin, list(spec.submodule_search_locations or ())
    sys.modules[PACKAGE] = package
    try:
        import_module(f"{PACKAGE}.k8s")
    except BaseException:
        del sys.modules[PACKAGE]
        raise


class _Package(ModuleType):
    """The package, whose own names are there once one of them is asked for."""

    def __getattr__(self, name: str) -> Any:
        # What Python itself asks for, and is no name of the package, `from cdk8s_plus_27 import *` aside.
        is_own = not name.startswith("__") or name == "__all__"
        loader = self.__spec__.loader if is_own and self.__spec__ is not None else None
        if loader is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        object.__setattr__(self, "__class__", ModuleType)
        loader.exec_module(self)
        return getattr(self, name)
