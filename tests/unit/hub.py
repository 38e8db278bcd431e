"""ipyparallel's real Hub with the library's changes, as a controller makes and starts it, and real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import zmq
from ipyparallel.controller.dictdb import NoDB
from ipyparallel.controller.hub import Hub
from jupyter_client.session import Session
from tornado.ioloop import IOLoop
from zmq.eventloop.zmqstream import ZMQStream

GRACE, SETTLE = 0.02, 0.01


@asynccontextmanager
async def controller(state_file: Path) -> AsyncIterator[Any]:
    """A hub of a controller that starts, as ipyparallel makes and starts it."""
    context = zmq.Context()
    streams = {name: ZMQStream(context.socket(zmq.ROUTER)) for name in ("query", "monitor", "notifier", "resubmit")}
    try:
        hub = Hub(
            loop=IOLoop.current(), session=Session(key=b"key"), db=NoDB(), engine_state_file=str(state_file), registration_timeout=300, **streams
        )
        hub._load_engine_state()
        yield hub
    finally:
        for stream in streams.values():
            stream.close(linger=0)
        context.term()


def register(hub: Any, uuid: str) -> int:
    """An engine registers, and its heart beats."""
    eid: int = hub.register_engine(b"identity", {"content": {"uuid": uuid}})
    hub.handle_new_heart(uuid.encode())
    return eid


def engines(hub: Any) -> dict[int, str]:
    return {eid: engine.uuid for eid, engine in hub.engines.items()}


def messages(hub: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, str, object]]:
    """What the hub sends from now on: by which socket, of which kind, with which content."""
    sent: list[tuple[object, str, object]] = []
    monkeypatch.setattr(hub.session, "send", lambda stream, kind, content=None, **_: sent.append((stream, kind, content)))
    return sent


async def after_the_grace_time() -> None:
    await asyncio.sleep(GRACE * 2)
