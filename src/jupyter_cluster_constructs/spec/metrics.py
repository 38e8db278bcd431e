"""Settings of the controller's metrics, and of how Prometheus finds them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ..errors import Problem
from .base import Settings
from .controller import CONTROLLER_PORTS, Controller
from .jupyter import JUPYTER_PORT
from .network import Network, Peer
from .pods import Resources
from .ssh import SSHD_PORT
from .values import CpuQuantity, LabelKey, LabelValue, Listed, SizeQuantity, matching

# https://prometheus.io/docs/prometheus/latest/configuration/configuration/
Duration = Annotated[str, matching("[1-9][0-9]*(ms|s|m|h)", "a number and one of ms s m h, such as 30s", 16)]
OF_POD_MONITOR = ("interval", "pod_monitor_labels")


class MetricsResources(Resources):
    """CPU and memory of the container that tells the metrics."""

    cpu: CpuQuantity = Field(default="10m", description="CPUs that are reserved for the metrics.")
    memory: SizeQuantity = Field(default="128Mi", description="Memory of the metrics, reserved and most; enough for some thousand engines.")


class Metrics(Settings):
    """Prometheus metrics of the controller, engines and tasks, told by a container beside the controller.

    https://prometheus.io/docs/concepts/data_model/
    """

    enabled: bool = Field(default=False, description="Whether there are metrics; without them there is no container, port or object of theirs.")
    port: int = Field(default=9464, ge=1024, le=65535, description="Port of the frontend's pod that answers `GET /metrics`.")
    allowed_from: Annotated[tuple[Peer, ...], Listed] = Field(
        default=(), description="Who may connect to the metrics, beside `kubectl port-forward`: the namespace of Prometheus. Default: nobody."
    )
    scrape: Literal["annotations", "pod_monitor", "none"] = Field(
        default="annotations",
        description="How Prometheus finds them: by the annotations prometheus.io/scrape, port and path; by a PodMonitor of Prometheus Operator, "
        "whose CRDs have to be there; or by what you configure yourself.",
    )
    interval: Duration | None = Field(
        default=None,
        description="How often the PodMonitor has them scraped, such as 30s. Default: as often as Prometheus scrapes by itself.",
        examples=["30s"],
    )
    pod_monitor_labels: dict[LabelKey, LabelValue] = Field(
        default={},
        description="Further labels of the PodMonitor, by which Prometheus selects it, such as `release: prometheus`.",
        examples=[{"release": "prometheus"}],
    )
    resources: MetricsResources = Field(default=MetricsResources(), description="Resources of the metrics' container.")

    @model_validator(mode="after")
    def _nothing_is_ignored(self) -> Self:
        given = self.model_fields_set
        if not self.enabled and (ignored := sorted(given - {"enabled"})):
            raise ValueError(
                f"received {' and '.join(ignored)} without enabled: true, which makes nothing of it; write enabled: true, or leave it out"
            )
        if self.scrape != "pod_monitor" and (ignored := sorted(given & {*OF_POD_MONITOR})):
            raise ValueError(f"received {' and '.join(ignored)} with scrape: {self.scrape}, which does not use it; allowed with scrape: pod_monitor")
        return self


def metrics_problems(metrics: Metrics, network: Network, controller: Controller) -> Iterator[Problem]:
    """Find a port that something else of the pod has, and metrics that Prometheus would look for at a closed one."""
    if not metrics.enabled:
        return
    last = controller.first_port + CONTROLLER_PORTS - 1
    for ports, owner in (
        (range(SSHD_PORT, SSHD_PORT + 1), "sshd"),
        (range(JUPYTER_PORT, JUPYTER_PORT + 1), "Jupyter Server"),
        (range(controller.first_port, last + 1), f"the controller, which has {controller.first_port} to {last}"),
    ):
        if metrics.port in ports:
            yield Problem(("metrics", "port"), f"received {metrics.port}, the port of {owner}; allowed: another one, such as 9464")
    if not network.policies:
        if metrics.allowed_from:
            yield Problem(("metrics", "allowed_from"), "received it with network.policies: false, so that everybody is let in; leave it out")
    elif metrics.scrape != "none" and not metrics.allowed_from:
        yield Problem(
            ("metrics",),
            f"received enabled: true and scrape: {metrics.scrape} without metrics.allowed_from, so that Prometheus would not reach them; write its"
            " namespace, such as `allowed_from: [{namespace: monitoring}]`, or `scrape: none` to read them by `kubectl port-forward` alone",
        )
