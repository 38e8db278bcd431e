"""Keep a port for one user's server: members' processes share the pod's network, and could answer in its place while it restarts.

Linux lets sockets share a port when each of them asks for it and all belong to one user (SO_REUSEPORT in socket(7)). One of
them, which never listens, is held here for as long as any member's process may live.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from typing import Any


def hold(port: int, uid: int) -> socket.socket:
    """A socket of a user that keeps a port of every address."""
    held = os.geteuid()
    os.seteuid(uid)
    try:
        try:
            # Of IPv4's, too; `kubectl port-forward` goes to ::1 where nobody answers at 127.0.0.1.
            return _bound(socket.AF_INET6, "::", port)
        except OSError as error:
            if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                raise
            # A kernel without IPv6.
            return _bound(socket.AF_INET, "0.0.0.0", port)
    finally:
        os.seteuid(held)


def _bound(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    keeper = socket.socket(family)
    try:
        if family == socket.AF_INET6:
            keeper.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        keeper.bind((address, port))
    except OSError:
        keeper.close()
        raise
    return keeper


def share() -> None:
    """Make Jupyter Server, in this process, ask for a port that is held for its user."""
    from jupyter_server import serverapp
    from tornado import netutil, tcpserver

    def bind_sockets(*arguments: Any, **options: Any) -> list[socket.socket]:
        return netutil.bind_sockets(*arguments, **options | {"reuse_port": True})

    for module in (serverapp, tcpserver):
        vars(module)["bind_sockets"] = bind_sockets


def main() -> int:
    """Hold a port for a user while a command runs: held_port.py PORT UID COMMAND...; its exit code."""
    port, uid, *command = sys.argv[1:]
    with hold(int(port), int(uid)):
        process = subprocess.Popen(command)
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        code = process.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
