"""The frontend: controller, Jupyter Server and sshd, and how they are reached."""

from __future__ import annotations

from cdk8s_plus_27 import k8s
from constructs import Construct

from .accounts import JUPYTER, MEMBERS
from .cluster_pod import ClusterPod
from .config import ClusterConfig
from .controller_container import controller_container, curve_volumes, engine_ports
from .entrance import Entrance
from .errors import InvalidSettingsError
from .hub_containers import hub_containers, hub_volumes, sign_on_volumes
from .jupyter_container import jupyter_container, login_volumes
from .labels import Component, pod_labels, selector
from .metrics_container import metrics_annotations, metrics_containers, metrics_volumes, pod_monitor
from .nfs import Nfs
from .objects import metadata, service_account, service_port
from .own_container import own_container
from .pod_assembly import pod_template
from .pod_extras import PodExtras
from .policies import from_component, from_peers, from_ssh_clients, network_policy, to_destinations, to_dns
from .spec import JUPYTER_PORT, JUPYTER_SERVICE_PORT, SSHD_PORT, FrontendPod, Images, Network, Ssh
from .spec.access import access_problems, jupyter_problems
from .spec.metrics import metrics_problems
from .sshd_containers import host_keys_volume, sshd_container
from .users import Users

IMAGE = "debian-ipython-fn"


