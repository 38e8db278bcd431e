"""Clients that stay for several calls: a new Python with its imports takes two seconds, which a run would spend a hundred times."""

from __future__ import annotations

import inspect
import json
import os
import select
import subprocess
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

from e2e.cluster import AS_CLIENT, Cluster
from e2e.kube import CommandError
from systems import Pod

END_SECONDS = 10
# What a function prints itself goes to the errors.
PROGRAM = """
import json, os, sys, traceback
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
for line in sys.stdin:
    source, name, arguments = json.loads(line)
    names = {"__name__": "__main__"}
    try:
        exec(source, names)
        answer = {"value": names[name](*arguments)}
    except BaseException:
        answer = {"error": traceback.format_exc()}
    print(json.dumps(answer), file=answers, flush=True)
"""


@contextmanager
def session(system: Cluster | Pod) -> Iterator[Session]:
    """A Python where a client's functions run, one after the other, until the end of the block."""
    with tempfile.TemporaryFile() as errors:
        command = ["kubectl", *_python(system)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                yield Session(process.stdin, process.stdout, errors)
            finally:
                process.stdin.close()
                try:
                    process.wait(END_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()


class Session:
    """A client that is there until it is closed: a system whose calls are made in one process."""

    def __init__(self, questions: IO[bytes], answers: IO[bytes], errors: IO[bytes]) -> None:
        self._questions, self._answers, self._errors = questions, answers, errors

    def call(self, function: Callable[..., object], *arguments: object, seconds: float = 60) -> Any:
        """What a function returns there, which needs nothing from its module.

        Raises:
            CommandError: it failed, took too long, or there is nobody to run it.
        """
        source = textwrap.dedent(inspect.getsource(function))
        question = json.dumps([source, function.__name__, arguments]) + "\n"
        self._questions.write(question.encode())
        self._questions.flush()
        answer = json.loads(self._line(function.__name__, seconds))
        if "error" in answer:
            raise CommandError(answer["error"])
        return answer["value"]

    def _line(self, name: str, seconds: float) -> bytes:
        descriptor, line, deadline = self._answers.fileno(), b"", time.monotonic() + seconds
        while not line.endswith(b"\n"):
            if not select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise CommandError(f"{name}: not done after {seconds:.0f} s")
            if not (read := os.read(descriptor, 65536)):
                self._errors.seek(0)
                raise CommandError(f"{name}: the client has ended\n{self._errors.read().decode(errors='replace')}")
            line += read
        return line


def _python(system: Cluster | Pod) -> Sequence[str]:
    if isinstance(system, Pod):
        return system.exec("python3", "-uc", PROGRAM)
    where = ("--namespace", system.namespace, "exec", "--stdin", f"deployment/{system.name}-frontend", "--container", "jupyter")
    return (*where, "--", "sh", "-euc", AS_CLIENT, "sh", "-uc", PROGRAM)
