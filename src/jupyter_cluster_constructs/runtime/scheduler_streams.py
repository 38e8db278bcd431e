"""Let a controller's Hub and schedulers, most of which are processes of their own, take and send messages by DirectStream."""

from __future__ import annotations

from typing import Any

import direct_stream
from ipyparallel.controller import app, broadcast_scheduler, scheduler


def install() -> None:
    """Change what the controller makes in this process, and in those that it starts for the schedulers."""
    direct_stream.install(app)
    # By name, they get into the other process however that is started.
    app.launch_scheduler = launch_scheduler
    app.launch_broadcast_scheduler = launch_broadcast_scheduler


def launch_scheduler(**options: Any) -> None:
    """Run a scheduler of tasks."""
    direct_stream.install(scheduler)
    scheduler.launch_scheduler(**options)


def launch_broadcast_scheduler(**options: Any) -> None:
    """Run a scheduler of calls on all engines."""
    direct_stream.install(scheduler)
    direct_stream.install(broadcast_scheduler)
    broadcast_scheduler.launch_broadcast_scheduler(**options)
