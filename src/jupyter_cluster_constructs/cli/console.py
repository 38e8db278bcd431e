"""What every command prints with: consoles, errors, exit codes, JSON."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from rich.console import Console
from rich.table import Table

# Settings have paths such as users[0].uid, which are no markup. Without a terminal rich neither colours nor animates.
stdout = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)
stderr = Console(stderr=True, markup=False, highlight=False, emoji=False, soft_wrap=True)
# Wide enough that a table in a pipe or a file is never cut.
PIPE_WIDTH = 10_000


class ExitCode(IntEnum):
    """What the command says to scripts."""

    OK = 0
    FAILED = 1  # the cluster is not as wanted
    BAD_INPUT = 2
    UNREACHABLE = 3
    TIMED_OUT = 4
    INTERRUPTED = 130  # as shells report SIGINT


class CommandError(Exception):
    """What ends a command, told in words on stderr, without a traceback.

    Args:
        message: what was received or found, what is allowed, what to do; without a secret in it.
        code: what the command exits with.
    """

    def __init__(self, message: str, code: ExitCode = ExitCode.BAD_INPUT) -> None:
        self.code = code
        super().__init__(message)


def print_error(error: Exception) -> None:
    """Print what ends the command; nothing else prints errors."""
    stderr.print(str(error), style="red")


def print_json(value: Any) -> None:
    """Print a value as JSON for other programs: two spaces deep, without colours, also in a terminal."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(*columns: str, rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows below the names of their columns; whole in a pipe, folded to the terminal's width else.

    Args:
        columns: the names, in capitals as kubectl writes them.
        rows: a text for each column.
    """
    table = Table(*columns, box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for row in rows:
        table.add_row(*row)
    if stdout.is_terminal:
        stdout.print(table, soft_wrap=False)
        return
    text = io.StringIO()
    Console(file=text, width=PIPE_WIDTH, markup=False, highlight=False, emoji=False).print(table)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines()))
