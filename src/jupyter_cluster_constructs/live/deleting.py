"""Take a cluster away in the order in which nothing hangs: who mounts, then who serves, then the volumes, then the rest.

A pod whose NFS server is gone can't unmount and stays Terminating: docs/decisions/0008-nfs-restart-or-end.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..labels import COMPONENT, Component, component_selector, pod_labels, selector
from ..names import Names
from .api import CLAIM, NAMESPACE, POD, VOLUME, Kind, Kubernetes, Object
from .applying import NAMESPACED
from .snapshot import allowed, instance_selector, volumes
from .waiting import wait_until

SERVERS = (Component.NFS, Component.STORAGE)
WORKLOADS = {"Deployment", "StatefulSet"}


@dataclass(frozen=True)
class Found:
    """What there is of a cluster to delete.

    Attributes:
        workers: the engines' Deployments.
        frontends: the frontend's.
        servers: the StatefulSets of the storage, and their Services.
        claims: claims of homes and of the shared directory, which hold no data on NFS.
        disks: claims under all homes, made from a StatefulSet's template.
        volumes: PersistentVolumes that were made for the claims.
        rest: everything else.
    """

    workers: list[Object] = field(default_factory=list)
    frontends: list[Object] = field(default_factory=list)
    servers: list[Object] = field(default_factory=list)
    claims: list[Object] = field(default_factory=list)
    disks: list[Object] = field(default_factory=list)
    volumes: list[Object] = field(default_factory=list)
    rest: list[Object] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is there but disks."""
        return not (self.workers or self.frontends or self.servers or self.claims or self.volumes or self.rest)

    @property
    def disks_that_go(self) -> list[str]:
        """StatefulSets whose deletion deletes the disk under all homes, since the settings said so."""
        return [s["metadata"]["name"] for s in self.servers if _deletes_its_disk(s)]


@dataclass(frozen=True)
class Stage:
    """A step of the way.

    Attributes:
        name: what goes.
        objects: what is deleted.
        gone: looks whether the step is done, and says what is still there.
    """

    name: str
    objects: Sequence[Object]
    gone: Callable[[], list[str]]


class StuckError(Exception):
    """A step that is not done in time.

    Attributes:
        stage: the step.
        left: what is still there, each with why where that is known.
    """

    def __init__(self, stage: str, left: Sequence[str]) -> None:
        self.stage, self.left = stage, tuple(left)
        super().__init__(f"{stage}: {'; '.join(left)}")


def find(api: Kubernetes, names: Names, manifests: Iterable[Object]) -> Found:
    """Look for what a cluster has left: by its labels, and by the names of its manifests."""
    labels, namespace = instance_selector(names), names.namespace
    there = {_key(item): item for kind in NAMESPACED for item in allowed(api, kind, namespace, labels)}
    for manifest in manifests:
        if manifest["kind"] in ("Namespace", "PersistentVolume") or _key(manifest) in there:
            continue
        if (item := api.get(Kind.of(manifest), manifest["metadata"]["name"], namespace)) is not None:
            there[_key(item)] = item
    return sorted_out(there.values(), volumes(api, names))


def sorted_out(items: Iterable[Object], its_volumes: list[Object]) -> Found:
    """Put objects into the order in which they go."""
    found = Found(volumes=its_volumes)
    for item in items:
        component = item["metadata"].get("labels", {}).get(COMPONENT)
        if item["kind"] == "PersistentVolumeClaim":
            (found.claims if _is_made_by_manifest(item) else found.disks).append(item)
        elif component in SERVERS and item["kind"] in ("StatefulSet", "Service"):
            found.servers.append(item)
        elif item["kind"] in WORKLOADS:
            (found.workers if component == Component.WORKER else found.frontends).append(item)
        else:
            found.rest.append(item)
    return found


# Labels that objects of a manifest have, and claims of a StatefulSet's template don't.
MADE = pod_labels("-", Component.NFS).keys() - selector("-", Component.NFS).keys()


def _is_made_by_manifest(claim: Object) -> bool:
    """A StatefulSet's template gives its claims the selector's labels alone."""
    return bool(claim["metadata"].get("labels", {}).keys() >= MADE)


def _key(item: Mapping[str, Object]) -> tuple[str, str]:
    return str(item["kind"]), str(item["metadata"]["name"])


def _deletes_its_disk(item: Object) -> bool:
    return bool(item["spec"].get("persistentVolumeClaimRetentionPolicy", {}).get("whenDeleted") == "Delete")


