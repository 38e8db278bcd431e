"""A kernel for engines, which takes clients' signals by itself and tells of a task only that it is done.

For signals, ipyparallel (9.2) starts a second process beside each engine, the nanny. The kernel's control thread answers while a
task runs, so `Client.send_signal` needs nobody else, unless C code of a task holds the interpreter's lock. An engine with a nanny
never gets such a request: the nanny answers it.
"""

from __future__ import annotations

import signal
import threading
from typing import Any

from ipyparallel import error
from ipyparallel.engine import app
from ipyparallel.engine.kernel import IPythonParallelKernel

# What ends the engine waits for its answer to be on its way.
ANSWER_SECONDS = 0.1


def install() -> None:
    """Change the kernel that the engine makes in this process."""
    app.Kernel = EngineKernel


class EngineKernel(IPythonParallelKernel):  # type: ignore[misc]
    """A kernel that sends itself the signals that clients ask for, and does not say when a task begins."""

    control_msg_types = (*IPythonParallelKernel.control_msg_types, "signal_request")
    _tasks_within = 0

    def do_apply(self, content: Any, bufs: Any, msg_id: str, reply_metadata: Any) -> Any:
        """Run a task under names that are always the same: Python (3.12) never forgets a name, and each task's id was in four."""
        # One that runs this kernel's loop may have another one within.
        name = f"task{self._tasks_within}"
        self._tasks_within += 1
        try:
            return super().do_apply(content, bufs, name, reply_metadata)
        finally:
            self._tasks_within -= 1

    def _publish_status(self, status: str, channel: str, parent: Any = None) -> None:
        request: Any = parent or self.get_parent(channel)
        # Nobody waits for it: a client's call is done with "idle".
        if status == "busy" and request.get("header", {}).get("msg_type") == "apply_request":
            return
        super()._publish_status(status, channel, parent)

    def signal_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Answer as the nanny does, and then take the signal, which may be the engine's end."""
        content: dict[str, Any] = {"status": "ok"}
        number = None
        try:
            number = signal_number(parent["content"]["sig"])
        except Exception:
            content = error.wrap_exception()
            self.log.error("there is no such signal", exc_info=True)
        session: Any = self.session
        session.send(stream, "signal_reply", content=content, parent=parent, ident=ident)
        if number is not None:
            self.log.info("taking signal %s of a client", number)
            stream.flush()
            # Runs in the thread of this handler, since its loop is the stream's.
            stream.io_loop.call_later(0 if is_handled(number) else ANSWER_SECONDS, take_signal, number)


def signal_number(wanted: int | str) -> int:
    """The number of a signal, given by it or by name; 0, as for `kill`, only asks whether the engine is there."""
    number = int(getattr(signal, wanted) if isinstance(wanted, str) else wanted)
    if number != 0 and number not in signal.valid_signals():
        raise ValueError(f"received signal {number}; allowed: one that this system has")
    return number


def is_handled(number: int) -> bool:
    """Whether a signal runs Python code here, instead of ending the process at once."""
    return number == 0 or callable(signal.getsignal(number))


def take_signal(number: int) -> None:
    """Send it to the main thread, whose task it interrupts, also where that waits for something."""
    main = threading.main_thread().ident
    if main is not None:
        signal.pthread_kill(main, number)
