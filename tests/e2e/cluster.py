"""A cluster of this product: its settings, its manifests, its pods."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from .kube import forwarded, items, kubectl, run, wait_until
from .programs import recall, registered_engines
from .remote import call

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 180
DELETE_SECONDS = 300
# Where members have servers of their own, the container is root's.
AS_CLIENT = """
test "$(id -u)" != 0 || exec setpriv --reuid=1000 --regid=1000 --groups=989,1000 env HOME=/tmp/e2e-client sh -euc '
  security=$HOME/.ipython/profile_default/security
  mkdir -p "$security"
  ln -sfn /home/jupyter/shared/.controller/ipcontroller-client.json "$security/"
  exec python3 "$@"' sh "$@"
exec python3 "$@"
"""


def example() -> Any:
    """The settings of the README's example."""
    return YAML().load(ROOT / "cluster.yaml")


def node_networks() -> dict[str, Any]:
    """What a cluster with an NFS server of its own has to know where the network plugin filters nodes' mounts."""
    cidrs = os.environ.get("E2E_NODE_CIDRS")
    return {"network": {"node_cidrs": cidrs.split(",")}} if cidrs else {}


@dataclass(frozen=True)
class Cluster:
    """A cluster whose manifests are in a directory.

    Attributes:
        name: its name.
        namespace: its namespace.
        dist: the directory.
        summary: what app.py printed.
    """

    name: str
    namespace: str
    dist: Path
    summary: str

    @classmethod
    def synthesized(cls, settings: Any, directory: Path, environment: Mapping[str, str] | None = None, tree: Path = ROOT) -> Cluster:
        """Write settings to a file and make the manifests as a person does, in this tree or another."""
        directory.mkdir(parents=True, exist_ok=True)
        file, dist = directory / "cluster.yaml", directory / "dist"
        YAML().dump(settings, file)
        summary = run(
            [sys.executable, "app.py"],
            directory=tree,
            environment={**os.environ, **(environment or {}), "CONFIG": str(file), "CDK8S_OUTDIR": str(dist)},
            seconds=120,
        )
        return cls(settings["name"], settings.get("namespace", "default"), dist, summary)

    def kubectl(self, *arguments: str, stdin: str = "", seconds: float = 60) -> str:
        return kubectl("--namespace", self.namespace, *arguments, stdin=stdin, seconds=seconds)

    def selector(self, component: str | None = None) -> str:
        """The label selector of its objects, or of one component's."""
        labels = f"app.kubernetes.io/name=jupyter-cluster,app.kubernetes.io/instance={self.name}"
        return f"{labels},app.kubernetes.io/component={component}" if component else labels

    def pods(self, component: str | None = None) -> list[dict[str, Any]]:
        return items("pods", "--namespace", self.namespace, "--selector", self.selector(component))

    def pod_names(self, component: str) -> list[str]:
        """The names of a component's pods, without those that are going."""
        return sorted(pod["metadata"]["name"] for pod in self.pods(component) if "deletionTimestamp" not in pod["metadata"])

    def apply(self) -> None:
        kubectl("apply", "--filename", str(self.dist))

    def delete(self) -> float:
        """Delete what the manifests hold, wait until no pod is left, and say how many seconds that took."""
        start = time.monotonic()
        kubectl("delete", "--ignore-not-found", "--filename", str(self.dist), seconds=DELETE_SECONDS)
        self.kubectl("wait", "--for=delete", "pod", "--selector", self.selector(), f"--timeout={DELETE_SECONDS}s", seconds=DELETE_SECONDS + 10)
        return time.monotonic() - start

    def wait_until_engines_are_ready(self) -> None:
        self.wait_for_rollouts("deployment/worker")

    def wait_until_frontend_is_ready(self) -> None:
        self.wait_for_rollouts("deployment/frontend")

    def wait_for_rollouts(self, *workloads: str, seconds: int = READY_SECONDS) -> None:
        """Wait until all pods of workloads are new and ready; each is named without the cluster's name, as `statefulset/nfs`."""
        for kind, _, name in (workload.partition("/") for workload in workloads):
            self.kubectl("rollout", "status", f"{kind}/{self.name}-{name}", f"--timeout={seconds}s", seconds=seconds + 10)

    def refusal(self) -> str | None:
        """With what message the init container own-homes ended that found something wrong."""
        for pod in self.pods("frontend"):
            for status in pod["status"].get("initContainerStatuses", ()):
                ended = status["state"].get("terminated") or status["lastState"].get("terminated") or {}
                if status["name"] == "own-homes" and ended.get("exitCode"):
                    return str(ended["message"]).strip()
        return None

    def forward(self, service: str, port: int) -> AbstractContextManager[int]:
        """A port of this machine that leads to one of its Services."""
        return forwarded(self.namespace, f"service/{self.name}-{service}", port)

    def execute(self, target: str, container: str, *command: str, stdin: str = "", seconds: float = 60) -> str:
        """Run a command in a container of a pod or Deployment, named without the cluster's name."""
        kind, _, name = target.rpartition("/")
        where = f"{kind or 'pod'}/{self.name}-{name}"
        return self.kubectl("exec", "--stdin", where, "--container", container, "--", *command, stdin=stdin, seconds=seconds)

    def on_nfs_server(self, script: str, stdin: str = "") -> str:
        """Run a shell script in the NFS server, as the administrator of a server does, in the exported directory."""
        return self.execute("nfs-0", "nfs-server", "sh", "-euc", f"cd /export\n{script}", stdin=stdin)

    def call(self, function: Callable[..., object], *arguments: object, container: str = "jupyter", seconds: float = 60) -> Any:
        """Run a function in a container of the frontend, as a client of the controller."""
        python = ("sh", "-euc", AS_CLIENT, "sh", "-") if container == "jupyter" else ("python3", "-")
        return call(lambda program: self.execute("deployment/frontend", container, *python, stdin=program, seconds=seconds), function, *arguments)

    def engines(self) -> dict[int, str]:
        """The registered engines by id, each with its pod."""
        return {int(number): pod for number, pod in self.call(registered_engines).items()}

    def wait_for_engines_of_pods(self, seconds: float) -> dict[int, str]:
        """The registered engines once they are those of the worker pods, as many as there should be, and no others."""

        def engines() -> dict[int, str] | None:
            deployments = items("deployments", "--namespace", self.namespace, "--selector", self.selector("worker"))
            pods = [pod for pod in self.pods("worker") if "deletionTimestamp" not in pod["metadata"]]
            if len(pods) != sum(deployment["spec"]["replicas"] for deployment in deployments):
                return None
            found = self.engines()
            return found if sorted(found.values()) == sorted(pod["metadata"]["name"] for pod in pods for _ in pod["spec"]["containers"]) else None

        return wait_until("the engines are those of the worker pods", engines, seconds=seconds)

    def wait_for_memory(self, variable: str, engines: Iterable[int], seconds: float) -> None:
        """Wait until these engines and no others are registered and each tells, through every view, the id that push_ids gave it."""
        ids = sorted(engines)

        def all_recall() -> bool:
            found = self.call(recall, variable)
            return bool(found == {"direct": ids, "broadcast": ids, "coalescing broadcast": ids, "load-balanced": ids})

        wait_until("the same engines answer with their memory", all_recall, seconds=seconds)

    def delete_pods(self, *components: str, wait: bool = False) -> None:
        """Delete the pods of components, and wait until they are gone if so asked."""
        names = [f"pod/{name}" for component in components for name in self.pod_names(component)]
        self.kubectl("delete", f"--wait={str(wait).lower()}", *names)

    def restarts(self) -> dict[str, int]:
        """How often each container was restarted, by pod and container."""
        return {
            f"{pod['metadata']['name']}/{status['name']}": status["restartCount"]
            for pod in self.pods()
            for status in pod["status"]["containerStatuses"]
        }

    def phases(self, start: datetime) -> list[str]:
        """When each pod got how far, in seconds after a moment."""
        return [f"{pod['metadata']['name']}: {', '.join(_phases(pod, start))}" for pod in self.pods()]


def _phases(pod: dict[str, Any], start: datetime) -> list[str]:
    times = {c["type"]: datetime.fromisoformat(c["lastTransitionTime"]) for c in pod["status"]["conditions"] if c["status"] == "True"}
    return [
        f"{kind.lower()} {max(0.0, (times[kind] - start).total_seconds()):.0f} s"
        for kind in ("PodScheduled", "Initialized", "Ready")
        if kind in times
    ]
