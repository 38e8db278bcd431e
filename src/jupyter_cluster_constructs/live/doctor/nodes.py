"""The nodes: whether they have the images, an NFS client as far as it can be seen, and room for all pods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ...spec import ClusterSpec
from ..api import EVENT, NODE, POD, Kubernetes, Object
from ..reasons import NFS_CLIENT_ADVICE, events_of, mount_advice, one_line
from ..snapshot import allowed, instance_selector
from .capacity import misfits, workload_pods
from .finding import Finding, failure, ok, warning

TRY = "jupyter-cluster doctor --probe tries it"
DEFAULT_REGISTRY = ("docker.io/library/", "docker.io/")


def images(api: Kubernetes, spec: ClusterSpec, manifests: Iterable[Object]) -> Iterator[Finding]:
    """Whether the nodes have the images already."""
    pods = [m["spec"]["template"]["spec"] for m in manifests if m["kind"] in ("Deployment", "StatefulSet")]
    wanted = sorted({c["image"] for pod in pods for c in (*pod.get("initContainers", ()), *pod["containers"])})
    nodes = api.find(NODE)
    for image in wanted:
        yield image_finding(image, nodes, can_be_pulled=spec.images.pull_policy != "Never" and not image.startswith("localhost/"))


def image_finding(image: str, nodes: Sequence[Object], *, can_be_pulled: bool) -> Finding:
    """Whether nodes have an image. A kubelet tells its 50 largest images only, unless it is configured otherwise."""
    check, names = f"image {image}", {image, image.removeprefix("docker.io/library/"), *(f"{prefix}{image}" for prefix in DEFAULT_REGISTRY)}
    has = [n for n in nodes if any(names & {*(i.get("names") or ())} for i in n.get("status", {}).get("images", ()))]
    if len(has) == len(nodes):
        return ok(check, "every node has it")
    if has:
        missing = ", ".join(n["metadata"]["name"] for n in nodes if n not in has)
        return warning(check, f"{missing} did not tell that it has it", f"load it there too, or push it to a registry; {TRY}")
    if can_be_pulled:
        return warning(check, "no node has it yet; they fetch it from its registry", TRY)
    return failure(check, "no node has it, and it can't be fetched", "load it onto the nodes, or set images.registry and images.tag")


def nfs_client(api: Kubernetes, spec: ClusterSpec) -> Iterator[Finding]:
    """What mounts of the cluster that runs tell about the nodes' NFS clients."""
    if spec.storage.is_claimed:
        return
    pods = api.find(POD, spec.namespace, labels=instance_selector(spec.names))
    yield nfs_client_finding(pods, allowed(api, EVENT, spec.namespace), spec)


def nfs_client_finding(pods: Iterable[Object], events: Sequence[Object], spec: ClusterSpec) -> Finding:
    """A pod with claims that runs has mounted them; a failed mount says why."""
    mounted = []
    for pod in pods:
        if not any("persistentVolumeClaim" in v for v in pod["spec"].get("volumes", ())) or pod["metadata"]["name"] == f"{spec.names.nfs}-0":
            continue
        states = [s for key in ("initContainerStatuses", "containerStatuses") for s in pod.get("status", {}).get(key, ())]
        if any(s.get("state", {}).keys() & {"running", "terminated"} for s in states):
            mounted.append(str(pod["spec"].get("nodeName")))
        elif failed := events_of(pod, events, "FailedMount"):
            message = failed[-1].get("message", "")
            return failure("NFS client", f"{pod['spec'].get('nodeName')}: {one_line(message)}", mount_advice(message) or NFS_CLIENT_ADVICE)
    if mounted:
        return ok("NFS client", f"pods have mounted homes on {', '.join(sorted({*mounted}))}")
    return warning("NFS client", "not tried", f"{TRY}; nodes need one: nfs-common on Debian and Ubuntu, nfs-utils elsewhere")


def room(api: Kubernetes, spec: ClusterSpec, manifests: Iterable[Object]) -> Finding:
    """Whether the nodes have what all pods of the cluster ask for, beside what runs there already."""
    own = {pod["metadata"]["uid"] for pod in api.find(POD, spec.namespace, labels=instance_selector(spec.names))}
    others = [pod for pod in api.find(POD) if pod["metadata"]["uid"] not in own]
    return room_finding(workload_pods(manifests), api.find(NODE), others)


def room_finding(pods: Sequence[tuple[str, Object]], nodes: Sequence[Object], others: Sequence[Object]) -> Finding:
    """The pods that no node has room for, or lets in."""
    if out := misfits(pods, nodes, others):
        first = "; ".join(f"{name}: {why}" for name, why in list(out.items())[:3])
        more = f", and {len(out) - 3} more" if len(out) > 3 else ""
        return failure(
            "room on the nodes", f"{len(out)} of {len(pods)} pods find none: {first}{more}", "add nodes, or lower replicas, cpu and memory"
        )
    return ok("room on the nodes", f"all {len(pods)} pods fit")
