"""What controller and engines take of the memory, against the same programs without Kubernetes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import in_containers
import workloads
from systems import DEFAULTS, OURS, SAME, Bench, Pod, System
from table import Row

TITLE = "How much memory do controller and engines take?"
MEBIBYTE = 1024 * 1024
CONTROLLER, ENGINE = "controller", "engine"
# It can be told apart from what the same programs have in common.
NOTE = (
    "Memory is what the processes have written to (proportional where they share it). A container of this product has a shell beside its engine. "
    "Plain engines with ipyparallel's defaults have a nanny each, and had only the tasks of the questions before. "
    "What was asked beside Dask and Ray, this product alone has answered."
)
NO_MORE = 1.05
TASKS, QUICK_TASKS, LEAST = 100_000, 2_000, 1_000
SECONDS = 900


def measure(bench: Bench) -> Iterator[Row]:
    """As they are after the questions before, and after many tasks."""
    yield from _rows(bench, "as they are")
    # Memory grows with tasks, so that both do as many; at the same time, since no clock is read.
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: _do_tasks(bench, name), (OURS, SAME)))
    yield from _rows(bench, f"after {bench.tasks_done[OURS]:,} tasks")


def _do_tasks(bench: Bench, name: str) -> None:
    system: System = bench.cluster if name == OURS else bench.same
    # Some at least: they give back what the arrays before them have left.
    more = max((QUICK_TASKS if bench.quick else TASKS) - bench.tasks_done[name], LEAST)
    system.call(workloads.many_tasks, more, seconds=SECONDS)
    bench.tasks_done[name] += more


def _rows(bench: Bench, when: str) -> Iterator[Row]:
    ours, same, defaults = _ours(bench), _plain(bench.same), _plain(bench.defaults)
    for part in (CONTROLLER, ENGINE):
        what = f"{'the controller' if part == CONTROLLER else 'an engine'}, {when}"
        for against, base in ((SAME, same), (DEFAULTS, defaults)):
            aim = NO_MORE if against == SAME else None
            yield Row(question="memory", what=what, unit="MiB", values=(ours[part],), against=against, base=(base[part],), aim=aim, note=NOTE)


def _ours(bench: Bench) -> dict[str, float]:
    cluster = bench.cluster
    controller = cluster.call(in_containers.memory_of_programs, container="controller")
    found = []
    for name in cluster.pod_names("worker"):
        pod = Pod(cluster.namespace, name)
        found += list(pod.call(in_containers.memory_of_programs)[ENGINE])
    return {CONTROLLER: sum(controller[CONTROLLER]) / MEBIBYTE, ENGINE: sum(found) / len(found) / MEBIBYTE}


def _plain(pod: Pod) -> dict[str, float]:
    found = pod.call(in_containers.memory_of_programs)
    # An engine and its nanny are two processes of one engine.
    return {CONTROLLER: sum(found[CONTROLLER]) / MEBIBYTE, ENGINE: sum(found[ENGINE]) / len(found["engines"]) / MEBIBYTE}
