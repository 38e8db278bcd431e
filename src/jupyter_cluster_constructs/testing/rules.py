"""What every set of manifests has to be, as functions that return a line for each thing that is not so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from .manifests import Manifest, all_containers, all_of, containers, identity, pod_metadata, pod_of, workloads
from .references import BUILT_IN, CLUSTER_SCOPED, Reference, claims_of_templates, references

# Tags that are another image each day.
MOVING_TAGS = {"latest", "stable", "main", "master", "edge", "nightly", "dev", "devel"}
IMAGE = re.compile(r"(?P<name>[\w.-]+(:[0-9]+)?(/[\w.-]+)*?)(:(?P<tag>\w[\w.-]{0,127}))?(@(?P<digest>sha256:[0-9a-f]{64}))?", re.ASCII)


def reference_problems(manifests: Iterable[Manifest], *, existing: Collection[str] = ()) -> list[str]:
    """Find names of objects that are not there, of keys that they don't have, and of ports that nothing listens on.

    What is looked at: ConfigMaps and Secrets with their keys, claims and volumes, ServiceAccounts, Services with their ports, targets of
    Ingresses and routes, classes (StorageClass, IngressClass, PriorityClass, RuntimeClass), Gateways, roles, and probes' ports.

    Args:
        manifests: all objects.
        existing: what exists already in the Kubernetes cluster, each as ``KIND/NAME`` or ``KIND/NAMESPACE/NAME``: ``Secret/jupyter-tls``.
            Default: nothing.

    Returns:
        A line for each problem, also for something of `existing` that nothing refers to.
    """
    made = list(manifests)
    there = {(m["kind"], m["metadata"].get("namespace", ""), m["metadata"]["name"]): m for m in (*made, *claims_of_templates(made))}
    unused, found = {*existing}, []
    for manifest in made:
        for reference in dict.fromkeys(references(manifest)):
            outside = {f"{reference.kind}/{reference.name}", f"{reference.kind}/{reference.namespace}/{reference.name}"} & {*existing}
            unused -= outside
            target = there.get((reference.kind, reference.namespace, reference.name))
            if target is not None and reference.key is not None and reference.key not in _keys(target):
                found.append(f"{identity(manifest)}: {identity(target)} has no {reference.key}, only {', '.join(_keys(target)) or 'nothing'}")
            elif target is None and not outside and (reference.kind, reference.name) not in BUILT_IN:
                found.append(
                    f"{identity(manifest)}: {_shown(reference)} is not there; if it exists already, name {_as_existing(reference)} in existing"
                )
    found += [f"{text}: nothing refers to it; take it out of existing" for text in sorted(unused)]
    return [*dict.fromkeys(found), *_service_problems(made), *_probe_problems(made)]


def _shown(reference: Reference) -> str:
    return f"{reference.kind} {'/'.join(filter(None, (reference.namespace, reference.name)))}"


def _as_existing(reference: Reference) -> str:
    return f"{reference.kind}/{reference.name}"


def _keys(target: Manifest) -> list[str]:
    """What can be asked of an object by name: keys of its data, ports."""
    if target["kind"] == "Service":
        return [str(port[key]) for port in target["spec"].get("ports", ()) for key in ("name", "port") if key in port]
    return [key for part in ("data", "binaryData", "stringData") for key in target.get(part, {})]


def _service_problems(manifests: list[Manifest]) -> Iterator[str]:
    for service in all_of(manifests, "Service"):
        if selector := service["spec"].get("selector"):
            pods = [w for w in _in_namespace_of(service, workloads(manifests)) if selector.items() <= pod_metadata(w).get("labels", {}).items()]
            if not pods:
                yield f"{identity(service)}: no pod has the labels of its selector {selector}"
            for port in service["spec"].get("ports", ()):
                target = port.get("targetPort")
                for workload in pods:
                    if isinstance(target, str) and target not in _named_ports(*containers(workload).values()):
                        yield f"{identity(service)}: {identity(workload)} has no port named {target}"


def _probe_problems(manifests: list[Manifest]) -> Iterator[str]:
    for name, container in all_containers(manifests):
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            for action in ("httpGet", "tcpSocket"):
                port = container.get(kind, {}).get(action, {}).get("port")
                if isinstance(port, str) and port not in _named_ports(container):
                    yield f"container {name}: its {kind} asks the port {port}, which it does not have"


def _named_ports(*of: Manifest) -> set[Any]:
    return {port.get("name") for container in of for port in container.get("ports", ())}


def _in_namespace_of(manifest: Manifest, others: Iterable[Manifest]) -> list[Manifest]:
    return [other for other in others if other["metadata"].get("namespace") == manifest["metadata"].get("namespace")]


def duplicate_problems(manifests: Iterable[Manifest]) -> list[str]:
    """Find objects that are there twice, and addresses and node ports that two Services ask for.

    Args:
        manifests: all objects, of every file that is applied together.
    """
    there = list(manifests)
    # Two API groups may have a kind of the same name, each with versions of its own.
    same = Counter((str(m.get("apiVersion")).rpartition("/")[0], identity(m)) for m in there)
    found = [f"{name}: it is there {count} times" for (_, name), count in same.items() if count > 1]
    asked: dict[tuple[str, Any], list[str]] = {}
    for service in all_of(there, "Service"):
        spec = service["spec"]
        addresses = [a for a in {spec.get("clusterIP"), *spec.get("clusterIPs", ())} if a not in (None, "", "None")]
        node_ports = [(port["nodePort"], port.get("protocol", "TCP")) for port in spec.get("ports", ()) if port.get("nodePort")]
        for what, values in (("clusterIP", addresses), ("nodePort", node_ports)):
            for value in values:
                asked.setdefault((what, value), []).append(identity(service))
    for (what, value), by in asked.items():
        if len(by) > 1:
            found.append(f"{' and '.join(by)}: each asks for the {what} {value[0] if isinstance(value, tuple) else value}")
    return found


def scope_problems(manifests: Iterable[Manifest], *, cluster_scoped: Collection[str] = ()) -> list[str]:
    """Find objects of the whole cluster that say a namespace, and a mixture of objects with and without one.

    Args:
        manifests: all objects.
        cluster_scoped: custom kinds that are in no namespace. Default: none.
    """
    there = list(manifests)
    scoped = CLUSTER_SCOPED | {*cluster_scoped}
    scoped |= {crd["spec"]["names"]["kind"] for crd in all_of(there, "CustomResourceDefinition") if crd["spec"]["scope"] == "Cluster"}
    found = [f"{identity(m)}: a {m['kind']} is in no namespace" for m in there if m["kind"] in scoped and "namespace" in m["metadata"]]
    namespaced = [m for m in there if m["kind"] not in scoped]
    if any("namespace" in m["metadata"] for m in namespaced):
        found += [f"{identity(m)}: it says no namespace, and others do" for m in namespaced if "namespace" not in m["metadata"]]
    return found


def selector_problems(manifests: Iterable[Manifest]) -> list[str]:
    """Find workloads whose selector is not part of their own pods' labels, or selects another workload's pods.

    Args:
        manifests: all objects.
    """
    made, found = workloads(manifests), []
    for workload in made:
        # Jobs get theirs from Kubernetes, and Pods have none.
        selector = workload.get("spec", {}).get("selector", {})
        wanted = selector.get("matchLabels", {})
        labels = pod_metadata(workload).get("labels", {})
        if workload["kind"] in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet") and not selector:
            found.append(f"{identity(workload)}: it has no selector")
        if not wanted.items() <= labels.items():
            missing = {key: value for key, value in wanted.items() if labels.get(key) != value}
            found.append(f"{identity(workload)}: its selector wants {missing}, which its pods don't have")
        for other in _in_namespace_of(workload, made):
            if other is not workload and wanted and wanted.items() <= pod_metadata(other).get("labels", {}).items():
                found.append(f"{identity(workload)}: its selector selects the pods of {identity(other)} too")
    return found


def image_problems(manifests: Iterable[Manifest]) -> list[str]:
    """Find images that are another one tomorrow: without a tag or digest, or with a tag such as `latest`.

    Args:
        manifests: all objects.
    """
    found = []
    for workload in workloads(manifests):
        for name, container in containers(workload).items():
            image = IMAGE.fullmatch(container.get("image", ""))
            where = f"{identity(workload)}: container {name}"
            if image is None:
                found.append(f"{where} has the image {container.get('image')!r}, which is no name of one")
            elif not image["digest"] and (image["tag"] or "latest") in MOVING_TAGS:
                found.append(f"{where} has the image {image[0]}; give it a tag that stays, or a digest")
    return found


def mount_problems(manifests: Iterable[Manifest]) -> list[str]:
    """Find mounts of volumes that are not there, and names that a pod or container has twice.

    Args:
        manifests: all objects.
    """
    found = []
    for workload in workloads(manifests):
        pod, where = pod_of(workload), identity(workload)
        there = {volume["name"] for volume in pod.get("volumes", ())}
        there |= {template["metadata"]["name"] for template in workload["spec"].get("volumeClaimTemplates", ())}
        both = (*pod.get("initContainers", ()), *pod["containers"])
        lists = [("volume", [v["name"] for v in pod.get("volumes", ())]), ("container", [c["name"] for c in both])]
        for container in both:
            name, mounts = container["name"], container.get("volumeMounts", ())
            found += [f"{where}: container {name} mounts {m['name']}, which is no volume of its pod" for m in mounts if m["name"] not in there]
            for what, key, entry in (("mount", "volumeMounts", "mountPath"), ("variable", "env", "name"), ("port", "ports", "name")):
                lists.append((f"container {name}: {what}", [e[entry] for e in container.get(key, ()) if entry in e]))
        found += [f"{where}: {what} {name} is there {n} times" for what, names in lists for name, n in Counter(names).items() if n > 1]
    return found
