"""A stream that sends at once and takes several messages a turn, for ipyparallel's controller, engines and clients.

pyzmq's ZMQStream (27) puts each message into a queue, asks the socket for its events, and comes back for it in the event
loop's next turn; it takes one message a turn, and asks for the events before and after. With small messages, that is half of
what a scheduler's processor time is spent for.
"""

from __future__ import annotations

import asyncio
import inspect
from types import SimpleNamespace
from typing import Any

import zmq
from tornado.log import gen_log
from zmq.eventloop.zmqstream import ZMQStream

# So that no stream of a loop waits long for another one.
MESSAGES_A_TURN = 16
# As plain numbers: to combine flags of an enumeration costs more than to send what they are for.
EVENTS, NOBLOCK, POLLIN, SNDMORE = (int(name) for name in (zmq.EVENTS, zmq.NOBLOCK, zmq.POLLIN, zmq.SNDMORE))


def install(module: Any) -> None:
    """Let a module of ipyparallel make such streams.

    Args:
        module: one that makes streams by their class, or by the module that has it.
    """
    if hasattr(module, "ZMQStream"):
        module.ZMQStream = DirectStream
    if hasattr(module, "zmqstream"):
        module.zmqstream = SimpleNamespace(ZMQStream=DirectStream)


class DirectStream(ZMQStream):
    """A stream whose messages wait only where the socket does not take them.

    Whoever uses a ZeroMQ socket may take the signal that there is something to receive, which comes once
    (https://libzmq.readthedocs.io/en/latest/zmq_getsockopt.html, ZMQ_FD): so each use here ends with a look at the socket.
    """

    # None once it is closed.
    socket: Any
    # Whether messages are being taken, which ends with that look; and whether that is going to begin.
    _is_taking = False
    _is_due = False

    def send_multipart(self, msg: Any, flags: int = 0, copy: bool = True, track: bool = False, callback: Any = None, **kwargs: Any) -> Any:
        """Send a message, or keep it until the socket takes it; a callback is told of it as by every ZMQStream."""
        if callback is None and self._send_callback in (None, _nothing):
            if not self.sending():
                try:
                    sent = self._send_now(msg, int(flags) | NOBLOCK, copy=copy, track=track, **kwargs)
                except zmq.Again:
                    pass
                else:
                    self._look_again()
                    return sent
            callback = _nothing
        return super().send_multipart(msg, flags, copy, track, callback, **kwargs)

    def flush(self, flag: int = zmq.POLLIN | zmq.POLLOUT, limit: int | None = None) -> int:
        """Handle what there is to send and to receive; nothing costs little."""
        if self.sending() or self._has_message() & flag:
            return super().flush(flag, limit)
        self._look_again()
        return 0

    def _send_now(self, msg: Any, flags: int, **options: Any) -> Any:
        # With half of a message sent, it is too late to find that a part can't be.
        if not all(isinstance(part, (bytes, zmq.Frame, memoryview)) for part in msg):
            return self.socket.send_multipart(msg, flags, **options)
        send = self.socket.send
        for part in msg[:-1]:
            send(part, flags | SNDMORE, **options)
        return send(msg[-1], flags, **options)

    def _handle_events(self, fd: Any, events: int) -> None:
        self._is_due = False
        if self.socket is None:
            return
        try:
            has_message = self._has_message()
        except zmq.ZMQError:
            # Closed, or its context is.
            super()._handle_events(fd, events)  # type: ignore[no-untyped-call]
            return
        if self.sending():
            super()._handle_events(fd, events)  # type: ignore[no-untyped-call]
            return
        self._is_taking = True
        try:
            for _ in range(MESSAGES_A_TURN):
                # A callback may have stopped receiving, flushed or closed this stream.
                if not has_message or self._recv_callback is None or self._flushed:
                    break
                self._take(self._recv_callback)
                has_message = self.socket is not None and self._has_message()
        finally:
            self._is_taking = False
            self._look_again()

    def _take(self, callback: Any) -> None:
        try:
            message = self.socket.recv_multipart(zmq.NOBLOCK, copy=self._recv_copy)
        except zmq.Again:
            return
        found = callback(message)
        if inspect.isawaitable(found):
            asyncio.ensure_future(found).add_done_callback(_log_failure)

    def _look_again(self) -> None:
        if self.socket is None or self._recv_callback is None or self._is_taking or self._is_due:
            return
        if self._has_message():
            self._is_due = True
            self.io_loop.add_callback(self._handle_events, self.socket, 0)

    def _has_message(self) -> int:
        # The attribute `EVENTS` makes an enumeration of it, which takes ten times as long.
        return int(self.socket.get(EVENTS)) & POLLIN


def _nothing(*_: object) -> None:
    """Nobody is told of what has been sent."""


def _log_failure(done: asyncio.Future[Any]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        gen_log.error("Uncaught exception in a stream's callback", exc_info=error)
