"""An engine's sockets, which notice a controller that moved: real sockets of ipyparallel."""

from __future__ import annotations

from typing import Any

import pytest
import zmq
from ipyparallel.controller.heartmonitor import Heart

from jupyter_cluster_constructs.ipython import RECONNECT_SECONDS, SETTLE_SECONDS
from jupyter_cluster_constructs.runtime import reconnecting_sockets


@pytest.fixture(autouse=True)
def engines_context(untouched_ipyparallel: None, monkeypatch: pytest.MonkeyPatch) -> zmq.Context[zmq.Socket[bytes]]:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    monkeypatch.setattr(zmq.Context, "instance", lambda: context)
    reconnecting_sockets.install()
    return context


def test_every_socket_of_the_engine_has_the_options(engines_context: zmq.Context[zmq.Socket[bytes]]) -> None:
    with engines_context.socket(zmq.DEALER) as socket:
        assert {option: socket.getsockopt(option) for option in reconnecting_sockets.OPTIONS} == reconnecting_sockets.OPTIONS


def test_a_connection_attempt_ends_and_a_dead_connection_is_noticed_before_a_restored_engine_is_forgotten() -> None:
    options = reconnecting_sockets.OPTIONS
    noticed = options[zmq.TCP_KEEPALIVE_IDLE] + options[zmq.TCP_KEEPALIVE_INTVL] * options[zmq.TCP_KEEPALIVE_CNT]
    assert options[zmq.TCP_KEEPALIVE] == 1
    assert noticed < RECONNECT_SECONDS


def test_all_sockets_of_a_restored_engine_have_tried_anew_before_it_is_shown() -> None:
    pause = 0.2  # ZMQ_RECONNECT_IVL, at random up to twice its 100 ms
    assert reconnecting_sockets.OPTIONS[zmq.CONNECT_TIMEOUT] / 1000 + pause < SETTLE_SECONDS


def test_the_hearts_sockets_have_the_options_too() -> None:
    # They have a context of their own.
    heart = Heart("tcp://127.0.0.1:1", "tcp://127.0.0.1:2", heart_id=b"id")
    device: Any = heart.device
    for given in (device._in_sockopts, device._out_sockopts):
        assert reconnecting_sockets.OPTIONS.items() <= dict(given).items()
    assert heart.id == b"id"
