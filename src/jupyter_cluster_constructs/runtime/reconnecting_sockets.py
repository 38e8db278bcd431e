"""Make an engine's connections notice a controller that moved to another pod.

libzmq waits for ever on a connection whose packets go to a pod that is gone: without a timeout the engine's
reconnects hang, and without keepalives it never learns that the old connection is dead.
"""

from __future__ import annotations

from typing import Any

import zmq
from ipyparallel.controller import heartmonitor

OPTIONS = {
    zmq.CONNECT_TIMEOUT: 2000,  # milliseconds
    zmq.TCP_KEEPALIVE: 1,
    zmq.TCP_KEEPALIVE_IDLE: 10,  # seconds
    zmq.TCP_KEEPALIVE_INTVL: 5,
    zmq.TCP_KEEPALIVE_CNT: 3,
}


def install() -> None:
    """Set the options on every socket that this engine opens; the heart's have a context of their own."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
    for option, value in OPTIONS.items():
        context.setsockopt(option, value)
    make_heart = heartmonitor.Heart.__init__

    def make_reconnecting_heart(heart: Any, *args: Any, **kwargs: Any) -> None:
        make_heart(heart, *args, **kwargs)
        for option, value in OPTIONS.items():
            heart.device.setsockopt_in(option, value)
            heart.device.setsockopt_out(option, value)

    heartmonitor.Heart.__init__ = make_reconnecting_heart
