"""Metrics of a cluster on a node, as Prometheus reads them, and functions for remote.call, each of which imports for itself."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from jupyter_cluster_constructs.runtime.metrics import KEPT_SECONDS

from .cluster import Cluster
from .kube import forwarded, wait_until

PORT = 9464
# Prometheus gives up after it.
SCRAPE_SECONDS = 10
PATIENCE = 90
Samples = dict[str, float]


@dataclass(frozen=True)
class Measured:
    """The example's cluster with metrics."""

    cluster: Cluster

    def scrape(self) -> Samples:
        """All samples, each by its name and, if it has one, its engine: `ipyparallel_engine_tasks_running[3]`."""
        (pod,) = self.cluster.pod_names("frontend")
        # One for each: kubectl ends with the first connection that is refused.
        with (
            forwarded(self.cluster.namespace, f"pod/{pod}", PORT) as port,
            urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=SCRAPE_SECONDS) as answer,
        ):
            families = list(text_string_to_metric_families(answer.read().decode()))
        assert all(family.documentation and family.type in ("gauge", "counter") for family in families)
        return {
            sample.name.removeprefix("ipyparallel_") + "".join(f"[{value}]" for value in sample.labels.values()): sample.value
            for family in families
            for sample in family.samples
        }

    def wait_for(self, what: str, found: Callable[[Samples], bool], seconds: float = PATIENCE) -> Samples:
        """The first scrape that is as wanted."""

        def scraped() -> Samples | None:
            samples = self.scrape()
            return samples if found(samples) else None

        return wait_until(what, scraped, seconds=seconds)

    def settled(self) -> Samples:
        """A scrape while nothing runs, after which nothing more is counted: the Hub hears of a task later than its client does."""

        def unchanged() -> Samples | None:
            first = tasks(self.scrape())
            # The same answer is given for that long.
            time.sleep(2 * KEPT_SECONDS)
            second = self.scrape()
            left = any(value for name, value in tasks(second).items() if "completed" not in name)
            return second if not left and tasks(second) == first else None

        return wait_until("nothing runs", unchanged, seconds=PATIENCE)

    def restarts(self) -> dict[str, int]:
        return {name: count for name, count in self.cluster.restarts().items() if "-frontend-" in name}


def tasks(samples: Samples) -> Samples:
    """What is known of tasks."""
    return {name: value for name, value in samples.items() if "tasks_" in name}


def of(metric: str, samples: Samples) -> dict[int, float]:
    """A metric of each engine."""
    return {int(name.partition("[")[2][:-1]): value for name, value in samples.items() if name.startswith(f"{metric}[")}


def submit(view: str, count: int, gate: str) -> list[int]:
    """Send tasks that end when a file is there, to the first engine or to any; the ids of all engines."""
    import ipyparallel as ipp

    def wait(gate: str) -> None:
        import time
        from pathlib import Path

        while not Path(gate).exists():
            time.sleep(0.2)

    client = ipp.Client()
    chosen = client[min(client.ids)] if view == "direct" else client.load_balanced_view()
    for _ in range(count):
        chosen.apply_async(wait, gate)
    # What a client that ends has not sent yet is lost.
    known = 0
    while known < count:
        status = client.queue_status()
        known = status.pop("unassigned") + sum(engine["queue"] + engine["tasks"] for engine in status.values())
    return list(client.ids)


def seen_by_metrics() -> dict[str, object]:
    """What a program in the metrics' container is, and what it can read, write and reach."""
    import os
    import socket
    from pathlib import Path

    def refused(path: str) -> str | None:
        try:
            Path(path).write_text("x")
        except OSError as error:
            return error.strerror
        return None

    with socket.socket(socket.AF_UNIX) as hub:
        hub.settimeout(5)
        hub.connect("/run/metrics/controller.sock")
        told = len(hub.recv(1 << 16))
    mounts = [line.split()[:3] for line in Path("/proc/mounts").read_text().splitlines()]
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    return {
        "uid": os.getuid(),
        "capabilities": status["CapBnd"],
        "refused": [refused(f"{directory}/new") for directory in ("/", "/tmp", "/run/metrics", "/home/jupyter/config", "/home")],
        "network filesystems": [target for _, target, kind in mounts if kind.startswith(("nfs", "fuse"))],
        "homes": sorted(path.name for path in Path("/home").iterdir()),
        "jupyter": sorted(path.name for path in Path("/home/jupyter").iterdir()),
        "told": told > 0,
    }


def port_taken(port: int) -> str | None:
    """Why a process of this container can't listen at a port, however it asks."""
    import socket

    with socket.socket() as own:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            own.bind(("0.0.0.0", port))
        except OSError as error:
            return error.strerror
    return None
