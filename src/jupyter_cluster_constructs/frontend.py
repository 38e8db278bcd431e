"""The frontend: controller, Jupyter Server and sshd, and how they are reached."""

from __future__ import annotations

from cdk8s_plus_27 import k8s
from constructs import Construct

from . import paths
from .accounts import SSHD_KEYS
from .cluster_pod import INIT_RESOURCES, SCRATCH, ClusterPod, Probes
from .config import ClusterConfig
from .directories import Directory
from .entrance import Entrance
from .labels import Component, pod_labels, selector
from .nfs import Nfs
from .objects import PROBE_SECONDS, exec_probe, metadata, mount, security_context, service_port
from .spec import JUPYTER_PORT, JUPYTER_SERVICE_PORT, SSHD_PORT, FrontendPod, Images, IngressSettings, Ssh
from .sshd import HOST_KEY_TYPES
from .users import Users

IMAGE = "debian-ipython-fn"
# A kubelet brings a changed list of directories to the pod that makes them within 90 seconds or so.
OWN_DISK_SECONDS = 120
ENGINE_PORT_NAMES = ("registration", "control", "mux", "task", "iopub", "hb-ping", "hb-pong", "broadcast-0", "broadcast-1")


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
        ssh: type and ports of the SSH Service. Default: inside the cluster, port 22.
        ingress: how JupyterLab is reached from outside. Default: only by its Service.
        images: where the image comes from. Default: the library's own names.

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
        ssh: Ssh | None = None,
        ingress: IngressSettings | None = None,
        images: Images | None = None,
    ) -> None:
        super().__init__(scope, id)
        self.names = users.names
        self._config, self._users, self._nfs = config, users, nfs
        self._engine_ports = tuple(zip(ENGINE_PORT_NAMES, config.controller.engine_ports, strict=True))
        self._settings = pod or FrontendPod()
        self._pod = ClusterPod(users=users, config=config, nfs=nfs, images=images or Images(), image=IMAGE)
        self.service_name, self.ssh_service_name, self.jupyter_service_name = self.names.frontend, self.names.ssh, self.names.jupyter
        self._deployment()
        self._services(ssh or Ssh())
        if ingress is not None:
            Entrance(self, "Entrance", names=self.names, service_name=self.jupyter_service_name, ingress=ingress)

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
                        init_containers=[
                            *self._pod.wait_for_nfs(),
                            self._own("own-shared-directory", self._nfs.shared),
                            self._own("own-homes", *self._nfs.homes),
                            self._make_host_keys(),
                        ],
                        containers=[self._controller(), self._jupyter(), self._sshd()],
                        placement=self._settings,
                        volumes=self._volumes(),
                        # Clients in this pod reach the controller without a detour through its Service.
                        host_aliases=[k8s.HostAlias(ip="127.0.0.1", hostnames=[self.names.controller_host])],
                    ),
                ),
            ),
        )

    def _volumes(self) -> list[k8s.Volume]:
        volumes = [self._users.logins_volume(), k8s.Volume(name="host-keys", empty_dir=k8s.EmptyDirVolumeSource(medium="Memory"))]
        if (listed := self._nfs.directories_volume()) is not None:
            volumes.append(listed)
        if self._config.jupyter_secret_name is not None:
            volumes.append(k8s.Volume(name="jupyter-login", secret=k8s.SecretVolumeSource(secret_name=self._config.jupyter_secret_name)))
        return volumes

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

    def _make_host_keys(self) -> k8s.Container:
        return self._pod.container(
            "make-host-keys",
            self._pod.shell("make_host_keys.sh", paths.KEPT_HOST_KEYS, paths.HOST_KEYS, *HOST_KEY_TYPES),
            resources=INIT_RESOURCES,
            # Group 0 lets sshd's root read the copies, though it has no rights over other people's files.
            security=security_context(uid=SSHD_KEYS.uid, gid=0),
            mounts=[self._nfs.shared_mount(), Users.mount(self._users.names_volume()), mount("host-keys", paths.HOST_KEYS)],
        )

    def _controller(self) -> k8s.Container:
        controller = self._config.controller
        answers = self._pod.python("controller_answers.py", *map(str, (*controller.engine_ports, *controller.client_ports)))
        return self._pod.container(
            "controller",
            ["tini", "--", *self._pod.shell("start_controller.sh")],
            resources=self._settings.controller,
            environment={"HOME": paths.JUPYTER_HOME, "IPYTHONDIR": paths.CONTROLLER_DIRECTORY},
            mounts=self._pod.jupyter_mounts("controller"),
            ports=[k8s.ContainerPort(name=name, container_port=port, protocol="TCP") for name, port in self._engine_ports],
            probes=Probes(
                startup=exec_probe(answers, period=1, failures=120),
                readiness=exec_probe(answers, period=5, failures=2),
                # A scheduler that hangs is noticed after 13 to 18 s; a loaded machine would have to stop it for as long.
                liveness=exec_probe(answers, period=5, failures=3),
            ),
        )

    def _jupyter(self) -> k8s.Container:
        mounts = self._pod.jupyter_mounts("jupyter")
        if self._config.jupyter_secret_name is not None:
            mounts.append(mount("jupyter-login", paths.JUPYTER_LOGIN, read_only=True))

        def answers(period: int, failures: int) -> k8s.Probe:
            # /api alone answers without a login.
            get = k8s.HttpGetAction(path="/api", port=k8s.IntOrString.from_string("http"))
            return k8s.Probe(http_get=get, period_seconds=period, failure_threshold=failures, timeout_seconds=PROBE_SECONDS)

        return self._pod.container(
            "jupyter",
            ["tini", "--", *self._pod.shell("start_jupyter.sh")],
            resources=self._settings.jupyter,
            environment={"HOME": paths.JUPYTER_HOME},
            mounts=mounts,
            ports=[k8s.ContainerPort(name="http", container_port=JUPYTER_PORT, protocol="TCP")],
            probes=Probes(startup=answers(1, 120), readiness=answers(5, 3), liveness=answers(15, 8)),
        )

    def _sshd(self) -> k8s.Container:
        def accepts(period: int, failures: int) -> k8s.Probe:
            return k8s.Probe(
                tcp_socket=k8s.TcpSocketAction(port=k8s.IntOrString.from_string("ssh")), period_seconds=period, failure_threshold=failures
            )

        return self._pod.container(
            "sshd",
            self._pod.shell("start_sshd.sh"),
            resources=self._settings.sshd,
            # SETUID and SETGID become the member; SYS_CHROOT separates the part before the login; CHOWN hands over
            # the terminal; AUDIT_WRITE records the login, without which a terminal is refused.
            security=security_context("SETUID", "SETGID", "SYS_CHROOT", "CHOWN", "AUDIT_WRITE", uid=0),
            mounts=[
                *self._nfs.mounts(),
                Users.mount(self._users.logins_volume()),
                mount("host-keys", paths.HOST_KEYS, read_only=True),
                mount(SCRATCH, paths.TMP, sub_path="sshd-tmp"),
            ],
            ports=[k8s.ContainerPort(name="ssh", container_port=SSHD_PORT, protocol="TCP")],
            probes=Probes(startup=accepts(1, 60), readiness=accepts(10, 3), liveness=accepts(30, 3)),
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
                ports=[service_port(name, port) for name, port in self._engine_ports],
            ),
        )
        k8s.KubeService(
            self,
            "SshService",
            metadata=metadata(self.names, self.ssh_service_name, Component.FRONTEND),
            spec=k8s.ServiceSpec(type=ssh.service_type, selector=pods, ports=[service_port("ssh", ssh.port, ssh.node_port)]),
        )
        k8s.KubeService(
            self,
            "JupyterService",
            metadata=metadata(self.names, self.jupyter_service_name, Component.FRONTEND),
            spec=k8s.ServiceSpec(selector=pods, ports=[service_port("http", JUPYTER_SERVICE_PORT)]),
        )
