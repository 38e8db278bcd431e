#!/usr/bin/env python3
"""Wait until the NFS server's clients are gone: the preStop hook.

It ends once no other host has had a connection to the port for N seconds in a row, and after M seconds at the latest.
"""

import argparse
import ipaddress
import struct
import sys
import time
from collections.abc import Iterable
from pathlib import Path

ESTABLISHED = "01"
POLL_SECONDS = 0.5


def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address as /proc/net writes it: 32-bit words in this machine's byte order."""
    words = [int(text[i : i + 8], 16) for i in range(0, len(text), 8)]
    parsed = ipaddress.ip_address(struct.pack(f"={len(words)}I", *words))
    return (parsed.version == 6 and parsed.ipv4_mapped) or parsed


def clients(table: Iterable[str], port: int) -> set[str]:
    """The other hosts with an established connection to the port, out of the lines of /proc/net/tcp or tcp6."""
    found = set()
    for fields in (line.split() for line in table):
        if len(fields) < 4 or fields[3] != ESTABLISHED:
            continue
        (local, local_port), (peer, _) = (field.split(":") for field in fields[1:3])
        if int(local_port, 16) == port and peer != local and not address(peer).is_loopback:
            found.add(str(address(peer)))
    return found


def current_clients(port: int) -> set[str]:
    """The clients by IPv4 and IPv6 now; a kernel without IPv6 has no tcp6."""
    tables = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
    return set().union(*(clients(table.read_text().splitlines(), port) for table in tables if table.exists()))


def wait(port: int, quiet_seconds: float, at_most: float) -> None:
    """Return once the port has been quiet for long enough, or the limit has passed."""
    start = quiet_since = time.monotonic()
    before = None
    while True:
        found, now = current_clients(port), time.monotonic()
        if found:
            quiet_since = now
        if found != before:
            print(f"waiting for {', '.join(sorted(found)) or f'{quiet_seconds:g} s without a client'}", flush=True)
            before = found
        if not found and now - quiet_since >= quiet_seconds:
            return
        if now - start >= at_most:
            print(f"gave up after {at_most:g} s", flush=True)
            return
        time.sleep(POLL_SECONDS)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quiet-seconds", type=float, required=True, metavar="N")
    parser.add_argument("--at-most", type=float, required=True, metavar="M")
    parser.add_argument("--port", type=int, default=2049)
    options = parser.parse_args()
    wait(options.port, options.quiet_seconds, options.at_most)
    return 0


if __name__ == "__main__":
    sys.exit(main())
