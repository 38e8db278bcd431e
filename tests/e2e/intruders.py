"""What somebody tries on the network and on the NFS server: functions for remote.call, each of which imports for itself."""

from __future__ import annotations

from typing import Any


def answering(targets: list[tuple[str, int]], seconds: float = 2) -> list[tuple[str, int]]:
    """Which of some hosts' TCP ports accept a connection."""
    import socket
    from concurrent.futures import ThreadPoolExecutor

    def answers(target: tuple[str, int]) -> bool:
        host, port = target
        try:
            socket.create_connection((host, port), seconds).close()
        except OSError:
            return False
        return True

    with ThreadPoolExecutor(max_workers=128) as pool:
        return [target for target, found in zip(targets, pool.map(answers, targets), strict=True) if found]


def run_on_engine(pod: str, program: str) -> str:
    """What the text of a program prints on the engine of a pod."""
    import ipyparallel as ipp

    def printed(program: str) -> str:
        import subprocess

        return subprocess.run(["python3", "-"], input=program, capture_output=True, text=True, timeout=50, check=True).stdout

    def hostname() -> str:
        import socket

        return socket.gethostname()

    with ipp.Client(timeout=10) as client:
        engines = dict(zip(client[:].apply_async(hostname).get(timeout=10), client.ids, strict=True))
        result: str = client[engines[pod]].apply_async(printed, program).get(timeout=60)
        return result


def resolved(names: list[str]) -> list[str]:
    """What names stand for."""
    import socket

    return [socket.gethostbyname(name) for name in names]


def status_of(url: str, seconds: float = 3) -> int | None:
    """The status that a web server answers with to somebody without credentials; None when nobody answers."""
    import ssl
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=seconds, context=ssl._create_unverified_context()) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def not_served(source: str, export: str, host: str) -> str | None:
    """Speak NFS with a server by the text of export_answers.py: why it does not serve an export, None when it does."""
    client: dict[str, Any] = {"__name__": "export_answers"}
    exec(source, client)
    reason: str | None = client["why_not"](export, host)
    return reason


def as_root(home: str, shared: str) -> dict[str, str | None]:
    """What root meets that reads and writes in somebody's home, takes it, and writes into the shared directory: an error, or None."""
    import errno
    import os
    from collections.abc import Callable
    from pathlib import Path

    private = Path(home, "private")

    def error(attempt: Callable[[], object]) -> str | None:
        try:
            attempt()
        except OSError as found:
            return errno.errorcode[found.errno or 0]
        return None

    return {
        "read a private file": error(private.read_bytes),
        "write into a private file": error(lambda: private.write_bytes(b"root was here")),
        "make a file": error(lambda: Path(home, "from-root").write_bytes(b"")),
        "take a file": error(lambda: os.chown(private, 0, 0)),
        "open a file to all": error(lambda: private.chmod(0o777)),
        "take the home": error(lambda: os.chown(home, 0, 0)),
        "remove a file": error(private.unlink),
        "write into the shared directory": error(lambda: Path(shared, "from-root").write_bytes(b"")),
    }
