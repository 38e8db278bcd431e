"""Let a Hub without a task database read of each message only what it counts: which task it is, and which engine has it.

ipyparallel's Hub (9.2) unpacks every message, makes a record of 23 fields and parses its dates, also where no database takes
the record; and it unpacks each engine's two status messages a task only to drop them. That is most of a Hub's processor time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ipyparallel.controller.dictdb import NoDB
from ipyparallel.controller.hub import Hub

# Where the parts of a message are, after those who sent it and who gets it.
HEADER, PARENT, METADATA, CONTENT = 1, 2, 3, 4
STATUS = b".status"


def install() -> None:
    """Change the Hub in this process."""
    make_hub, iopub_message = Hub.__init__, Hub.monitor_iopub_message

    def make_unrecording_hub(hub: Any, **kwargs: Any) -> None:
        make_hub(hub, **kwargs)
        # What is signed has to be looked at as a whole.
        if isinstance(hub.db, NoDB) and hub.session.auth is None:
            counts = Counts(hub)
            hub.monitor_handlers |= {
                b"in": counts.queue_request,
                b"out": counts.queue_result,
                b"intask": counts.task_request,
                b"tracktask": counts.task_destination,
                b"outtask": counts.task_result,
                b"inbcast": counts.broadcast_request,
                b"outbcast": counts.broadcast_result,
            }

    def monitor_iopub_message(hub: Any, topics: list[bytes], msg: list[bytes]) -> None:
        if not topics[-1].endswith(STATUS):
            iopub_message(hub, topics, msg)

    Hub.__init__ = make_unrecording_hub
    Hub.monitor_iopub_message = monitor_iopub_message


class Counts:
    """What a Hub does with messages, without its records; what it counts stays in the Hub."""

    def __init__(self, hub: Any) -> None:
        self._hub = hub
        self._unpack: Callable[[bytes], Any] = hub.session.unpack

    def queue_request(self, idents: list[bytes], msg: list[bytes]) -> None:
        """A client sent something to an engine."""
        hub = self._hub
        if (eid := hub.by_ident.get(idents[0])) is None:
            hub.log.error("queue::target %r not registered", idents[0])
            return
        msg_id = self._unpack(msg[HEADER])["msg_id"]
        hub.pending.add(msg_id)
        hub.queues[eid].append(msg_id)

    def queue_result(self, idents: list[bytes], msg: list[bytes]) -> None:
        """An engine answered it."""
        hub = self._hub
        if (eid := hub.by_ident.get(idents[1])) is None:
            hub.log.error("queue::unknown engine %r is sending a reply: ", idents[1])
            return
        msg_id = self._unpack(msg[PARENT]).get("msg_id")
        if msg_id in hub.pending:
            hub.pending.remove(msg_id)
            hub.all_completed.add(msg_id)
            hub.queues[eid].remove(msg_id)
            hub.completed[eid].append(msg_id)
        elif msg_id is not None and msg_id not in hub.all_completed:
            hub.log.warning("queue:: unknown msg finished %r", msg_id)

    def task_request(self, idents: list[bytes], msg: list[bytes]) -> None:
        """A client sent a task to the scheduler."""
        msg_id = self._unpack(msg[HEADER])["msg_id"]
        self._hub.pending.add(msg_id)
        self._hub.unassigned.add(msg_id)

    def task_destination(self, idents: list[bytes], msg: list[bytes]) -> None:
        """The scheduler sent it to an engine."""
        hub, content = self._hub, self._unpack(msg[CONTENT])
        if (eid := hub.by_ident.get(content["engine_id"].encode())) is None:
            hub.log.error("task::engine %r is not registered", content["engine_id"])
            return
        hub.unassigned.discard(content["msg_id"])
        hub.tasks[eid].append(content["msg_id"])

    def task_result(self, idents: list[bytes], msg: list[bytes]) -> None:
        """An engine did it, or nobody could."""
        hub, msg_id = self._hub, self._unpack(msg[PARENT]).get("msg_id")
        hub.unassigned.discard(msg_id)
        eid = self._complete(msg_id, msg)
        if eid is not None and msg_id in hub.tasks[eid]:
            hub.tasks[eid].remove(msg_id)

    def broadcast_request(self, idents: list[bytes], msg: list[bytes]) -> None:
        """A client, or a scheduler on its way, sent a call on several engines."""
        self._hub.pending.add(self._unpack(msg[HEADER])["msg_id"])

    def broadcast_result(self, idents: list[bytes], msg: list[bytes]) -> None:
        """An engine answered it."""
        self._complete(self._unpack(msg[PARENT]).get("msg_id"), msg)

    def _complete(self, msg_id: str | None, msg: list[bytes]) -> int | None:
        """Note that a task is done; the engine that did it, if it is one of this Hub's and the task was its to do."""
        hub = self._hub
        if msg_id not in hub.pending:
            return None
        hub.pending.remove(msg_id)
        hub.all_completed.add(msg_id)
        metadata = self._unpack(msg[METADATA])
        eid: int | None = hub.by_ident.get(metadata.get("engine", "").encode())
        if eid is not None and metadata.get("status") != "aborted":
            hub.completed[eid].append(msg_id)
        return eid
