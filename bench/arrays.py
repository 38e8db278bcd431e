"""Arrays out and back, against the same programs without Kubernetes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import workloads
from sessions import session
from systems import OURS, SAME, Bench
from table import Row, interleaved

TITLE = "How fast do arrays go to an engine and back?"
AIM = 0.9
# MB, and how many times each is sent.
SIZES = ((1, 20), (10, 5), (100, 2))


def measure(bench: Bench) -> Iterator[Row]:
    """Arrays of three sizes; of two, where it has to be quick."""
    rounds, sizes = (1, SIZES[:2]) if bench.quick else (2, SIZES)
    with ExitStack() as stack:
        pair = {name: stack.enter_context(session(system)) for name, system in ((OURS, bench.cluster), (SAME, bench.same))}
        for megabytes, repeats in sizes:
            systems = {name: partial(system.call, workloads.array_out_and_back, megabytes, repeats) for name, system in pair.items()}
            found = interleaved(systems, rounds)
            yield Row(
                question="arrays",
                what=f"an array of {megabytes} MB, out and back",
                unit="MB/s",
                values=found[OURS],
                against=SAME,
                base=found[SAME],
                more_is_better=True,
                aim=AIM,
            )
