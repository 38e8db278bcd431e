"""Wait, and say for what: at first and then every few seconds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

PAUSE = 0.2
REPORT_EVERY = 50


def wait(why_not: Callable[[], str | None], at_most: float = math.inf) -> str | None:
    """Return once nothing is missing, or what is missing when the time is over.

    Args:
        why_not: says what is missing; None when nothing is.
        at_most: seconds to wait. Default: as long as it takes.
    """
    start, attempt = time.monotonic(), 0
    while reason := why_not():
        if time.monotonic() - start >= at_most:
            return reason
        if attempt % REPORT_EVERY == 0:
            print(f"waiting: {reason}", flush=True)
        attempt += 1
        time.sleep(PAUSE)
    return None
