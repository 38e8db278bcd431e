"""Requests of the hub: each is a line of JSON at a socket, and so is its answer."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from member_accounts import RefusedError

Reply = dict[str, Any]


def peer(writer: asyncio.StreamWriter) -> int:
    """Number of the user at the other end, as the kernel knows it."""
    credentials = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    uid: int = struct.unpack("3i", credentials)[1]
    return uid


def answering(requests: Mapping[str, Callable[..., Awaitable[Reply]]], allowed: frozenset[int]) -> Callable[..., Awaitable[None]]:
    """What answers a connection: one request of somebody who may make any; others, and what is no request, get no answer."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = "no request"
        try:
            if (uid := peer(writer)) not in allowed:
                print(f"refused a request of the user {uid}", flush=True)
                return
            request = json.loads(await reader.readline())
            name = str(request.pop("do"))[:20]
            try:
                reply = await requests[name](**request)
            except RefusedError as error:
                reply = {"refused": str(error)}
            writer.write(json.dumps(reply).encode() + b"\n")
            await writer.drain()
        except Exception as error:
            # One line; the others' servers have nothing to do with it.
            print(f"{name!r} failed: {type(error).__name__}: {str(error)[:200]!r}", flush=True)
        finally:
            writer.close()

    return answer
