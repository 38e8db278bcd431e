"""Objects that live as long as a probe: made with a label, and gone afterwards, whatever happens meanwhile."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ...spec import ClusterSpec
from ..api import POD, POLICY, Kind, Kubernetes, Object

# No selector of the cluster finds them, nor does `status` or `down`.
LABEL = "jupyter-cluster/doctor"
MEMBER = 1000
GONE_SECONDS = 60


@dataclass(frozen=True)
class Probes:
    """Makes a probe's objects.

    Attributes:
        api: the cluster's API.
        spec: the settings: the namespace, where images come from.
        cluster_name: what the label says: whose doctor it is.
        run: what begins the names of this run's objects.
        seconds: how long a pod may live, at most.
    """

    api: Kubernetes
    spec: ClusterSpec
    cluster_name: str
    run: str
    seconds: float

    def name(self, suffix: str) -> str:
        """The name of an object of this run."""
        return f"{self.run}-{suffix}"

    def pod(self, suffix: str, commands: Mapping[str, Sequence[str]], **more: Any) -> str:
        """Start a pod with a container for each image, and give its name back; it may do nothing, and asks for little."""
        containers = [
            {
                "name": image,
                "image": self.spec.images.named(image),
                "imagePullPolicy": self.spec.images.pull_policy,
                "command": list(command),
                "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "1", "memory": "128Mi"}},
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                    "readOnlyRootFilesystem": True,
                    "runAsNonRoot": True,
                    "runAsUser": MEMBER,
                    "runAsGroup": MEMBER,
                },
                **({"volumeMounts": [{"name": v["name"], "mountPath": f"/mnt/{v['name']}"} for v in more["volumes"]]} if "volumes" in more else {}),
            }
            for image, command in commands.items()
        ]
        spec = {
            "containers": containers,
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 0,
            # Ends by itself if this program is killed.
            "activeDeadlineSeconds": max(10, int(self.seconds) * 2),
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "imagePullSecrets": [{"name": name} for name in self.spec.images.pull_secrets],
            **more,
        }
        return self.make({"apiVersion": "v1", "kind": "Pod", "spec": spec}, suffix)

    def closed_policy(self, suffix: str) -> str:
        """Make a NetworkPolicy that lets nobody connect to the pod of the same suffix."""
        body = {"podSelector": {"matchLabels": {LABEL: self.cluster_name, "name": self.name(suffix)}}, "policyTypes": ["Ingress"]}
        return self.make({"apiVersion": POLICY.api_version, "kind": POLICY.name, "spec": body}, suffix)

    def make(self, item: Object, suffix: str) -> str:
        """Make an object with the labels of this run."""
        name = self.name(suffix)
        metadata = {"name": name, "namespace": self.spec.namespace, "labels": {LABEL: self.cluster_name, "name": name}}
        self.api.send("POST", Kind.of(item).path(self.spec.namespace), {**item, "metadata": metadata})
        return name

    def look(self, pod: str) -> Object:
        """A pod as it is now."""
        return self.api.get(POD, pod, self.spec.namespace) or {}


@contextmanager
def probe_objects(api: Kubernetes, spec: ClusterSpec, seconds: float) -> Iterator[Probes]:
    """Probes whose objects are gone at the end, also when it is interrupted; those that a killed run left go first."""
    probes = Probes(api, spec, spec.name, f"{spec.name}-doctor-{secrets.token_hex(3)}", seconds)
    _remove(api, probes)
    try:
        yield probes
    finally:
        _remove(api, probes)


def _remove(api: Kubernetes, probes: Probes) -> None:
    labels, namespace = f"{LABEL}={probes.cluster_name}", probes.spec.namespace
    deadline = time.monotonic() + GONE_SECONDS
    while True:
        left = [(kind, item) for kind in (POLICY, POD) for item in api.find(kind, namespace, labels=labels)]
        for kind, item in left:
            if not item["metadata"].get("deletionTimestamp"):
                api.delete(kind, item["metadata"]["name"], namespace)
        if not left or time.monotonic() > deadline:
            return
        time.sleep(0.5)
