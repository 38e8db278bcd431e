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
    ExternalController,
    ExternalStorage,
    FrontendEgress,
    FrontendPod,
    Gateway,
    Group,
    Hub,
    HubResources,
    Images,
    IngressSettings,
    Jupyter,
    LocalStorage,
    Metrics,
    Network,
    ObjectPatch,
    PatchOperation,
    Peer,
    ProxyResources,
    Resources,
    SignOn,
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
    from .patching import PatchError, patch_object
    from .pod_extras import ContainerExtras, PodExtras
    from .users import Users
    from .workers import Workers

# Imported when first asked for: settings alone, and their mistakes, need no Node.
_CONSTRUCTS = {
    "ClusterConfig": "config",
    "ContainerExtras": "pod_extras",
    "Entrance": "entrance",
    "Frontend": "frontend",
    "JupyterCluster": "cluster",
    "Nfs": "nfs",
    "PatchError": "patching",
    "PodExtras": "pod_extras",
    "Users": "users",
    "Workers": "workers",
    "patch_object": "patching",
}

__all__ = [
    "ClusterConfig",
    "ClusterSpec",
    "ContainerExtras",
    "Controller",
    "Destination",
    "Egress",
    "Entrance",
    "ExternalController",
    "ExternalStorage",
    "Frontend",
    "FrontendEgress",
    "FrontendPod",
    "Gateway",
    "Group",
    "Hub",
    "HubResources",
    "Images",
    "IngressSettings",
    "InvalidSettingsError",
    "Jupyter",
    "JupyterCluster",
    "LocalStorage",
    "Metrics",
    "Names",
    "Network",
    "Nfs",
    "ObjectPatch",
    "PatchError",
    "PatchOperation",
    "Peer",
    "PodExtras",
    "Problem",
    "ProxyResources",
    "Resources",
    "SignOn",
    "Ssh",
    "Storage",
    "Target",
    "Toleration",
    "User",
    "Users",
    "WorkerGroup",
    "Workers",
    "__version__",
    "patch_object",
]


def __getattr__(name: str) -> object:
    if name not in _CONSTRUCTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_CONSTRUCTS[name]}", __name__), name)
