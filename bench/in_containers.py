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
