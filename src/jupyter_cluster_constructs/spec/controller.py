"""Settings of the controller."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from .base import Settings
from .jupyter import JUPYTER_PORT
from .ssh import SSHD_PORT
from .values import DnsSubdomain

CONTROLLER_PORTS = 18
DEFAULT_HWM = 2


class Controller(Settings):
    """The IPython Parallel controller.

    https://ipyparallel.readthedocs.io/en/latest/reference/details.html
    """

    first_port: int = Field(
        default=10101, ge=1024, le=65536 - CONTROLLER_PORTS, description=f"First of the {CONTROLLER_PORTS} ports in a row that the controller uses."
    )
    heartbeat_period: int = Field(
        default=500,
        ge=100,
        le=60_000,
        description="Time between heartbeats, in milliseconds; an engine is registered with the first one that it answers.",
    )
    heartbeat_misses: int = Field(default=20, ge=2, le=1000, description="Heartbeats in a row that an engine may miss before it is taken as gone.")
    task_database: Literal["none", "memory"] = Field(
        default="none",
        description="Where the controller keeps finished tasks for other clients to ask for: nowhere, or in its memory (up to 1 GiB more).",
    )
    scheduler: Literal["leastload", "pure"] = Field(
        default="leastload",
        description="What gives load-balanced tasks to engines: leastload takes one that has least to do, and keeps retries, dependencies, targets "
        "and what a lost engine had; pure deals them out in turn, for many small tasks alike, and has none of this.",
    )
    hwm: int = Field(
        default=DEFAULT_HWM,
        ge=0,
        le=1_000_000,
        description="Load-balanced tasks that an engine may have at once, running and waiting, with the scheduler leastload; 0 is no limit. "
        "More hide the way between scheduler and engine; with 1 no task waits behind a long one while another engine is free.",
    )

    encryption: bool = Field(
        default=True,
        description="CurveZMQ between clients, controller and engines; without it, whoever sees the traffic reads it. "
        "For small messages that costs nothing measurable; large arrays are four times as fast without.",
    )
    curve_secret: DnsSubdomain | None = Field(
        default=None,
        description="Secret in the namespace with the key `secretkey`, the controller's CurveZMQ secret key of 40 characters. "
        "Default: one is made in the cluster once, and kept on the shared volume.",
        examples=["lab-curve"],
    )

    @model_validator(mode="after")
    def _secret_is_used(self) -> Self:
        if self.curve_secret is not None and not self.encryption:
            raise ValueError("received curve_secret with encryption false, which does not use it; leave one of them out")
        return self

    @model_validator(mode="after")
    def _limit_is_used(self) -> Self:
        if self.scheduler == "pure" and self.hwm != DEFAULT_HWM:
            raise ValueError(f"received hwm {self.hwm} with scheduler pure, which does not use it; leave hwm out, or choose scheduler: leastload")
        return self

    @model_validator(mode="after")
    def _ports_are_free(self) -> Self:
        for port, owner in ((SSHD_PORT, "sshd"), (JUPYTER_PORT, "Jupyter Server")):
            if self.first_port <= port < self.first_port + CONTROLLER_PORTS:
                raise ValueError(
                    f"received first_port {self.first_port}, whose {CONTROLLER_PORTS} ports include {port} of {owner}; choose another, such as 10101"
                )
        return self

    def ports(self, start: int, count: int) -> tuple[int, ...]:
        """Some of the controller's ports, by their position after the first."""
        return tuple(range(self.first_port + start, self.first_port + start + count))

    @property
    def engine_ports(self) -> tuple[int, ...]:
        """Ports that engines connect to: registration, control, mux, task, iopub, two of heartbeats, two of broadcasts."""
        return self.ports(0, 9)

    @property
    def client_ports(self) -> tuple[int, ...]:
        """Ports that clients connect to, beside registration: control, mux, task, iopub, notification, broadcast."""
        return self.ports(9, 6)

    @property
    def internal_ports(self) -> tuple[int, ...]:
        """Ports inside the controller, on its loopback address."""
        return self.ports(15, 3)
