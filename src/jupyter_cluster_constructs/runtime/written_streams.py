"""Standard streams of an engine that have nothing to do where nothing was written.

ipykernel (7) flushes stdout and stderr twice for each task, and each flush waits until the thread that publishes output has
been round, also when there is no output. That is a quarter of what an empty task costs its engine.
"""

from __future__ import annotations

from typing import Any

from ipykernel.iostream import OutStream


class WrittenStream(OutStream):
    """A stream whose flush returns at once when all that was written is out by an earlier flush.

    Threads may write and flush at the same time: a flush never returns before what its own thread wrote is out.
    """

    # The thread that watches a file descriptor may write before the base class's __init__ has ended.
    _written = 0
    _flushed = 0

    def write(self, string: str) -> Any:
        """Write to the stream; `writelines` and what subprocesses write come through here too."""
        try:
            return super().write(string)
        finally:
            # After the text is in the buffer: before, another thread's flush might count it without having sent it.
            with self._buffer_lock:
                self._written += 1

    def flush(self) -> None:
        """Send what was written, and wait until that has been done."""
        written = self._written
        if written != self._flushed:
            super().flush()  # type: ignore[no-untyped-call]
            # What was written meanwhile counts at the next flush, as does a flush of another thread that ended in between.
            self._flushed = written
