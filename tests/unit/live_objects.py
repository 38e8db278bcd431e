"""Objects as the API server gives them, of a cluster `lab` in the namespace `science`, and a server that holds them."""

from __future__ import annotations

import copy
from typing import Any

from jupyter_cluster_constructs.labels import Component, object_labels, selector
from jupyter_cluster_constructs.live.api import Kind, Object
from jupyter_cluster_constructs.live.snapshot import Snapshot
from jupyter_cluster_constructs.spec import ClusterSpec, User

SPEC = ClusterSpec(name="lab", namespace="science", users=(User(name="ada", uid=1001),))
NAMES = SPEC.names


def item(kind: str, name: str, *, labels: dict[str, str] | None = None, **more: Any) -> Object:
    metadata = {"name": name, "namespace": "science", "uid": f"uid-{kind}-{name}", "labels": labels or {}}
    return {"apiVersion": "v1", "kind": kind, "metadata": {**metadata, **more.pop("metadata", {})}, **more}


def event(about: Object, reason: str, message: str, **more: Any) -> Object:
    metadata = about["metadata"]
    involved = {"kind": about["kind"], "name": metadata["name"], "uid": metadata["uid"], **more}
    return {"kind": "Event", "metadata": {"name": "e"}, "reason": reason, "message": message, "involvedObject": involved}


def container(name: str, state: Object, *, ready: bool = False, restarts: int = 0, last: Object | None = None) -> Object:
    return {"name": name, "image": f"registry/{name}:1", "state": state, "ready": ready, "restartCount": restarts, "lastState": last or {}}


RUNNING: Object = {"running": {}}


def waiting(reason: str, message: str = "") -> Object:
    return {"waiting": {"reason": reason, "message": message}}


def ended(code: int, reason: str = "Error") -> Object:
    return {"terminated": {"exitCode": code, "reason": reason}}


def pod(
    name: str = "lab-worker-1-a",
    *containers: Object,
    init: tuple[Object, ...] = (),
    conditions: tuple[Object, ...] = (),
    component: Component = Component.WORKER,
    revision: str = "1",
    going: bool = False,
    **status: Any,
) -> Object:
    """A pod of a component; ready if all of its containers are."""
    is_ready = bool(containers) and all(c["ready"] for c in containers)
    labels = selector("lab", component) | {"pod-template-hash": revision, "controller-revision-hash": revision}
    return item(
        "Pod",
        name,
        labels=labels,
        metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"} if going else {},
        spec={"containers": [], "volumes": []},
        status={
            "phase": "Running" if is_ready else "Pending",
            "conditions": [{"type": "Ready", "status": "True" if is_ready else "False"}, *conditions],
            "initContainerStatuses": list(init),
            "containerStatuses": list(containers),
            **status,
        },
    )


def workload(kind: str, name: str, component: Component, *containers: str, replicas: int = 1, **status: Any) -> Object:
    """A Deployment or StatefulSet whose newest template is taken up."""
    labels = selector("lab", component)
    return item(
        kind,
        name,
        labels=object_labels("lab", component),
        metadata={"generation": 1, "annotations": {"deployment.kubernetes.io/revision": "1"}},
        spec={
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"spec": {"containers": [{"name": c} for c in containers], "volumes": []}},
        },
        status={"observedGeneration": 1, "replicas": replicas, "updatedReplicas": replicas, "updateRevision": "1", **status},
    )


def replica_set(owner: Object, revision: str = "1", **status: Any) -> Object:
    metadata = {
        "annotations": {"deployment.kubernetes.io/revision": revision},
        "ownerReferences": [{"name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]}],
    }
    name = f"{owner['metadata']['name']}-{revision}"
    return item("ReplicaSet", name, labels={"pod-template-hash": revision}, metadata=metadata, status=status)


def claim(name: str, phase: str = "Bound") -> Object:
    return item("PersistentVolumeClaim", name, labels=object_labels("lab", Component.NFS), spec={}, status={"phase": phase})


def whole_cluster() -> Snapshot:
    """A cluster of one engine, all of it ready."""
    frontend = workload("Deployment", "lab-frontend", Component.FRONTEND, "controller", "jupyter", "sshd")
    worker = workload("Deployment", "lab-worker", Component.WORKER, "engine")
    ready = [container(name, RUNNING, ready=True) for name in ("controller", "jupyter", "sshd")]
    return Snapshot(
        pods=[
            pod("lab-frontend-1-a", *ready, component=Component.FRONTEND),
            pod("lab-worker-1-a", container("engine", RUNNING, ready=True)),
            pod("lab-nfs-0", container("nfs-server", RUNNING, ready=True), component=Component.NFS),
        ],
        deployments=[frontend, worker],
        stateful_sets=[workload("StatefulSet", "lab-nfs", Component.NFS, "nfs-server")],
        replica_sets=[replica_set(frontend), replica_set(worker)],
        claims=[claim("lab-shared"), claim("lab-home-1001"), claim("export-lab-nfs-0")],
    )


class Server:
    """An API server in memory: what is deleted is gone at once, its pods too."""

    def __init__(self, *items: Object) -> None:
        self.items = [copy.deepcopy(each) for each in items]
        self.deleted: list[str] = []

    def get(self, kind: Kind, name: str, namespace: str | None = None) -> Object | None:
        return next((i for i in self.items if (i["kind"], i["metadata"]["name"]) == (kind.name, name)), None)

    def find(self, kind: Kind, namespace: str | None = None, *, labels: str | None = None) -> list[Object]:
        wanted = dict(pair.split("=", 1) for pair in labels.split(",")) if labels else {}
        return [i for i in self.items if i["kind"] == kind.name and wanted.items() <= i["metadata"].get("labels", {}).items()]

    def send(self, method: str, path: str, body: Any = None, *, content_type: str = "", query: Any = None) -> Object:
        raise AssertionError(f"{method} {path}")

    def delete(self, kind: Kind, name: str, namespace: str | None = None) -> bool:
        found = self.get(kind, name)
        if found is None:
            return False
        self.deleted.append(f"{kind.name}/{name}")
        labels = found.get("spec", {}).get("selector", {}).get("matchLabels") if kind.name in ("Deployment", "StatefulSet") else None
        going = [i for i in self.items if labels and i["kind"] == "Pod" and labels.items() <= i["metadata"]["labels"].items()]
        self.items = [i for i in self.items if i is not found and i not in going]
        return True

    def log(self, pod: str, namespace: str, container: str, *, tail: int | None = None, previous: bool = False) -> str:
        return ""