def stages(api: Kubernetes, names: Names, found: Found, *, remove_volumes: bool, remove_namespace: bool) -> list[Stage]:
    """The steps, each of which is done before the next one begins."""

    def pods(*components: Component) -> Callable[[], list[str]]:
        return lambda: [line for c in components for line in pods_left(api, names, c)]

    def objects(items: Sequence[Object]) -> Callable[[], list[str]]:
        return lambda: [f"{i['kind'].lower()}/{i['metadata']['name']}{_held(i)}" for i in map(lambda i: _there(api, i), items) if i is not None]

    every = [
        Stage("engines", found.workers, pods(Component.WORKER)),
        Stage("frontend", found.frontends, lambda: [*pods(Component.FRONTEND)(), *strangers(api, names, found)]),
        Stage("storage", found.servers, pods(*SERVERS)),
        Stage("claims", found.claims, objects(found.claims)),
        Stage("volumes", found.volumes, objects(found.volumes)),
        Stage("the rest", found.rest, objects(found.rest)),
    ]
    if remove_volumes:
        every.append(Stage("disks", found.disks, objects([*found.disks, *_volumes_that_go(api, found.disks)])))
    if remove_namespace:
        namespace: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": names.namespace}}
        every.append(Stage("namespace", [namespace], objects([namespace])))
    return every


def run(api: Kubernetes, stage: Stage, seconds: float, report: Callable[[Sequence[str]], None]) -> None:
    """Delete what a step names, and wait until it is gone.

    Raises:
        StuckError: it is not gone in time.
    """
    for item in stage.objects:
        api.delete(Kind.of(item), item["metadata"]["name"], item["metadata"].get("namespace"))

    def look() -> list[str]:
        left = stage.gone()
        report(left)
        return left

    if left := wait_until(look, lambda left: not left, seconds, pause=1.0):
        raise StuckError(stage.name, left)


def pods_left(api: Kubernetes, names: Names, component: Component) -> list[str]:
    """The pods of a component that are still there."""
    labels = ",".join(f"{key}={value}" for key, value in component_selector(names.cluster, component).items())
    return [f"pod/{pod['metadata']['name']}{_phase(pod)}" for pod in api.find(POD, names.namespace, labels=labels)]


def strangers(api: Kubernetes, names: Names, found: Found) -> list[str]:
    """Pods of others that mount the cluster's claims: they would hang without its server, and the claims would never go."""
    claims = {claim["metadata"]["name"] for claim in (*found.claims, *found.disks)}
    own = {pod["metadata"]["name"] for pod in api.find(POD, names.namespace, labels=instance_selector(names))}
    users = [
        (pod["metadata"]["name"], sorted(claims & _claims(pod)))
        for pod in api.find(POD, names.namespace)
        if pod["metadata"]["name"] not in own and pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")
    ]
    return [f"pod/{pod}, not of this cluster, uses {', '.join(used)}: delete it" for pod, used in users if used]


def _claims(pod: Object) -> set[str]:
    return {v["persistentVolumeClaim"]["claimName"] for v in pod["spec"].get("volumes", ()) if "persistentVolumeClaim" in v}


def _volumes_that_go(api: Kubernetes, disks: Iterable[Object]) -> list[Object]:
    """The volumes of disks that their StorageClass deletes with them."""
    names = {disk["spec"].get("volumeName") for disk in disks}
    return [v for v in allowed(api, VOLUME) if v["metadata"]["name"] in names and v["spec"].get("persistentVolumeReclaimPolicy") == "Delete"]


def retained(api: Kubernetes, disks: Iterable[Object]) -> list[str]:
    """The volumes of disks that their StorageClass keeps when the claims go."""
    names = {disk["spec"].get("volumeName") for disk in disks}
    return [
        v["metadata"]["name"]
        for v in allowed(api, VOLUME)
        if v["metadata"]["name"] in names and v["spec"].get("persistentVolumeReclaimPolicy") != "Delete"
    ]


def _there(api: Kubernetes, item: Object) -> Object | None:
    return api.get(Kind.of(item), item["metadata"]["name"], item["metadata"].get("namespace"))


def _phase(pod: Object) -> str:
    return " (Terminating)" if pod["metadata"].get("deletionTimestamp") else ""


def _held(item: Object) -> str:
    """Why an object that is deleted is still there."""
    finalizers = item["metadata"].get("finalizers", ())
    conditions = [c.get("message", "") for c in item.get("status", {}).get("conditions", ()) if c.get("status") == "True"]
    if item["kind"] == NAMESPACE.name:
        return f" ({conditions[0]})" if conditions else ""
    if item["kind"] == CLAIM.name and "kubernetes.io/pvc-protection" in finalizers:
        return " (a pod still uses it)"
    return f" (held by {', '.join(finalizers)})" if finalizers else ""
