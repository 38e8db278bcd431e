"""Settings of pods: resources, placement, images, the engines' groups."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from .._version import __version__
from .base import Settings
from .values import (
    SUBDOMAIN,
    CpuQuantity,
    DnsLabel,
    DnsSubdomain,
    EnvironmentName,
    ExtendedResource,
    LabelKey,
    LabelValue,
    Listed,
    SizeQuantity,
    WholeText,
    matching,
    quantity_value,
)

CPU_LIMIT = "2"
RESERVED_ENVIRONMENT = frozenset({"HOME", "PATH", "IPYTHONDIR"})


class Resources(Settings):
    """CPU and memory of one container.

    https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
    """

    cpu: CpuQuantity = Field(default="100m", description="CPUs that are reserved, such as 500m or 4.")
    cpu_limit: CpuQuantity | None = Field(default=None, description=f"Most CPUs used. Default: {CPU_LIMIT}, or `cpu` where that is more.")
    memory: SizeQuantity = Field(default="256Mi", description="Memory that is reserved and also the most that is used, such as 2Gi.")

    @property
    def most_cpu(self) -> str:
        """The CPU limit that is in force."""
        return self.cpu_limit or max(self.cpu, CPU_LIMIT, key=quantity_value)

    @model_validator(mode="after")
    def _limit_not_below_request(self) -> Self:
        if self.cpu_limit is not None and quantity_value(self.cpu_limit) < quantity_value(self.cpu):
            raise ValueError(f"received cpu_limit {self.cpu_limit} below cpu {self.cpu}; allowed: at least cpu")
        return self


class ControllerResources(Resources):
    """CPU and memory of the controller, which is nine processes."""

    cpu: CpuQuantity = Field(default="200m", description="CPUs that are reserved for the controller.")
    memory: SizeQuantity = Field(default="1Gi", description="Memory of the controller, reserved and most.")


class JupyterResources(Resources):
    """CPU and memory of Jupyter Server together with its kernels, or of all members' servers together with theirs."""

    memory: SizeQuantity = Field(
        default="2Gi", description="Memory of Jupyter Server, or of all members' servers, with all kernels, reserved and most."
    )


class HubResources(Resources):
    """CPU and memory of JupyterHub, without its proxy and members' servers."""

    memory: SizeQuantity = Field(default="512Mi", description="Memory of JupyterHub, reserved and most.")


class ProxyResources(Resources):
    """CPU and memory of JupyterHub's proxy, which all members' requests go through."""

    cpu: CpuQuantity = Field(default="50m", description="CPUs that are reserved for the proxy.")


class SshdResources(Resources):
    """CPU and memory of sshd together with everything that members run in their sessions."""

    memory: SizeQuantity = Field(default="1Gi", description="Memory of sshd with all sessions, reserved and most.")


class Toleration(Settings):
    """A taint that pods put up with.

    https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
    """

    key: LabelKey | None = Field(
        default=None, description="Key of the taint. Default: every key; operator Exists is then needed.", examples=["nvidia.com/gpu"]
    )
    operator: Literal["Exists", "Equal"] = Field(default="Equal", description="Exists takes any value, Equal only `value`.")
    value: LabelValue | None = Field(default=None, description="Value of the taint, for Equal. Default: the empty one.", examples=["yes"])
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(default=None, description="Effect of the taint. Default: all.")

    @model_validator(mode="after")
    def _key_and_value_fit(self) -> Self:
        if self.key is None and self.operator != "Exists":
            raise ValueError("received no key with operator Equal; allowed: a key, or operator: Exists")
        if self.value is not None and self.operator == "Exists":
            raise ValueError("received a value with operator Exists; allowed: no value, or operator: Equal")
        return self


class Placement(Settings):
    """Which nodes pods run on."""

    node_selector: dict[LabelKey, LabelValue] = Field(
        default={}, description="Labels that a node must have. Default: any node.", examples=[{"example.org/pool": "jupyter"}]
    )
    tolerations: Annotated[tuple[Toleration, ...], Listed] = Field(default=(), description="Taints of nodes that are put up with.")


