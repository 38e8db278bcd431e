"""How long engines are away whose controller was killed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import in_containers
import workloads
from systems import Bench
from table import Row

TITLE = "How long are the engines away when the controller is killed?"
LIMIT_SECONDS = 10
HEARTBEAT = "the heartbeat's period"
NOTE = "Killed once a run: the kubelet starts a container again at once only the first time within ten minutes."


def measure(bench: Bench) -> Iterator[Row]:
    """Kill it, and ask all engines until they tell what they were told before."""
    cluster = bench.cluster
    period = cluster.call(in_containers.heartbeat_seconds, container="controller")
    cluster.call(workloads.remember, 42)
    cluster.call(in_containers.kill_controller, container="controller")
    start = time.monotonic()
    cluster.call(workloads.wait_until_remembered, 42, 60, seconds=90)
    yield Row(
        question="recovery",
        what="until all engines tell a new client what they were told before",
        unit="s",
        values=(time.monotonic() - start,),
        against=HEARTBEAT,
        base=(period,),
        limit=LIMIT_SECONDS,
        note=NOTE,
    )
