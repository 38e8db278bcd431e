"""What somebody adds to the library's pods: typed, checked, and merged in one place for every workload."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cdk8s_plus_27 import k8s

from .objects import replaced


@dataclass(frozen=True, kw_only=True)
class ContainerExtras:
    """What is added to one of the library's containers.

    https://kubernetes.io/docs/concepts/containers/

    Args:
        env: environment variables. Default: none more.
        env_from: ConfigMaps and Secrets whose keys become environment variables. Default: none.
        volume_mounts: mounts of volumes, those of ``PodExtras.volumes`` or the pod's own. Default: none more.
    """

    env: Sequence[k8s.EnvVar] = ()
    env_from: Sequence[k8s.EnvFromSource] = ()
    volume_mounts: Sequence[k8s.VolumeMount] = ()


@dataclass(frozen=True, kw_only=True)
class PodExtras:
    """What is added to a pod of the library, beside what the settings say.

    https://kubernetes.io/docs/concepts/workloads/pods/

    Args:
        labels: labels of the pods; those that selectors use stay as they are. Default: none more.
        annotations: annotations of the pods. Default: none more.
        volumes: volumes. Default: none more.
        init_containers: containers that run after the library's own init containers, one after the other. Default: none more.
        sidecars: containers that run beside the library's. Default: none.
        containers: environment and mounts of the library's containers, by their names: ``controller``, ``jupyter``, ``sshd``,
            ``engine`` (each engine of the pod), ``nfs-server``, or an init container's. Default: nothing is added.
        service_account_name: a ServiceAccount that exists, in place of the one without rights, which is then not made.
            Default: the library's.
        automount_service_account_token: whether containers get that ServiceAccount's token. Members' code runs in the pods, and can
            do with it what the ServiceAccount may. Default: False.
        priority_class_name: the PriorityClass of the pods. Default: the Kubernetes cluster's own default.
        affinity: which nodes and which other pods' nodes are wanted, required or avoided. Default: none.
        topology_spread_constraints: how the pods are spread over zones and nodes. Default: the scheduler's own.
        image_pull_secrets: Secrets with credentials of the added images' registries. Default: none more.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    volumes: Sequence[k8s.Volume] = ()
    init_containers: Sequence[k8s.Container] = ()
    sidecars: Sequence[k8s.Container] = ()
    containers: Mapping[str, ContainerExtras] = field(default_factory=dict)
    service_account_name: str | None = None
    automount_service_account_token: bool = False
    priority_class_name: str | None = None
    affinity: k8s.Affinity | None = None
    topology_spread_constraints: Sequence[k8s.TopologySpreadConstraint] = ()
    image_pull_secrets: Sequence[k8s.LocalObjectReference] = ()


def extended(template: k8s.PodTemplateSpec, extras: PodExtras) -> k8s.PodTemplateSpec:
    """Add something to a pod.

    Args:
        template: the pod.
        extras: what is added.

    Raises:
        ValueError: something of that name is there already, or there is no such container or volume.
    """
    if extras == PodExtras():
        return template
    spec, around = template.spec, template.metadata
    if not isinstance(spec, k8s.PodSpec) or not isinstance(around, k8s.ObjectMeta):
        raise TypeError("a pod of this library has a typed spec and typed metadata")
    if extras.automount_service_account_token and extras.service_account_name is None:
        raise ValueError("received automount_service_account_token without service_account_name; allowed: both, since the library's has no rights")
    volumes = _joined("volumes", spec.volumes, extras.volumes, _name)
    _joined("containers", [*_all(spec.init_containers), *_all(spec.containers)], [*extras.init_containers, *extras.sidecars], _name)
    _known("containers", extras.containers, {_extras_key(c.name) for c in (*_all(spec.init_containers), *_all(spec.containers))})
    _known("volume_mounts", [m.name for added in extras.containers.values() for m in added.volume_mounts], {v.name for v in volumes})
    return k8s.PodTemplateSpec(
        metadata=replaced(
            around,
            labels=_merged("labels", around.labels, extras.labels) or None,
            annotations=_merged("annotations", around.annotations, extras.annotations) or None,
        ),
        spec=replaced(
            spec,
            volumes=volumes or None,
            init_containers=[*(_extended(c, extras) for c in _all(spec.init_containers)), *extras.init_containers] or None,
            containers=[*(_extended(c, extras) for c in _all(spec.containers)), *extras.sidecars],
            service_account_name=extras.service_account_name or spec.service_account_name,
            automount_service_account_token=extras.automount_service_account_token,
            priority_class_name=extras.priority_class_name,
            affinity=extras.affinity,
            topology_spread_constraints=list(extras.topology_spread_constraints) or None,
            image_pull_secrets=[*_all(spec.image_pull_secrets), *extras.image_pull_secrets] or None,
        ),
    )


def _extended(container: k8s.Container, extras: PodExtras) -> k8s.Container:
    added = extras.containers.get(_extras_key(container.name))
    if added is None:
        return container
    return replaced(
        container,
        env=_joined(f"{container.name}'s env", container.env, added.env, _name) or None,
        env_from=list(added.env_from) or None,
        volume_mounts=_joined(f"{container.name}'s volume_mounts", container.volume_mounts, added.volume_mounts, _mount_path),
    )


def _extras_key(container: str) -> str:
    """All engines of a pod get the same."""
    return "engine" if container.startswith("engine-") else container


def _joined(what: str, there: Any, added: Sequence[Any], key: Callable[[Any], str]) -> list[Any]:
    taken = {key(item) for item in _all(there)}
    for item in added:
        if key(item) in taken:
            raise ValueError(f"received {what} {key(item)!r}, which the pod has already; allowed: any but {', '.join(sorted(taken))}")
        taken.add(key(item))
    return [*_all(there), *added]


def _merged(what: str, there: Mapping[str, str] | None, added: Mapping[str, str]) -> dict[str, str]:
    if doubled := sorted((there or {}).keys() & added.keys()):
        raise ValueError(f"received {what} {', '.join(doubled)}, which the library sets; allowed: any other key")
    return {**(there or {}), **added}


def _known(what: str, received: Iterable[str], known: set[str]) -> None:
    if unknown := sorted({*received} - known):
        raise ValueError(f"received {what} of {', '.join(unknown)}, which the pod does not have; allowed: {', '.join(sorted(known))}")


def _all(structs: Any) -> list[Any]:
    """The structs of a list that is None where it is empty."""
    return list(structs or ())


def _name(struct: Any) -> str:
    return str(struct.name)


def _mount_path(struct: k8s.VolumeMount) -> str:
    return struct.mount_path
