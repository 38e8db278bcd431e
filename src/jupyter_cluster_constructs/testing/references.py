"""Whatever an object refers to: each name, and each key and port behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from .manifests import TEMPLATES, Manifest, pod_of

# Every Kubernetes has them.
# https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
BUILT_IN = {("ServiceAccount", "default"), ("PriorityClass", "system-cluster-critical"), ("PriorityClass", "system-node-critical")}
# What is in no namespace.
CLUSTER_SCOPED = {
    "APIService",
    "CSIDriver",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "FlowSchema",
    "GatewayClass",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "RuntimeClass",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttributesClass",
    "VolumeSnapshotClass",
}


class Reference(NamedTuple):
    """A name in an object that another object has.

    Args:
        kind: of the other object.
        name: of the other object.
        namespace: of the other object; empty where it is in none, or in the one that `kubectl` uses.
        key: a key of its data, or a port of it by name or number. Default: the whole object is meant.
    """

    kind: str
    name: str
    namespace: str
    key: str | None = None


def references(manifest: Manifest) -> Iterator[Reference]:
    """Each name in an object that another object has to have; not those that are said to be optional."""
    namespace, kind, spec = manifest["metadata"].get("namespace", ""), manifest["kind"], manifest.get("spec", {})
    if kind in TEMPLATES:
        yield from _of_pod(pod_of(manifest), namespace)
    if kind == "StatefulSet" and spec.get("serviceName"):
        yield Reference("Service", spec["serviceName"], namespace)
    for template in spec.get("volumeClaimTemplates", ()) if kind == "StatefulSet" else ():
        yield from _of_claim(template["spec"], namespace)
    if kind == "PersistentVolumeClaim":
        yield from _of_claim(spec, namespace)
    if kind == "PersistentVolume":
        yield from _class("StorageClass", spec.get("storageClassName"))
        if claim := spec.get("claimRef"):
            yield Reference("PersistentVolumeClaim", claim["name"], claim.get("namespace", ""))
    if kind == "Ingress":
        yield from _of_ingress(spec, namespace)
    if kind in ("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute"):
        yield from _of_route(spec, namespace)
    if kind == "HorizontalPodAutoscaler":
        yield Reference(spec["scaleTargetRef"]["kind"], spec["scaleTargetRef"]["name"], namespace)
    if kind == "ServiceAccount":
        yield from (Reference("Secret", s["name"], namespace) for key in ("secrets", "imagePullSecrets") for s in manifest.get(key, ()))
    if kind in ("RoleBinding", "ClusterRoleBinding"):
        role = manifest["roleRef"]
        yield Reference(role["kind"], role["name"], namespace if role["kind"] == "Role" else "")
        for subject in manifest.get("subjects", ()):
            if subject["kind"] == "ServiceAccount":
                yield Reference("ServiceAccount", subject["name"], subject.get("namespace", namespace))


def _class(kind: str, name: str | None) -> Iterator[Reference]:
    # Empty asks for no class.
    if name:
        yield Reference(kind, name, "")


def _of_claim(spec: Any, namespace: str) -> Iterator[Reference]:
    yield from _class("StorageClass", spec.get("storageClassName"))
    if spec.get("volumeName"):
        yield Reference("PersistentVolume", spec["volumeName"], "")
    source = spec.get("dataSource") or {}
    if source.get("kind") == "PersistentVolumeClaim":
        yield Reference("PersistentVolumeClaim", source["name"], namespace)


def _of_pod(pod: Manifest, namespace: str) -> Iterator[Reference]:
    yield Reference("ServiceAccount", pod.get("serviceAccountName", "default"), namespace)
    yield from _class("PriorityClass", pod.get("priorityClassName"))
    yield from _class("RuntimeClass", pod.get("runtimeClassName"))
    yield from (Reference("Secret", secret["name"], namespace) for secret in pod.get("imagePullSecrets", ()))
    for volume in pod.get("volumes", ()):
        if "persistentVolumeClaim" in volume:
            yield Reference("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"], namespace)
        if "ephemeral" in volume:
            yield from _of_claim(volume["ephemeral"]["volumeClaimTemplate"]["spec"], namespace)
        if secret := volume.get("csi", {}).get("nodePublishSecretRef"):
            yield Reference("Secret", secret["name"], namespace)
        for source in (volume, *volume.get("projected", {}).get("sources", ())):
            yield from _of_files(source, namespace)
    for container in (*pod.get("initContainers", ()), *pod["containers"]):
        for variable in container.get("env", ()):
            yield from _of_variable(variable.get("valueFrom", {}), namespace, "KeyRef")
        for variables in container.get("envFrom", ()):
            yield from _of_variable(variables, namespace, "Ref")


def _of_files(source: Any, namespace: str) -> Iterator[Reference]:
    for key, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
        if key in source and not source[key].get("optional"):
            name = source[key].get("name") or source[key]["secretName"]
            yield Reference(kind, name, namespace)
            yield from (Reference(kind, name, namespace, item["key"]) for item in source[key].get("items", ()))


def _of_variable(source: Any, namespace: str, ending: str) -> Iterator[Reference]:
    for key, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
        if (found := source.get(f"{key}{ending}")) and not found.get("optional"):
            yield Reference(kind, found["name"], namespace, found.get("key"))


def _of_ingress(spec: Any, namespace: str) -> Iterator[Reference]:
    yield from _class("IngressClass", spec.get("ingressClassName"))
    yield from (Reference("Secret", tls["secretName"], namespace) for tls in spec.get("tls", ()) if "secretName" in tls)
    paths = [path["backend"] for rule in spec.get("rules", ()) for path in rule.get("http", {}).get("paths", ())]
    for backend in (*paths, spec.get("defaultBackend", {})):
        if service := backend.get("service"):
            port = service["port"]
            yield Reference("Service", service["name"], namespace, str(port["name"] if "name" in port else port["number"]))


def _of_route(spec: Any, namespace: str) -> Iterator[Reference]:
    for parent in spec.get("parentRefs", ()):
        yield Reference(parent.get("kind", "Gateway"), parent["name"], parent.get("namespace", namespace))
    for rule in spec.get("rules", ()):
        for backend in rule.get("backendRefs", ()):
            port = backend.get("port")
            yield Reference(backend.get("kind", "Service"), backend["name"], backend.get("namespace", namespace), None if port is None else str(port))


def claims_of_templates(manifests: Iterable[Manifest]) -> Iterator[Manifest]:
    """The claims that StatefulSets make of their templates, each named TEMPLATE-STATEFULSET-NUMBER."""
    for stateful in manifests:
        for template in stateful["spec"].get("volumeClaimTemplates", ()) if stateful["kind"] == "StatefulSet" else ():
            for number in range(stateful["spec"].get("replicas", 1)):
                name = f"{template['metadata']['name']}-{stateful['metadata']['name']}-{number}"
                namespace = {key: value for key, value in stateful["metadata"].items() if key == "namespace"}
                metadata = template["metadata"] | {"name": name} | namespace
                yield template | {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata}
