"""An engine's streams: ipykernel's real ones, with the thread that publishes output and what comes out of it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest
import zmq
from ipykernel.iostream import IOPubThread, OutStream
from jupyter_client.session import Session

from jupyter_cluster_constructs.runtime.written_streams import WrittenStream

THREADS, LINES = 4, 50


class Output:
    """A stream with its thread, and how often it was asked to publish."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], watchfd: bool | str = False) -> None:
        socket, self.reader = context.socket(zmq.PUB), context.socket(zmq.SUB)
        self.reader.subscribe(b"")
        self.reader.connect(f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}")
        self.session = Session(key=b"key")
        self.thread = IOPubThread(socket, session=cast(Any, self.session))
        self.thread.start()
        self.scheduled: list[Any] = []
        schedule = self.thread.schedule

        def note(task: Any) -> None:
            self.scheduled.append(task)
            schedule(task)  # type: ignore[no-untyped-call]

        # Instances of the class have a method of this name.
        self.thread.schedule = note  # type: ignore[method-assign]
        self.stream = WrittenStream(self.session, self.thread, "stdout", watchfd=cast(bool, watchfd))
        # What is not flushed by somebody comes never.
        self.stream.flush_interval = 3600
        self.sent: list[str] = []
        send = self.session.send

        def note_text(stream: Any, msg: Any, **options: Any) -> Any:
            self.sent.append(msg["content"]["text"])
            return send(stream, msg, **options)

        self.session.send = note_text  # type: ignore[assignment,method-assign]

    def flush_schedules(self) -> int:
        """How much a flush gives the thread to do."""
        before = len(self.scheduled)
        self.stream.flush()
        return len(self.scheduled) - before

    def close(self) -> None:
        self.stream.close()
        self.thread.stop()
        self.thread.close()
        self.reader.close(linger=0)


@pytest.fixture
def context() -> Iterator[zmq.Context[zmq.Socket[bytes]]]:
    with zmq.Context() as made:
        yield made


@pytest.fixture
def output(context: zmq.Context[zmq.Socket[bytes]]) -> Iterator[Output]:
    made = Output(context)
    yield made
    made.close()


def test_a_flush_has_nothing_to_do_where_nothing_was_written(output: Output) -> None:
    assert output.flush_schedules() == 0


def test_what_was_written_is_out_when_the_flush_ends(output: Output) -> None:
    output.stream.write("one")
    output.stream.writelines([" two", " three"])
    output.stream.flush()

    assert output.sent == ["one two three"]


def test_a_second_flush_has_nothing_to_do(output: Output) -> None:
    output.stream.write("text")
    assert output.flush_schedules() > 0
    assert output.flush_schedules() == 0


def test_what_is_written_after_a_flush_is_out_by_the_next(output: Output) -> None:
    for text in ("first", "second"):
        output.stream.write(text)
        output.stream.flush()

    assert output.sent == ["first", "second"]


def test_each_of_many_threads_has_its_text_out_when_its_flush_ends(output: Output) -> None:
    missing = []

    def write_lines(thread: int) -> None:
        for line in range(LINES):
            text = f"<{thread}.{line}>"
            output.stream.write(text)
            output.stream.flush()
            if text not in "".join(output.sent):
                missing.append(text)

    threads = [threading.Thread(target=write_lines, args=[number]) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert missing == []
    assert "".join(output.sent).count("<") == THREADS * LINES


def test_a_flush_waits_for_text_that_another_threads_flush_has_yet_to_send(output: Output) -> None:
    output.stream.write("text")
    may_go_on = threading.Event()
    output.thread.schedule(may_go_on.wait)
    other = threading.Thread(target=output.stream.flush)
    other.start()
    mine = threading.Thread(target=output.stream.flush)
    mine.start()
    assert mine.is_alive()
    may_go_on.set()
    mine.join()
    other.join()

    assert output.sent == ["text"]


def test_text_that_comes_between_a_flush_and_its_end_is_not_taken_as_sent(output: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    flush = OutStream.flush

    def flush_and_write(stream: Any) -> None:
        flush(stream)  # type: ignore[no-untyped-call]
        stream.write("late")

    output.stream.write("early ")
    with monkeypatch.context() as patched:
        patched.setattr(WrittenStream.__mro__[1], "flush", flush_and_write)
        output.stream.flush()
    output.stream.flush()

    assert output.sent == ["early ", "late"]


def test_what_a_subprocess_writes_is_out_by_the_next_flush() -> None:
    program = """
import subprocess, sys, threading
sys.path[:0] = sys.argv[1:]
import zmq
from unit.test_written_streams import Output
output = Output(zmq.Context(), watchfd="force")
is_written, write = threading.Event(), output.stream.write
def note(text):
    write(text)
    is_written.set()
output.stream.write = note
subprocess.run(["echo", "from a subprocess"])
assert is_written.wait(30)
output.stream.flush()
print(output.sent, file=sys.__stderr__, flush=True)
import os
os._exit(0)
"""
    paths = [os.path.abspath(path) for path in sys.path if path]
    done = subprocess.run([sys.executable, "-c", program, *paths], capture_output=True, text=True, timeout=60, check=True)

    assert "['from a subprocess\\n']" in done.stderr


def test_text_that_is_no_text_is_refused_as_before(output: Output) -> None:
    with pytest.raises(TypeError):
        output.stream.write(b"bytes")  # type: ignore[arg-type]
