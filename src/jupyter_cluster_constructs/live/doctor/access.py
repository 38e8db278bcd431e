"""The API server: whether it is new enough, and lets this user do what `up`, `status`, `logs` and `down` do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..api import EVENT, POD, Kind, Kubernetes, Object
from .finding import Finding, failure, ok, warning

OLDEST = (1, 27)
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
CHANGED = ("get", "create", "patch", "delete")
Right = tuple[Kind, str, str]  # kind, subresource, verb


def version(api: Kubernetes) -> Finding:
    """Whether the API server is new enough."""
    return version_finding(api.send("GET", "/version"))


def version_finding(found: Object) -> Finding:
    """Whether a version is new enough; minor versions of some clouds end with a +."""
    text = str(found.get("gitVersion", "?"))
    numbers = re.match(r"v?(\d+)\.(\d+)", text)
    if numbers is None:
        return warning("Kubernetes", f"version {text}, which cannot be read", "version 1.27 or newer is needed")
    if (int(numbers[1]), int(numbers[2])) < OLDEST:
        return failure("Kubernetes", f"version {text}", f"version {OLDEST[0]}.{OLDEST[1]} or newer is needed")
    return ok("Kubernetes", f"version {text}")


def rights(api: Kubernetes, namespace: str, manifests: Iterable[Object]) -> Iterator[Finding]:
    """Whether this user may do what the command does."""
    kinds = dict.fromkeys(Kind.of(manifest) for manifest in manifests)
    needed: list[Right] = [(kind, "", verb) for kind in kinds for verb in CHANGED]
    yield rights_finding("rights to apply and delete", [right for right in needed if not _may(api, namespace, right)], needed, is_needed=True)
    looks: list[Right] = [(POD, "", "list"), (POD, "log", "get"), (POD, "exec", "get"), (EVENT, "", "list")]
    yield rights_finding("rights to look", [right for right in looks if not _may(api, namespace, right)], looks, is_needed=False)


def rights_finding(check: str, missing: list[Right], needed: list[Right], *, is_needed: bool) -> Finding:
    """What a user may not do of what is needed."""
    if not missing:
        return ok(check, f"all {len(needed)}")
    texts = {f"{verb} {kind.plural}{f'/{sub}' if sub else ''}{f'.{kind.group}' if kind.group else ''}" for kind, sub, verb in missing}
    advice = "have a Role or ClusterRole with them bound to you"
    found = f"this user may not {', '.join(sorted(texts))}"
    return failure(check, found, advice) if is_needed else warning(check, found, f"{advice}; without, up and status can't say why something waits")


def _may(api: Kubernetes, namespace: str, right: Right) -> bool:
    kind, subresource, verb = right
    attributes = {"namespace": namespace, "verb": verb, "group": kind.group, "resource": kind.plural, "subresource": subresource}
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": attributes}}
    return bool(api.send("POST", REVIEWS, body).get("status", {}).get("allowed"))
