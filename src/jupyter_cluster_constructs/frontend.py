"""The frontend: controller, Jupyter Server and sshd, and how they are reached."""

from __future__ import annotations

from cdk8s_plus_27 import k8s
from constructs import Construct

from . import paths
from .accounts import JUPYTER, MEMBERS
from .cluster_pod import INIT_RESOURCES, ClusterPod
from .config import ClusterConfig
from .controller_container import controller_container, curve_volumes, engine_ports
from .directories import Directory
from .entrance import Entrance
from .errors import InvalidSettingsError
from .jupyter_container import jupyter_container, login_volumes
from .labels import Component, pod_labels, selector
from .nfs import Nfs
from .objects import metadata, mount, security_context, service_account, service_port
from .policies import from_component, from_peers, from_ssh_clients, network_policy, to_destinations, to_dns
from .spec import JUPYTER_PORT, JUPYTER_SERVICE_PORT, SSHD_PORT, FrontendPod, Images, Network, Ssh
from .spec.access import access_problems
from .sshd_containers import host_keys_container, host_keys_volume, sshd_container
from .users import Users

IMAGE = "debian-ipython-fn"
# A kubelet brings a changed list of directories to the pod that makes them within 90 seconds or so.
OWN_DISK_SECONDS = 120


class Frontend(Construct):
    """A Deployment of one pod with controller, Jupyter Server and sshd, and a Service for each of them.

    https://kubernetes.io/docs/concepts/workloads/controllers/deployment/

    Args:
        scope: where the construct belongs, a Chart or a construct in one.
        id: name of the construct in its scope.
        users: the account files.
        config: the configuration.
        nfs: homes and shared directory.
        pod: resources of the containers, and placement. Default: their defaults.
        network: what its pod may connect to. Default: DNS and public addresses.
        images: where the image comes from. Default: the library's own names.

    Raises:
        InvalidSettingsError: the Ingress would not reach JupyterLab, or who may reach something is given where everybody may.

    Attributes:
        names: names of the cluster's resources.
        service_name: Service of the engines, with the controller's engine ports.
        ssh_service_name: Service of sshd.
        jupyter_service_name: Service of Jupyter Server, port 80.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        users: Users,
        config: ClusterConfig,
        nfs: Nfs,
        pod: FrontendPod | None = None,
        network: Network | None = None,
        images: Images | None = None,
    ) -> None:
        super().__init__(scope, id)
        self._network = network or Network()
        if problems := tuple(access_problems(self._network, config.ssh, config.jupyter, config.ingress)):
            raise InvalidSettingsError(*problems)
        self.names = users.names
        self._config, self._users, self._nfs = config, users, nfs
        self._settings = pod or FrontendPod()
        self._pod = ClusterPod(users=users, config=config, nfs=nfs, images=images or Images(), image=IMAGE)
        self.service_name, self.ssh_service_name, self.jupyter_service_name = self.names.frontend, self.names.ssh, self.names.jupyter
        self._access()
        self._deployment()
        self._services(config.ssh)
        if config.ingress is not None:
            Entrance(self, "Entrance", names=self.names, service_name=self.jupyter_service_name, ingress=config.ingress)

    def _access(self) -> None:
        service_account(self, self.names, self.names.frontend, Component.FRONTEND)
        network_policy(
            self,
            names=self.names,
            name=self.names.frontend,
            component=Component.FRONTEND,
            network=self._network,
            ingress=[
                *from_component(self.names, Component.WORKER, *self._config.controller.engine_ports),
                *from_ssh_clients(self._config.ssh, SSHD_PORT),
                *from_peers(self._config.jupyter.allowed_from, JUPYTER_PORT),
            ],
            egress=[*to_dns(self._network), *to_destinations(self._network.frontend)],
        )

    def _deployment(self) -> None:
        labels = pod_labels(self.names.cluster, Component.FRONTEND)
        k8s.KubeDeployment(
            self,
            "Deployment",
            metadata=metadata(self.names, self.names.frontend, Component.FRONTEND),
            spec=k8s.DeploymentSpec(
                replicas=1,
                # Two controllers must never share the connection files.
                strategy=k8s.DeploymentStrategy(type="Recreate"),
                selector=k8s.LabelSelector(match_labels=selector(self.names.cluster, Component.FRONTEND)),
                template=k8s.PodTemplateSpec(
                    metadata=k8s.ObjectMeta(labels=labels, annotations={"jupyter-cluster/config-checksum": self._config.frontend_checksum}),
                    spec=self._pod.pod_spec(
                        service_account=self.names.frontend,
                        init_containers=[
                            *self._pod.wait_for_nfs(),
                            self._own("own-shared-directory", self._nfs.shared),
                            self._own("own-homes", *self._nfs.homes),
                            *host_keys_container(self._pod),
                        ],
                        containers=[
                            controller_container(self._pod, self._settings.controller),
                            jupyter_container(self._pod, self._settings.jupyter),
                            sshd_container(self._pod, self._settings.sshd),
                        ],
                        placement=self._settings,
                        volumes=self._volumes(),
                        # Clients in this pod reach the controller without a detour through its Service.
                        host_aliases=[k8s.HostAlias(ip="127.0.0.1", hostnames=[self.names.controller_host])],
                        # The controller hands its files to both groups; Jupyter's kernels are clients like members.
                        groups=[MEMBERS.gid, JUPYTER.uid],
                    ),
                ),
            ),
        )

    def _volumes(self) -> list[k8s.Volume]:
        listed = self._nfs.directories_volume()
        secrets = [*login_volumes(self._pod), *curve_volumes(self._config.controller)]
        return [self._users.logins_volume(), host_keys_volume(self._pod), *([listed] if listed else []), *secrets]

    def _own(self, name: str, *directories: Directory) -> k8s.Container:
        # The cluster's own disk has them made; an external server may let root put them right, which takes these two capabilities.
        by_root = security_context("CHOWN", "FOWNER", uid=0)
        root, listed = self._nfs.root_mount(), self._nfs.directories_volume()
        if root is not None and listed is not None:
            which = "--only" if directories == (self._nfs.shared,) else "--all-but"
            arguments = ["--listed-in", f"{paths.DIRECTORIES}/{listed.name}", which, self._nfs.shared.name, "--root", root.mount_path]
            mounts = [root, mount(listed.name, paths.DIRECTORIES, read_only=True)]
        else:
            arguments = [f"{d.path}:{d.spec}" for d in directories]
            mounts = [mount(d.pod_volume_name, d.path, sub_path=d.sub_path) for d in directories]
        seconds = 0 if self._nfs.is_external else OWN_DISK_SECONDS
        return self._pod.container(
            name,
            self._pod.python("own_directories.py", "--wait", str(seconds), *arguments),
            resources=INIT_RESOURCES,
            security=by_root if self._nfs.is_external else None,
            mounts=mounts,
        )

    def _services(self, ssh: Ssh) -> None:
        pods = selector(self.names.cluster, Component.FRONTEND)
        k8s.KubeService(
            self,
            "EngineService",
            metadata=metadata(self.names, self.service_name, Component.FRONTEND),
            spec=k8s.ServiceSpec(
                selector=pods,
                # Engines that live on find a restarted controller at once, whether or not Jupyter and sshd are ready.
                publish_not_ready_addresses=True,
                ports=[service_port(name, port) for name, port in engine_ports(self._config.controller)],
            ),
        )
        k8s.KubeService(
            self,
            "SshService",
            metadata=metadata(self.names, self.ssh_service_name, Component.FRONTEND),
            spec=k8s.ServiceSpec(
                type=ssh.service_type,
                selector=pods,
                ports=[service_port("ssh", ssh.port, ssh.node_port)],
                external_traffic_policy=None if ssh.service_type == "ClusterIP" else ssh.external_traffic_policy,
            ),
        )
        k8s.KubeService(
            self,
            "JupyterService",
            metadata=metadata(self.names, self.jupyter_service_name, Component.FRONTEND),
            spec=k8s.ServiceSpec(selector=pods, ports=[service_port("http", JUPYTER_SERVICE_PORT)]),
        )
