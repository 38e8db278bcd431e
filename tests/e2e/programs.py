"""Functions that run inside the cluster, by remote.call: each imports for itself."""

from __future__ import annotations

from typing import Any


def registered_engines(seconds: int = 5) -> dict[int, str]:
    """The engines by id, each with the name of its pod; fails when one does not answer."""
    import socket

    import ipyparallel as ipp

    with ipp.Client(timeout=seconds) as client:
        ids = client.ids
        return dict(zip(ids, client[ids].apply_async(socket.gethostname).get(timeout=seconds), strict=True)) if ids else {}


def apply_through(view: str) -> list[list[object]]:
    """What every engine answers to one call through a view."""
    import ipyparallel as ipp

    def answer(number: int) -> list[object]:
        import socket

        return [number * number, socket.gethostname()]

    rc = ipp.Client()
    chosen = rc[:] if view == "direct" else rc.broadcast_view(is_coalescing=view == "coalescing broadcast")
    return list(chosen.apply_async(answer, 12).get(timeout=30))


def map_through(view: str, calls: int) -> list[list[object]]:
    """The answers to many calls, mapped through a view."""
    import ipyparallel as ipp

    def answer(number: int) -> list[object]:
        import socket

        return [number * number, socket.gethostname()]

    rc = ipp.Client()
    chosen = rc[:] if view == "direct" else rc.load_balanced_view()
    return list(chosen.map_async(answer, range(calls)).get(timeout=60))


def versions(modules: list[str]) -> list[dict[str, str]]:
    """The versions of modules, here and on each engine."""
    import ipyparallel as ipp

    def imported(names: list[str]) -> dict[str, str]:
        from importlib import import_module

        return {name: import_module(name).__version__ for name in names}

    return [imported(modules), *ipp.Client()[:].apply_async(imported, modules).get(timeout=60)]


def digests(path: str) -> list[str]:
    """The digest of a file as each engine reads it."""
    import ipyparallel as ipp

    def digest(path: str) -> str:
        import hashlib
        from pathlib import Path

        return hashlib.sha256(Path(path).read_bytes()).hexdigest()

    return list(ipp.Client()[:].apply_async(digest, path).get(timeout=30))


def write_errors(path: str, size: int = 10) -> list[str]:
    """The error that each engine meets when it writes a file."""
    import ipyparallel as ipp

    def error(path: str, size: int) -> str:
        import errno
        from pathlib import Path

        try:
            Path(path).write_bytes(bytes(size))
        except OSError as error:
            return errno.errorcode[error.errno or 0]
        return "none"

    return list(ipp.Client()[:].apply_async(error, path, size).get(timeout=30))


def push_ids(variable: str) -> None:
    """Set a variable on every engine to the engine's id."""
    import ipyparallel as ipp

    rc = ipp.Client()
    for number in rc.ids:
        rc[number].push({variable: number}, block=True)


def pull(variable: str, engines: list[int] | None = None) -> dict[int, int]:
    """The value of a variable on each of some engines, or on all, by the engine's id."""
    import ipyparallel as ipp

    rc = ipp.Client()
    return {number: rc[number].pull(variable, block=False).get(timeout=20) for number in engines or rc.ids}


def recall(variable: str, seconds: int = 4) -> dict[str, list[int]]:
    """The values of a variable on all engines, by the view through which they were asked for."""
    import ipyparallel as ipp

    def value(name: str) -> int:
        import time

        time.sleep(0.01)
        found: int = globals()[name]
        return found

    with ipp.Client(timeout=seconds) as rc:
        views = {"direct": rc[:], "broadcast": rc.broadcast_view(), "coalescing broadcast": rc.broadcast_view(is_coalescing=True)}
        asked = {name: view.apply_async(value, variable) for name, view in views.items()}
        asked["load-balanced"] = rc.load_balanced_view().map_async(value, [variable] * 20 * len(rc.ids))
        return {name: sorted(set(answer.get(timeout=seconds))) for name, answer in asked.items()}


def wait_for_number_of_engines(number: int, seconds: float = 60) -> list[int]:
    """The ids of the engines as soon as there is that number of them."""
    import time

    import ipyparallel as ipp

    deadline = time.monotonic() + seconds
    with ipp.Client() as rc:
        while len(rc.ids) != number and time.monotonic() < deadline:
            time.sleep(0.05)
        ids: list[int] = rc.ids
        return ids


