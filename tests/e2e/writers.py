"""Members who write records while something happens to their files' server."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from .cluster import Cluster
from .remote import program
from .ssh import Session

SECONDS = 200


def write_records(path: str, stop: str) -> dict[str, object]:
    """Append records, each made durable, until a file is there; what was acknowledged, and the longest time between two of them."""
    import hashlib
    import os
    import secrets
    import time

    digests, last, longest = [], time.monotonic(), 0.0
    with open(path, "xb", buffering=0) as file:
        while not os.path.exists(stop):
            record = secrets.token_hex(500).encode()
            assert file.write(record + b"\n") == 1001
            os.fsync(file.fileno())
            digests.append(hashlib.sha256(record).hexdigest())
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
            time.sleep(0.05)
    return {"digests": digests, "longest": longest}


@dataclass(frozen=True)
class Writer:
    """Somebody who writes somewhere.

    Attributes:
        who: a name for messages.
        path: the file as its writer sees it.
        on_server: the file as the NFS server has it, relative to the export.
        run: runs a command there, with its standard input, and returns what it prints.
    """

    who: str
    path: str
    on_server: str
    run: Callable[[str, str], str]
    stop: str = field(default_factory=lambda: f"/tmp/stop-{secrets.token_hex(4)}")

    @classmethod
    def in_session(cls, session: Session, home: str) -> Writer:
        """ada, in an SSH session, in her home."""
        name = f"records-{secrets.token_hex(4)}"
        return cls("ada", f"/home/ada/{name}", f"{home}/{name}", lambda command, stdin: session.run(command, stdin=stdin, seconds=SECONDS))

    @classmethod
    def on_engine(cls, cluster: Cluster, pod: str) -> Writer:
        """An engine, in the shared directory."""
        name = f"records-{secrets.token_hex(4)}"

        def run(command: str, stdin: str) -> str:
            words = ("exec", "--stdin", pod, "--container", "engine", "--", "sh", "-c", command)
            return cluster.kubectl(*words, stdin=stdin, seconds=SECONDS)

        return cls("engine", f"/home/jupyter/shared/{name}", f"jupyter_shared/{name}", run)


@dataclass
class Written:
    """What a writer's records came to; there once the writing has ended.

    Attributes:
        writer: who wrote.
        digests: a digest of each record that was acknowledged, in their order.
        longest: the longest time between two of them, in seconds.
    """

    writer: Writer
    digests: list[str] = field(default_factory=list)
    longest: float = 0.0

    def kept(self, cluster: Cluster) -> list[str]:
        """The digests of the records on the server's disk."""
        content = cluster.on_nfs_server(f"cat {self.writer.on_server}; rm {self.writer.on_server}")
        return [hashlib.sha256(line.encode()).hexdigest() for line in content.splitlines()]


@contextmanager
def writing(writers: Sequence[Writer]) -> Iterator[list[Written]]:
    """All of them write while the block runs; an error that one of them meets is raised at its end."""
    with ThreadPoolExecutor() as pool:
        running: list[Future[str]] = [pool.submit(w.run, "python3 -", program(write_records, w.path, w.stop)) for w in writers]
        written = [Written(writer) for writer in writers]
        time.sleep(3)
        try:
            yield written
        finally:
            for writer in writers:
                writer.run(f"touch {writer.stop}", "")
        for one, future in zip(written, running, strict=True):
            answer = json.loads(future.result().splitlines()[-1])
            one.digests, one.longest = answer["digests"], answer["longest"]
