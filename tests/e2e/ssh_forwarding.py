"""What a session has of its owner's agent and display."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .cluster import Cluster
from .kube import run, wait_until
from .ssh import HOST, Person, client_options


@contextmanager
def agent(directory: Path, person: Person) -> Iterator[dict[str, str]]:
    """The environment of an SSH agent that holds somebody's key, and of a display."""
    where = directory / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(where)], stdout=subprocess.DEVNULL) as process:
        try:
            wait_until("the agent is there", where.exists, seconds=10)
            environment = {**os.environ, "SSH_AUTH_SOCK": str(where), "DISPLAY": ":77"}
            run(["ssh-add", "-q", str(person.key_file)], environment=environment)
            yield environment
        finally:
            process.terminate()


def forwarded_to(cluster: Cluster, person: Person, directory: Path) -> dict[str, str]:
    """What a session has of its owner's agent and display, asked for both."""
    command = 'printf "%s\\n" "${SSH_AUTH_SOCK:-}" "$(ssh-add -l 2>/dev/null)" "${DISPLAY:-}" "$(xauth -q list 2>/dev/null)"'
    with agent(directory, person) as environment, cluster.forward("ssh", 22) as port:
        # Of an option that is given twice, the first counts.
        options = ["-o", f"IdentityAgent={environment['SSH_AUTH_SOCK']}", "-o", "LogLevel=QUIET", *client_options(directory), "-A", "-Y"]
        shown = run(["ssh", *options, "-i", str(person.key_file), "-p", str(port), f"{person.name}@{HOST}", command], environment=environment)
    return dict(zip(("agent", "keys", "display", "cookie"), shown.split("\n"), strict=False))
