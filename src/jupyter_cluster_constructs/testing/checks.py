"""All checks at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from .manifests import Manifest
from .pod_security import Level, pod_security_problems
from .rules import duplicate_problems, image_problems, mount_problems, reference_problems, scope_problems, selector_problems
from .schemas import schema_problems


def problems(
    manifests: Iterable[Manifest],
    *,
    versions: Collection[str] | None = None,
    crds: Iterable[Path] = (),
    custom_kinds: Collection[str] = (),
    existing: Collection[str] = (),
    pod_security: Mapping[str, Level] | Level | None = None,
) -> list[str]:
    """Find everything that keeps manifests from working, before any API server sees them.

    Args:
        manifests: all objects that are applied together.
        versions: of Kubernetes, such as ``1.31``. Default: each from 1.27 to the newest that kubernetes-validate knows.
        crds: YAML files with the CustomResourceDefinitions of custom kinds. Default: none.
        custom_kinds: kinds that nothing defines and nobody checks. Default: none.
        existing: what exists already in the Kubernetes cluster, each as ``KIND/NAME`` or ``KIND/NAMESPACE/NAME``: ``Secret/jupyter-tls``.
            Default: nothing.
        pod_security: the Pod Security level of each workload's pods by the workload's name, or of all.
            Default: only what Namespaces among the manifests enforce.

    Returns:
        A line for each problem; none where everything is fine.

    Raises:
        ImportError: the extra `testing` is not installed.
        ValueError: a version is none that kubernetes-validate has.
    """
    there = list(manifests)
    return [
        *schema_problems(there, versions=versions, crds=crds, custom_kinds=custom_kinds),
        *duplicate_problems(there),
        *scope_problems(there),
        *reference_problems(there, existing=existing),
        *selector_problems(there),
        *mount_problems(there),
        *image_problems(there),
        *pod_security_problems(there, pod_security),
    ]


def check(
    manifests: Iterable[Manifest],
    *,
    versions: Collection[str] | None = None,
    crds: Iterable[Path] = (),
    custom_kinds: Collection[str] = (),
    existing: Collection[str] = (),
    pod_security: Mapping[str, Level] | Level | None = None,
) -> None:
    """Fail a test with everything that `problems` finds; the arguments are the same.

    Args:
        manifests: all objects that are applied together; there has to be one.
        versions: of Kubernetes, such as ``1.31``. Default: each from 1.27 to the newest that kubernetes-validate knows.
        crds: YAML files with the CustomResourceDefinitions of custom kinds. Default: none.
        custom_kinds: kinds that nothing defines and nobody checks. Default: none.
        existing: what exists already in the Kubernetes cluster, each as ``KIND/NAME`` or ``KIND/NAMESPACE/NAME``: ``Secret/jupyter-tls``.
            Default: nothing.
        pod_security: the Pod Security level of each workload's pods by the workload's name, or of all.
            Default: only what Namespaces among the manifests enforce.

    Raises:
        AssertionError: there are problems, each a line of it, or no manifests.
        ImportError: the extra `testing` is not installed.
        ValueError: a version is none that kubernetes-validate has.
    """
    there = list(manifests)
    if not there:
        raise AssertionError("there are no manifests to check")
    if found := problems(there, versions=versions, crds=crds, custom_kinds=custom_kinds, existing=existing, pod_security=pod_security):
        raise AssertionError("\n".join([f"{len(found)} problem{'s' if len(found) > 1 else ''} with the manifests:", *found]))
