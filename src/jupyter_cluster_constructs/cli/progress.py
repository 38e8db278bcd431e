"""Show parts of a cluster while they become ready: a table that changes on a terminal, lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.live import Live
from rich.table import Table
from rich.text import Text

from ..live.parts import Part
from .console import stderr


@contextmanager
def shown_parts() -> Iterator[Callable[[Sequence[Part]], None]]:
    """A function that shows parts as they are now, on stderr, where it is in nobody's way."""
    if stderr.is_terminal:
        with Live(console=stderr, auto_refresh=False) as live:
            yield lambda parts: live.update(_table(parts), refresh=True)
    else:
        yield _Lines().show


@contextmanager
def shown_rest(title: str) -> Iterator[Callable[[Sequence[str]], None]]:
    """A function that shows what a step still waits for."""
    if stderr.is_terminal:
        with stderr.status(title) as status:
            yield lambda left: status.update(f"{title}: {_shortened(left)}" if left else title)
    else:
        last: list[str] = []

        def show(left: Sequence[str]) -> None:
            text = _shortened(left)
            if left and last != [text]:
                last[:] = [text]
                stderr.print(f"{title}: waiting for {text}")

        yield show


def _shortened(left: Sequence[str]) -> str:
    return ", ".join(left) if len(left) <= 5 else f"{', '.join(left[:5])} and {len(left) - 5} more"


def mark(part: Part) -> tuple[str, str]:
    """A sign and its style: ready, on its way, or hopeless."""
    return ("✓", "green") if part.is_ready else ("✗", "red") if part.is_hopeless else ("…", "yellow")


def _table(parts: Sequence[Part]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for part in parts:
        sign, style = mark(part)
        table.add_row(Text(sign, style=style), part.name, f"{part.ready}/{part.wanted}", "\n".join(map(str, part.reasons)))
    return table


class _Lines:
    """A line for each part that changed, with the seconds since the beginning."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._last: dict[str, str] = {}

    def show(self, parts: Sequence[Part]) -> None:
        """Print what is new."""
        for part in parts:
            why = "" if part.is_ready else f"  {'; '.join(map(str, part.reasons))}"
            text = f"{part.name} {part.ready}/{part.wanted}{why}"
            if self._last.get(part.name) != text:
                self._last[part.name] = text
                stderr.print(f"{time.monotonic() - self._start:4.0f} s  {text}")
