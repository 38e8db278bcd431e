"""kubectl, against whatever cluster the current KUBECONFIG names."""

from __future__ import annotations

import json
import shlex
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
PAUSE = 0.3


class CommandError(Exception):
    """A command that failed, with all that it printed."""


def run(
    command: Sequence[str], *, stdin: str = "", seconds: float = 60, environment: Mapping[str, str] | None = None, directory: Path | None = None
) -> str:
    """What a command prints; CommandError when it fails or takes too long."""
    shown = shlex.join(command)[:300]
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=seconds, env=environment, cwd=directory)
    except subprocess.TimeoutExpired:
        raise CommandError(f"{shown}: not done after {seconds:.0f} s") from None
    if done.returncode:
        raise CommandError(f"{shown}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def kubectl(*arguments: str, stdin: str = "", seconds: float = 60) -> str:
    return run(["kubectl", *arguments], stdin=stdin, seconds=seconds)


def items(*arguments: str) -> list[dict[str, Any]]:
    """The objects of a `kubectl get`."""
    found: list[dict[str, Any]] = json.loads(kubectl("get", "--output=json", *arguments))["items"]
    return found


def wait_until(what: str, condition: Callable[[], T | None], *, seconds: float) -> T:
    """The first true answer of a condition; a command in it that fails means not yet."""
    deadline = time.monotonic() + seconds
    while True:
        failure = None
        try:
            if answer := condition():
                return answer
        except CommandError as error:
            failure = error
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not after {seconds:.0f} s{f'; {failure}' if failure else ''}")
        time.sleep(PAUSE)


@contextmanager
def forwarded(namespace: str, target: str, port: int) -> Iterator[int]:
    """A port of this machine that leads to a port of a Service or pod."""
    command = ["kubectl", "--namespace", namespace, "port-forward", "--address", "127.0.0.1", target, f":{port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        give_up = threading.Timer(30, process.kill)
        give_up.start()
        try:
            line = process.stdout.readline()
            give_up.cancel()
            if not line.startswith("Forwarding from 127.0.0.1:"):
                raise CommandError(f"{shlex.join(command)}: {line or 'no answer'}{process.stdout.read() if line else ''}")
            yield int(line.split(":")[1].split()[0])
        finally:
            give_up.cancel()
            process.kill()
