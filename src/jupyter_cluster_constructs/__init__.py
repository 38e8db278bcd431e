"""Typed cdk8s constructs that put a multi-user IPython Parallel cluster on Kubernetes."""

from . import _node as _node  # before anything imports jsii
from ._version import __version__
from .cluster import JupyterCluster
from .config import ClusterConfig
from .entrance import Entrance
from .errors import InvalidSettingsError, Problem
from .frontend import Frontend
from .names import Names
from .nfs import Nfs
from .spec import (
    ClusterSpec,
    Controller,
    ExternalStorage,
    FrontendPod,
    Gateway,
    Group,
    Images,
    IngressSettings,
    Jupyter,
    LocalStorage,
    Resources,
    Ssh,
    Storage,
    Toleration,
    User,
    WorkerGroup,
)
from .users import Users
from .workers import Workers

__all__ = [
    "ClusterConfig",
    "ClusterSpec",
    "Controller",
    "Entrance",
    "ExternalStorage",
    "Frontend",
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
    "Nfs",
    "Problem",
    "Resources",
    "Ssh",
    "Storage",
    "Toleration",
    "User",
    "Users",
    "WorkerGroup",
    "Workers",
    "__version__",
]
