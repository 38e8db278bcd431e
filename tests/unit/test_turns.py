"""Turns by name."""

from __future__ import annotations

import asyncio

import pytest

from jupyter_cluster_constructs.runtime.turns import Turns

from .members import in_loop


@in_loop
async def test_those_of_one_name_have_their_turns_one_after_the_other_and_in_order() -> None:
    turns, seen = Turns(), []

    async def take(name: str, number: int) -> None:
        async with turns.turn(name):
            seen.append((name, number, "begins"))
            await asyncio.sleep(0.01)
            seen.append((name, number, "ends"))

    await asyncio.gather(*(take(name, number) for number in range(3) for name in "ab"))
    for name in "ab":
        assert [(number, what) for of, number, what in seen if of == name] == [(n, what) for n in range(3) for what in ("begins", "ends")]
    # Neither waits for the other.
    assert seen[:2] == [("a", 0, "begins"), ("b", 0, "begins")]


@in_loop
async def test_who_waits_is_counted_and_of_others_nothing_is_kept() -> None:
    turns = Turns()
    async with turns.turn("a"):
        waiting = asyncio.create_task(anext(_turn(turns)))
        await asyncio.sleep(0)
        assert (turns.count("a"), turns.count("b")) == (2, 0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert turns.count("a") == 1
    with pytest.raises(ValueError, match="mistake"):
        async with turns.turn("a"):
            raise ValueError("mistake")
    assert turns.count("a") == 0
    assert turns._turns == {}


async def _turn(turns: Turns):  # type: ignore[no-untyped-def]
    async with turns.turn("a"):
        yield
