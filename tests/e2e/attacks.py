"""What somebody tries who has an account, or code on an engine: functions that run there, by remote.call; each imports for itself."""

from __future__ import annotations


def openings(paths: list[str]) -> dict[str, list[str]]:
    """What can be done with each path: list or read it, change it, put something beside it."""
    import os
    from pathlib import Path

    def succeeds(attempt) -> bool:  # type: ignore[no-untyped-def]
        try:
            attempt()
        except OSError:
            return False
        return True

    def beside(path: Path) -> None:
        new = (path if path.is_dir() else path.parent) / f"intruder-{os.getpid()}"
        new.touch()
        new.unlink()

    def write(path: Path) -> None:
        os.close(os.open(path, os.O_WRONLY | os.O_NOFOLLOW))

    found = {}
    for name in paths:
        path = Path(name)
        ways = {
            "list": lambda path=path: os.listdir(path),
            "read": lambda path=path: path.read_bytes(),
            "write": lambda path=path: write(path),
            "chmod": lambda path=path: path.chmod(0o777),
            "add": lambda path=path: beside(path),
            "rename": lambda path=path: path.rename(path.with_name(f"{path.name}.gone")),
        }
        found[name] = [way for way, attempt in ways.items() if succeeds(attempt)]
    return found


def others_processes() -> dict[str, list[str]]:
    """The processes of everybody else, by owner, number and command, each with what can be done to it."""
    import ctypes
    import os
    from pathlib import Path

    libc = ctypes.CDLL(None, use_errno=True)
    attach, detach = 16, 17

    def trace(process: int) -> None:
        if libc.ptrace(attach, process, None, None) != 0:
            raise PermissionError
        libc.ptrace(detach, process, None, None)

    def succeeds(attempt) -> bool:  # type: ignore[no-untyped-def]
        try:
            attempt()
        except OSError:
            return False
        return True

    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or entry.stat().st_uid == os.getuid():
            continue
        process = int(entry.name)
        owner, command = entry.stat().st_uid, (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:40]
        ways = {
            "environment": lambda entry=entry: (entry / "environ").read_bytes(),
            "memory": lambda entry=entry: (entry / "mem").open("rb").close(),
            "open files": lambda entry=entry: os.listdir(entry / "fd"),
            "root": lambda entry=entry: os.listdir(entry / "root"),
            "signal": lambda process=process: os.kill(process, 0),
            "trace": lambda process=process: trace(process),
        }
        found[f"{owner} {process} {command}"] = [way for way, attempt in ways.items() if succeeds(attempt)]
    return found


def on_engines(source: str, paths: list[str]) -> list[dict[str, list[str]]]:
    """What `openings`, given by its source, finds on every engine."""
    import ipyparallel as ipp

    def run(source: str, paths: list[str]) -> object:
        there: dict[str, object] = {}
        exec(source, there)
        return there["openings"](paths)  # type: ignore[operator]

    return list(ipp.Client()[:].apply_async(run, source, paths).get(timeout=60))


def engines_environments() -> list[dict[str, str]]:
    """The environment variables of every engine, of all its processes and of the pod's first one."""
    import ipyparallel as ipp

    def environment() -> dict[str, str]:
        from pathlib import Path

        found: dict[str, str] = {}
        for file in Path("/proc").glob("[0-9]*/environ"):
            try:
                text = file.read_bytes().decode(errors="replace")
            except OSError:
                continue
            found |= dict(line.split("=", 1) for line in text.split("\0") if "=" in line)
        return found

    return list(ipp.Client()[:].apply_async(environment).get(timeout=60))


def ports_taken(ports: list[int], seconds: float) -> dict[str, int]:
    """How often each port could be taken, at any address and in any way, by somebody who tries for some seconds."""
    import contextlib
    import socket
    import time
    from itertools import product

    # Of IPv6, too: `kubectl port-forward` goes there where nobody answers at 127.0.0.1.
    ways = list(product(("0.0.0.0", "127.0.0.1", socket.gethostbyname(socket.gethostname()), "::", "::1"), (0, 1), (0, 1)))
    found = dict.fromkeys(map(str, ports), 0)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for port, (address, addresses, shared) in product(ports, ways):
            with contextlib.suppress(OSError), socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as taken:
                if ":" in address:
                    taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, addresses)
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shared)
                taken.bind((address, port))
                taken.listen()
                found[str(port)] += 1
        time.sleep(0.01)
    return found
