"""Wait for a cluster, and tell what it looks like meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from ..spec import ClusterSpec
from .api import Kubernetes
from .parts import Part, parts_of
from .snapshot import taken

PAUSE = 1.5
MOST_FAILED = 5
Found = TypeVar("Found")


def wait_until(look: Callable[[], Found], is_over: Callable[[Found], bool], seconds: float, *, pause: float = PAUSE) -> Found:
    """Look again and again until it is over or the time is, and give back what was seen last.

    Raises:
        HTTPError: the API server was away for some looks in a row; for one or two it may be.
    """
    from urllib3.exceptions import HTTPError

    deadline, failed = time.monotonic() + seconds, 0
    while True:
        try:
            found = look()
        except HTTPError:
            failed += 1
            if failed == MOST_FAILED:
                raise
        else:
            failed = 0
            if is_over(found) or time.monotonic() + pause > deadline:
                return found
        time.sleep(pause)


def wait_for_parts(api: Kubernetes, spec: ClusterSpec, seconds: float, report: Callable[[Sequence[Part]], None]) -> list[Part]:
    """Wait until every part is ready, one can't become so, or the time is over.

    Args:
        api: the cluster's API.
        spec: its settings.
        seconds: how long, at most.
        report: told all parts each time that they are looked at.

    Returns:
        The parts as they were seen last.
    """

    def look() -> list[Part]:
        parts = parts_of(spec, taken(api, spec.names))
        report(parts)
        return parts

    return wait_until(look, lambda parts: all(part.is_ready for part in parts) or any(part.is_hopeless for part in parts), seconds)
