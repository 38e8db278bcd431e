"""A heart monitor that tells the Hub of a new heart with its first beat: ipyparallel's real one."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import pytest
import zmq
from ipyparallel.controller import app, heartmonitor
from ipyparallel.controller.heartmonitor import HeartMonitor
from jupyter_client.session import Session
from tornado.ioloop import IOLoop
from zmq.eventloop.zmqstream import ZMQStream

from jupyter_cluster_constructs.runtime import prompt_hearts

PERIOD = 1_000


@pytest.fixture(autouse=True)
def _restore(untouched_ipyparallel: None) -> None:
    """What a test changes in ipyparallel ends with it."""


@pytest.fixture
def told() -> list[list[str]]:
    """What the Hub is told of new hearts."""
    return []


@pytest.fixture
def monitor(told: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A monitor whose time does not pass by itself."""
    context, loop = zmq.Context(), IOLoop(make_current=False)
    kinds = {"ping_stream": zmq.PUB, "pong_stream": zmq.ROUTER, "monitor_stream": zmq.XPUB}
    streams = {name: ZMQStream(context.socket(kind), loop) for name, kind in kinds.items()}
    session = Session(key=b"")
    monkeypatch.setattr(session, "send", lambda stream, kind, content, **_: told.append([kind, *content["hearts"]]))
    yield HeartMonitor(period=PERIOD, session=session, loop=loop, **streams)
    for stream in streams.values():
        stream.close(linger=0)
    loop.close()
    context.term()


def pong(monitor: Any, heart: str, ping: float | None = None) -> None:
    monitor.handle_pong([heart.encode(), str(monitor.lifetime if ping is None else ping).encode()])


def test_a_new_heart_is_told_with_its_first_beat(monitor: Any, told: list[list[str]]) -> None:
    prompt_hearts.tell_at_once()
    monitor.beat()
    pong(monitor, "a")
    assert told == [["new_heart", "a"]]
    pong(monitor, "b")
    assert told == [["new_heart", "a"], ["new_heart", "b"]]


def test_ipyparallels_own_tells_of_it_a_period_later(monitor: Any, told: list[list[str]]) -> None:
    monitor.beat()
    pong(monitor, "a")
    assert told == []
    monitor.beat()
    assert told == [["new_heart", "a"]]


def test_a_heart_is_told_once_however_often_it_beats(monitor: Any, told: list[list[str]]) -> None:
    prompt_hearts.tell_at_once()
    for _ in range(3):
        monitor.beat()
        pong(monitor, "a")
    monitor.beat()
    assert told == [["new_heart", "a"]]


def test_an_answer_to_a_ping_of_long_ago_is_no_heart(monitor: Any, told: list[list[str]]) -> None:
    prompt_hearts.tell_at_once()
    for _ in range(3):
        monitor.beat()
    pong(monitor, "a", ping=-1)
    assert told == []


def test_a_heart_that_stopped_and_beats_again_is_told_again(monitor: Any, told: list[list[str]]) -> None:
    prompt_hearts.tell_at_once()
    monitor.beat()
    pong(monitor, "a")
    monitor.beat()
    for _ in range(monitor.max_heartmonitor_misses + 2):
        monitor.beat()
    assert told == [["new_heart", "a"], ["stopped_heart", "a"]]
    pong(monitor, "a")
    assert told[2:] == [["new_heart", "a"]]


def test_the_controller_starts_that_monitor_in_its_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    prompt_hearts.install()
    started: Any = app.start_heartmonitor
    # A process that is not forked gets it by name.
    assert pickle.loads(pickle.dumps(started)) is started
    seen: list[object] = []
    before = HeartMonitor.handle_pong
    monkeypatch.setattr(heartmonitor, "start_heartmonitor", lambda *a, **o: seen.append((a, o, HeartMonitor.handle_pong is before)))
    started("ping", log_level=1)
    assert seen == [(("ping",), {"log_level": 1}, False)]