def map_slowly(calls: int, seconds: float) -> list[list[object]]:
    """The answers to calls that take their time, mapped load-balanced over engines of which some may be lost."""
    import ipyparallel as ipp

    def answer(number: int, seconds: float) -> list[object]:
        import socket
        import time

        time.sleep(seconds)
        return [number * number, socket.gethostname()]

    rc = ipp.Client()
    view = rc.load_balanced_view()
    view.retries = 3
    return list(view.map_async(answer, range(calls), [seconds] * calls).get(timeout=120))


def engines_with_tasks() -> int:
    """How many of the engines that are there have a task; `controller.hwm` says how many more wait at each."""
    import ipyparallel as ipp

    rc = ipp.Client()
    ids: Any = rc.ids
    status = rc.queue_status(ids)
    return sum(status[number]["tasks"] > 0 for number in ids)


def exhaust_memory(engine: int) -> str:
    """The error of a call that takes more memory than an engine may have."""
    import ipyparallel as ipp

    def fill() -> int:
        taken = []
        while True:
            taken.append(b"x" * 50_000_000)

    try:
        ipp.Client()[engine].apply_async(fill).get(timeout=50)
    except Exception as error:
        return str(getattr(error, "ename", error))
    return "none"


def interrupt(engine: int) -> str:
    """The error of a call that is interrupted on its engine."""
    import signal
    import time

    import ipyparallel as ipp

    rc = ipp.Client()
    call = rc[engine].apply_async(time.sleep, 60)
    time.sleep(1)
    rc.send_signal(signal.SIGINT, targets=engine, block=True)
    try:
        call.get(timeout=20)
    except Exception as error:
        return str(getattr(error, "ename", error))
    return "none"


def controllers_processes() -> dict[str, int]:
    """The controller's processes, by what they listen for; to be run in its container.

    The hub listened before it started the others, which therefore have its sockets too.
    """
    import json
    from pathlib import Path

    directory = Path("/home/jupyter/shared/.controller")
    engine = json.loads((directory / "ipcontroller-engine.json").read_text())
    names = {engine[name]: name for name in ("iopub", "mux", "control", "task", "hb_ping")}
    names |= {port: f"broadcast-{leaf}" for leaf, port in enumerate(engine["broadcast"])}
    names[json.loads((directory / "ipcontroller-client.json").read_text())["broadcast"]] = "broadcast"
    names[engine["registration"]] = "hub"

    owners: dict[str, list[int]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        if (process / "comm").read_text().strip() == "ipcontroller":
            for descriptor in (process / "fd").iterdir():
                owners.setdefault(str(descriptor.readlink()), []).append(int(process.name))
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    # The pod's other containers have their ports there too.
    listening = {int(line[1].partition(":")[2], 16): owners.get(f"socket:[{line[9]}]", []) for line in lines if line[3] == "0A"}
    return {name: min(listening[port]) for port, name in names.items()}


def memory_in_use() -> dict[str, int]:
    """The memory of all processes of this container, and the most that it may have, in bytes."""
    from pathlib import Path

    def share(process: Path) -> int:
        try:
            lines = (process / "smaps_rollup").read_text().splitlines()
        except OSError:
            return 0
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))

    limits = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
    limit = next(int(file.read_text()) for file in limits if file.exists())
    return {"used": sum(share(process) for process in Path("/proc").glob("[0-9]*")), "limit": limit}


def run_tasks(count: int, at_once: int) -> int:
    """How many tasks that do nothing succeed, of very many; written for speed, as LoadBalancedView sends them."""
    import json
    from collections import Counter
    from pathlib import Path

    import zmq
    from ipyparallel.serialize import pack_apply_message
    from ipyparallel.util import connect
    from jupyter_client.session import Session

    def nothing() -> None:
        pass

    info = json.loads(Path("/home/jupyter/shared/.controller/ipcontroller-client.json").read_text())
    session = Session(key=info["key"].encode(), signature_scheme=info["signature_scheme"])
    buffers = pack_apply_message(nothing, (), {})
    results: Counter[str] = Counter()
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.IDENTITY, session.bsession)
        connect(socket, f"tcp://{info['location']}:{info['task']}", curve_serverkey=(info["curve_serverkey"] or "").encode())
        for number in range(count + at_once):
            if number >= at_once:
                assert socket.poll(60_000), f"no result for 60 s, after {results}"
                _, reply = session.recv(socket)
                results[reply["content"]["status"] if reply else "none"] += 1
            if number < count:
                session.send(socket, "apply_request", buffers=buffers, metadata={"retries": 0})
    return results["ok"]
