"""One after the other, for each name; of a name that nobody waits for nothing is kept, since strangers make up names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class _Turn:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    count: int = 0


class Turns:
    """Turns by name."""

    def __init__(self) -> None:
        self._turns: dict[str, _Turn] = {}

    def count(self, name: str) -> int:
        """How many have their turn or wait for it."""
        return self._turns[name].count if name in self._turns else 0

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Wait for the turn of a name, and have it."""
        turn = self._turns.setdefault(name, _Turn())
        turn.count += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.count -= 1
            if not turn.count:
                del self._turns[name]
