"""What is measured, and what it is measured against: this product's cluster, and the same programs as plain processes in one pod of the same node."""

from __future__ import annotations

import json
import os
import shlex
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol

import workloads
from e2e.cluster import Cluster, node_networks
from e2e.kube import items, kubectl, wait_until
from e2e.remote import call

NAME, OTHER_NAMES, ENGINES = "bench", ("pure", "growing"), 4
ENGINE = {"memory": "512Mi"}
# A second cluster on a small node.
LITTLE = {name: {"cpu": "20m"} for name in ("controller", "hub", "jupyter", "proxy", "sshd")}
CONTROLLER_FILES = "/home/jupyter/shared/.controller"
READY_SECONDS, DELETE_SECONDS = 180, 120
OURS = "this product"
SAME, DEFAULTS = "plain processes, same settings", "plain processes, ipyparallel's defaults"
PLAIN_HOME = {"HOME": "/tmp", "IPYTHONDIR": "/tmp/ipython"}


class System(Protocol):
    """Somewhere a function can be run as a client of a cluster."""

    def call(self, function: Callable[..., object], *arguments: object, seconds: float = 60) -> Any:
        """What a function returns there, which needs nothing from its module."""
        ...


class Pod:
    """A pod of one container, in which functions run as its clients."""

    def __init__(self, namespace: str, name: str, environment: Mapping[str, str] | None = None) -> None:
        self.namespace, self.name, self.environment = namespace, name, dict(environment or {})

    def run(self, *command: str, stdin: str = "", seconds: float = 60) -> str:
        """What a command prints there."""
        return kubectl(*self.exec(*command), stdin=stdin, seconds=seconds)

    def exec(self, *command: str) -> list[str]:
        """The arguments of the kubectl that runs a command there."""
        words = ["env", *(f"{name}={value}" for name, value in self.environment.items()), *command]
        return ["--namespace", self.namespace, "exec", "--stdin", self.name, "--", *words]

    def call(self, function: Callable[..., object], *arguments: object, seconds: float = 60) -> Any:
        """What a function returns there."""
        return call(lambda program: self.run("python3", "-", stdin=program, seconds=seconds), function, *arguments)


