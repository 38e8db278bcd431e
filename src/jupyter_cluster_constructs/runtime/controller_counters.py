"""Make a controller tell what its Hub knows of engines and tasks to whoever connects to a socket in a directory: metrics.py alone.

The Hub (ipyparallel 9.2) counts tasks for itself; nothing is added for a task, and what is told is made only when it is asked
for, from one number of each engine and queue. Missed heartbeats are known to the heart monitor alone, another process of the
controller, which here tells the Hub of them by the socket that new and stopped hearts take. A Hub that hangs does not answer.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import prompt_hearts
from ipyparallel.controller import app
from ipyparallel.controller.heartmonitor import HeartMonitor
from ipyparallel.controller.hub import Hub
from tornado.iostream import IOStream, StreamClosedError
from tornado.netutil import bind_unix_socket
from tornado.tcpserver import TCPServer

TOPIC = b"missed_hearts"
# Who may connect is who mounts the directory.
SOCKET_MODE = 0o666


def install(path: str) -> None:
    """Change the Hub in this process and the heart monitor that the controller starts in another.

    Args:
        path: the socket that is made, in place of an earlier controller's.
    """
    make_hub, unregister, stopped = Hub.__init__, Hub.unregister_engine, Hub.handle_stopped_heart

    def make_counting_hub(hub: Any, **kwargs: Any) -> None:
        make_hub(hub, **kwargs)
        hub.counters = Counters()
        hub.monitor_handlers[TOPIC] = lambda topics, msg: count_missed(hub, msg)
        # Once the loop runs, the controller's other processes are there, and none of them holds the socket too.
        hub.loop.add_callback(lambda: serve(hub, path))

    def unregister_and_count(hub: Any, ident: Any, msg: Any) -> None:
        engine = hub.engines.get(msg["content"].get("id"))
        if engine is not None:
            hub.counters.gone += 1
            hub.counters.completed_by_gone += len(hub.completed[engine.id])
            hub.counters.missed.pop(engine.ident, None)
        unregister(hub, ident, msg)

    def count_stopped(hub: Any, heart: bytes) -> None:
        hub.counters.lost += heart in hub.hearts
        stopped(hub, heart)

    Hub.__init__ = make_counting_hub
    Hub.unregister_engine = unregister_and_count
    Hub.handle_stopped_heart = count_stopped
    # By name, it gets into the other process however that is started.
    app.start_heartmonitor = start_telling_heartmonitor


class Counters:
    """What the Hub does not count by itself."""

    def __init__(self) -> None:
        self.missed: Counter[bytes] = Counter()
        self.missed_in_all = 0
        self.gone = 0
        self.lost = 0
        self.completed_by_gone = 0


def count_missed(hub: Any, msg: Any) -> None:
    """The heart monitor tells which hearts did not answer its last ping."""
    for heart in hub.session.deserialize(msg)["content"]["hearts"]:
        # Of an engine that has left, the monitor still waits for the heart.
        if heart.encode() in hub.hearts:
            hub.counters.missed[heart.encode()] += 1
            hub.counters.missed_in_all += 1


def snapshot(hub: Any) -> dict[str, Any]:
    """What the Hub knows now: all engines that clients see, each with its unfinished and completed tasks and missed heartbeats."""
    counters = hub.counters
    return {
        "engines": {
            eid: [len(hub.queues[eid]) + len(hub.tasks[eid]), len(hub.completed[eid]), counters.missed[engine.ident]]
            for eid, engine in hub.engines.items()
            # As restored_engines has it, which engines have yet to come back.
            if engine.ident not in hub.hidden_hearts
        },
        "unassigned": len(hub.unassigned),
        "completed": counters.completed_by_gone + sum(len(hub.completed[eid]) for eid in hub.engines),
        "missed": counters.missed_in_all,
        "gone": counters.gone,
        "lost": counters.lost,
    }


class SnapshotServer(TCPServer):
    """Tells each who connects what the Hub knows, and reads nothing."""

    def __init__(self, hub: Any) -> None:
        super().__init__()
        self._hub = hub

    async def handle_stream(self, stream: IOStream, address: object) -> None:
        """Somebody connected."""
        try:
            await stream.write(json.dumps(snapshot(self._hub)).encode())
        except StreamClosedError:
            pass
        finally:
            stream.close()


def serve(hub: Any, path: str) -> None:
    """Listen; a controller whose metrics nobody can read is a controller all the same."""
    try:
        listening = bind_unix_socket(path, mode=SOCKET_MODE)
    except (OSError, ValueError) as error:
        hub.log.error("%s cannot be made (%s): there are no metrics", path, error)
        return
    hub.snapshots = SnapshotServer(hub)
    hub.snapshots.add_socket(listening)


def start_telling_heartmonitor(*arguments: Any, **options: Any) -> None:
    """Run the heart monitor, which tells the Hub of missed heartbeats too."""
    tell_of_missed()
    prompt_hearts.start_heartmonitor(*arguments, **options)


def tell_of_missed() -> None:
    """Change the heart monitor in this process."""
    check = HeartMonitor._check_missed

    def check_and_tell(monitor: Any, missed_beats: set[bytes], on_probation: Any, hearts: Any) -> Any:
        if missed_beats:
            missed = [heart.decode("utf8", "replace") for heart in missed_beats]
            monitor.session.send(monitor.monitor_stream, "missed_hearts", content={"hearts": missed}, ident=[TOPIC, b""])
        return check(monitor, missed_beats, on_probation, hearts)

    HeartMonitor._check_missed = check_and_tell
