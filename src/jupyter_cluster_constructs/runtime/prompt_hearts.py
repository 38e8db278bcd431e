"""Let the heart monitor tell the Hub of a new heart as soon as it beats, and an engine be registered then.

ipyparallel's (9.2) tells of it with the next ping, which is a period later.
"""

from __future__ import annotations

from typing import Any

from ipyparallel.controller import app, heartmonitor
from ipyparallel.controller.heartmonitor import HeartMonitor


def install() -> None:
    """Change the heart monitor that the controller starts in another process."""
    # By name, it gets into the other process however that is started.
    app.start_heartmonitor = start_heartmonitor


def start_heartmonitor(*arguments: Any, **options: Any) -> None:
    """Run the heart monitor."""
    tell_at_once()
    heartmonitor.start_heartmonitor(*arguments, **options)


def tell_at_once() -> None:
    """Change the heart monitor in this process."""
    handle_pong = HeartMonitor.handle_pong

    def handle_pong_and_tell(monitor: Any, message: Any) -> None:
        handle_pong(monitor, message)
        heart = message[0]
        # What answered an older ping is none that beats.
        if heart in monitor.responses and heart not in monitor.hearts:
            monitor.handle_new_hearts({heart})

    HeartMonitor.handle_pong = handle_pong_and_tell
