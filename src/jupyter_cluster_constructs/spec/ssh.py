"""Settings of sshd and of how people reach it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .base import Settings
from .network import Peer
from .values import DnsSubdomain, Listed, Port

SSHD_PORT = 2222


class Ssh(Settings):
    """Who gets in by SSH and what they may do, and the Service that people reach sshd by."""

    service_type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = Field(
        default="ClusterIP", description="Type of the SSH Service: inside the cluster only, on each node, or on a load balancer."
    )
    port: Port = Field(default=22, description="Port of the SSH Service.")
    node_port: int | None = Field(
        default=None, ge=1, le=65535, description="Port on the nodes, for NodePort and LoadBalancer. Default: one that the cluster chooses."
    )
    external_traffic_policy: Literal["Cluster", "Local"] = Field(
        default="Cluster",
        description="For NodePort and LoadBalancer: with Local, sshd sees clients' own addresses, in its log and for `allowed_from`, "
        "and only the frontend's node takes them; with Cluster every node does, and sshd sees nodes.",
    )
    allowed_from: Annotated[tuple[Peer, ...], Listed] | None = Field(
        default=None,
        description="Who may connect to sshd, beside `kubectl port-forward`; an empty list is nobody. Default: nobody with service_type ClusterIP, "
        "else everybody. A `cidr` of clients outside needs external_traffic_policy Local.",
    )
    password_login: bool = Field(
        default=True, description="Whether users who have a password may log in by it; nobody else is asked for one. Keys always work."
    )
    forwarding: Annotated[tuple[Literal["tcp", "agent", "x11"], ...], Listed] = Field(
        default=("tcp",),
        description="What members may forward through their sessions: `tcp` ports and sockets, their SSH `agent`, `x11` windows. "
        "With agent or x11, whoever is root in the pod can use the agent or the display while the session lasts.",
    )
    algorithms: Literal["modern", "compatible"] = Field(
        default="modern",
        description="Key exchange: `modern` is post-quantum alone and shuts out OpenSSH before 9.0 (Ubuntu 22.04, RHEL 9) and PuTTY before 0.78; "
        "`compatible` takes curve25519 too, as OpenSSH does from 6.5 and PuTTY from 0.68.",
    )
    host_keys_secret: DnsSubdomain | None = Field(
        default=None,
        description="Secret in the namespace with the key `ssh_host_ed25519_key`, and `ssh_host_rsa_key` if you like: the server's private keys. "
        "Default: they are made in the cluster once, and kept on the shared volume.",
        examples=["lab-host-keys"],
    )

    @property
    def is_open(self) -> bool:
        """Whether everybody may connect."""
        return self.allowed_from is None and self.service_type != "ClusterIP"

    @model_validator(mode="after")
    def _node_port_fits(self) -> Self:
        if self.node_port is not None and self.service_type == "ClusterIP":
            raise ValueError("received node_port with service_type ClusterIP; allowed: no node_port, or service_type NodePort or LoadBalancer")
        return self

    @model_validator(mode="after")
    def _traffic_comes_from_outside(self) -> Self:
        if "external_traffic_policy" in self.model_fields_set and self.service_type == "ClusterIP":
            raise ValueError("received external_traffic_policy with service_type ClusterIP; leave it out, or use NodePort or LoadBalancer")
        return self
