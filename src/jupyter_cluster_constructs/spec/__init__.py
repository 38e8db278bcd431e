"""The typed settings: every key of cluster.yaml, its default and its check."""

from .accounts import Group, User
from .base import Settings
from .cluster import ClusterSpec
from .controller import Controller
from .external_controller import ExternalController
from .jupyter import JUPYTER_PORT, JUPYTER_SERVICE_PORT, Gateway, IngressSettings, Jupyter
from .metrics import Metrics, MetricsResources
from .network import Destination, Egress, FrontendEgress, Network, Peer, Target
from .patches import ObjectPatch, PatchOperation
from .pods import (
    ControllerResources,
    FrontendPod,
    Images,
    JupyterResources,
    Placement,
    Resources,
    SshdResources,
    Toleration,
    WorkerGroup,
)
from .ssh import SSHD_PORT, Ssh
from .storage import ExternalStorage, LocalStorage, Storage, default_cluster_ip

__all__ = [
    "JUPYTER_PORT",
    "JUPYTER_SERVICE_PORT",
    "SSHD_PORT",
    "ClusterSpec",
    "Controller",
    "ControllerResources",
    "Destination",
    "Egress",
    "ExternalController",
    "ExternalStorage",
    "FrontendEgress",
    "FrontendPod",
    "Gateway",
    "Group",
    "Images",
    "IngressSettings",
    "Jupyter",
    "JupyterResources",
    "LocalStorage",
    "Metrics",
    "MetricsResources",
    "Network",
    "ObjectPatch",
    "PatchOperation",
    "Peer",
    "Placement",
    "Resources",
    "Settings",
    "Ssh",
    "SshdResources",
    "Storage",
    "Target",
    "Toleration",
    "User",
    "WorkerGroup",
    "default_cluster_ip",
]
