"""Tasks: one at a time, many at once, in chunks, and on all engines; against the same programs without Kubernetes, and against Dask and Ray."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from types import ModuleType
from typing import Any

import neighbours
import workloads
from e2e.cluster import Cluster
from memory import MEBIBYTE
from sessions import session
from systems import DEFAULTS, OURS, SAME, Bench, Pod, System
from table import Row, interleaved

TITLE = "How long does a task take, and how many are done a second?"
DASK, PURE = neighbours.Dask.name, "pure"
# The tasks are those of all rounds.
ROUNDS, TASKS, ITEMS = 2, 10_000, 200_000


def measure(bench: Bench) -> Iterator[Row]:
    """Each kind of work on every system in turn; the neighbours one after the other, since they take CPUs while they wait."""
    systems: dict[str, Cluster | Pod] = {OURS: bench.cluster, SAME: bench.same, DEFAULTS: bench.defaults}
    if not bench.quick:
        systems[PURE] = bench.pure
    with ExitStack() as stack:
        sessions: dict[str, System] = {name: stack.enter_context(session(system)) for name, system in systems.items()}
        if bench.quick:
            yield from _rows(bench, sessions, {}, rounds=1, few=4, tasks=1_000, items=20_000)
            return
        yield from _rows(bench, sessions, {}, rounds=ROUNDS, few=1, tasks=TASKS, items=ITEMS)
    for name, neighbour in neighbours.available(bench).items():
        with session(bench.cluster) as client:
            # A driver of Ray's is a process.
            pair: dict[str, System] = {OURS: client, name: neighbour}
            yield from _rows(bench, pair, {name: neighbour.work}, rounds=ROUNDS, few=1, tasks=TASKS, items=ITEMS)
        yield Row(question="tasks", what=f"{name}: from `kubectl apply` to the first map", unit="s", values=(neighbour.start_seconds,))
        for pod, written in neighbour.memory().items():
            yield Row(question="tasks", what=f"{name}: memory of the pod `{pod}`, after that", unit="MiB", values=(written / MEBIBYTE,))
        neighbour.delete()


def _rows(
    bench: Bench, systems: Mapping[str, System], own: Mapping[str, ModuleType], *, rounds: int, few: int, tasks: int, items: int
) -> Iterator[Row]:
    def on_each(function: str, *arguments: int) -> dict[str, tuple[float, ...]]:
        work = {name: getattr(own.get(name, workloads), function) for name in systems}
        return interleaved({name: _measured(system, work[name], *arguments, seconds=300) for name, system in systems.items()}, rounds)

    yield from _less(on_each("round_trip", 300 // few), "one task, from the client and back", "ms", same=1 / 0.95, defaults=0.7)
    found = on_each("single_tasks", tasks // rounds)
    bench.tasks_done.update(dict.fromkeys(systems, tasks))
    yield from _more(found, f"{tasks:,} tasks that do nothing, a message each", "tasks/s", {SAME: 0.95, DEFAULTS: 1.5, DASK: 1.0}, pure=2.0)
    yield from _more(on_each("chunked_map", items), f"map of {items:,} items in a chunk for each engine", "items/s", {SAME: 0.95, DASK: 3.0})
    yield from _less(on_each("broadcast", 100 // few), "one call on all engines", "ms", same=1 / 0.95)
    if own:
        # Against plain processes, it is a question of its own.
        yield from _more(on_each("array_out_and_back", 10, 5), "an array of 10 MB, out and back", "MB/s", {})


def _measured(system: System, function: Callable[..., object], *arguments: int, seconds: float) -> Callable[[], float]:
    call: partial[Any] = partial(system.call, function, *arguments, seconds=seconds)
    return call


def _less(found: dict[str, tuple[float, ...]], what: str, unit: str, *, same: float | None = None, defaults: float | None = None) -> Iterator[Row]:
    aims = {SAME: same, DEFAULTS: defaults}
    for against, base in found.items():
        if against not in (OURS, PURE):
            yield Row(question="tasks", what=what, unit=unit, values=found[OURS], against=against, base=base, aim=aims.get(against))
    yield from _pure(found, what, unit, more_is_better=False)


def _more(found: dict[str, tuple[float, ...]], what: str, unit: str, aims: Mapping[str, float], *, pure: float | None = None) -> Iterator[Row]:
    for against, base in found.items():
        if against not in (OURS, PURE):
            yield Row(
                question="tasks", what=what, unit=unit, values=found[OURS], against=against, base=base, more_is_better=True, aim=aims.get(against)
            )
    yield from _pure(found, what, unit, more_is_better=True, aim=pure)


def _pure(found: dict[str, tuple[float, ...]], what: str, unit: str, *, more_is_better: bool, aim: float | None = None) -> Iterator[Row]:
    if PURE in found:
        what = f"`scheduler: pure`: {what}"
        base = found[DEFAULTS]
        yield Row(question="tasks", what=what, unit=unit, values=found[PURE], against=DEFAULTS, base=base, more_is_better=more_is_better, aim=aim)
