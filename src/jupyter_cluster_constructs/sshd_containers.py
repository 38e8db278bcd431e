"""The container of SSH: sshd, which has its host keys made first."""

from __future__ import annotations

from cdk8s_plus_27 import k8s

from . import paths
from .accounts import JUPYTER, JUPYTERHUB, SSHD_KEYS
from .cluster_pod import SCRATCH, ClusterPod, Probes
from .objects import int_or_string, mount, quantity, security_context
from .spec import JUPYTER_PORT, SSHD_PORT, Jupyter, Resources
from .sshd import HOST_KEY_TYPES
from .users import Users

HOST_KEYS_VOLUME = "host-keys"
HOST_KEYS_SIZE = "1Mi"


def host_keys_volume(pod: ClusterPod) -> k8s.Volume:
    """Where sshd finds its host keys: a Secret's, or copies of those that are kept."""
    if (secret := pod.config.ssh.host_keys_secret) is not None:
        return k8s.Volume(name=HOST_KEYS_VOLUME, secret=k8s.SecretVolumeSource(secret_name=secret, default_mode=0o400))
    copies = k8s.EmptyDirVolumeSource(medium="Memory", size_limit=quantity(HOST_KEYS_SIZE))
    return k8s.Volume(name=HOST_KEYS_VOLUME, empty_dir=copies)


def sshd_container(pod: ClusterPod, resources: Resources) -> k8s.Container:
    """The SSH server, with everything that members run in their sessions; before that, its host keys, where no Secret has them."""
    has_secret = pod.config.ssh.host_keys_secret is not None
    return pod.container(
        "sshd",
        ["tini", "--", *([] if has_secret else _copied_host_keys(pod)), *pod.shell("start_sshd.sh", *_held_port(pod.config.jupyter))],
        resources=resources,
        # SETUID and SETGID become the member, and the host keys' owner; SYS_CHROOT separates the part before the login; CHOWN hands over
        # the terminal; AUDIT_WRITE records the login, without which a terminal is refused.
        security=security_context("SETUID", "SETGID", "SYS_CHROOT", "CHOWN", "AUDIT_WRITE", uid=0),
        mounts=[
            *pod.nfs.mounts(),
            Users.mount(pod.users.logins_volume()),
            mount(HOST_KEYS_VOLUME, paths.HOST_KEYS, read_only=True if has_secret else None),
            mount(SCRATCH, paths.TMP, sub_path="sshd-tmp"),
        ],
        ports=[k8s.ContainerPort(name="ssh", container_port=SSHD_PORT, protocol="TCP")],
        probes=Probes(startup=_accepts(1, 60), readiness=_accepts(10, 3), liveness=_accepts(30, 3)),
    )


def _copied_host_keys(pod: ClusterPod) -> list[str]:
    return [*pod.shell("copied_host_keys.sh", paths.KEPT_HOST_KEYS, paths.HOST_KEYS, str(SSHD_KEYS.uid), *HOST_KEY_TYPES), "--"]


def _held_port(jupyter: Jupyter) -> list[str]:
    """JupyterLab's port, and the user of what listens there: sshd's container has members' processes, which could take it."""
    owner = {"hub": JUPYTERHUB, "server": JUPYTER}.get(jupyter.mode)
    return [str(JUPYTER_PORT), str(owner.uid)] if owner else []


def _accepts(period: int, failures: int) -> k8s.Probe:
    connect = k8s.TcpSocketAction(port=int_or_string("ssh"))
    return k8s.Probe(tcp_socket=connect, period_seconds=period, failure_threshold=failures)
