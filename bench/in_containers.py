"""Functions that run inside the cluster's containers, by remote.call: each imports for itself, and its result travels as JSON."""

from __future__ import annotations


def memory() -> int:
    """The memory of this container that can't be written to a disk instead, in bytes."""
    from pathlib import Path

    for file, names in (
        ("/sys/fs/cgroup/memory.stat", ("anon", "shmem")),
        ("/sys/fs/cgroup/memory/memory.stat", ("total_rss", "total_shmem")),
    ):
        if Path(file).exists():
            values = dict(line.split() for line in Path(file).read_text().splitlines())
            return sum(int(values.get(name, 0)) for name in names)
    raise FileNotFoundError("the node does not tell")


def cpu_seconds() -> float:
    """How long CPUs have worked for this container, probes too."""
    from pathlib import Path

    old = Path("/sys/fs/cgroup/cpuacct/cpuacct.usage")
    if old.exists():
        return int(old.read_text()) / 1e9
    values = dict(line.split() for line in Path("/sys/fs/cgroup/cpu.stat").read_text().splitlines())
    return int(values["usage_usec"]) / 1e6


def node_cpu_seconds() -> float:
    """How long the CPUs of this node have worked, for whatever it was."""
    import os
    from pathlib import Path

    user, nice, system, _idle, _waiting, interrupts, soft, *_ = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:])
    return (user + nice + system + interrupts + soft) / os.sysconf("SC_CLK_TCK")


def members_memory() -> dict[str, dict[str, int]]:
    """By member's number, the private memory of the server and of its kernels, in bytes."""
    from contextlib import suppress
    from pathlib import Path

    found: dict[str, dict[str, int]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, KeyError):
            status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
            uid, kind = status["Uid"].split()[0], "kernel" if b"ipykernel" in (process / "cmdline").read_bytes() else "server"
            # Below are root, and accounts that are nobody's.
            if int(uid) >= 2000:
                member = found.setdefault(uid, {"server": 0, "kernel": 0})
                member[kind] += sum(int(status[name].split()[0]) * 1024 for name in ("RssAnon", "RssShmem"))
    return found


def versions() -> dict[str, str]:
    """What members' servers run on."""
    from importlib.metadata import version

    return {name: version(name) for name in ("jupyterhub", "jupyterlab", "jupyter-server", "ipykernel", "ipyparallel")}


def memory_of_programs() -> dict[str, list[int]]:
    """What processes of the controller and of engines here have written to, in bytes, proportional where several share it."""
    import os
    from contextlib import suppress
    from pathlib import Path

    found: dict[str, list[int]] = {"controller": [], "engine": [], "engines": []}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().decode().split("\0")
            rollup = dict(line.split(":", 1) for line in (process / "smaps_rollup").read_text().splitlines()[1:])
            written = 1024 * (int(rollup["Pss_Anon"].split()[0]) + int(rollup["Pss_Shmem"].split()[0]))
            program = next((os.path.basename(word) for word in words[:2] if os.path.basename(word) in ("ipcontroller", "ipengine")), "")
            # Its schedulers, and an engine's nanny, are Python processes of their own.
            if program == "ipcontroller" or any("ipyparallel.controller" in word or "spawn_main" in word for word in words):
                found["controller"].append(written)
            elif program == "ipengine" or any("nanny" in word for word in words):
                found["engine"].append(written)
                found["engines"] += [1] if program == "ipengine" else []
    return found


def kill_controller() -> None:
    """Kill the controller's main process."""
    import os
    import signal
    from pathlib import Path

    processes = [process for process in Path("/proc").glob("[0-9]*") if b"ipcontroller" in (process / "cmdline").read_bytes()]
    # The others are its children.
    os.kill(min(int(process.name) for process in processes if b"python" in (process / "cmdline").read_bytes()), signal.SIGKILL)


def heartbeat_seconds() -> float:
    """The time between two heartbeats of this container's controller."""
    from pathlib import Path

    lines = Path("/home/jupyter/config/ipcontroller_config.py").read_text().splitlines()
    return next(int(line.split("=")[1]) for line in lines if line.startswith("c.HeartMonitor.period")) / 1000


def kind_of_mount(path: str) -> str:
    """How a directory is mounted, such as nfs4."""
    from pathlib import Path

    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    return next(kind for _, where, kind, *_ in reversed(mounts) if where == path)


