"""Streams that send at once, between real sockets: nothing is lost, whoever looks at a socket, and nothing changes its order."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import zmq
from jupyter_client.session import Session
from tornado.ioloop import IOLoop

from jupyter_cluster_constructs.runtime.direct_stream import MESSAGES_A_TURN, DirectStream

MANY = 5 * MESSAGES_A_TURN
SECONDS = 10


@pytest.fixture
def context() -> Iterator[zmq.Context[zmq.Socket[bytes]]]:
    context = zmq.Context()
    yield context
    context.destroy(linger=0)


class Pair:
    """Two connected sockets; `make` makes the stream of the first, in the loop that runs."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        self.ours, self.theirs = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
        for socket in (self.ours, self.theirs):
            socket.set_hwm(0)
        port = self.theirs.bind_to_random_port("tcp://127.0.0.1")
        self.ours.connect(f"tcp://127.0.0.1:{port}")

    def make(self) -> DirectStream:
        return DirectStream(self.ours, IOLoop.current())

    def send(self, *messages: bytes) -> None:
        """The other side sends."""
        for message in messages:
            self.theirs.send(message)

    def received(self, count: int) -> list[bytes]:
        """What the other side gets."""
        found = []
        for _ in range(count):
            assert self.theirs.poll(SECONDS * 1000)
            found.append(b"".join(self.theirs.recv_multipart()))
        return found


@pytest.fixture
def pair(context: zmq.Context[zmq.Socket[bytes]]) -> Pair:
    return Pair(context)


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), SECONDS))


async def until(is_so: Callable[[], object]) -> None:
    while not is_so():
        await asyncio.sleep(0.001)


def wait_for_message(stream: DirectStream) -> None:
    """Look at the socket until a message is there, without a turn of the loop."""
    deadline = time.monotonic() + SECONDS
    while not int(stream.socket.get(zmq.EVENTS)) & zmq.POLLIN:
        assert time.monotonic() < deadline


