#!/usr/bin/env python3
"""Exit 0 only if the NFS server serves its export and the clients of the server before it are connected again: the readiness probe.

Who waits until a replaced server is ready can then delete everything: a client that is connected does without the Service.
The clients are kept in a file on the export's disk, which outlives the pod. Those that do not come back, since they are
gone, are waited for until N seconds after the server's start.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import export_answers
from nfs_clients import SERVICE_REACHED, current_clients

PID_FILE = Path("/var/run/ganesha/pid")
WERE_BACK = Path("/tmp/clients-were-back")
MOST_BYTES = 1 << 20


def recorded(record: Path) -> dict[str, int]:
    """The connections of each client when the record was written; none when there is no record that can be read."""
    try:
        with os.fdopen(os.open(record, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)) as file:
            counts = json.loads(file.read(MOST_BYTES))
        return {str(peer): int(count) for peer, count in counts.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write(record: Path, counts: dict[str, int]) -> None:
    """Replace the record in one step; a link in its place is replaced, not followed, and a full disk keeps the old one."""
    new = record.with_name(f"{record.name}.new")
    try:
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(counts, file)
        new.replace(record)
    except OSError as error:
        print(f"clients_are_back.py: {record} is not written: {error}", file=sys.stderr)


def started() -> float:
    """When the server wrote its pid file; one that has none runs for ever already."""
    try:
        return PID_FILE.stat().st_mtime
    except OSError:
        return float("-inf")


def is_since(marker: Path, moment: float) -> bool:
    """Whether a file was made after a moment."""
    return marker.exists() and marker.stat().st_mtime >= moment


def missing(before: dict[str, int], now: dict[str, int]) -> dict[str, int]:
    """How many connections of each client are not back."""
    return {peer: count - now.get(peer, 0) for peer, count in before.items() if now.get(peer, 0) < count}


def are_back(record: Path, at_most: float) -> bool:
    """Say who is not back; once everybody is, or long enough after the start, keep who is connected now."""
    before, now, start = recorded(record), dict(sorted(current_clients().items())), started()
    away, age = missing(before, now), time.time() - start
    # Who leaves a server that everybody was back at has left for good.
    if away and age < at_most and not is_since(WERE_BACK, start):
        print(f"clients_are_back.py: not back after {age:.0f} s: {away}", file=sys.stderr)
        return False
    WERE_BACK.touch()
    if now != before:
        write(record, now)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", metavar="EXPORT", help="its Pseudo path, such as /export")
    parser.add_argument("--record", type=Path, required=True, metavar="FILE", help="where the clients are kept")
    parser.add_argument("--at-most", type=float, required=True, metavar="N")
    parser.add_argument("--service", required=True, metavar="ADDRESS", help="the Service's address")
    options = parser.parse_args()
    if reason := export_answers.why_not(options.export):
        print(f"clients_are_back.py: {reason}", file=sys.stderr)
        return 1
    if not SERVICE_REACHED.exists() and export_answers.why_not("/", options.service) is None:
        SERVICE_REACHED.touch()
    return 0 if are_back(options.record, options.at_most) else 1


if __name__ == "__main__":
    sys.exit(main())
