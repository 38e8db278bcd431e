"""The only place that makes labels and selectors.

https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, get_args

from ._version import __version__

PRODUCT = "jupyter-cluster"
INSTANCE = "app.kubernetes.io/instance"
COMPONENT = "app.kubernetes.io/component"
VERSION = "app.kubernetes.io/version"


PodSecurityLevel = Literal["restricted", "baseline", "privileged"]
# The one that lets a pod do least comes first.
POD_SECURITY_LEVELS: tuple[PodSecurityLevel, ...] = get_args(PodSecurityLevel)
POD_SECURITY_ENFORCE = "pod-security.kubernetes.io/enforce"


class Component(StrEnum):
    """A part of the cluster, as its pods are labelled."""

    USERS = "users"
    CONFIG = "config"
    FRONTEND = "frontend"
    WORKER = "worker"
    NFS = "nfs"
    STORAGE = "storage"


def selector(cluster: str, component: Component, group: str | None = None) -> dict[str, str]:
    """Labels that select a component's pods, and no other's; never changed, since selectors are immutable."""
    labels = {
        "app.kubernetes.io/name": PRODUCT,
        INSTANCE: cluster,
        COMPONENT: str(component),
    }
    # Empty for the group without a name, whose selector would otherwise match the others' pods too.
    return labels | ({"jupyter-cluster/worker-group": group or ""} if component is Component.WORKER else {})


def component_selector(cluster: str, component: Component) -> dict[str, str]:
    """Labels that select all pods of a component, the workers of every group."""
    labels = selector(cluster, component)
    labels.pop("jupyter-cluster/worker-group", None)
    return labels


def pod_labels(cluster: str, component: Component, group: str | None = None) -> dict[str, str]:
    """Labels of a component's pods; no version, which would restart every pod with each release."""
    return selector(cluster, component, group) | {"app.kubernetes.io/part-of": PRODUCT, "app.kubernetes.io/managed-by": "cdk8s"}


def object_labels(cluster: str, component: Component, group: str | None = None) -> dict[str, str]:
    """Labels of an object that is no pod."""
    return pod_labels(cluster, component, group) | {VERSION: __version__}


def pod_security_labels(level: PodSecurityLevel) -> dict[str, str]:
    """Labels of a namespace that takes pods of a level alone, and warns of none that it takes; by the rules of the Kubernetes that runs.

    https://kubernetes.io/docs/concepts/security/pod-security-admission/
    """
    # No version is pinned: what Kubernetes finds out to be harmful later is refused from then on.
    return {f"pod-security.kubernetes.io/{mode}": level for mode in ("enforce", "audit", "warn")}
