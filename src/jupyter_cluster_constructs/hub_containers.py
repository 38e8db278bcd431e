"""The containers of JupyterHub: its proxy, the hub itself, and the one in which members' servers run."""

from __future__ import annotations

from cdk8s_plus_27 import k8s

from . import paths
from .accounts import JUPYTERHUB
from .cluster_pod import SCRATCH, ClusterPod, Probes
from .hub import most_servers, process_memory, socket_url
from .objects import PROBE_SECONDS, exec_probe, int_or_string, mount, quantity, security_context
from .spec import JUPYTER_PORT, FrontendPod, Resources
from .spec.values import quantity_value
from .users import Users

HUB_VOLUME, PROXY_VOLUME, SERVERS_VOLUME = "hub", "proxy", "servers"
SIGN_ON_VOLUME = "sign-on"
SOCKETS_SIZE = "1Mi"


def hub_volumes() -> list[k8s.Volume]:
    """Where the three meet: a volume for each one's socket, which that one alone may write to."""
    # Sockets take no room, so that a member who fills one keeps nobody from a server; kernels' connection files are elsewhere.
    memory = k8s.EmptyDirVolumeSource(medium="Memory", size_limit=quantity(SOCKETS_SIZE))
    return [k8s.Volume(name=name, empty_dir=memory) for name in (HUB_VOLUME, PROXY_VOLUME, SERVERS_VOLUME)]


def sign_on_volumes(pod: ClusterPod) -> list[k8s.Volume]:
    """The Secret that the identity provider knows the hub by, if there is one; the hub's container alone has it."""
    if (sign_on := pod.config.jupyter.hub.sign_on) is None:
        return []
    return [k8s.Volume(name=SIGN_ON_VOLUME, secret=k8s.SecretVolumeSource(secret_name=sign_on.secret))]


def hub_containers(pod: ClusterPod, resources: FrontendPod) -> list[k8s.Container]:
    """JupyterHub: whatever one of them does, the others go on."""
    servers = most_servers(pod.config.jupyter.hub, resources.jupyter.memory)
    return [_proxy(pod, resources.proxy), _hub(pod, resources.hub, servers), _member_servers(pod, resources.jupyter)]


def _proxy(pod: ClusterPod, resources: Resources) -> k8s.Container:
    return pod.container(
        "proxy",
        ["tini", "--", *pod.shell("start_proxy.sh", paths.PROXY, str(JUPYTER_PORT), socket_url(paths.HUB_SOCKET))],
        resources=resources,
        security=security_context(uid=JUPYTERHUB.uid),
        mounts=[
            mount(PROXY_VOLUME, paths.PROXY),
            mount(HUB_VOLUME, paths.HUB, read_only=True),
            mount(SERVERS_VOLUME, paths.SERVERS, read_only=True),
            mount(SCRATCH, paths.TMP, sub_path="proxy-tmp"),
        ],
        ports=[k8s.ContainerPort(name="http", container_port=JUPYTER_PORT, protocol="TCP")],
        probes=Probes(startup=_accepts(1, 60), readiness=_accepts(5, 3), liveness=_accepts(15, 4)),
    )


def _hub(pod: ClusterPod, resources: Resources, servers: int) -> k8s.Container:
    answers = pod.python("socket_answers.py", paths.HUB_SOCKET, "/hub/health")
    return pod.container(
        "hub",
        ["tini", "-g", "--", *pod.shell("start_hub.sh", paths.KEPT_HUB, paths.PROXY, f"--JupyterHub.active_server_limit={servers}")],
        resources=resources,
        environment={"HOME": paths.JUPYTER_HOME},
        security=security_context(uid=JUPYTERHUB.uid),
        mounts=[
            pod.nfs.shared_mount(),
            *pod.own_mounts("hub"),
            mount(HUB_VOLUME, paths.HUB),
            mount(PROXY_VOLUME, paths.PROXY, read_only=True),
            mount(SERVERS_VOLUME, paths.SERVERS, read_only=True),
            *(mount(volume.name, paths.SIGN_ON, read_only=True) for volume in sign_on_volumes(pod)),
        ],
        probes=Probes(
            startup=exec_probe(answers, first=3, period=1, failures=120),
            # By the proxy, as everybody comes.
            readiness=_health(5, 3),
            liveness=exec_probe(answers, period=15, failures=8),
        ),
    )


def _member_servers(pod: ClusterPod, resources: Resources) -> k8s.Container:
    answers = pod.python("socket_answers.py", paths.LAUNCHER_SOCKET, "ping")
    memory = int(quantity_value(resources.memory))
    limit = process_memory(pod.config.jupyter.hub, resources.memory)
    arguments = [f"--hub={JUPYTERHUB.uid}", f"--port={JUPYTER_PORT}", f"--memory={memory}", f"--process-memory={limit}"]
    return pod.container(
        "jupyter",
        ["tini", "--", *pod.shell("start_member_servers.sh", paths.SERVERS, *arguments)],
        resources=resources,
        # SETUID and SETGID become the member; CHOWN hands over the directory of the server's socket.
        security=security_context("SETUID", "SETGID", "CHOWN", uid=0),
        mounts=[
            *pod.nfs.mounts(),
            Users.mount(pod.users.logins_volume()),
            mount(HUB_VOLUME, paths.HUB, read_only=True),
            mount(SERVERS_VOLUME, paths.SERVERS),
            mount(SCRATCH, paths.TMP, sub_path="jupyter-tmp"),
        ],
        probes=Probes(
            startup=exec_probe(answers, first=1, period=1, failures=60),
            readiness=exec_probe(answers, period=10, failures=3),
            liveness=exec_probe(answers, period=30, failures=4),
        ),
    )


def _accepts(period: int, failures: int) -> k8s.Probe:
    connect = k8s.TcpSocketAction(port=int_or_string("http"))
    return k8s.Probe(tcp_socket=connect, period_seconds=period, failure_threshold=failures)


def _health(period: int, failures: int) -> k8s.Probe:
    get = k8s.HttpGetAction(path="/hub/health", port=int_or_string(JUPYTER_PORT))
    return k8s.Probe(http_get=get, period_seconds=period, failure_threshold=failures, timeout_seconds=PROBE_SECONDS)
