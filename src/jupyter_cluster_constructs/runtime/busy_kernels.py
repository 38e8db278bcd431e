"""Count a server as active while a kernel of it computes: Jupyter Server only counts what is sent, and a long cell sends nothing."""

from __future__ import annotations

import datetime
import os
from typing import Any

from tornado.ioloop import PeriodicCallback

# As often as the server tells the hub.
SECONDS = float(os.environ.get("JUPYTERHUB_ACTIVITY_INTERVAL", "30"))


def is_busy(server: Any) -> bool:
    """Whether a kernel computes."""
    return any(kernel.execution_state == "busy" for kernel in server.kernel_manager._kernels.values())


def watch(server: Any) -> PeriodicCallback:
    """Look now and then."""

    def look() -> None:
        if is_busy(server):
            server.web_app.settings["last_activity_times"]["busy_kernels"] = datetime.datetime.now(datetime.UTC)

    callback = PeriodicCallback(look, min(30, SECONDS / 2) * 1000)
    callback.start()
    return callback


def install() -> None:
    """Watch the Jupyter Server that starts in this process."""
    from jupyter_server.serverapp import ServerApp

    everything: Any = ServerApp
    start = everything.start

    def start_watched(server: Any) -> None:
        watch(server)
        start(server)

    everything.start = start_watched