class Frontend(Construct):
    """A Deployment of one pod with controller, JupyterHub or Jupyter Server, and sshd, and a Service for each of them.

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
        extras: what is added to its pod. Default: nothing.

    Raises:
        InvalidSettingsError: the Ingress would not reach JupyterLab, or who may reach something is given where everybody may.
        ValueError: something in the extras has the name of something of the pod.

    Attributes:
        names: names of the cluster's resources.
        deployment: the Deployment, for patches.
        engine_service: the Service of the engines, whose ``name`` is ``service_name``, for patches.
        ssh_service: the Service of sshd, for patches.
        jupyter_service: the Service of JupyterHub or Jupyter Server, for patches; None where `jupyter.mode` is off.
        service_account: the ServiceAccount, for patches; None where the extras name another.
        network_policy: the NetworkPolicy, for patches; None where the settings want none.
        entrance: the Ingress or HTTPRoute; None where the settings have none.
        pod_monitor: the PodMonitor, for patches; None where the settings want none.
        ssh_url: where pods of the Kubernetes cluster reach sshd, such as ssh://lab-ssh.science.svc:22.
        jupyter_url: where browsers reach JupyterLab by the Ingress, or without one pods by its Service; None where there is none.
        service_name: Service of the engines, with the controller's engine ports.
        ssh_service_name: Service of sshd.
        jupyter_service_name: Service of JupyterHub or Jupyter Server, port 80; None where there is none.
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
        extras: PodExtras | None = None,
    ) -> None:
        super().__init__(scope, id)
        self._network = network or Network()
        problems = (
            *access_problems(self._network, config.ssh, config.jupyter, config.ingress),
            *jupyter_problems(config.jupyter, pod or FrontendPod(), config.ingress),
            *metrics_problems(config.metrics, self._network, config.controller),
        )
        if problems:
            raise InvalidSettingsError(*problems)
        self.names = users.names
        self._config, self._users, self._nfs = config, users, nfs
        self._pods = selector(self.names.cluster, Component.FRONTEND)
        self._settings = pod or FrontendPod()
        self._pod = ClusterPod(users=users, config=config, nfs=nfs, images=images or Images(), image=IMAGE)
        has_jupyter = config.jupyter.mode != "off"
        self.service_name, self.ssh_service_name = self.names.frontend, self.names.ssh
        self.jupyter_service_name = self.names.jupyter if has_jupyter else None
        self.ssh_url = f"ssh://{self.names.ssh_host}:{config.ssh.port}"
        url = config.ingress.url if config.ingress else f"http://{self.names.jupyter_hosts[2]}/"
        self.jupyter_url = url if has_jupyter else None
        extras = extras or PodExtras()
        self.service_account = service_account(self, self.names, self.names.frontend, Component.FRONTEND, in_its_place=extras.service_account_name)
        self.network_policy = self._network_policy()
        self.deployment = self._deployment(extras)
        self.engine_service = self._engine_service()
        self.ssh_service = self._ssh_service(config.ssh)
        self.jupyter_service = self._jupyter_service() if has_jupyter else None
        self.entrance = (
            Entrance(self, "Entrance", names=self.names, service_name=self.names.jupyter, ingress=config.ingress) if config.ingress else None
        )
        self.pod_monitor = pod_monitor(self, self.names, config.metrics)

    def _network_policy(self) -> k8s.KubeNetworkPolicy | None:
        return network_policy(
            self,
            names=self.names,
            name=self.names.frontend,
            component=Component.FRONTEND,
            network=self._network,
            ingress=[
                *from_component(self.names, Component.WORKER, *self._config.controller.engine_ports),
                *from_ssh_clients(self._config.ssh, SSHD_PORT),
                *from_peers(self._config.jupyter.allowed_from, JUPYTER_PORT),
                *from_peers(self._config.metrics.allowed_from, self._config.metrics.port),
            ],
            egress=[*to_dns(self._network), *to_destinations(self._network.frontend)],
        )

    def _deployment(self, extras: PodExtras) -> k8s.KubeDeployment:
        return k8s.KubeDeployment(
            self,
            "Deployment",
            metadata=metadata(self.names, self.names.frontend, Component.FRONTEND),
            spec=k8s.DeploymentSpec(
                replicas=1,
                # Two controllers must never share the connection files.
                strategy=k8s.DeploymentStrategy(type="Recreate"),
                selector=k8s.LabelSelector(match_labels=self._pods),
                template=self._template(extras),
            ),
        )

    def _template(self, extras: PodExtras) -> k8s.PodTemplateSpec:
        return pod_template(
            labels=pod_labels(self.names.cluster, Component.FRONTEND),
            annotations={"jupyter-cluster/config-checksum": self._config.frontend_checksum} | metrics_annotations(self._config.metrics),
            spec=self._pod.pod_spec(
                service_account=self.names.frontend,
                init_containers=[own_container(self._pod)],
                containers=[
                    controller_container(self._pod, self._settings.controller),
                    *self._jupyter_containers(),
                    sshd_container(self._pod, self._settings.sshd),
                    *metrics_containers(self._pod),
                ],
                placement=self._settings,
                volumes=self._volumes(),
                # Clients in this pod reach the controller without a detour through its Service.
                host_aliases=[k8s.HostAlias(ip="127.0.0.1", hostnames=[self.names.controller_host])],
                # The controller hands its files to both groups; Jupyter's kernels are clients like members.
                groups=[MEMBERS.gid, JUPYTER.uid],
            ),
            extras=extras,
        )

    def _jupyter_containers(self) -> list[k8s.Container]:
        if self._config.jupyter.mode == "hub":
            return hub_containers(self._pod, self._settings)
        return [jupyter_container(self._pod, self._settings.jupyter)] if self._config.jupyter.mode == "server" else []

    def _volumes(self) -> list[k8s.Volume]:
        listed = self._nfs.directories_volume()
        secrets = [*login_volumes(self._pod), *sign_on_volumes(self._pod), *curve_volumes(self._config.controller)]
        hub = hub_volumes() if self._config.jupyter.mode == "hub" else []
        metrics = metrics_volumes(self._config.metrics)
        return [self._users.logins_volume(), host_keys_volume(self._pod), *([listed] if listed else []), *secrets, *hub, *metrics]

    def _engine_service(self) -> k8s.KubeService:
        return k8s.KubeService(
            self,
            "EngineService",
            metadata=metadata(self.names, self.service_name, Component.FRONTEND),
            spec=k8s.ServiceSpec(
                selector=self._pods,
                # Engines that live on find a restarted controller at once, whether or not Jupyter and sshd are ready.
                publish_not_ready_addresses=True,
                ports=[service_port(name, port) for name, port in engine_ports(self._config.controller)],
            ),
        )

    def _ssh_service(self, ssh: Ssh) -> k8s.KubeService:
        return k8s.KubeService(
            self,
            "SshService",
            metadata=metadata(self.names, self.ssh_service_name, Component.FRONTEND),
            spec=k8s.ServiceSpec(
                type=ssh.service_type,
                selector=self._pods,
                ports=[service_port("ssh", ssh.port, ssh.node_port)],
                external_traffic_policy=None if ssh.service_type == "ClusterIP" else ssh.external_traffic_policy,
            ),
        )

    def _jupyter_service(self) -> k8s.KubeService:
        return k8s.KubeService(
            self,
            "JupyterService",
            metadata=metadata(self.names, self.names.jupyter, Component.FRONTEND),
            spec=k8s.ServiceSpec(selector=self._pods, ports=[service_port("http", JUPYTER_SERVICE_PORT)]),
        )
