"""The container that tells the controller's metrics, and what leads Prometheus to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cdk8s
from cdk8s_plus_27 import k8s
from constructs import Construct

from . import paths
from .accounts import METRICS
from .cluster_pod import Pod
from .labels import INSTANCE, Component, object_labels, selector
from .names import Names
from .objects import PROBE_SECONDS, int_or_string, mount, quantity, replaced, security_context
from .spec import Metrics

if TYPE_CHECKING:
    from .imports.com.coreos import monitoring

VOLUME = "metrics"
VOLUME_SIZE = "1Mi"
PORT_NAME = "metrics"
PATH = "/metrics"


def metrics_volumes(metrics: Metrics) -> list[k8s.Volume]:
    """Where the controller's socket is; none without metrics."""
    if not metrics.enabled:
        return []
    memory = k8s.EmptyDirVolumeSource(medium="Memory", size_limit=quantity(VOLUME_SIZE))
    return [k8s.Volume(name=VOLUME, empty_dir=memory)]


def metrics_mounts(metrics: Metrics, *, read_only: bool | None = None) -> list[k8s.VolumeMount]:
    """The mount of that volume; who has it may ask the controller for what it counts, and for nothing else."""
    return [mount(VOLUME, paths.METRICS, read_only=read_only)] if metrics.enabled else []


def metrics_annotations(metrics: Metrics) -> dict[str, str]:
    """By what a Prometheus that looks at annotations finds the pod; nothing where it is found otherwise."""
    if not metrics.enabled or metrics.scrape != "annotations":
        return {}
    return {"prometheus.io/scrape": "true", "prometheus.io/port": str(metrics.port), "prometheus.io/path": PATH}


def metrics_containers(pod: Pod) -> list[k8s.Container]:
    """The container of the metrics, which sees no file of a member and no key; none without metrics."""
    metrics = pod.config.metrics
    if not metrics.enabled:
        return []
    # Whoever has a process in this pod could answer at the port while metrics.py restarts, so its parent holds it.
    holding = pod.python("held_port.py", str(metrics.port), str(METRICS.uid))
    container = pod.container(
        "metrics",
        ["tini", "-g", "--", *holding, *pod.shell("start_metrics.sh", paths.METRICS_SOCKET, str(metrics.port))],
        resources=metrics.resources,
        security=security_context(uid=METRICS.uid),
        mounts=metrics_mounts(metrics, read_only=True),
        ports=[k8s.ContainerPort(name=PORT_NAME, container_port=metrics.port, protocol="TCP")],
    )
    # There is no readiness: metrics that don't answer would close SSH and JupyterLab, which share the pod.
    return [replaced(container, startup_probe=_healthy(1, 60), liveness_probe=_healthy(30, 4))]


def _healthy(period: int, failures: int) -> k8s.Probe:
    # It does not ask the controller, whose own probes tell when it hangs.
    get = k8s.HttpGetAction(path="/healthy", port=int_or_string(PORT_NAME))
    return k8s.Probe(http_get=get, period_seconds=period, failure_threshold=failures, timeout_seconds=PROBE_SECONDS)


def pod_monitor(scope: Construct, names: Names, metrics: Metrics) -> monitoring.PodMonitor | None:
    """Make a PodMonitor, by which Prometheus Operator finds the frontend's pod; None where the settings want none.

    https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.PodMonitor

    Args:
        scope: the construct that makes the pod.
        names: names of the cluster's resources.
        metrics: whether, how often, and by which labels Prometheus selects it.
    """
    if not metrics.enabled or metrics.scrape != "pod_monitor":
        return None
    # Here, since Node loads its assembly.
    from .imports.com.coreos import monitoring

    labels = object_labels(names.cluster, Component.FRONTEND)
    return monitoring.PodMonitor(
        scope,
        "PodMonitor",
        metadata=cdk8s.ApiObjectMetadata(name=names.metrics, namespace=names.namespace, labels=metrics.pod_monitor_labels | labels),
        spec=monitoring.PodMonitorSpec(
            selector=monitoring.PodMonitorSpecSelector(match_labels=selector(names.cluster, Component.FRONTEND)),
            pod_metrics_endpoints=[monitoring.PodMonitorSpecPodMetricsEndpoints(port=PORT_NAME, path=PATH, interval=metrics.interval)],
            # By it, the dashboard tells clusters apart.
            pod_target_labels=[INSTANCE],
        ),
    )
