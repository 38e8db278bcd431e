"""All settings of a cluster: the schema of cluster.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field, model_validator

from ..errors import InvalidSettingsError, Problem
from ..labels import PodSecurityLevel
from ..names import NAME_LIMIT, STATEFULSET_NAME_LIMIT, Names
from .access import access_problems, admin_problems, jupyter_problems, node_problems
from .accounts import Group, User, account_problems, shadow_problems
from .base import Settings
from .controller import Controller
from .jupyter import IngressSettings, Jupyter
from .metrics import Metrics, metrics_problems
from .network import Network
from .patches import ObjectPatch
from .pods import FrontendPod, Images, WorkerGroup
from .sign_on import sign_on_account_problems
from .ssh import Ssh
from .storage import LocalStorage, Storage, home_problems
from .values import ClusterName, DnsLabel, DnsSubdomain, Listed


class ClusterSpec(Settings):
    """A multi-user IPython Parallel cluster. Everything but its name has a default."""

    name: ClusterName = Field(description="Name of the cluster; everything in its namespace begins with it.", examples=["lab"])
    namespace: DnsLabel = Field(default="default", description="Namespace that everything is made in.", examples=["science"])
    create_namespace: bool = Field(
        default=False, description="Whether the namespace is made too. Deleting it then deletes the claim under the homes.", examples=[True]
    )
    users: Annotated[tuple[User, ...], Listed] = Field(
        default=(),
        description="People with an account.",
        examples=[[{"name": "ada", "uid": 1001, "password_env": "ADA_PASSWORD"}, {"name": "grace", "uid": 1002}]],
    )
    groups: Annotated[tuple[Group, ...], Listed] = Field(default=(), description="Groups of users.", examples=[[{"name": "physics", "gid": 2001}]])
    shadow_secret: DnsSubdomain | None = Field(
        default=None,
        description="Secret in the namespace with the key `shadow`, a shadow(5) file with a line for each user, as external-secrets or sealed-secrets"
        " bring it. Default: shadow is made from the users' passwords.",
        examples=["lab-shadow"],
    )
    storage: Storage = Field(
        default=Storage(local=LocalStorage()),
        description="Where homes live. Default: an NFS server in the cluster.",
        examples=[{"external": {"server": "10.0.0.5", "path": "/srv/jupyter"}}],
    )
    workers: Annotated[tuple[WorkerGroup, ...], Listed] = Field(
        default=(WorkerGroup(),),
        description="Groups of engines. Default: one of two engines.",
        examples=[[{"name": "gpu", "replicas": 4, "gpu": 1, "memory": "8Gi"}]],
    )
    frontend: FrontendPod = Field(
        default=FrontendPod(), description="Resources and placement of the frontend's pod.", examples=[{"jupyter": {"memory": "4Gi"}}]
    )
    controller: Controller = Field(default=Controller(), description="The IPython Parallel controller.", examples=[{"task_database": "memory"}])
    ssh: Ssh = Field(
        default=Ssh(), description="Who gets in by SSH, what they may do there, and how they reach sshd.", examples=[{"service_type": "LoadBalancer"}]
    )
    jupyter: Jupyter = Field(
        default=Jupyter(),
        description="Who has a JupyterLab, and who may reach it.",
        examples=[{"allowed_from": [{"namespace": "ingress-nginx"}]}, {"mode": "server", "secret": "lab-login"}],
    )
    ingress: IngressSettings | None = Field(
        default=None,
        description="How JupyterLab is reached from outside. Default: only its Service.",
        examples=[{"host": "jupyter.example.org", "tls_secret": "jupyter-tls"}],
    )
    network: Network = Field(default=Network(), description="Who may reach what.", examples=[{"engines": {"internet": True}}])
    patches: Annotated[tuple[ObjectPatch, ...], Listed] = Field(
        default=(),
        description="Changes of the objects that no setting makes, as JSON patches; an object that is not made is an error.",
        examples=[
            [
                {
                    "kind": "Deployment",
                    "name": "lab-frontend",
                    "patch": [{"op": "add", "path": "/spec/template/spec/priorityClassName", "value": "high"}],
                }
            ]
        ],
    )
    metrics: Metrics = Field(
        default=Metrics(),
        description="Prometheus metrics of the controller, and how Prometheus finds them.",
        examples=[{"enabled": True, "allowed_from": [{"namespace": "monitoring"}]}],
    )
    images: Images = Field(
        default=Images(),
        description="Where the images come from.",
        examples=[{"registry": "registry.example.org/lab", "pull_secrets": ["registry-login"]}],
    )

    @property
    def names(self) -> Names:
        """The names of everything in this cluster."""
        return Names(self.name, self.namespace)

    @property
    def pod_security_level(self) -> PodSecurityLevel:
        """The strictest Pod Security level that takes all pods."""
        # The local NFS server opens files by handle, with a capability that no stricter level allows.
        return "privileged" if self.storage.local else "baseline"

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        problems = (
            *account_problems(self.users, self.groups),
            *shadow_problems(self.users, self.shadow_secret),
            *self._worker_problems(),
            *self._name_problems(),
            *self._storage_problems(),
            *self._access_problems(),
        )
        if problems:
            raise InvalidSettingsError(*problems)
        return self

    def _worker_problems(self) -> Iterator[Problem]:
        first: dict[str | None, int] = {}
        for i, group in enumerate(self.workers):
            if group.name in first:
                received = repr(group.name) if group.name else "no name"
                yield Problem(
                    ("workers", i) + (("name",) if group.name else ()),
                    f"received {received}, as workers[{first[group.name]}] has; allowed: each name once, and one group without a name",
                )
            first.setdefault(group.name, i)

    def _name_problems(self) -> Iterator[Problem]:
        for i, group in enumerate(self.workers):
            name = self.names.worker(group.name)
            if len(name) > NAME_LIMIT:
                yield Problem(
                    ("workers", i, "name"),
                    f"received {group.name!r}, which makes the name {name!r} of {len(name)} characters; allowed: {NAME_LIMIT}; shorten it or `name`",
                )

    def _storage_problems(self) -> Iterator[Problem]:
        if self.storage.is_claimed and len(self.names.storage) > STATEFULSET_NAME_LIMIT:
            allowed = STATEFULSET_NAME_LIMIT - len(self.names.storage) + len(self.name)
            yield Problem(("name",), f"received {self.name!r} of {len(self.name)} characters; allowed with this storage: at most {allowed}")
        yield from home_problems(self.users, self.storage)

    def _access_problems(self) -> Iterator[Problem]:
        yield from access_problems(self.network, self.ssh, self.jupyter, self.ingress)
        yield from jupyter_problems(self.jupyter, self.frontend, self.ingress)
        yield from admin_problems(self.jupyter.hub, self.users)
        yield from sign_on_account_problems(self.jupyter.hub.sign_on, self.users)
        yield from node_problems(self.network, self.storage)
        yield from metrics_problems(self.metrics, self.network, self.controller)