def write_large(directory: str, megabytes: int) -> float:
    """MB a second of a file that is written until it is on the disk."""
    import os
    import time

    os.makedirs(directory, exist_ok=True)
    block = os.urandom(1_000_000)
    start = time.perf_counter()
    with open(f"{directory}/large", "wb") as file:
        for _ in range(megabytes):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return megabytes / (time.perf_counter() - start)


def read_large(directory: str, megabytes: int) -> float:
    """MB a second of that file, as it comes."""
    import time

    start, read = time.perf_counter(), 0
    with open(f"{directory}/large", "rb") as file:
        while block := file.read(1_000_000):
            read += len(block)
    assert read == megabytes * 1_000_000
    return megabytes / (time.perf_counter() - start)


def write_small(directory: str, files: int) -> float:
    """Small files a second, each written until it is on the disk."""
    import os
    import time

    os.makedirs(f"{directory}/small", exist_ok=True)
    start = time.perf_counter()
    for number in range(files):
        with open(f"{directory}/small/{number}", "wb") as file:
            file.write(bytes(1000))
            file.flush()
            os.fsync(file.fileno())
    return files / (time.perf_counter() - start)


def read_small(directory: str, files: int) -> float:
    """Small files a second that are listed and read."""
    import os
    import time

    start, read = time.perf_counter(), 0
    for entry in os.scandir(f"{directory}/small"):
        with open(entry.path, "rb") as file:
            read += len(file.read())
    assert read == files * 1000
    return files / (time.perf_counter() - start)


def first_map(engines: int) -> dict[str, float]:
    """Connect as soon as there is a controller, and map once all engines are there: when each was done, since 1970."""
    import time
    from contextlib import suppress

    import ipyparallel as ipp

    imported, client = time.time(), None
    while client is None:
        # Neither its file nor its answer is there from the start.
        with suppress(Exception):
            client = ipp.Client(timeout=60)
        time.sleep(0.1)
    connected = time.time()
    while len(client.ids) < engines:
        time.sleep(0.02)
    registered = time.time()
    if list(client[:].map_sync(lambda number: number**2, range(100))) != [number**2 for number in range(100)]:
        raise ValueError("the result of the map is wrong")
    return {"imported": imported, "connected": connected, "engines": registered, "mapped": time.time()}


def plain_start(controller: list[str], engines: int) -> float:
    """How long plain processes take to the first right result of a map, everything started at once."""
    import os
    import subprocess
    import time

    directory = "/home/jupyter/shared/.controller"
    start, processes = time.monotonic(), []

    def run(*command: str) -> None:
        processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True))

    try:
        run(*controller)
        for _ in range(engines):
            # It waits for its file by itself.
            run("ipengine", f"--IPEngine.url_file={directory}/ipcontroller-engine.json", "--IPEngine.enable_nanny=False")
        import ipyparallel as ipp

        while not os.path.exists(f"{directory}/ipcontroller-client.json"):
            time.sleep(0.02)
        client = ipp.Client(f"{directory}/ipcontroller-client.json", timeout=60)
        while len(client.ids) < engines:
            time.sleep(0.02)
        if list(client[:].map_sync(lambda number: number**2, range(100))) != [number**2 for number in range(100)]:
            raise ValueError("the result of the map is wrong")
        return time.monotonic() - start
    finally:
        for process in processes:
            process.kill()


def program_costs(command: list[str], times: int) -> list[float]:
    """The CPU time of a program, by how often it has run."""
    import resource
    import subprocess

    costs = []
    for _ in range(times + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    # The first one also reads it from the disk.
    return costs[1:]


def first_and_next(command: list[str]) -> list[float]:
    """How long a program takes whose image's files are not in memory, and right after that when they are."""
    import os
    import subprocess
    import time
    from contextlib import suppress

    def once() -> float:
        start = time.monotonic()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return time.monotonic() - start

    # Links and whatever else is no file are left alone; what others have mapped stays.
    for directory in ("/usr/bin", "/usr/lib", "/usr/local", "/opt"):
        for where, _, names in os.walk(directory):
            for name in names:
                with suppress(OSError):
                    descriptor = os.open(f"{where}/{name}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                    os.close(descriptor)
    return [once(), once()]