class Bench:
    """What the questions share: the namespace, this product's cluster in it, and what it is measured against.

    Attributes:
        quick: whether small numbers are enough.
        namespace: where everything is made; it is deleted at the end.
        versions: of what took part, by name.
        cluster_was_used: whether anything was made on the cluster of the current KUBECONFIG.
        tasks_done: how many tasks each system has done, by its name, as far as a question has counted them.
    """

    def __init__(self, *, quick: bool, namespace: str, stack: ExitStack) -> None:
        self.quick, self.namespace, self._stack = quick, namespace, stack
        self.versions: dict[str, str] = {}
        self.cluster_was_used = False
        self.tasks_done: Counter[str] = Counter()
        self._clusters: list[Cluster] = []
        self._start = time.monotonic()

    def say(self, what: str) -> None:
        """Tell how far it is."""
        print(f"{time.monotonic() - self._start:6.1f} s  {what}", flush=True)

    def settings(
        self, name: str = NAME, *, replicas: int = ENGINES, engines_per_pod: int = 1, engine: Mapping[str, str] = ENGINE, **others: Any
    ) -> dict[str, Any]:
        """Settings of a cluster with what a new one has, but for the memory of its engines, of which there are more here."""
        address = os.environ.get("E2E_NFS_ADDRESS")
        own = {"cluster_ip": str(ip_address(address) + [NAME, *OTHER_NAMES].index(name))} if address else {}
        return {
            **node_networks(),
            "name": name,
            "namespace": self.namespace,
            "users": [{"name": "ada", "uid": 2001}],
            "storage": {"local": {"size": "2Gi", **own}},
            "workers": [{"replicas": replicas, "engines_per_pod": engines_per_pod, **engine}],
            **others,
        }

    def synthesized(self, settings: dict[str, Any]) -> Cluster:
        """A cluster's manifests, which go with the namespace."""
        self.prepare()
        directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        cluster = Cluster.synthesized(settings, directory)
        self._stack.callback(cluster.delete)
        self._clusters.append(cluster)
        return cluster

    @cached_property
    def cluster(self) -> Cluster:
        """This product's cluster as it is by default, with all engines registered."""
        return self.applied(self.settings())

    @cached_property
    def pure(self) -> Cluster:
        """The same, with ZeroMQ's own way to give tasks to engines."""
        return self.applied(self.settings("pure", controller={"scheduler": "pure"}, engine={"cpu": "20m", **ENGINE}, frontend=LITTLE))

    def applied(self, settings: dict[str, Any], engines: int = ENGINES) -> Cluster:
        """A cluster whose engines are registered."""
        cluster = self.synthesized(settings)
        cluster.apply()
        groups = [f"-{group['name']}" if "name" in group else "" for group in settings["workers"]]
        cluster.wait_for_rollouts(*(f"deployment/worker{group}" for group in groups), "deployment/frontend")
        wait_for_engines(cluster, engines)
        return cluster

    def free(self) -> None:
        """Delete what the earlier questions used, for one that needs the whole node."""
        kubectl("--namespace", self.namespace, "delete", "pod", "--selector", "!app.kubernetes.io/name", "--wait=false")
        for cluster in self._clusters:
            cluster.delete()

    def prepare(self) -> None:
        """Make the namespace, once, without what an earlier run left; it goes last."""
        if self.cluster_was_used:
            return
        self.cluster_was_used = True
        forget(self.namespace)
        kubectl("create", "namespace", self.namespace)
        # Its pods have gone before it, and nobody waits for the rest.
        self._stack.callback(kubectl, "delete", "namespace", self.namespace, "--wait=false", "--ignore-not-found")

    def pod(self, name: str, spec: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Pod:
        """Make a pod and wait until it is ready."""
        self.prepare()
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": self.namespace}, "spec": dict(spec)}
        kubectl("apply", "--filename", "-", stdin=json.dumps(body))
        kubectl(
            "--namespace", self.namespace, "wait", "--for=condition=Ready", f"pod/{name}", f"--timeout={READY_SECONDS}s", seconds=READY_SECONDS + 10
        )
        return Pod(self.namespace, name, environment)

    @cached_property
    def same(self) -> Pod:
        """Controller and engines as plain processes of one pod, with the very files and commands of this product's cluster."""
        return self.plain("same", self.cluster, ENGINES)

    def plain(self, name: str, cluster: Cluster, engines: int) -> Pod:
        """Controller and engines of a cluster's configuration as plain processes of one pod."""
        pod = self.plain_pod(name, cluster)
        background(pod, shlex.join(container_spec(cluster, "frontend", "controller")["command"]))
        self.add_engines(pod, engines)
        wait_for_engines(pod, engines)
        return pod

    def plain_pod(self, name: str, cluster: Cluster) -> Pod:
        """A pod with a cluster's configuration, for its programs as plain processes."""
        controller, engine = container_spec(cluster, "frontend", "controller"), container_spec(cluster, "worker", "engine")
        environment = {each["name"]: each["value"] for each in [*controller["env"], *engine["env"]]}
        mounts = [{"name": name, "mountPath": f"/home/jupyter/{name}"} for name in ("config", "shared")]
        spec = {
            "containers": [{**idle(engine["image"]), "volumeMounts": mounts}],
            "volumes": [{"name": "config", "configMap": {"name": f"{cluster.name}-config"}}, {"name": "shared", "emptyDir": {}}],
            # The controller's address in the files is the Service's.
            "hostAliases": [{"ip": "127.0.0.1", "hostnames": [f"{cluster.name}-frontend.{self.namespace}.svc"]}],
            "terminationGracePeriodSeconds": 0,
        }
        pod = self.pod(name, spec, environment | {"BENCH_CLIENT_FILE": f"{CONTROLLER_FILES}/ipcontroller-client.json"})
        pod.run("mkdir", "-p", CONTROLLER_FILES)
        return pod

    def add_engines(self, pod: Pod, engines: int) -> None:
        """Start engines as plain processes, with this product's configuration."""
        file = f"{CONTROLLER_FILES}/ipcontroller-engine.json"
        background(pod, f"ipengine --IPEngine.url_file={file} --IPEngine.enable_nanny=False", times=engines, wait_for=file)

    @cached_property
    def defaults(self) -> Pod:
        """Controller and engines as plain processes of one pod, as ipyparallel's documentation starts them."""
        image = container_spec(self.cluster, "worker", "engine")["image"]
        pod = self.pod("defaults", {"containers": [idle(image)], "terminationGracePeriodSeconds": 0}, PLAIN_HOME)
        # What pip installs with ipyparallel does not have it.
        pod.run("pip", "uninstall", "--quiet", "--yes", "orjson")
        background(pod, "ipcontroller")
        background(pod, "ipengine", times=ENGINES, wait_for="/tmp/ipython/profile_default/security/ipcontroller-engine.json")
        wait_for_engines(pod, ENGINES)
        return pod


def forget(namespace: str) -> None:
    """Delete what a run left that was killed: its namespace, and the volumes, which no claim of a new one can have."""
    kubectl("delete", "namespace", namespace, "--ignore-not-found", f"--timeout={DELETE_SECONDS}s", seconds=DELETE_SECONDS + 10)
    for volume in items("persistentvolumes", "--selector", "app.kubernetes.io/name=jupyter-cluster"):
        if volume["spec"].get("claimRef", {}).get("namespace") == namespace:
            kubectl("delete", "persistentvolume", volume["metadata"]["name"])


def idle(image: str) -> dict[str, Any]:
    """A container that waits for what is run in it."""
    return {"name": "python", "image": image, "command": ["tini", "--", "sleep", "infinity"], "imagePullPolicy": "IfNotPresent"}


def background(pod: Pod, command: str, *, times: int = 1, wait_for: str = "") -> None:
    """Start a program that goes on, once or several times, after a file is there."""
    waiting = f"until test -e {wait_for}; do sleep 0.1; done\n" if wait_for else ""
    pod.run("sh", "-euc", f"{waiting}for number in $(seq {times}); do nohup {command} > /dev/null 2>&1 < /dev/null & done")


def container_spec(cluster: Cluster, component: str, name: str) -> dict[str, Any]:
    """A container of a component's pods, as it is in the manifests."""
    (deployment, *_) = items("deployments", "--namespace", cluster.namespace, "--selector", cluster.selector(component))
    spec: dict[str, Any] = next(each for each in deployment["spec"]["template"]["spec"]["containers"] if each["name"] == name)
    return spec


def wait_for_engines(system: System, engines: int, seconds: int = READY_SECONDS) -> None:
    """Wait until so many engines answer a client."""

    def answer() -> bool:
        system.call(workloads.wait_for_engines, engines, seconds, seconds=seconds + 10)
        return True

    wait_until(f"{engines} engines", answer, seconds=seconds)
