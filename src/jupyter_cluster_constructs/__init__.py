"""Typed cdk8s constructs that put a multi-user IPython Parallel cluster on Kubernetes."""

from importlib import import_module
from typing import TYPE_CHECKING

from . import _node as _node  # before anything imports jsii
from ._version import __version__
from .errors import InvalidSettingsError, Problem
from .names import Names
from .spec import (
    ClusterSpec,
    Controller,
    Destination,
    Egress,
    ExternalStorage,
    FrontendEgress,
    FrontendPod,
    Gateway,
    Group,
    Images,
    IngressSettings,
    Jupyter,
    LocalStorage,
    Network,
    Peer,
    Resources,
    Ssh,
    Storage,
    Target,
    Toleration,
    User,
    WorkerGroup,
)

if TYPE_CHECKING:
    from .cluster import JupyterCluster
    from .config import ClusterConfig
    from .entrance import Entrance
    from .frontend import Frontend
    from .nfs import Nfs
    from .users import Users
    from .workers import Workers

# Imported when first asked for: settings alone, and their mistakes, need no Node.
_CONSTRUCTS = {
    "ClusterConfig": "config",
    "Entrance": "entrance",
    "Frontend": "frontend",
    "JupyterCluster": "cluster",
    "Nfs": "nfs",
    "Users": "users",
    "Workers": "workers",
}

__all__ = [
    "ClusterConfig",
    "ClusterSpec",
    "Controller",
    "Destination",
    "Egress",
    "Entrance",
    "ExternalStorage",
    "Frontend",
    "FrontendEgress",
    "FrontendPod",
    "Gateway",
    "Group",
    "Images",
    "IngressSettings",
    "InvalidSettingsError",
    "Jupyter",
    "JupyterCluster",
    "LocalStorage",
    "Names",
    "Network",
    "Nfs",
    "Peer",
    "Problem",
    "Resources",
    "Ssh",
    "Storage",
    "Target",
    "Toleration",
    "User",
    "Users",
    "WorkerGroup",
    "Workers",
    "__version__",
]


def __getattr__(name: str) -> object:
    if name not in _CONSTRUCTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_CONSTRUCTS[name]}", __name__), name)
