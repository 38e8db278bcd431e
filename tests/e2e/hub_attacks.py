"""What somebody tries who has a server of JupyterHub's: functions that run there, by remote.call; each imports for itself."""

from __future__ import annotations


def closed(paths: list[str]) -> dict[str, list[str]]:
    """What `openings` finds where nothing is open."""
    return {path: [] for path in paths}


def said_at(paths: list[str], line: str) -> dict[str, str]:
    """What is answered to a line at each socket, or why there is no answer."""
    import errno
    import socket

    found = {}
    for path in paths:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(10)
                connection.connect(path)
                connection.sendall(line.encode())
                found[path] = connection.makefile("rb").readline().decode().strip()
        except OSError as error:
            found[path] = errno.errorcode.get(error.errno or 0, str(error))
    return found


def asked_with_own_token(requests: list[tuple[str, str]]) -> dict[str, int]:
    """The hub's answers to requests with the token of the own server, at the hub's socket."""
    import http.client
    import os
    import socket

    found = {}
    for method, path in requests:
        connection = http.client.HTTPConnection("localhost", timeout=20)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect("/run/hub/hub.sock")
        connection.request(method, f"/hub/api{path}", "{}", {"Authorization": f"token {os.environ['JUPYTERHUB_API_TOKEN']}"})
        found[f"{method} {path}"] = connection.getresponse().status
        connection.close()
    return found


def secrets_seen(secrets: list[str]) -> list[str]:
    """In the arguments of which processes, or the environments of whose, one of some secrets is, beside those of the own account."""
    import contextlib
    import os
    from pathlib import Path

    found = []
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            with contextlib.suppress(OSError):
                own = name == "environ" and process.stat().st_uid == os.getuid()
                text = (process / name).read_bytes().decode(errors="replace")
                if not own and any(secret in text for secret in secrets):
                    found.append(f"{process}/{name}")
    return found


def made(paths: list[str]) -> list[str]:
    """Which directories, links or sockets could be made."""
    import os
    import socket

    found = []
    for path in paths:
        attempts = (os.mkdir, lambda path: os.symlink("/tmp", path), lambda path: socket.socket(socket.AF_UNIX).bind(path))
        for attempt in attempts:
            try:
                attempt(path)
                found.append(path)
            except OSError:
                pass
    return found


def filled(directory: str) -> int:
    """How much fits into a directory, in bytes, up to 64 MiB; it stays there."""
    import errno
    from pathlib import Path

    size = 0
    with Path(directory, "filling").open("wb", buffering=0) as file:
        while size < 64 * 2**20:
            try:
                size += file.write(bytes(4096))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                break
    return size


def became_somebody_else() -> list[str]:
    """Who the own process could become, and which programs could make it so."""
    import os
    import subprocess

    found = []
    for name in ("setuid", "setgid"):
        try:
            getattr(os, name)(0)
            found.append(name)
        except OSError:
            pass
    programs = subprocess.run(["find", "/", "-xdev", "-perm", "/6000", "-type", "f"], capture_output=True, text=True).stdout.split()
    for program in programs:
        if not os.access(program, os.X_OK):
            continue
        # What such a program gains, its child would have.
        try:
            done = subprocess.run([program, "-c", "id -u", "root"], capture_output=True, text=True, timeout=10, stdin=subprocess.DEVNULL)
            found += [program] if done.stdout.strip() == "0" else []
        except (OSError, subprocess.TimeoutExpired):
            pass
    return found


def left_running(program: str, output: str) -> None:
    """Start a program that outlives the one who asked for it."""
    import subprocess
    import sys
    from pathlib import Path

    with Path(output).open("wb") as file:
        subprocess.Popen([sys.executable, "-c", program], stdout=file, stdin=subprocess.DEVNULL, start_new_session=True)


def garbage_sent(path: str, lines: list[str], huge: int) -> list[str]:
    """What is answered to lines that are no request, and to one that is huge."""
    import socket

    found = []
    for line in [*lines, "x" * huge]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(path)
            try:
                connection.sendall(line.encode() + b"\n")
                found.append(connection.makefile("rb").readline().decode())
            except OSError:
                found.append("")
    return found


def capabilities() -> dict[str, str]:
    """What the first process of a container may, as the kernel names it."""
    from pathlib import Path

    lines = (line.split(":\t") for line in Path("/proc/1/status").read_text().splitlines())
    return {line[0]: line[-1].strip() for line in lines if line[0].startswith(("Cap", "NoNewPrivs"))}


def own_capabilities() -> dict[str, str]:
    """What the own process may, but for what it could have been given at most."""
    from pathlib import Path

    lines = (line.split(":\t") for line in Path("/proc/self/status").read_text().splitlines())
    return {line[0]: line[-1].strip() for line in lines if line[0].startswith(("Cap", "NoNewPrivs")) and line[0] != "CapBnd"}


def own_environment(name: str) -> str:
    """A variable of the own process."""
    import os

    return os.environ[name]


def found_files(directories: list[str]) -> list[str]:
    """Directories with all that is in them."""
    from pathlib import Path

    return [str(path) for directory in directories for path in (Path(directory), *Path(directory).rglob("*"))]


def written(path: str, text: str) -> None:
    """Write a file."""
    from pathlib import Path

    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


def listening() -> list[tuple[int, int, str]]:
    """Each TCP port at which somebody in the pod listens, whose it is, and at which address, as the kernel writes it."""
    from pathlib import Path

    files = [file for name in ("tcp", "tcp6") if (file := Path("/proc/net", name)).exists()]
    rows = [line.split() for file in files for line in file.read_text().splitlines()[1:]]
    return [(int(row[1].split(":")[1], 16), int(row[7]), row[1].split(":")[0]) for row in rows if row[3] == "0A"]
