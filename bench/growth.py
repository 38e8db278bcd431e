"""More and more engines: until all are registered, and what one task and one call on all engines then take."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import in_containers
import workloads
from e2e.cluster import Cluster
from sessions import session
from systems import ENGINES, LITTLE, OURS, SAME, Bench, Pod, wait_for_engines
from table import Row

TITLE = "What do more engines cost?"
NAME = "growing"
SIZES = (2, 8, 32, 64, 128)
# The first engines are two to a pod, all others eight to a pod: a small node has no room for the init containers of 64 pods.
GROUPS, PAIRED = {"pairs": 2, "eights": 8}, 8
SECONDS = 300
NOTE = (
    "CPU is that of the whole node, from the first engine's start to the last one's registration: containers, their init containers, kubelet and "
    "probes are in it, and the heartbeats of all engines that are there."
)


def measure(bench: Bench) -> Iterator[Row]:
    """Add engines here and there in turn, and measure with so many."""
    if bench.quick:
        cluster, plain, before = bench.cluster, bench.same, ENGINES
    else:
        bench.free()
        cluster, before = bench.applied(_settings(bench), engines=0), 0
        plain = bench.plain("growing-plain", cluster, engines=0)
    yield from _growing(bench, cluster, plain, before)


def _growing(bench: Bench, cluster: Cluster, plain: Pod, before: int) -> Iterator[Row]:
    with ExitStack() as stack:
        clients = {name: stack.enter_context(session(system)) for name, system in ((OURS, cluster), (SAME, plain))}
        for size in (2 * ENGINES,) if bench.quick else SIZES:
            seconds, cpu = {}, {}
            for name in (OURS, SAME):
                start, busy = time.monotonic(), clients[SAME].call(in_containers.node_cpu_seconds)
                if name == OURS:
                    _scale(cluster, size, in_one_group=bench.quick)
                else:
                    bench.add_engines(plain, size - before)
                wait_for_engines(clients[name], size, SECONDS)
                seconds[name] = time.monotonic() - start
                cpu[name] = (clients[SAME].call(in_containers.node_cpu_seconds) - busy) / (size - before)
            yield _row(f"from {before} to {size} engines, until all are registered", "s", seconds, size, "engines: until those added are registered")
            yield _row(f"from {before} to {size} engines, CPU for each", "s", cpu, size, "engines: CPU for each that is added", note=NOTE)
            before = size
            few = 2 if bench.quick else 1
            for what, function, calls in (
                ("one task", workloads.round_trip, 100 // few),
                ("one call on all engines", workloads.broadcast, 20 // few),
            ):
                found = {name: client.call(function, calls, seconds=120) for name, client in clients.items()}
                yield _row(f"{what} with {size} engines", "ms", found, size, f"engines: {what}")
            if not bench.quick:
                done = clients[OURS].call(workloads.single_tasks, 1000, seconds=120)
                yield Row(
                    question="growth",
                    what=f"1,000 tasks with {size} engines",
                    unit="tasks/s",
                    values=(done,),
                    more_is_better=True,
                    series="engines: tasks a second",
                    x=size,
                )


def _settings(bench: Bench) -> dict[str, Any]:
    engine = {"cpu": "5m", "memory": "128Mi", "replicas": 0}
    groups = [{"name": name, "engines_per_pod": engines, **engine} for name, engines in GROUPS.items()]
    return bench.settings(NAME, frontend=LITTLE, workers=groups)


def _scale(cluster: Cluster, engines: int, *, in_one_group: bool) -> None:
    shares = {"pairs": min(engines, PAIRED), "eights": max(engines - PAIRED, 0)}
    pods = {"worker": engines} if in_one_group else {f"worker-{name}": share // GROUPS[name] for name, share in shares.items()}
    for name, replicas in pods.items():
        cluster.kubectl("scale", f"deployment/{cluster.name}-{name}", f"--replicas={replicas}")


def _row(what: str, unit: str, found: Mapping[str, float], engines: int, series: str, *, note: str = "") -> Row:
    return Row(
        question="growth",
        what=what,
        unit=unit,
        values=(found[OURS],),
        against=SAME,
        base=(found[SAME],),
        series=series,
        x=engines,
        note=note,
    )
