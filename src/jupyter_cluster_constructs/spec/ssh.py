"""Settings of sshd and of how people reach it."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from .base import Settings
from .values import Port

SSHD_PORT = 2222


class Ssh(Settings):
    """The Service that people reach sshd by."""

    service_type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = Field(
        default="ClusterIP", description="Type of the SSH Service: inside the cluster only, on each node, or on a load balancer."
    )
    port: Port = Field(default=22, description="Port of the SSH Service.")
    node_port: int | None = Field(
        default=None, ge=1, le=65535, description="Port on the nodes, for NodePort and LoadBalancer. Default: one that the cluster chooses."
    )

    @model_validator(mode="after")
    def _node_port_fits(self) -> Self:
        if self.node_port is not None and self.service_type == "ClusterIP":
            raise ValueError("received node_port with service_type ClusterIP; allowed: no node_port, or service_type NodePort or LoadBalancer")
        return self
