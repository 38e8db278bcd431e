"""Dask and Ray as pods on the same node, started as their own charts start them.

`make bench-images` builds the image and loads it; where a node does not have it, `available` finds none of them.
What differs from the charts is in favour of the neighbours: no container has a limit of CPUs (KubeRay's have one of 1), and Ray has no probes and
only its core, without the packages of its dashboard. What they reserve is little, as the node is small. Ray does not report its use to its makers.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from types import ModuleType
from typing import Any, ClassVar

import on_dask
import on_ray
from e2e.kube import items, kubectl, wait_until
from systems import ENGINES, READY_SECONDS, Bench, Pod

from jupyter_cluster_constructs.spec.pods import Images

IMAGE = f"{Images().registry}/bench-neighbours:{Images().tag}"
LABEL = "bench-neighbour"
START_SECONDS = 300
NO_IMAGE = {"ErrImageNeverPull", "ErrImagePull", "ImageInspectError", "ImagePullBackOff", "InvalidImageName"}


class Neighbour:
    """Something else that runs tasks on workers, made when it is first called.

    Attributes:
        name: what it is called in the table.
        work: the module of the functions that it is measured with, of the same names as in workloads.py.
    """

    name: ClassVar[str]
    work: ClassVar[ModuleType]
    _first: ClassVar[str]
    _environment: ClassVar[dict[str, str]] = {}

    def __init__(self, bench: Bench, workers: int = ENGINES) -> None:
        self.bench, self.workers = bench, workers

    def call(self, function: Callable[..., object], *arguments: object, seconds: float = 60) -> Any:
        """What a function returns beside the scheduler or in the head, as a client."""
        return self._started[0].call(function, *arguments, seconds=seconds)

    @property
    def start_seconds(self) -> float:
        """From `kubectl apply` to the first right result of a map with all workers there; the image was on the node."""
        return self._started[1]

    def memory(self) -> dict[str, int]:
        """By pod, what the processes of the scheduler or head, and of one worker, have written to, in bytes."""
        pods = (self._first, f"{self._prefix}-worker-0")
        return {name: Pod(self.bench.namespace, name).call(written_memory) for name in pods}

    def delete(self) -> None:
        """Delete its pods and Services and wait until they have ended; the next call makes them again."""
        self.__dict__.pop("_started", None)
        selected = ("--selector", f"{LABEL}={self._prefix}", "--ignore-not-found", "--timeout=60s")
        kubectl("--namespace", self.bench.namespace, "delete", "pods,services", *selected, seconds=70)

    @cached_property
    def _started(self) -> tuple[Pod, float]:
        self.bench.prepare()
        manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(self._objects())})
        pod = Pod(self.bench.namespace, self._first, self._environment)
        ready = ("--for=condition=Ready", f"pod/{self._first}", f"--timeout={START_SECONDS}s")

        def is_right() -> bool:
            kubectl("--namespace", self.bench.namespace, "wait", *ready, seconds=START_SECONDS + 10)
            return bool(pod.call(self.work.first_map, self.workers, seconds=START_SECONDS))

        start = time.monotonic()
        kubectl("apply", "--filename", "-", stdin=manifest)
        # On a busy node Ray's head gives up on itself after 15 s, and its drivers end with it (https://github.com/ray-project/ray/issues/65983).
        wait_until(f"{self.name} and its workers", is_right, seconds=START_SECONDS)
        seconds = time.monotonic() - start
        self.bench.versions.update(pod.call(self.work.versions))
        return pod, seconds

    @property
    def _prefix(self) -> str:
        return self.name.lower()

    def _objects(self) -> Iterator[dict[str, Any]]:
        raise NotImplementedError

    def _service(self, **spec: Any) -> dict[str, Any]:
        return self._object("Service", self._first, {"selector": {"bench-pod": self._first}, **spec})

    def _pod(self, name: str, command: str, memory_limit: str = "", **spec: Any) -> dict[str, Any]:
        resources = {"requests": {"cpu": "20m", "memory": "128Mi"}, **({"limits": {"memory": memory_limit}} if memory_limit else {})}
        container = {**_container(name.rpartition("-")[0] or name, command), "resources": resources}
        volumes = spec.get("volumes", [])
        mounts = [{"name": volume["name"], "mountPath": {"shared-mem": "/dev/shm"}.get(volume["name"], "/tmp/ray")} for volume in volumes]
        return self._object("Pod", name, {"containers": [{**container, "volumeMounts": mounts}], "terminationGracePeriodSeconds": 0, **spec})

    def _object(self, kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
        labels = {LABEL: self._prefix, "bench-pod": name}
        return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": self.bench.namespace, "labels": labels}, "spec": spec}


class Dask(Neighbour):
    """A scheduler and workers with the options of Dask's chart, which gives each worker one thread and 4 GiB where limits are asked for."""

    name: ClassVar[str] = "Dask"
    work: ClassVar[ModuleType] = on_dask
    _first: ClassVar[str] = "dask-scheduler"
    _environment: ClassVar[dict[str, str]] = {"DASK_SCHEDULER_ADDRESS": "tcp://127.0.0.1:8786"}

    def _objects(self) -> Iterator[dict[str, Any]]:
        # https://github.com/dask/helm-chart/tree/main/dask/templates; the programs of their own, dask-scheduler and dask-worker, are gone from Dask.
        yield self._service(ports=[{"name": "scheduler", "port": 8786}, {"name": "dashboard", "port": 8787}])
        yield self._pod(self._first, "exec dask scheduler --port=8786 --dashboard-address=:8787")
        options = "--nthreads 1 --memory-limit 4GiB --no-dashboard --dashboard-address 8790"
        for number in range(self.workers):
            yield self._pod(f"dask-worker-{number}", f"exec dask worker {self._first}:8786 {options}")


