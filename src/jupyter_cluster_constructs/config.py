"""The configuration that controller, engines, Jupyter Server and sshd read."""

from __future__ import annotations

from importlib import resources

from cdk8s_plus_27 import k8s
from constructs import Construct

from . import hub, ipython, jupyter, paths, sshd
from .accounts import JUPYTER, MEMBERS
from .labels import Component
from .names import Names
from .objects import checksum, metadata, mount, secret_data
from .spec import Controller, IngressSettings, Jupyter, Metrics, Ssh

ENGINE_FILES = (
    "direct_stream.py",
    "engine_kernel.py",
    "ipengine_config.py",
    "leave_controller.py",
    "reconnecting_sockets.py",
    "registrar.py",
    "registration_mark.py",
    "start_engine.sh",
    "unlogged_tasks.py",
    "wait_for_controller.py",
    "wait_for_nfs.py",
    "waiting.py",
    "written_streams.py",
    "zeromq_peer.py",
)
SIGN_ON_FILES = ("cluster_sign_on.py",)
METRICS_FILES = ("controller_counters.py", "metrics.py", "start_metrics.sh")
# The programs that not every mode of JupyterLab has a use for.
JUPYTER_FILES = {
    "hub": (
        "busy_kernels.py",
        "cluster_hub.py",
        "fair_memory.py",
        "held_port.js",
        "hub_database.py",
        "https_only.py",
        "idle_culler.py",
        "member_accounts.py",
        "member_directories.py",
        "member_requests.py",
        "member_servers.py",
        "member_signals.py",
        "scrubbed_log.py",
        "socket_answers.py",
        "start_hub.sh",
        "start_member_server.sh",
        "start_member_servers.sh",
        "start_proxy.sh",
        "turns.py",
    ),
    "server": ("closed_server.py", "https_only.py", "scrubbed_log.py", "start_jupyter.sh"),
}


class ClusterConfig(Construct):
    """A ConfigMap, mounted at /home/jupyter/config, and a Secret where JupyterLab's password hash is in the settings.

    The images' /etc/ipython and /etc/jupyter lead to it, so that every program finds its file.
    https://kubernetes.io/docs/concepts/configuration/configmap/

    Args:
        scope: where the construct belongs, a Chart or a construct in one.
        id: name of the construct in its scope.
        names: names of the cluster's resources.
        controller: settings of the controller. Default: their defaults.
        jupyter: who has a JupyterLab. Default: each member, under their own account.
        ssh: who gets in by SSH, what they may do there, and how they reach sshd. Default: members, by password and key, inside the cluster.
        ingress: how JupyterLab is reached from outside. Default: only by its Service.
        metrics: whether there are metrics, and who reads them. Default: there are none.

    Attributes:
        names: names of the cluster's resources.
        ssh: the settings of sshd and of its Service.
        controller: the controller's settings, whose ports Services and containers use.
        jupyter: the settings of JupyterLab, which say who has one, and who may reach it.
        ingress: how JupyterLab is reached from outside, if it is.
        metrics: the settings of the metrics, which say whether there are any.
        config_map: the ConfigMap, for patches.
        jupyter_secret: the Secret with JupyterLab's password hash, for patches; None where the settings have none.
        config_map_name: the ConfigMap.
        jupyter_secret_name: the Secret with ``password_hash`` or ``token`` of the one JupyterLab for all; None where there is none.
        frontend_checksum: digest of what the frontend reads when it starts.
        engine_checksum: digest of what engines read when they start.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        controller: Controller | None = None,
        jupyter: Jupyter | None = None,
        ssh: Ssh | None = None,
        ingress: IngressSettings | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        super().__init__(scope, id)
        self.names = names
        self.controller = controller or Controller()
        self.ssh = ssh or Ssh()
        self.jupyter = login = jupyter or Jupyter()
        self.ingress = ingress
        self.metrics = metrics or Metrics()
        self.config_map_name = names.config
        files = self._rendered_files() | self._programs()
        self.frontend_checksum = checksum(*(text for _, text in sorted(files.items())), login.password_hash or "")
        # Engines learn their controller's ports and key when they start.
        connection = (*self.controller.engine_ports, self.controller.encryption, self.controller.curve_secret)
        self.engine_checksum = checksum(*(files[name] for name in ENGINE_FILES), *map(str, connection))
        self.config_map = k8s.KubeConfigMap(self, "ConfigMap", metadata=metadata(names, self.config_map_name, Component.CONFIG), data=files)
        self.jupyter_secret = self._jupyter_secret(login.password_hash) if login.password_hash is not None else None
        self.jupyter_secret_name = login.secret if self.jupyter_secret is None else names.jupyter

    def _jupyter_secret(self, password_hash: str) -> k8s.KubeSecret:
        return k8s.KubeSecret(
            self,
            "JupyterSecret",
            metadata=metadata(self.names, self.names.jupyter, Component.CONFIG),
            data=secret_data({jupyter.PASSWORD_KEY: password_hash}),
        )

    def _rendered_files(self) -> dict[str, str]:
        """The files that depend on settings."""
        return {
            "ipcontroller_config.py": ipython.controller_config(
                self.controller,
                self.names.controller_host,
                engines=JUPYTER.uid,
                clients=MEMBERS.gid,
                metrics=self.metrics.enabled,
            ),
            "ipengine_config.py": ipython.engine_config(self.controller),
            "ipython_config.py": ipython.IPYTHON_CONFIG,
            "jupyter_config.py": jupyter.JUPYTER_CONFIG,
            "sshd_config": sshd.sshd_config(self.ssh),
            **self._rendered_for_jupyter(),
        }

    def _rendered_for_jupyter(self) -> dict[str, str]:
        """The files of the one JupyterLab for all, or of the hub and each member's."""
        if self.jupyter.mode == "server":
            return {"shared_jupyter_server.py": jupyter.shared_server_config(self.names.jupyter_hosts, self.jupyter, self.ingress)}
        if self.jupyter.mode == "hub":
            return {
                "ipython_kernel_config.py": ipython.MEMBERS_KERNEL_CONFIG,
                "jupyterhub_config.py": hub.hub_config(self.jupyter, self.ingress),
                "member_server_config.py": hub.member_server_config(self.jupyter, self.ingress),
            }
        return {}

    def _programs(self) -> dict[str, str]:
        """The programs, without those that the settings have no use for."""
        unused = set() if self.metrics.enabled else set(METRICS_FILES)
        unused |= set() if self.jupyter.hub.sign_on else set(SIGN_ON_FILES)
        unused |= {file for files in JUPYTER_FILES.values() for file in files} - set(JUPYTER_FILES.get(self.jupyter.mode, ()))
        return {name: text for name, text in runtime_files().items() if name not in unused}

    def volume(self) -> k8s.Volume:
        """A volume with the configuration."""
        return k8s.Volume(name="config", config_map=k8s.ConfigMapVolumeSource(name=self.config_map_name))

    @staticmethod
    def mount() -> k8s.VolumeMount:
        """The mount of that volume."""
        return mount("config", paths.CONFIG, read_only=True)


def runtime_files() -> dict[str, str]:
    """The programs that pods run, as they are in the package's directory ``runtime``."""
    directory = resources.files("jupyter_cluster_constructs").joinpath("runtime")
    return {
        file.name: file.read_text(encoding="utf-8")
        for file in directory.iterdir()
        if file.name.endswith((".js", ".py", ".sh")) and file.name != "__init__.py"
    }
