#!/usr/bin/env python3
"""Print who is connected to the NFS server, an address a line, as the kernel's tables of connections say."""

import ipaddress
import struct
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

NFS_PORT = 2049
# Made once this pod has reached itself by its Service, which not every network allows.
SERVICE_REACHED = Path("/tmp/service-reached")
ESTABLISHED = "01"


def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address as /proc/net writes it: 32-bit words in this machine's byte order."""
    words = [int(text[i : i + 8], 16) for i in range(0, len(text), 8)]
    parsed = ipaddress.ip_address(struct.pack(f"={len(words)}I", *words))
    return (parsed.version == 6 and parsed.ipv4_mapped) or parsed


def clients(table: Iterable[str], port: int) -> Counter[str]:
    """How many connections to the port each other host has, by the lines of /proc/net/tcp or tcp6."""
    found: Counter[str] = Counter()
    for fields in (line.split() for line in table):
        if len(fields) < 4 or fields[3] != ESTABLISHED:
            continue
        (local, local_port), (peer, _) = (field.split(":") for field in fields[1:3])
        if int(local_port, 16) == port and peer != local and not address(peer).is_loopback:
            found[str(address(peer))] += 1
    return found


def current_clients(port: int = NFS_PORT) -> Counter[str]:
    """The clients by IPv4 and IPv6 now; a kernel without IPv6 has no tcp6."""
    tables = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
    return sum((clients(table.read_text().splitlines(), port) for table in tables if table.exists()), Counter())


if __name__ == "__main__":
    print(*sorted(current_clients()), sep="\n")
