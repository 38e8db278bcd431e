"""A controller whose Hub and schedulers take and send messages by streams that do it at once."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import pytest
from ipyparallel.controller import app, broadcast_scheduler, scheduler
from zmq.eventloop.zmqstream import ZMQStream

from jupyter_cluster_constructs.runtime import scheduler_streams


@pytest.fixture(autouse=True)
def untouched_schedulers(untouched_ipyparallel: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (scheduler, broadcast_scheduler):
        monkeypatch.setattr(module, "ZMQStream", ZMQStream)
    monkeypatch.setattr(scheduler, "zmqstream", scheduler.zmqstream)


def is_direct(made: Any) -> bool:
    # The programs find each other as files, beside the package.
    return made.__name__ == "DirectStream" and issubclass(made, ZMQStream)


def test_the_hubs_streams_are_direct() -> None:
    scheduler_streams.install()
    assert is_direct(app.ZMQStream)


@pytest.mark.parametrize(("name", "module"), [("launch_scheduler", scheduler), ("launch_broadcast_scheduler", broadcast_scheduler)])
def test_a_schedulers_streams_are_direct_in_its_own_process(name: str, module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run: list[object] = []

    def launch(**options: object) -> None:
        run.append(options)
        # The streams to clients and engines, and those that every scheduler has to the Hub.
        assert is_direct(module.ZMQStream)
        assert is_direct(scheduler.zmqstream.ZMQStream)

    monkeypatch.setattr(module, name, launch)
    scheduler_streams.install()
    # A process that is not forked gets it by name.
    started = pickle.loads(pickle.dumps(getattr(app, name)))
    started(in_addr="tcp://127.0.0.1:1")
    assert run == [{"in_addr": "tcp://127.0.0.1:1"}]


@pytest.mark.parametrize("name", ["launch_scheduler", "launch_broadcast_scheduler"])
def test_the_controller_starts_its_schedulers_by_these_names(name: str) -> None:
    assert f"target={name}," in inspect.getsource(app.IPController)
