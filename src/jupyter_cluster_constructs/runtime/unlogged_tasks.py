"""Keep the lines of single tasks out of the log: ipyparallel (9.2) writes two of each in the controller and one in its engine.

Registrations, lost engines, clients and every failure stay.
"""

from __future__ import annotations

import logging
from typing import Any

# How ipyparallel's messages begin, before anything is put into them.
OF_TASKS = (
    "Handling ",
    "broadcast:: broadcast ",
    "queue::client %r submitted request ",
    "queue::request %r completed ",
    "task::task %r arrived ",
    "task::task %r finished ",
)


def install(kind: Any) -> None:
    """Change what objects of a class log in this process.

    Args:
        kind: the controller's Hub, or the kernel of an engine.
    """
    make = kind.__init__

    def make_quiet(made: Any, *arguments: Any, **options: Any) -> None:
        make(made, *arguments, **options)
        made.log.addFilter(is_no_task)

    kind.__init__ = make_quiet


def is_no_task(record: logging.LogRecord) -> bool:
    """Whether a line is to be written."""
    return record.levelno != logging.INFO or not str(record.msg).startswith(OF_TASKS)
