"""The controller's probe, against real sockets of a process that hangs and of some that don't."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator

import pytest
import zmq

from jupyter_cluster_constructs.runtime import controller_answers

HOST = "127.0.0.1"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controller_answers, "ANSWER_SECONDS", 0.2)


@pytest.fixture
def answering() -> Iterator[list[int]]:
    with zmq.Context() as context, context.socket(zmq.ROUTER) as first, context.socket(zmq.PUB) as second:
        yield [peer.bind_to_random_port(f"tcp://{HOST}") for peer in (first, second)]


@pytest.fixture
def hanging() -> Iterator[list[int]]:
    """Ports where connections are taken, as the kernel does for a stopped process, and nothing is said."""
    with socket.create_server((HOST, 0)) as first, socket.create_server((HOST, 0)) as second:
        yield [listener.getsockname()[1] for listener in (first, second)]


def probe(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    monkeypatch.setattr(sys, "argv", ["controller_answers.py", *map(str, ports)])
    controller_answers.main()


def test_a_controller_all_of_whose_ports_answer_is_well(answering: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    probe(monkeypatch, *answering)


def test_the_ports_that_hang_are_named(answering: list[int], hanging: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=f"no answer at {hanging[0]}, {hanging[1]}$"):
        probe(monkeypatch, hanging[0], *answering, hanging[1])


def test_ports_are_asked_at_once(hanging: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    # One after the other, several that hang would take longer than the kubelet waits.
    start = time.monotonic()
    with pytest.raises(SystemExit):
        probe(monkeypatch, *hanging * 5)
    assert time.monotonic() - start < 1