class Ray(Neighbour):
    """A head that runs no tasks and workers of a CPU each, with options, volumes and limits of memory as KubeRay and its ray-cluster chart."""

    name: ClassVar[str] = "Ray"
    work: ClassVar[ModuleType] = on_ray
    _first: ClassVar[str] = "ray-head"

    def _objects(self) -> Iterator[dict[str, Any]]:
        # https://github.com/ray-project/kuberay/blob/master/ray-operator/controllers/ray/common/pod.go and helm-chart/ray-cluster/values.yaml
        yield self._service(clusterIP="None", publishNotReadyAddresses=True, ports=[{"name": "gcs-server", "port": 6379}])
        volumes = [{"name": "shared-mem", "emptyDir": {"medium": "Memory"}}, {"name": "log-volume", "emptyDir": {}}]
        start = (
            "ulimit -n 65536; export RAY_USAGE_STATS_ENABLED=0; exec ray start --metrics-export-port=8080 --block --dashboard-agent-listen-port=52365"
        )
        head = f"{start} --head --dashboard-host=0.0.0.0 --num-cpus=0 --memory={5 * 1024**3}"
        yield self._pod(self._first, head, memory_limit="5Gi", volumes=volumes)
        address = f"{self._first}.{self.bench.namespace}.svc:6379"
        waiting = f"until ray health-check --address {address} > /dev/null 2>&1; do sleep 5; done"
        most = {"cpu": "200m", "memory": "256Mi"}
        wait = {**_container("wait-gcs-ready", waiting), "resources": {"requests": {**most, "cpu": "20m"}, "limits": most}}
        worker = f"{start} --address={address} --num-cpus=1 --memory={1024**3}"
        for number in range(self.workers):
            yield self._pod(f"ray-worker-{number}", worker, memory_limit="1Gi", volumes=volumes, initContainers=[wait])


def available(bench: Bench) -> dict[str, Neighbour]:
    """Dask and Ray by name, not yet started; none where their image is not on the node."""
    bench.prepare()
    name = "neighbours-image"
    pod = {"containers": [_container("image", "true")], "restartPolicy": "Never", "terminationGracePeriodSeconds": 0}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": bench.namespace}, "spec": pod}
    kubectl("apply", "--filename", "-", stdin=json.dumps(body))

    def state() -> str:
        (found,) = items("pods", "--namespace", bench.namespace, "--field-selector", f"metadata.name={name}")
        waiting = [status.get("state", {}).get("waiting", {}).get("reason") for status in found["status"].get("containerStatuses", [])]
        return "missing" if NO_IMAGE.intersection(waiting) else "there" if found["status"]["phase"] == "Succeeded" else ""

    try:
        is_there = wait_until("the image of the neighbours", state, seconds=READY_SECONDS) == "there"
    finally:
        kubectl("--namespace", bench.namespace, "delete", "pod", name)
    if not is_there:
        bench.versions["Dask and Ray"] = "not measured, since their image is not on the node; `make bench-images` builds and loads it"
        return {}
    return {each.name: each(bench) for each in (Dask, Ray)}


def _container(name: str, command: str) -> dict[str, Any]:
    return {"name": name, "image": IMAGE, "command": ["tini", "--", "bash", "-c", command]}


def written_memory() -> int:
    """What all processes here but this one have written to, in bytes, proportional where several share it."""
    import os
    from contextlib import suppress
    from pathlib import Path

    found = 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(process.name) != os.getpid():
                rollup = dict(line.split(":", 1) for line in (process / "smaps_rollup").read_text().splitlines()[1:])
                found += 1024 * (int(rollup["Pss_Anon"].split()[0]) + int(rollup["Pss_Shmem"].split()[0]))
    return found
