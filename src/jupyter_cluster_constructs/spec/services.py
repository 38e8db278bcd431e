"""Settings of what the frontend runs and of how people reach it."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from .base import Settings
from .values import DnsLabel, DnsSubdomain, HostName, JupyterPasswordHash, LabelKey, Port

SSHD_PORT = 2222
JUPYTER_PORT = 8888
JUPYTER_SERVICE_PORT = 80
CONTROLLER_PORTS = 18


class Controller(Settings):
    """The IPython Parallel controller.

    https://ipyparallel.readthedocs.io/en/latest/reference/details.html
    """

    first_port: int = Field(
        default=10101, ge=1024, le=65536 - CONTROLLER_PORTS, description=f"First of the {CONTROLLER_PORTS} ports in a row that the controller uses."
    )
    heartbeat_period: int = Field(
        default=1000, ge=100, le=60_000, description="Time between heartbeats, in milliseconds; an engine is registered after two of them."
    )
    heartbeat_misses: int = Field(default=10, ge=2, le=1000, description="Heartbeats in a row that an engine may miss before it is taken as gone.")
    task_database: Literal["none", "memory"] = Field(
        default="none",
        description="Where the controller keeps finished tasks for other clients to ask for: nowhere, or in its memory (up to 1 GiB more).",
    )

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


class Jupyter(Settings):
    """What opens JupyterLab. Without a password hash and without a Secret, it is locked.

    https://jupyter-server.readthedocs.io/en/latest/operators/security.html
    """

    password_hash: JupyterPasswordHash | None = Field(
        default=None, repr=False, description="Hash of JupyterLab's password, as `jupyter_server.auth.passwd` makes it."
    )
    secret: DnsSubdomain | None = Field(
        default=None, description="Secret in the namespace with the key `password_hash`, the key `token`, or both, instead of password_hash."
    )

    @property
    def is_locked(self) -> bool:
        """Whether nothing in the settings opens JupyterLab."""
        return self.password_hash is None and self.secret is None

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.password_hash is not None and self.secret is not None:
            raise ValueError("received password_hash and secret; allowed: one of them")
        return self


class Gateway(Settings):
    """The Gateway that an HTTPRoute attaches to.

    https://gateway-api.sigs.k8s.io/api-types/httproute/
    """

    name: DnsSubdomain = Field(description="Name of the Gateway.")
    namespace: DnsLabel | None = Field(default=None, description="Namespace of the Gateway. Default: the cluster's.")
    section_name: DnsSubdomain | None = Field(default=None, description="Listener of the Gateway. Default: every listener that fits.")


class IngressSettings(Settings):
    """How JupyterLab is reached from outside: an Ingress, or an HTTPRoute where `gateway` is given.

    https://kubernetes.io/docs/concepts/services-networking/ingress/
    """

    host: HostName = Field(description="DNS name of JupyterLab, such as jupyter.example.org.")
    class_name: DnsSubdomain | None = Field(default=None, description="IngressClass. Default: the cluster's default class.")
    tls_secret: DnsSubdomain | None = Field(default=None, description="Secret of type kubernetes.io/tls for the host. Default: no TLS.")
    annotations: dict[LabelKey, str] = Field(default={}, description="Annotations of the Ingress or HTTPRoute, for its controller.")
    gateway: Gateway | None = Field(
        default=None, description="Gateway for an HTTPRoute, made instead of an Ingress. Default: none, an Ingress is made."
    )

    @model_validator(mode="after")
    def _gateway_has_tls(self) -> Self:
        for key in ("class_name", "tls_secret"):
            if self.gateway is not None and getattr(self, key) is not None:
                raise ValueError(f"received {key} and gateway; allowed: one of them, since a Gateway's listeners hold its class and TLS")
        return self
