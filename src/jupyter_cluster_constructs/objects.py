"""What all constructs' objects share: metadata, security contexts, resources, probes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import cdk8s
from cdk8s_plus_27 import k8s
from constructs import Construct

from .labels import Component, object_labels, selector
from .names import Names
from .spec import Resources, Storage

PROBE_SECONDS = 5


Struct = TypeVar("Struct", k8s.Container, k8s.ObjectMeta, k8s.PodSpec)


def replaced(struct: Struct, **changes: object) -> Struct:
    """A struct with other values in some places, as dataclasses.replace makes one; jsii's structs cannot be changed."""
    values: dict[str, Any] = struct._values | changes
    return type(struct)(**values)


@cache
def quantity(text: str) -> k8s.Quantity:
    """An amount such as 1Gi; each is made once, since it takes a call of Node."""
    return k8s.Quantity.from_string(text)


@cache
def int_or_string(port: str | int) -> k8s.IntOrString:
    """A port by its name or number; each is made once, since it takes a call of Node."""
    return k8s.IntOrString.from_string(port) if isinstance(port, str) else k8s.IntOrString.from_number(port)


def metadata(
    names: Names, name: str, component: Component, *, group: str | None = None, annotations: Mapping[str, str] | None = None
) -> k8s.ObjectMeta:
    """Metadata of an object in the cluster's namespace."""
    return k8s.ObjectMeta(
        name=name, namespace=names.namespace, labels=object_labels(names.cluster, component, group), annotations=annotations or None
    )


def service_account(
    scope: Construct, names: Names, name: str, component: Component, *, group: str | None = None, in_its_place: str | None
) -> k8s.KubeServiceAccount | None:
    """Make a workload's ServiceAccount, which has no rights, and whose token no pod gets; None where its pods have another one.

    https://kubernetes.io/docs/concepts/security/service-accounts/
    """
    if in_its_place is not None:
        return None
    return k8s.KubeServiceAccount(
        scope,
        f"ServiceAccount-{group}" if group else "ServiceAccount",
        metadata=metadata(names, name, component, group=group),
        automount_service_account_token=False,
    )


def without_namespace(*api_objects: cdk8s.ApiObject) -> None:
    """Take away the namespace that a Chart gives to its objects that have none (https://github.com/cdk8s-team/cdk8s-core/issues/731)."""
    # Asked once, since each answer takes two calls of Node.
    if api_objects and cdk8s.Chart.of(api_objects[0]).namespace is not None:
        for each in api_objects:
            each.add_json_patch(cdk8s.JsonPatch.remove("/metadata/namespace"))


def secret_data(texts: Mapping[str, str]) -> dict[str, str]:
    """The data of a Secret: not stringData, from which a key that goes away is never removed."""
    return {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}


def checksum(*texts: str) -> str:
    """A short digest for a pod's annotation: pods are replaced when it changes."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def security_context(*capabilities: str, uid: int, gid: int | None = None, seccomp: bool = True) -> k8s.SecurityContext:
    """A container that can do nothing but what is named.

    https://kubernetes.io/docs/concepts/security/pod-security-standards/

    Args:
        *capabilities: Linux capabilities that are added after all are dropped.
        uid: user that it runs as; 0 only where a capability needs it.
        gid: group that it runs as. Default: the number of the user.
        seccomp: whether the runtime's default filter is on; off only where it breaks the program.
    """
    return k8s.SecurityContext(
        run_as_user=uid,
        run_as_group=uid if gid is None else gid,
        run_as_non_root=uid != 0,
        allow_privilege_escalation=False,
        read_only_root_filesystem=True,
        capabilities=k8s.Capabilities(drop=["ALL"], add=list(capabilities) or None),
        seccomp_profile=k8s.SeccompProfile(type="RuntimeDefault") if seccomp else None,
    )


def pod_security_context(groups: Sequence[int] = ()) -> k8s.PodSecurityContext:
    """What holds for every container of a pod, those that somebody adds too; each also says its own.

    Args:
        groups: groups that the containers' processes are in, beside their own.
    """
    return k8s.PodSecurityContext(seccomp_profile=k8s.SeccompProfile(type="RuntimeDefault"), supplemental_groups=list(groups) or None)


def resource_requirements(resources: Resources, extra: Mapping[str, str] | None = None) -> k8s.ResourceRequirements:
    """Requests and limits of a container; extra resources, such as GPUs, are requested and limited alike."""
    same = {k: quantity(v) for k, v in {"memory": resources.memory, **(extra or {})}.items()}
    return k8s.ResourceRequirements(requests=same | {"cpu": quantity(resources.cpu)}, limits=same | {"cpu": quantity(resources.most_cpu)})


def exec_probe(command: Sequence[str], *, period: int, failures: int, first: int | None = None) -> k8s.Probe:
    """A probe that runs a command in the container, times in seconds; each run takes 50 ms of a CPU, so the first one may wait."""
    return k8s.Probe(
        exec=k8s.ExecAction(command=list(command)),
        initial_delay_seconds=first,
        period_seconds=period,
        failure_threshold=failures,
        timeout_seconds=PROBE_SECONDS,
    )


def mount(volume: str, path: str, *, sub_path: str | None = None, read_only: bool | None = None) -> k8s.VolumeMount:
    """A volume at a path."""
    return k8s.VolumeMount(name=volume, mount_path=path, sub_path=sub_path, read_only=read_only)


def service_port(name: str, port: int, node_port: int | None = None) -> k8s.ServicePort:
    """A TCP port of a Service, which leads to the containers' port of the same name."""
    return k8s.ServicePort(name=name, port=port, target_port=int_or_string(name), protocol="TCP", node_port=node_port)


def claim_volume(name: str, claim_name: str) -> k8s.Volume:
    """A claim among a pod's volumes."""
    return k8s.Volume(name=name, persistent_volume_claim=k8s.PersistentVolumeClaimVolumeSource(claim_name=claim_name))


def claim_template(
    names: Names, name: str, component: Component, access_mode: str, storage_class: str | None, size: str
) -> k8s.KubePersistentVolumeClaimProps:
    """A claim that a StatefulSet makes; without labels that change, since it is immutable."""
    return k8s.KubePersistentVolumeClaimProps(
        metadata=k8s.ObjectMeta(name=name, labels=selector(names.cluster, component)),
        spec=k8s.PersistentVolumeClaimSpec(
            access_modes=[access_mode],
            storage_class_name=storage_class,
            resources=k8s.ResourceRequirements(requests={"storage": quantity(size)}),
        ),
    )


def claim_retention(storage: Storage) -> k8s.StatefulSetPersistentVolumeClaimRetentionPolicy | None:
    """What becomes of a StatefulSet's claim when it is deleted; Kubernetes retains it unless told otherwise.

    https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention
    """
    if storage.reclaim_policy == "Retain":
        return None
    return k8s.StatefulSetPersistentVolumeClaimRetentionPolicy(when_deleted=storage.reclaim_policy, when_scaled="Retain")
