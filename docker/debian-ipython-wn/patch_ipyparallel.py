"""Let ipyparallel's client (9.2) go on farming tasks where the controller's scheduler is pure, when engines come and go.

It closes its task socket as soon as an engine is gone, or when its first list of engines has a gap, as it has while engines
register. Neither is needed: the scheduler's socket gives no task to a connection that has ended. What that engine had is lost,
and the client says so.

Usage: patch_ipyparallel.py [DIRECTORY]   Default: the package that Python finds. A text that is not there fails the build.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

CHANGES = (
    (
        """\
        if (
            sorted(self._engines.keys()) != list(range(len(self._engines)))
            and self._task_scheme == 'pure'
            and self._task_socket
        ):
            self._stop_scheduling_tasks()
""",
        "",
    ),
    (
        """\
        self._task_socket.close()
        self._task_socket = None
        msg = (
            "An engine has been unregistered, and we are using pure "
            + "ZMQ task scheduling.  Task farming will be disabled."
        )
        if self.outstanding:
            msg += (
                " If you were running tasks when this happened, "
                + "some `outstanding` msg_ids may never resolve."
            )
        warnings.warn(msg, RuntimeWarning)
""",
        """\
        if self.outstanding:
            warnings.warn(
                "An engine has been unregistered, and we are using pure ZMQ task scheduling. "
                "Some `outstanding` msg_ids may never resolve.",
                RuntimeWarning,
            )
""",
    ),
)


def patched(text: str) -> str:
    """The client's source with the changes."""
    for before, after in CHANGES:
        if text.count(before) != 1:
            raise SystemExit(f"ipyparallel/client/client.py has {text.count(before)} times, and not once:\n{before}")
        text = text.replace(before, after)
    return text


def main() -> None:
    """Patch the client in place."""
    found = importlib.util.find_spec("ipyparallel")
    places = sys.argv[1:2] or (list(found.submodule_search_locations or ()) if found else [])
    if not places:
        raise SystemExit("ipyparallel is not installed")
    file = Path(places[0], "client", "client.py")
    file.write_text(patched(file.read_text()))


if __name__ == "__main__":
    main()