class FrontendPod(Placement):
    """The frontend's pod: resources of each container, and placement."""

    controller: ControllerResources = Field(default=ControllerResources(), description="Resources of the controller.")
    jupyter: JupyterResources = Field(
        default=JupyterResources(), description="Resources of Jupyter Server, or of all members' servers, and the kernels."
    )
    hub: HubResources = Field(default=HubResources(), description="Resources of JupyterHub, where `jupyter.mode` is hub.")
    proxy: ProxyResources = Field(default=ProxyResources(), description="Resources of JupyterHub's proxy, where `jupyter.mode` is hub.")
    sshd: SshdResources = Field(default=SshdResources(), description="Resources of sshd and the sessions.")


class WorkerGroup(Resources, Placement):
    """Engines of one kind: a Deployment. CPU, memory and GPUs are those of each engine."""

    name: DnsLabel | None = Field(default=None, description="Name of the group; one group may have none. Default: none.", examples=["gpu"])
    replicas: int = Field(default=2, ge=0, le=100_000, description="Pods of the group.")
    engines_per_pod: int = Field(default=1, ge=1, le=256, description="Engines in each pod, each a container of its own.")
    memory: SizeQuantity = Field(default="1Gi", description="Memory of each engine, reserved and most.")
    gpu: int = Field(default=0, ge=0, le=64, description="GPUs of each engine.")
    gpu_resource: ExtendedResource = Field(default="nvidia.com/gpu", description="Name under which the nodes offer GPUs.", examples=["amd.com/gpu"])
    env: dict[EnvironmentName, WholeText] = Field(
        default={}, description="Extra environment variables of the engines. No place for secrets.", examples=[{"OMP_NUM_THREADS": "1"}]
    )

    nanny: bool = Field(
        default=False,
        description="Whether each engine has ipyparallel's second process, the nanny (28 MiB and a second start), which clients' signals reach also "
        "while C code holds the interpreter's lock. Without it, the engine takes them itself.",
    )

    @model_validator(mode="after")
    def _environment_is_free(self) -> Self:
        for name in sorted(RESERVED_ENVIRONMENT & self.env.keys()):
            raise ValueError(f"received env {name}, which the library sets; allowed: any other name")
        return self


def _fixed_tag(value: str) -> str:
    if value == "latest":
        raise ValueError("received 'latest', which changes under running pods; allowed: a fixed tag, such as a version")
    return value


ImageName = Literal["debian-ipython-fn", "debian-ipython-wn", "nfs-server"]
Digest = Annotated[str, matching("sha256:[0-9a-f]{64}", "sha256: and 64 hexadecimal digits, as `docker images --digests` shows it", 71)]


class Images(Settings):
    """Where the three images come from: REGISTRY/debian-ipython-fn, -wn and nfs-server, all of one tag."""

    registry: Annotated[
        str,
        # https://pkg.go.dev/github.com/distribution/reference
        matching(rf"{SUBDOMAIN}(:[0-9]+)?(/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)*", "a registry and path in small letters", 200),
    ] = Field(default="localhost/jupyter-cluster", description="Registry and path before the images' names.", examples=["registry.example.org/lab"])
    tag: Annotated[str, matching(r"[A-Za-z0-9_][-.A-Za-z0-9_]*", "letters, digits, - _ and .", 128), AfterValidator(_fixed_tag)] = Field(
        default=__version__, description="Tag of all three images. Default: the version of this library.", examples=["1.2.3"]
    )
    digests: dict[ImageName, Digest] = Field(
        default={},
        description="Digest of an image, sha256:…, by its name: the nodes then run that image and no other of the same tag. Default: the tag alone.",
        examples=[{"nfs-server": "sha256:0000000000000000000000000000000000000000000000000000000000000001"}],
    )
    pull_policy: Literal["Always", "IfNotPresent", "Never"] = Field(default="IfNotPresent", description="When the nodes fetch the images.")
    pull_secrets: Annotated[tuple[DnsSubdomain, ...], Listed] = Field(
        default=(), description="Secrets in the namespace with the registry's credentials.", examples=[["registry-login"]]
    )

    def named(self, name: str) -> str:
        """The full name of an image, such as ``localhost/jupyter-cluster/nfs-server:TAG``."""
        return f"{self.registry}/{name}:{self.tag}" + "".join(f"@{digest}" for image, digest in self.digests.items() if image == name)
