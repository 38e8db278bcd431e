"""Settings of Jupyter Server and of how people reach it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .base import Settings
from .hub import Hub
from .network import Peer
from .values import DnsLabel, DnsSubdomain, HostName, JupyterPasswordHash, LabelKey, Listed, WholeHostName, WholeText

JUPYTER_PORT = 8888
JUPYTER_SERVICE_PORT = 80


# Which settings each mode reads, beside `mode`.
READ_BY: dict[str, tuple[str, ...]] = {
    "hub": ("hub", "allowed_from", "terminals"),
    "server": ("password_hash", "secret", "host_names", "allowed_from", "terminals"),
    "off": (),
}


class Jupyter(Settings):
    """Who has a JupyterLab, and who may reach it.

    https://jupyterhub.readthedocs.io/en/stable/
    https://jupyter-server.readthedocs.io/en/latest/operators/security.html
    """

    mode: Literal["hub", "server", "off"] = Field(
        default="hub",
        description="What there is. `hub`: JupyterHub, in which each member logs in as by SSH and has a JupyterLab under their own account. "
        "`server`: one for all, which runs as the user `jupyter`, and is locked without password_hash and secret. `off`: neither.",
    )
    hub: Hub = Field(default=Hub(), description="JupyterHub, where `mode` is hub.", examples=[{"max_servers": 30, "idle_minutes": 60}])
    password_hash: JupyterPasswordHash | None = Field(
        default=None, repr=False, description="Hash of JupyterLab's password, as `jupyter_server.auth.passwd` makes it, where `mode` is server."
    )
    secret: DnsSubdomain | None = Field(
        default=None,
        description="Secret in the namespace with the key `password_hash`, the key `token`, or both, instead of password_hash.",
        examples=["lab-login"],
    )
    allowed_from: Annotated[tuple[Peer, ...], Listed] = Field(
        default=(),
        description="Who may connect to JupyterHub or Jupyter Server, beside `kubectl port-forward`: with an Ingress its controller's namespace. "
        "Default: nobody.",
    )
    host_names: Annotated[tuple[WholeHostName, ...], Listed] = Field(
        default=(),
        description="Further DNS names that Jupyter Server answers to where `mode` is server, such as that of an Ingress of your own. "
        "Default: `ingress.host`, localhost and the names of its Service.",
        examples=[["jupyter.example.org"]],
    )
    terminals: bool | None = Field(
        default=None,
        description="Whether JupyterLab has terminals: where `mode` is server, they are shells of the user `jupyter` for every member. "
        "Default: where `mode` is hub.",
    )

    @property
    def is_locked(self) -> bool:
        """Whether nothing in the settings opens the one JupyterLab for all."""
        return self.mode == "server" and self.password_hash is None and self.secret is None

    @property
    def containers(self) -> tuple[str, ...]:
        """The frontend's containers that JupyterLab takes."""
        return {"hub": ("proxy", "hub", "jupyter"), "server": ("jupyter",), "off": ()}[self.mode]

    @property
    def has_terminals(self) -> bool:
        """Whether JupyterLab has terminals."""
        return self.mode == "hub" if self.terminals is None else self.terminals

    @model_validator(mode="after")
    def _mode_reads_them(self) -> Self:
        for name in type(self).model_fields:
            if name in self.model_fields_set and name != "mode" and name not in READ_BY[self.mode]:
                modes = " or ".join(mode for mode, read in READ_BY.items() if name in read)
                raise ValueError(f"received {name} with mode {self.mode}, which does not read it; leave it out, or write mode: {modes}")
        return self

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.password_hash is not None and self.secret is not None:
            raise ValueError("received password_hash and secret; allowed: one of them")
        return self


class Gateway(Settings):
    """The Gateway that an HTTPRoute attaches to.

    https://gateway-api.sigs.k8s.io/api-types/httproute/
    """

    name: DnsSubdomain = Field(description="Name of the Gateway.", examples=["public"])
    namespace: DnsLabel | None = Field(default=None, description="Namespace of the Gateway. Default: the cluster's.", examples=["gateways"])
    section_name: DnsSubdomain | None = Field(
        default=None, description="Listener of the Gateway. Default: every listener that fits.", examples=["https"]
    )
    http_section_name: DnsSubdomain | None = Field(
        default=None,
        description="Listener of the Gateway for plain http, from which a second HTTPRoute leads to https. "
        "Default: none; where an http listener fits too, what answers there leads to https itself.",
        examples=["http"],
    )

    @model_validator(mode="after")
    def _one_listener_each(self) -> Self:
        if self.http_section_name is not None and self.section_name in (None, self.http_section_name):
            raise ValueError("received http_section_name without a section_name of another listener; allowed: both, that of http and that of https")
        return self


class IngressSettings(Settings):
    """How JupyterLab is reached from outside: an Ingress, or an HTTPRoute where `gateway` is given.

    https://kubernetes.io/docs/concepts/services-networking/ingress/
    """

    host: HostName = Field(description="DNS name of JupyterLab, such as jupyter.example.org.", examples=["jupyter.example.org"])
    class_name: DnsSubdomain | None = Field(default=None, description="IngressClass. Default: the cluster's default class.", examples=["nginx"])
    tls_secret: DnsSubdomain | None = Field(
        default=None, description="Secret of type kubernetes.io/tls for the host. Default: no TLS.", examples=["jupyter-tls"]
    )
    annotations: dict[LabelKey, WholeText] = Field(
        default={},
        description="Annotations of the Ingress or HTTPRoute, for its controller.",
        examples=[{"nginx.ingress.kubernetes.io/proxy-read-timeout": "3600"}],
    )
    gateway: Gateway | None = Field(
        default=None, description="Gateway for an HTTPRoute, made instead of an Ingress. Default: none, an Ingress is made."
    )

    @property
    def has_tls(self) -> bool:
        """Whether people reach JupyterLab by https: the listeners of a Gateway hold its TLS."""
        return self.tls_secret is not None or self.gateway is not None

    @property
    def url(self) -> str:
        """Where JupyterLab is, in a browser."""
        return f"{'https' if self.has_tls else 'http'}://{self.host}/"

    @model_validator(mode="after")
    def _gateway_has_tls(self) -> Self:
        for key in ("class_name", "tls_secret"):
            if self.gateway is not None and getattr(self, key) is not None:
                raise ValueError(f"received {key} and gateway; allowed: one of them, since a Gateway's listeners hold its class and TLS")
        return self
