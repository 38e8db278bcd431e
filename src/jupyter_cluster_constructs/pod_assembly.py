"""What every pod of this library is made of, whatever runs in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cdk8s_plus_27 import k8s

from .pod_extras import PodExtras, extended
from .spec import Images, Placement


def pod_template(*, labels: Mapping[str, str], annotations: Mapping[str, str] | None, spec: k8s.PodSpec, extras: PodExtras) -> k8s.PodTemplateSpec:
    """A workload's pods, with what somebody adds to them.

    Raises:
        ValueError: something of the extras collides with something of the pod.
    """
    return extended(k8s.PodTemplateSpec(metadata=k8s.ObjectMeta(labels=labels, annotations=annotations), spec=spec), extras)


def pod_spec(
    *,
    service_account: str,
    images: Images,
    security: k8s.PodSecurityContext,
    grace_seconds: int,
    init_containers: Sequence[k8s.Container],
    containers: Sequence[k8s.Container],
    volumes: Sequence[k8s.Volume],
    placement: Placement | None = None,
    host_aliases: Sequence[k8s.HostAlias] = (),
) -> k8s.PodSpec:
    """A pod without a token of its ServiceAccount, and without variables for each Service of the namespace.

    https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/

    Args:
        service_account: the ServiceAccount.
        images: Secrets that the nodes fetch images with.
        security: what holds for every container.
        grace_seconds: how long the containers may take to end.
        init_containers: what runs first, one after the other.
        containers: what then runs.
        volumes: what they may mount.
        placement: which nodes. Default: any.
        host_aliases: names that are not looked up. Default: none.
    """
    placement = placement or Placement()
    tolerations = [k8s.Toleration(key=t.key, operator=t.operator, value=t.value, effect=t.effect) for t in placement.tolerations]
    return k8s.PodSpec(
        service_account_name=service_account,
        automount_service_account_token=False,
        enable_service_links=False,
        termination_grace_period_seconds=grace_seconds,
        image_pull_secrets=[k8s.LocalObjectReference(name=name) for name in images.pull_secrets] or None,
        host_aliases=list(host_aliases) or None,
        security_context=security,
        node_selector=placement.node_selector or None,
        tolerations=tolerations or None,
        init_containers=list(init_containers),
        containers=list(containers),
        volumes=list(volumes),
    )
