"""Wait for as long as it takes, and say for what: at first and then every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE = 0.5
REPORT_EVERY = 20


def wait(why_not: Callable[[], str | None]) -> None:
    """Return once nothing is missing.

    Args:
        why_not: says what is missing; None when nothing is.
    """
    attempt = 0
    while reason := why_not():
        if attempt % REPORT_EVERY == 0:
            print(f"waiting: {reason}", flush=True)
        attempt += 1
        time.sleep(PAUSE)
