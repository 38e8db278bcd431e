"""File work in a home, which is on NFS, against the node's own disk."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import in_containers
from systems import Bench
from table import Row, interleaved

TITLE = "How fast are files in a home?"
HOME, LOCAL, DISK = "/home/jupyter/shared/bench", "/tmp/bench", "the container's own disk"
MEGABYTES, FILES = 100, 500


def measure(bench: Bench) -> Iterator[Row]:
    """One large file, and many small ones."""
    rounds, cluster = 1 if bench.quick else 2, bench.cluster
    kind = cluster.call(in_containers.kind_of_mount, "/home/jupyter/shared")
    note = f"Homes are mounted here as {kind}." + (
        "" if kind.startswith("nfs") else " That is no kernel client of NFS, which is several times as fast."
    )
    for what, unit, function, size in (
        (f"a file of {MEGABYTES} MB, written and synced", "MB/s", in_containers.write_large, MEGABYTES),
        (f"a file of {MEGABYTES} MB, read", "MB/s", in_containers.read_large, MEGABYTES),
        (f"{FILES} files of 1 kB, written and synced each", "files/s", in_containers.write_small, FILES),
        (f"{FILES} files of 1 kB, listed and read", "files/s", in_containers.read_small, FILES),
    ):
        places = {place: partial(cluster.call, function, place, size, container="jupyter", seconds=120) for place in (HOME, LOCAL)}
        found = interleaved(places, rounds)
        yield Row(question="files", what=what, unit=unit, values=found[HOME], against=DISK, base=found[LOCAL], more_is_better=True, note=note)
