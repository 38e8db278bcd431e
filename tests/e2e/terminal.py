"""A terminal as a reader of the documentation has it: what one block sets or starts in the background is there in the next."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .kube import CommandError

DONE = "this block is done"


class Terminal:
    """A shell that ends at the first command that fails.

    Args:
        process: the shell.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, text: str, *, seconds: float = 120) -> str:
        """What a block prints; CommandError when one of its commands fails, or takes too long."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        give_up = threading.Timer(seconds, self._stop)
        give_up.start()
        printed: list[str] = []
        try:
            # Programs such as ssh would read the blocks to come from the shell's own input.
            self._process.stdin.write(f"{{\n{text}\n}} < /dev/null\necho '{DONE}'\n")
            self._process.stdin.flush()
            for line in self._process.stdout:
                # The last line of a block may have no end.
                if line.endswith(f"{DONE}\n"):
                    return "".join([*printed, line.removesuffix(f"{DONE}\n")])
                printed.append(line)
        finally:
            give_up.cancel()
        raise CommandError(f"{text}\nended the terminal:\n{''.join(printed)}")

    def _stop(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)


@contextmanager
def terminal(directory: Path, environment: Mapping[str, str]) -> Iterator[Terminal]:
    """A terminal in a directory; what runs in its background ends with it."""
    with subprocess.Popen(
        ["bash", "-euo", "pipefail"],
        cwd=directory,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield Terminal(process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
