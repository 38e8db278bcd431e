"""Jupyter Server's container."""

from __future__ import annotations

from cdk8s_plus_27 import k8s

from . import paths
from .cluster_pod import ClusterPod, Probes
from .objects import PROBE_SECONDS, int_or_string, mount
from .spec import JUPYTER_PORT, Resources

LOGIN_VOLUME = "jupyter-login"


def login_volumes(pod: ClusterPod) -> list[k8s.Volume]:
    """The Secret with what opens JupyterLab, if there is one."""
    if pod.config.jupyter_secret_name is None:
        return []
    return [k8s.Volume(name=LOGIN_VOLUME, secret=k8s.SecretVolumeSource(secret_name=pod.config.jupyter_secret_name))]


def jupyter_container(pod: ClusterPod, resources: Resources) -> k8s.Container:
    """The Jupyter Server that all members share."""
    return pod.container(
        "jupyter",
        ["tini", "--", *pod.shell("start_jupyter.sh")],
        resources=resources,
        environment={"HOME": paths.JUPYTER_HOME},
        mounts=[*pod.jupyter_mounts("jupyter"), *(mount(volume.name, paths.JUPYTER_LOGIN, read_only=True) for volume in login_volumes(pod))],
        ports=[k8s.ContainerPort(name="http", container_port=JUPYTER_PORT, protocol="TCP")],
        probes=Probes(startup=_answers(1, 120), readiness=_answers(5, 3), liveness=_answers(15, 8)),
    )


def _answers(period: int, failures: int) -> k8s.Probe:
    # The login page alone answers without a login, and to a name that the server knows.
    get = k8s.HttpGetAction(path="/login", port=int_or_string("http"), http_headers=[k8s.HttpHeader(name="Host", value="localhost")])
    return k8s.Probe(http_get=get, period_seconds=period, failure_threshold=failures, timeout_seconds=PROBE_SECONDS)
