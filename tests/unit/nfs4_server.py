"""A server of NFSv4.0 (RFC 7530) that knows which paths it exports, and nothing of their files."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from .nfs_programs import export_answers

NFS4_OK, NFS4ERR_PERM, NFS4ERR_NOENT, NFS4ERR_DELAY = 0, 1, 2, 10008


def opaque(data: bytes, at: int) -> tuple[bytes, int]:
    """An XDR opaque and where it ends."""
    (length,) = struct.unpack_from(">I", data, at)
    return data[at + 4 : at + 4 + length], at + 4 + length + -length % 4


def nfs_reply(message: bytes, tree: set[str], status: int, reading: int = 0) -> bytes:
    """What a server of NFSv4.0 (RFC 7530) answers to a COMPOUND; it knows the paths in the tree."""
    xid, call, rpc, number, version, procedure = struct.unpack_from(">6I", message)
    assert (call, rpc, number, version, procedure) == (0, 2, 100003, 4, 1)
    _, at = opaque(message, 28)
    _, at = opaque(message, at + 4)
    tag, at = opaque(message, at)
    minor, count = struct.unpack_from(">2I", message, at)
    assert (tag, minor) == (b"", 0)
    at, path, results = at + 8, "", []
    for _ in range(count):
        (operation,) = struct.unpack_from(">I", message, at)
        at += 4
        result, body = status, b""
        if operation == 15:
            name, at = opaque(message, at)
            path += f"/{name.decode()}"
            result = result or (NFS4_OK if path in tree else NFS4ERR_NOENT)
        elif operation == 26:
            at += 24
            _, at = opaque(message, at)
            # A verifier, no entry, and that this is the end.
            result, body = result or reading, struct.pack(">Q2I", 0, 0, 1)
        else:
            assert operation == 24
            path = ""
        results.append(struct.pack(">2I", operation, result) + (body if result == NFS4_OK else b""))
        if result:
            break
    last = struct.unpack_from(">I", results[-1], 4)[0]
    return struct.pack(">6I", xid, 1, 0, 0, 0, 0) + struct.pack(">3I", last, 0, len(results)) + b"".join(results)


@contextmanager
def nfs_server(monkeypatch: pytest.MonkeyPatch, tree: set[str], *, status: int = NFS4_OK, answer: Any = nfs_reply) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as calls:
                mark = int.from_bytes(calls.read(4), "big")
                assert mark & 1 << 31
                reply = answer(calls.read(mark & ~(1 << 31)), tree, status)
                connection.sendall(struct.pack(">I", len(reply) | 1 << 31) + reply)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        monkeypatch.setattr(export_answers, "PORT", listener.getsockname()[1])
        yield
        thread.join(5)