def numbers(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


def test_all_messages_come_in_their_order(pair: Pair) -> None:
    async def test() -> None:
        found: list[bytes] = []
        pair.make().on_recv(lambda message: found.extend(message))
        pair.send(*numbers(MANY))
        await until(lambda: len(found) == MANY)
        assert found == numbers(MANY)

    run(test)


def test_a_message_is_sent_before_the_loop_goes_on(pair: Pair) -> None:
    async def test() -> None:
        stream = pair.make()
        stream.send_multipart([b"a", b"b"])
        stream.send(b"c")
        assert pair.received(2) == [b"ab", b"c"]

    run(test)


def test_who_answers_each_message_loses_none(pair: Pair) -> None:
    async def test() -> None:
        stream = pair.make()
        stream.on_recv(stream.send_multipart)
        for number in numbers(MANY):
            pair.send(number)
            await until(lambda: pair.theirs.poll(0))
            assert pair.received(1) == [number]

    run(test)


@pytest.mark.parametrize("use", ["send", "flush"])
def test_a_message_that_came_while_the_socket_was_used_is_not_forgotten(pair: Pair, use: str) -> None:
    async def test() -> None:
        stream, found = pair.make(), list[bytes]()
        stream.on_recv(lambda message: found.extend(message))
        # Until the loop has seen that there is nothing.
        await asyncio.sleep(0.05)
        pair.send(b"came")
        wait_for_message(stream)
        # Whoever looks takes the signal, which comes once.
        stream.send(b"went") if use == "send" else stream.flush(zmq.POLLOUT)
        await until(lambda: found)
        assert found == [b"came"]

    run(test)


def test_flush_takes_what_has_come_at_once(pair: Pair) -> None:
    async def test() -> None:
        stream, found = pair.make(), list[bytes]()
        stream.on_recv(lambda message: found.extend(message))
        pair.send(*numbers(3))
        wait_for_message(stream)
        stream.flush()
        assert found
        await until(lambda: len(found) == 3)
        assert found == numbers(3)

    run(test)


def test_after_a_callback_that_fails_the_next_messages_come(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        found: list[bytes] = []

        def take(message: list[bytes]) -> None:
            if message == [b"0"]:
                raise ValueError("planted")
            found.extend(message)

        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        pair.make().on_recv(take)
        pair.send(*numbers(MANY))
        await until(lambda: len(found) == MANY - 1)
        assert found == numbers(MANY)[1:]

    with caplog.at_level(logging.CRITICAL):
        run(test)


def test_coroutines_begin_in_order_and_say_why_they_failed(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        found: list[bytes] = []

        async def take(message: list[bytes]) -> None:
            found.extend(message)
            if message == [b"1"]:
                raise ValueError("planted")

        pair.make().on_recv(take)
        pair.send(*numbers(MANY))
        await until(lambda: len(found) == MANY)
        assert found == numbers(MANY)
        await until(lambda: caplog.records)

    run(test)
    assert "planted" in caplog.text


def test_a_callback_may_stop_receiving_and_begin_again(pair: Pair) -> None:
    async def test() -> None:
        stream, found = pair.make(), list[bytes]()

        def take(message: list[bytes]) -> None:
            found.extend(message)
            stream.on_recv(None)

        stream.on_recv(take)
        pair.send(*numbers(2))
        await until(lambda: found)
        await asyncio.sleep(0.05)
        assert found == [b"0"]
        stream.on_recv(take)
        await until(lambda: len(found) == 2)

    run(test)


def test_a_callback_may_close_the_stream(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        stream, found = pair.make(), list[bytes]()

        def take(message: list[bytes]) -> None:
            found.extend(message)
            stream.close()

        stream.on_recv(take)
        pair.send(*numbers(MANY))
        await until(lambda: found)
        await asyncio.sleep(0.05)
        assert found == [b"0"]
        assert stream.closed()

    run(test)
    assert not caplog.records


def test_what_the_socket_does_not_take_yet_is_sent_later_in_order(context: zmq.Context[zmq.Socket[bytes]]) -> None:
    async def test() -> None:
        ours, theirs = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        port = ours.bind_to_random_port("tcp://127.0.0.1")
        stream = DirectStream(ours, IOLoop.current())
        # Nobody is there to take it.
        for number in numbers(3):
            stream.send(number)
        assert stream.sending()
        theirs.connect(f"tcp://127.0.0.1:{port}")
        await until(lambda: not stream.sending())
        stream.send(b"3")
        # As before: nothing waits for the loop.
        assert not stream.sending()
        found = []
        for _ in range(4):
            assert theirs.poll(SECONDS * 1000)
            found.append(theirs.recv())
        assert found == numbers(4)

    run(test)


def test_of_a_message_with_a_part_that_cannot_be_sent_nothing_is(pair: Pair) -> None:
    async def test() -> None:
        stream = pair.make()
        with pytest.raises(TypeError):
            stream.send_multipart([b"half", 42])
        stream.send(b"whole")
        assert pair.received(1) == [b"whole"]

    run(test)


def test_a_callback_for_what_was_sent_is_called_as_by_every_stream(pair: Pair) -> None:
    async def test() -> None:
        sent: list[Any] = []
        pair.make().send_multipart([b"a"], callback=lambda message, _: sent.append(message))
        await until(lambda: sent)
        assert (sent, pair.received(1)) == ([[b"a"]], [b"a"])

    run(test)


def test_sessions_of_jupyter_send_and_receive_by_it(pair: Pair) -> None:
    async def test() -> None:
        session, found = Session(key=b"secret"), list[Any]()
        stream = pair.make()
        stream.on_recv(lambda parts: found.append(session.deserialize(session.feed_identities(parts, copy=False)[1], copy=False)), copy=False)
        session.send(stream, "asked", {"number": 1}, buffers=[memoryview(bytes(100_000))])
        _, parts = Session(key=b"secret").feed_identities(pair.theirs.recv_multipart())
        asked = Session(key=b"secret").deserialize(parts)
        assert (asked["content"], len(asked["buffers"][0])) == ({"number": 1}, 100_000)
        Session(key=b"secret").send(pair.theirs, "answered", {"number": 2})
        await until(lambda: found)
        assert found[0]["content"] == {"number": 2}

    run(test)


def test_a_stream_whose_context_ends_says_so_without_a_traceback(context: zmq.Context[zmq.Socket[bytes]], caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        stream = DirectStream(context.socket(zmq.PULL), IOLoop.current())
        stream.on_recv(lambda _: None)
        await asyncio.sleep(0.01)
        stream.socket.close()
        stream._handle_events(None, 0)
        assert stream.socket is None

    run(test)
    assert not [record for record in caplog.records if record.exc_info]
