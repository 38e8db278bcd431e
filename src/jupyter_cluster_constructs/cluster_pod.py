"""What the pods of the frontend and of the workers have in common: images, volumes, mounts, environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cdk8s_plus_27 import k8s

from . import paths
from .accounts import JUPYTER
from .config import ClusterConfig
from .nfs import Nfs
from .objects import mount, pod_security_context, resource_requirements, security_context
from .pod_assembly import pod_spec
from .spec import Images, Placement, Resources
from .users import Users

SCRATCH = "scratch"
GRACE_SECONDS = 10
INIT_RESOURCES = Resources(cpu="50m", memory="128Mi")


@dataclass(frozen=True, kw_only=True)
class Probes:
    """The probes of a container.

    https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
    """

    startup: k8s.Probe
    readiness: k8s.Probe
    liveness: k8s.Probe


@dataclass(frozen=True, kw_only=True)
class Pod:
    """Makes parts of pods that see the configuration, and have a home and a /tmp that end with them."""

    config: ClusterConfig
    images: Images
    image: str

    @property
    def working_directory(self) -> str:
        """Where engines start."""
        return paths.JUPYTER_HOME

    def pod_spec(
        self,
        *,
        service_account: str,
        init_containers: Sequence[k8s.Container],
        containers: Sequence[k8s.Container],
        placement: Placement,
        volumes: Sequence[k8s.Volume] = (),
        host_aliases: Sequence[k8s.HostAlias] = (),
        groups: Sequence[int] = (),
    ) -> k8s.PodSpec:
        """A pod with the volumes that all its containers may mount, and more; each container's process is in these groups too."""
        return pod_spec(
            service_account=service_account,
            images=self.images,
            security=pod_security_context(groups),
            grace_seconds=GRACE_SECONDS,
            placement=placement,
            host_aliases=host_aliases,
            init_containers=init_containers,
            containers=containers,
            volumes=[*self.volumes(), k8s.Volume(name=SCRATCH, empty_dir=k8s.EmptyDirVolumeSource()), *volumes],
        )

    def container(
        self,
        name: str,
        command: Sequence[str],
        *,
        resources: Resources,
        mounts: Sequence[k8s.VolumeMount],
        security: k8s.SecurityContext | None = None,
        environment: Mapping[str, str] | None = None,
        working_directory: str | None = None,
        extra_resources: Mapping[str, str] | None = None,
        ports: Sequence[k8s.ContainerPort] = (),
        probes: Probes | None = None,
        before_stop: Sequence[str] | None = None,
    ) -> k8s.Container:
        """A container of the pod's image; by default it runs as ``jupyter`` and may do nothing special.

        Args:
            name: name of the container.
            command: program and arguments.
            resources: CPU and memory.
            mounts: volumes, beside the configuration.
            security: another security context.
            environment: environment variables.
            working_directory: where the program starts. Default: ``/``.
            extra_resources: further resources, such as GPUs.
            ports: ports that it listens on.
            probes: its probes. Default: none, as fits an init container.
            before_stop: command that is run in it before it is stopped. Default: none.
        """
        return k8s.Container(
            name=name,
            image=self.images.named(self.image),
            image_pull_policy=self.images.pull_policy,
            command=list(command),
            working_dir=working_directory,
            env=[k8s.EnvVar(name=key, value=value) for key, value in (environment or {}).items()] or None,
            ports=list(ports) or None,
            resources=resource_requirements(resources, extra_resources),
            security_context=security or security_context(uid=JUPYTER.uid),
            volume_mounts=[self.config.mount(), *mounts],
            lifecycle=k8s.Lifecycle(pre_stop=k8s.LifecycleHandler(exec=k8s.ExecAction(command=list(before_stop)))) if before_stop else None,
            startup_probe=probes.startup if probes else None,
            readiness_probe=probes.readiness if probes else None,
            liveness_probe=probes.liveness if probes else None,
        )

    def volumes(self) -> list[k8s.Volume]:
        """The volumes that any container may mount."""
        return [self.config.volume()]

    def own_mounts(self, container: str) -> list[k8s.VolumeMount]:
        """A container's own mounts: a home and a /tmp."""
        return [
            mount(SCRATCH, paths.JUPYTER_HOME, sub_path=f"{container}-home"),
            mount(SCRATCH, paths.TMP, sub_path=f"{container}-tmp"),
        ]

    def jupyter_mounts(self, container: str) -> list[k8s.VolumeMount]:
        """The mounts of a container that runs as ``jupyter``."""
        return self.own_mounts(container)

    def nfs_mounts(self) -> Sequence[k8s.VolumeMount]:
        """The mounts of the cluster's own NFS server, each of which has to be used before anything else is: none."""
        return []

    @staticmethod
    def python(program: str, *arguments: str) -> list[str]:
        """The command of one of the runtime's programs that needs nothing but the standard library."""
        return ["python3", "-SE", f"{paths.CONFIG}/{program}", *arguments]

    @staticmethod
    def shell(program: str, *arguments: str) -> list[str]:
        """The command of one of the runtime's shell programs."""
        return ["sh", f"{paths.CONFIG}/{program}", *arguments]


@dataclass(frozen=True, kw_only=True)
class ClusterPod(Pod):
    """Makes parts of pods that see the homes, the shared directory and the accounts, too."""

    users: Users
    nfs: Nfs

    @property
    def working_directory(self) -> str:
        """The shared directory: relative paths of tasks mean files that members and all engines see."""
        return paths.SHARED

    def volumes(self) -> list[k8s.Volume]:
        """The volumes that any container may mount."""
        return [*self.nfs.pod_volumes(), self.config.volume(), self.users.names_volume()]

    def own_mounts(self, container: str) -> list[k8s.VolumeMount]:
        """The mounts of a container that needs no home of a member: accounts' names, a home and a /tmp of its own."""
        return [Users.mount(self.users.names_volume()), *super().own_mounts(container)]

    def jupyter_mounts(self, container: str) -> list[k8s.VolumeMount]:
        """The mounts of a container that runs as ``jupyter``: homes, shared directory, and its own."""
        return [*self.nfs.mounts(), *self.own_mounts(container)]

    def nfs_mounts(self) -> Sequence[k8s.VolumeMount]:
        """The mounts of the cluster's own NFS server, each of which has to be used before anything else is; none with other storage."""
        return [] if self.nfs.server is None else self.nfs.mounts()
