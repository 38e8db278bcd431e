#!/usr/bin/env python3
"""Exit 0 only if the NFS server on this host serves an export: the startup and the liveness probe.

One NFSv4.0 COMPOUND (RFC 7530) walks from the root to the export, which is missing there when ganesha could not set it
up, and lists it, which fails when ganesha may not open files. Unlike one of 4.1, it leaves no session in the server.
"""

import argparse
import socket
import struct
import sys

HOST, PORT = "127.0.0.1", 2049
SECONDS = 2
AUTH_NONE, AUTH_SYS = 0, 1
LOOKUP, PUTROOTFH, READDIR = 15, 24, 26
REPLY_BYTES = 4096
LAST_FRAGMENT = 1 << 31


class NotServedError(Exception):
    """The server answered, but does not serve the export."""


def u32(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}I", *numbers)


def opaque(data: bytes) -> bytes:
    return u32(len(data)) + data + bytes(-len(data) % 4)


def call(names: list[str]) -> bytes:
    """The RPC message: from the root, a LOOKUP for each name, and some of the names that are there."""
    lookups = [u32(LOOKUP) + opaque(name.encode()) for name in names]
    start, no_attributes = bytes(16), u32(0)
    operations = [u32(PUTROOTFH), *lookups, u32(READDIR) + start + u32(REPLY_BYTES, REPLY_BYTES) + no_attributes]
    nobody = opaque(u32(0) + opaque(b"") + u32(65534, 65534, 0))
    compound = opaque(b"") + u32(0, len(operations)) + b"".join(operations)
    return u32(1, 0, 2, 100003, 4, 1, AUTH_SYS) + nobody + u32(AUTH_NONE, 0) + compound


def check(reply: bytes, names: list[str]) -> None:
    """Raise NotServedError unless every operation of `call` went well."""
    try:
        denied, _flavor, verifier = struct.unpack_from(">8x3I", reply)
        refused, status, _tag, results = struct.unpack_from(">4I", reply, 20 + verifier)
    except struct.error:
        raise NotServedError("its answer is not one of NFSv4") from None
    if denied or refused:
        raise NotServedError("it refuses the call")
    if status:
        failed = ["COMPOUND", "PUTROOTFH", *(f"LOOKUP {name}" for name in names), "READDIR"][results]
        raise NotServedError(f"{failed} gives NFS status {status}")


def ask(host: str, names: list[str]) -> bytes:
    message = call(names)
    with socket.create_connection((host, PORT), SECONDS) as connection, connection.makefile("rb") as replies:
        connection.sendall(u32(LAST_FRAGMENT | len(message)) + message)
        mark = int.from_bytes(replies.read(4), "big")
        return replies.read(mark & ~LAST_FRAGMENT)


def why_not(export: str, host: str = HOST) -> str | None:
    """Say why a server does not serve an export, of which `/` is the root of all; None when it does."""
    names = [name for name in export.split("/") if name]
    try:
        check(ask(host, names), names)
    except (NotServedError, OSError) as error:
        return f"{export} is not served: {error}"
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", metavar="EXPORT", help="its Pseudo path, such as /export")
    reason = why_not(parser.parse_args().export)
    if reason:
        print(f"export_answers.py: {reason}", file=sys.stderr)
    return 1 if reason else 0


if __name__ == "__main__":
    sys.exit(main())
