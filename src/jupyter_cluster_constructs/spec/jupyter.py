"""Settings of Jupyter Server and of how people reach it."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from .base import Settings
from .values import DnsLabel, DnsSubdomain, HostName, JupyterPasswordHash, LabelKey

JUPYTER_PORT = 8888
JUPYTER_SERVICE_PORT = 80


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
