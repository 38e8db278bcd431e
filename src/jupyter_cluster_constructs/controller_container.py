"""The controller's container."""

from __future__ import annotations

from cdk8s_plus_27 import k8s

from . import paths
from .accounts import IPCONTROLLER
from .cluster_pod import ClusterPod, Probes
from .metrics_container import metrics_mounts
from .objects import exec_probe, mount, security_context
from .spec import Controller, Resources

ENGINE_PORT_NAMES = ("registration", "control", "mux", "task", "iopub", "hb-ping", "hb-pong", "broadcast-0", "broadcast-1")
# Otherwise it would log what failed, and start with ports, keys and files of its own.
NOT_WITHOUT_CONFIGURATION = {"TRAITLETS_APPLICATION_RAISE_CONFIG_FILE_ERROR": "1"}


def engine_ports(controller: Controller) -> tuple[tuple[str, int], ...]:
    """Names and numbers of the ports that engines connect to."""
    return tuple(zip(ENGINE_PORT_NAMES, controller.engine_ports, strict=True))


def curve_volumes(controller: Controller) -> list[k8s.Volume]:
    """The Secret with the controller's CurveZMQ key, if there is one."""
    if controller.curve_secret is None:
        return []
    return [k8s.Volume(name="curve", secret=k8s.SecretVolumeSource(secret_name=controller.curve_secret))]


def controller_container(pod: ClusterPod, resources: Resources) -> k8s.Container:
    """The controller, ready once each of its ports answers."""
    controller = pod.config.controller
    answers = pod.python("controller_answers.py", *map(str, (*controller.engine_ports, *controller.client_ports)))
    return pod.container(
        "controller",
        ["tini", "--", "ipcontroller"],
        resources=resources,
        environment={"HOME": paths.JUPYTER_HOME, "IPYTHONDIR": paths.CONTROLLER_DIRECTORY} | NOT_WITHOUT_CONFIGURATION,
        # Members' tasks run as `jupyter`, and must not read the controller's keys.
        security=security_context(uid=IPCONTROLLER.uid),
        mounts=[
            pod.nfs.shared_mount(),
            *pod.own_mounts("controller"),
            *(mount(volume.name, paths.CURVE_SECRET, read_only=True) for volume in curve_volumes(controller)),
            *metrics_mounts(pod.config.metrics),
        ],
        ports=[k8s.ContainerPort(name=name, container_port=port, protocol="TCP") for name, port in engine_ports(controller)],
        probes=Probes(
            startup=exec_probe(answers, first=1, period=1, failures=120),
            readiness=exec_probe(answers, period=5, failures=2),
            # A scheduler that hangs is noticed after 13 to 18 s; a loaded machine would have to stop it for as long.
            liveness=exec_probe(answers, period=5, failures=3),
        ),
    )
