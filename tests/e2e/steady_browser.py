#!/usr/bin/env python3
"""Run the browser that E2E_BROWSER names, untold of changes of the network: it gives up its requests at each, and each pod is one."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
import sys

SET_NO_NEW_PRIVILEGES, SET_SECCOMP, FILTER = 38, 22, 2
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
# Number of the system call, and its first argument, in what the kernel shows a filter.
CALL, ARGUMENT = 0, 16
SOCKET = {"x86_64": 41, "aarch64": 198}


def refuse_netlink() -> None:
    """Have the kernel refuse this process, and all that it becomes, sockets that tell of the network."""
    steps = [
        (LOAD, 0, 0, CALL),
        (EQUAL, 0, 3, SOCKET[platform.machine()]),
        (LOAD, 0, 0, ARGUMENT),
        (EQUAL, 0, 1, socket.AF_NETLINK),
        (RETURN, 0, 0, REFUSE | errno.EAFNOSUPPORT),
        (RETURN, 0, 0, ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HP", len(steps), ctypes.addressof(code)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for arguments in ((SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0), (SET_SECCOMP, FILTER, program, 0, 0)):
        if prctl(*(ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments)):
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    refuse_netlink()
    program = os.environ["E2E_BROWSER"]
    os.execv(program, [program, *sys.argv[1:]])
