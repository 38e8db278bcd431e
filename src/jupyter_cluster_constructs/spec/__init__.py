"""The typed settings: every key of cluster.yaml, its default and its check."""

from .accounts import Group, User
from .base import Settings
from .cluster import ClusterSpec
from .controller import Controller
from .external_controller import ExternalController
from .hub import Hub
from .jupyter import JUPYTER_PORT, JUPYTER_SERVICE_PORT, Gateway, IngressSettings, Jupyter
from .metrics import Metrics, MetricsResources
from .network import Destination, Egress, FrontendEgress, Network, Peer, Target
from .patches import ObjectPatch, PatchOperation
from .pods import (
    ControllerResources,
    FrontendPod,
    HubResources,
    Images,
    JupyterResources,
    Placement,
    ProxyResources,
    Resources,
    SshdResources,
    Toleration,
    WorkerGroup,
)
from .sign_on import SignOn
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
    "Hub",
    "HubResources",
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
    "ProxyResources",
    "Resources",
    "Settings",
    "SignOn",
    "Ssh",
    "SshdResources",
    "Storage",
    "Target",
    "Toleration",
    "User",
    "WorkerGroup",
    "default_cluster_ip",
]
