"""The log of controllers and engines, whose messages are ipyparallel's own."""

from __future__ import annotations

import inspect
import logging
from typing import Any

import pytest
from ipyparallel.controller.hub import Hub
from ipyparallel.engine.kernel import IPythonParallelKernel

from jupyter_cluster_constructs.runtime import unlogged_tasks

SINGLE_TASKS = [
    "Handling apply_request: 1_2",
    "Handling execute_request: 1_2",
    "broadcast:: broadcast 1_2 finished on 0",
    "queue::client %r submitted request %r to %s",
    "queue::request %r completed on %s",
    "task::task %r arrived on %r",
    "task::task %r finished on %s",
]
OTHERS = [
    "engine::Engine Connected: %i",
    "registration::accepting registration 0:uuid",
    "registration::unregister_engine(0)",
    "Exception in apply request:\n%s",
    "client::client %r connected",
]


def lines_of(level: int, messages: list[str]) -> list[str]:
    """Which of some messages an object writes whose class logs no tasks."""
    written: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(record.msg)

    class Logging:
        def __init__(self, name: str, *, level: int) -> None:
            self.log = logging.Logger(name, level)

    unlogged_tasks.install(Logging)
    made = Logging("name", level=logging.DEBUG)
    made.log.addHandler(Handler())
    for message in messages:
        made.log.handle(made.log.makeRecord("name", level, __file__, 1, message, (), None))
    return written


def test_single_tasks_are_not_in_the_log() -> None:
    assert lines_of(logging.INFO, SINGLE_TASKS) == []


def test_engines_clients_and_failures_are_in_the_log() -> None:
    assert lines_of(logging.INFO, OTHERS) == OTHERS


@pytest.mark.parametrize("level", [logging.DEBUG, logging.WARNING, logging.ERROR])
def test_lines_of_other_levels_stay_whatever_they_are_about(level: int) -> None:
    assert lines_of(level, SINGLE_TASKS) == SINGLE_TASKS


@pytest.mark.parametrize("beginning", unlogged_tasks.OF_TASKS)
def test_ipyparallel_still_writes_each_line_so(beginning: str) -> None:
    sources: list[Any] = [Hub, IPythonParallelKernel]

    assert any(f'"{beginning}' in text or f"'{beginning}" in text for text in map(inspect.getsource, sources))
