#!/usr/bin/env python3
"""Wait for as long as the NFS server's clients need it: the preStop hook.

While the server can be reached at its Service's address, it is being replaced: clients stay, and find the next server
there, so it ends after N seconds. Once it cannot, the Service is deleted and who leaves cannot come back: it ends when no other
host has had a connection for N seconds in a row, and after M seconds at the latest.
"""

import argparse
import sys
import time

import export_answers
from nfs_clients import SERVICE_REACHED, current_clients

POLL_SECONDS = 0.5
# A server that could never reach itself by its Service cannot tell a replacement from the end.
AT_MOST_UNSURE = 60


def is_reached(service: str | None) -> bool:
    """Whether a server answers at the Service's address; that something accepts a connection there is not enough."""
    return service is not None and export_answers.why_not("/", service) is None


def wait(quiet_seconds: float, at_most: float, service: str | None) -> None:
    """Return once the server may end."""
    start = quiet_since = answering_since = time.monotonic()
    before = None
    while True:
        found, answers = current_clients(), is_reached(service)
        now = time.monotonic()
        if found:
            quiet_since = now
        if not answers:
            answering_since = now
        state = (sorted(found), answers)
        if state != before:
            clients = ", ".join(f"{peer} ({count})" for peer, count in sorted(found.items())) or "no client"
            print(f"{clients}; the Service {'answers' if answers else 'does not answer'}", flush=True)
            before = state
        if answers and now - answering_since >= quiet_seconds:
            print("another server takes over", flush=True)
            return
        if not found and now - quiet_since >= quiet_seconds:
            print("every client has left", flush=True)
            return
        if now - start >= at_most:
            print(f"gave up after {at_most:g} s", flush=True)
            return
        time.sleep(POLL_SECONDS)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quiet-seconds", type=float, required=True, metavar="N")
    parser.add_argument("--at-most", type=float, required=True, metavar="M")
    parser.add_argument("--service", metavar="ADDRESS", help="the Service's address; without it every end is the last")
    options = parser.parse_args()
    at_most = options.at_most if SERVICE_REACHED.exists() else min(options.at_most, AT_MOST_UNSURE)
    wait(options.quiet_seconds, at_most, options.service)
    return 0


if __name__ == "__main__":
    sys.exit(main())
