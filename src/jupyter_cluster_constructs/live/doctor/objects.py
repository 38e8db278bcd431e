"""What the settings name and somebody else makes: Secrets, an IngressClass or Gateway, the namespace and its Pod Security level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...labels import POD_SECURITY_ENFORCE, POD_SECURITY_LEVELS
from ...spec import ClusterSpec
from ..api import GATEWAY, INGRESS_CLASS, NAMESPACE, SECRET, Kubernetes, Object
from .finding import Finding, failure, ok, warning

DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"


@dataclass(frozen=True)
class NeededSecret:
    """A Secret that the settings name.

    Attributes:
        setting: where they do.
        name: of the Secret.
        keys: those that it has to have, all of them or, with `any_of`, one.
        any_of: whether one of the keys is enough.
    """

    setting: str
    name: str
    keys: tuple[str, ...]
    any_of: bool = False


def needed_secrets(spec: ClusterSpec) -> Iterator[NeededSecret]:
    """The Secrets that the settings name."""
    if spec.shadow_secret:
        yield NeededSecret("shadow_secret", spec.shadow_secret, ("shadow",))
    if spec.jupyter.secret:
        yield NeededSecret("jupyter.secret", spec.jupyter.secret, ("password_hash", "token"), any_of=True)
    if (sign_on := spec.jupyter.hub.sign_on) is not None:
        yield NeededSecret("jupyter.hub.sign_on.secret", sign_on.secret, ("client_secret",))
    if spec.ssh.host_keys_secret:
        yield NeededSecret("ssh.host_keys_secret", spec.ssh.host_keys_secret, ("ssh_host_ed25519_key",))
    if spec.controller.curve_secret:
        yield NeededSecret("controller.curve_secret", spec.controller.curve_secret, ("secretkey",))
    if spec.ingress and spec.ingress.tls_secret:
        yield NeededSecret("ingress.tls_secret", spec.ingress.tls_secret, ("tls.crt", "tls.key"))
    for name in spec.images.pull_secrets:
        yield NeededSecret("images.pull_secrets", name, (".dockerconfigjson", ".dockercfg"), any_of=True)


def secrets(api: Kubernetes, spec: ClusterSpec) -> Iterator[Finding]:
    """Whether those Secrets are there, with their keys; nobody looks at what is in them."""
    for needed in needed_secrets(spec):
        yield secret_finding(needed, api.get(SECRET, needed.name, spec.namespace))


def secret_finding(needed: NeededSecret, secret: Object | None) -> Finding:
    """Whether a Secret is as the settings need it."""
    check, wanted = f"Secret {needed.name}", " or ".join(needed.keys) if needed.any_of else " and ".join(needed.keys)
    if secret is None:
        return failure(check, f"is not there; {needed.setting} names it", f"make it in the namespace, with the key {wanted}")
    there = [key for key in needed.keys if secret.get("data", {}).get(key)]
    if there if needed.any_of else len(there) == len(needed.keys):
        return ok(check, f"has {' and '.join(there)}")
    has = ", ".join(sorted(secret.get("data", {}))) or "no key"
    return failure(check, f"has {has}", f"{needed.setting} needs the key {wanted}")


def entrance(api: Kubernetes, spec: ClusterSpec) -> Iterator[Finding]:
    """Whether somebody serves the Ingress or the HTTPRoute."""
    if spec.ingress is None:
        return
    if (gateway := spec.ingress.gateway) is not None:
        namespace = gateway.namespace or spec.namespace
        found = api.get(GATEWAY, gateway.name, namespace)
        name = f"{namespace}/{gateway.name}"
        yield (
            ok("Gateway", f"{name} is there")
            if found
            else failure("Gateway", f"there is no Gateway {name}", "make it, or set ingress.gateway to one")
        )
        return
    yield ingress_class_finding(spec.ingress.class_name, api.find(INGRESS_CLASS))


def ingress_class_finding(name: str | None, found: Sequence[Object]) -> Finding:
    """Whether there is the class, or a default one."""
    names = ", ".join(sorted(c["metadata"]["name"] for c in found)) or "none"
    if name is not None:
        if any(c["metadata"]["name"] == name for c in found):
            return ok("IngressClass", name)
        return failure("IngressClass", f"there is no class {name}", f"set ingress.class_name to one of: {names}")
    defaults = [c["metadata"]["name"] for c in found if c["metadata"].get("annotations", {}).get(DEFAULT_CLASS) == "true"]
    if defaults:
        return ok("IngressClass", f"{defaults[0]}, the default")
    return failure("IngressClass", "there is no default class", f"set ingress.class_name to one of: {names}")


def namespace(api: Kubernetes, spec: ClusterSpec) -> Finding:
    """Whether the namespace is there, and lets the pods in."""
    found = api.get(NAMESPACE, spec.namespace)
    if found is None:
        if spec.create_namespace:
            return ok("namespace", f"{spec.namespace} is made by up")
        return failure(
            "namespace", f"there is no namespace {spec.namespace}", f"kubectl create namespace {spec.namespace}, or create_namespace: true"
        )
    return namespace_finding(spec, found["metadata"].get("labels", {}))


def namespace_finding(spec: ClusterSpec, labels: Mapping[str, str]) -> Finding:
    """Whether a namespace's Pod Security level lets the pods in: docs/security.md."""
    needed, level = spec.pod_security_level, labels.get(POD_SECURITY_ENFORCE)
    if level is None:
        return ok("Pod Security", f"the namespace {spec.namespace} names no level; {needed} is what the pods need")
    if level not in POD_SECURITY_LEVELS or POD_SECURITY_LEVELS.index(level) < POD_SECURITY_LEVELS.index(needed):
        if spec.create_namespace:
            return warning("Pod Security", f"the namespace is {level}, and the pods need {needed}", "up labels it so, since create_namespace is true")
        return failure(
            "Pod Security",
            f"the namespace is {level}, and the pods need {needed}",
            f"kubectl label --overwrite namespace {spec.namespace} {POD_SECURITY_ENFORCE}={needed}",
        )
    return ok("Pod Security", f"the namespace is {level}; the pods need {needed}")
