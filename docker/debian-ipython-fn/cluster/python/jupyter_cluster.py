"""This cluster, as ipyparallel's Cluster and its panel in JupyterLab know one: it runs, and its admin alone starts or ends it.

A file for ``ipyparallel.Cluster.from_file`` leads here, and Jupyter Server loads it as an extension, after ipyparallel's.
https://ipyparallel.readthedocs.io/en/latest/api/ipyparallel.html#ipyparallel.Cluster
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import ipyparallel
from ipyparallel.cluster import ClusterManager
from ipyparallel.cluster.launcher import ControllerLauncher, EngineLauncher
from tornado.web import HTTPError

CLUSTER_FILE = Path("/opt/cluster/cluster.json")
CONTROLLER = Path("/home/jupyter/shared/.controller")
CLIENT_FILE = CONTROLLER / "ipcontroller-client.json"
# The controller writes it whenever an engine comes or goes.
ENGINES_FILE = CONTROLLER / "profile_default/log/engines.json"
PANEL_NAME = "cluster"
REFUSAL = "This cluster belongs to all members: only its admin starts and stops controller and engines. Your own tasks are taken back by abort()."


class RefusedError(HTTPError):
    """What would end the cluster for everybody, or start another one in its place; the panel shows the text."""

    def __init__(self) -> None:
        super().__init__(403, REFUSAL)

    def __str__(self) -> str:
        return REFUSAL


async def refuse(*arguments: Any, **options: Any) -> None:
    """Stand in for whatever starts, stops or signals."""
    raise RefusedError


class Controller(ControllerLauncher):
    """The controller, which runs in a container of its own."""

    async def get_connection_info(self, timeout: float | None = None) -> dict[str, Any]:
        """What a client needs; what engines need is not for members."""
        return {"client": json.loads(CLIENT_FILE.read_text())}


class Engines(EngineLauncher):
    """The engines, which run in pods of their own."""

    def to_dict(self) -> dict[str, Any]:
        """Tell how many there are now."""
        return {**super().to_dict(), "n": registered_engines()}


class Cluster(ipyparallel.Cluster):
    """This cluster."""

    start_controller = start_engines = stop_controller = stop_engines = signal_engines = refuse

    @classmethod
    def from_dict(cls, d: dict[str, Any], **options: Any) -> Cluster:
        """Find the cluster, whatever the file says beyond whose class this is."""
        options |= {"cluster_id": "", "shutdown_atexit": False, "load_profile": False}
        cluster = cls(controller=Controller, engines=Engines, **options)
        cluster.controller = Controller(parent=cluster, state="running")
        cluster.engines = {"all": Engines(parent=cluster, state="running")}
        return cluster

    def update_cluster_file(self) -> None:
        """Leave the file, which is everybody's, as it is."""

    def remove_cluster_file(self) -> None:
        """Leave the file, which is everybody's, where it is."""


class OneCluster(ClusterManager):
    """What the panel asks: there is this cluster, and no other is started, since the configuration of its controller is everybody's."""

    clusters: dict[str, Cluster]

    def load_clusters(self, **options: Any) -> dict[str, Cluster]:
        """List this cluster."""
        if not self.clusters:
            cluster = Cluster.from_file(os.fspath(CLUSTER_FILE), parent=self)
            self.clusters = {PANEL_NAME: cluster}
        return self.clusters

    def get_cluster(self, cluster_id: str) -> Cluster:
        """Find the cluster also before anybody has asked for the list."""
        return self.load_clusters()[cluster_id]

    def new_cluster(self, **options: Any) -> tuple[str, Cluster]:
        """Refuse another one."""
        raise RefusedError


def registered_engines() -> int:
    """How many engines the controller has; 0 before there are any."""
    try:
        return len(json.loads(ENGINES_FILE.read_text())["engines"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _jupyter_server_extension_points() -> list[dict[str, str]]:  # pyright: ignore[reportUnusedFunction]
    return [{"module": "jupyter_cluster"}]


def _load_jupyter_server_extension(server: Any) -> None:  # pyright: ignore[reportUnusedFunction]
    """Take the place of ipyparallel's manager; extensions are loaded in the order of their names."""
    server.web_app.settings["cluster_manager"] = OneCluster(parent=server)
