"""A server counts as active while a kernel computes."""

from __future__ import annotations

import asyncio
import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_cluster_constructs.runtime import busy_kernels

from .members import in_loop


def server(*states: str) -> Any:
    kernels = {str(number): SimpleNamespace(execution_state=state) for number, state in enumerate(states)}
    settings: dict[str, dict[str, datetime.datetime]] = {"last_activity_times": {}}
    return SimpleNamespace(kernel_manager=SimpleNamespace(_kernels=kernels), web_app=SimpleNamespace(settings=settings))


@pytest.mark.parametrize(
    ("states", "busy"), [((), False), (("idle",), False), (("idle", "busy"), True), (("starting", "idle"), False), (("busy",), True)]
)
def test_it_is_busy_while_one_of_its_kernels_is(states: tuple[str, ...], busy: bool) -> None:
    assert busy_kernels.is_busy(server(*states)) is busy


@in_loop
async def test_while_a_kernel_computes_the_last_activity_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(busy_kernels, "SECONDS", 0.04)
    computing, idle = server("busy"), server("idle")
    callbacks = [busy_kernels.watch(each) for each in (computing, idle)]
    times = computing.web_app.settings["last_activity_times"]
    async with asyncio.timeout(10):
        while "busy_kernels" not in times:
            await asyncio.sleep(0.01)
        first = times["busy_kernels"]
        while times["busy_kernels"] == first:
            await asyncio.sleep(0.01)
    for callback in callbacks:
        callback.stop()
    assert first.tzinfo == datetime.UTC
    assert idle.web_app.settings["last_activity_times"] == {}


def test_jupyter_server_has_what_is_looked_at() -> None:
    from jupyter_server.serverapp import ServerApp, ServerWebApplication
    from jupyter_server.services.kernels.kernelmanager import MappingKernelManager

    assert callable(ServerApp.start)
    assert "busy_kernels" not in str(ServerWebApplication.last_activity)
    assert hasattr(MappingKernelManager(), "_kernels")  # type: ignore[no-untyped-call]


@in_loop
async def test_a_jupyter_server_that_starts_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_server.serverapp import ServerApp

    seen: list[str] = []
    everything: Any = ServerApp
    monkeypatch.setattr(everything, "start", lambda app: seen.append("started"))
    monkeypatch.setattr(busy_kernels, "watch", lambda app: seen.append("watched"))
    busy_kernels.install()
    everything.start(SimpleNamespace())
    assert seen == ["watched", "started"]
