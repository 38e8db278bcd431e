"""Measure how long members wait who all log in at once, and what their servers take.

    make bench-members MEMBERS=30

makes a cluster in a namespace of its own on the node of the current KUBECONFIG, logs one member in alone and then all of them in the same
second, as browsers do, and writes a table as Markdown and as JSON. It needs the images of `make images`, and deletes what it made.
"""

from __future__ import annotations

import argparse
import json
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import in_containers
from e2e.cluster import Cluster, node_networks
from e2e.hub import HubSession, printed
from e2e.kube import items, kubectl
from ruamel.yaml import YAML
from systems import forget

T = TypeVar("T")
NAME, ENGINES, ALONE_RUNS = "members", 2, 3
# Nobody is measured while something else still settles.
SETTLE_SECONDS, IDLE_SECONDS = 5, 20
READY_SECONDS, SPAWN_SECONDS, KERNEL_SECONDS = 480, 170, 120
MEBIBYTE = 1024 * 1024
CONTAINERS = ("hub", "proxy", "jupyter")
CELL = """
import numpy
import ipyparallel as ipp
client = ipp.Client()
print(sum(client[:].map_sync(lambda number: number * number, range(100))))
"""
RESULT = "328350\n"


@dataclass(frozen=True)
class Waits:
    """How long members waited, in seconds: for the login, from then to JupyterLab, and from a new notebook to a result of the engines."""

    login: list[float]
    lab: list[float]
    kernel: list[float]


@dataclass(frozen=True)
class Club:
    """A cluster and the port of this machine that leads to it."""

    cluster: Cluster
    origin: str
    password: str

    def enter(self, user: str) -> tuple[HubSession, float, float]:
        """Log in, start the server and open JupyterLab, and say how long each took."""
        start = time.monotonic()
        session = HubSession.log_in(self.origin, user, self.password)
        logged_in = time.monotonic()
        wait_for_spawn(session)
        session.wait_for_server(SPAWN_SECONDS)
        # What JupyterLab's page asks for before it shows itself; its scripts are in the browser since the first time.
        for path in ("/api/me", "/lab/api/settings", "/api/kernelspecs", "/api/contents?content=1", "/api/sessions"):
            session.get(path)
        return session, logged_in - start, time.monotonic() - logged_in

    def compute(self, session: HubSession) -> tuple[Any, float]:
        """Start a kernel, run a cell that asks the engines, and say how long that took."""
        session.token()
        start = time.monotonic()
        kernel = session.kernel()
        kernel.start(timeout=KERNEL_SECONDS)
        if (found := printed(kernel, CELL, KERNEL_SECONDS)) != RESULT:
            raise RuntimeError(f"{session.user}: {found}")
        return kernel, time.monotonic() - start

    def in_container(self, container: str, function: Callable[..., object]) -> Any:
        """What a function of in_containers.py returns in a container of the frontend."""
        return self.cluster.call(function, container=container)

    def memory(self) -> dict[str, int]:
        """What each container takes for good, in bytes."""
        return {name: self.in_container(name, in_containers.memory) for name in CONTAINERS}

    def idle_cpu(self) -> dict[str, float]:
        """How much of a CPU each container uses while nobody does anything."""
        time.sleep(SETTLE_SECONDS)
        before, start = {name: self.in_container(name, in_containers.cpu_seconds) for name in CONTAINERS}, time.monotonic()
        time.sleep(IDLE_SECONDS)
        after = {name: self.in_container(name, in_containers.cpu_seconds) for name in CONTAINERS}
        return {name: (after[name] - before[name]) / (time.monotonic() - start) for name in CONTAINERS}


def wait_for_spawn(session: HubSession) -> None:
    """Start the server and wait as the hub's page does, which is told of the progress."""
    reply = session.ask("POST", f"/hub/api/users/{session.user}/server")
    if reply.status_code == 201:
        return
    reply.raise_for_status()
    with session.http.get(f"{session.origin}/hub/api/users/{session.user}/server/progress", stream=True, timeout=SPAWN_SECONDS) as progress:
        progress.raise_for_status()
        for line in progress.iter_lines():
            event = json.loads(line.removeprefix(b"data:")) if line.startswith(b"data:") else {}
            if event.get("failed"):
                raise RuntimeError(f"{session.user}: {event}")
            if event.get("ready"):
                return


def at_once(function: Callable[..., T], arguments: Sequence[Any]) -> list[T]:
    """The results of a function that is called for all arguments in the same moment."""
    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(function, arguments))


def measure_alone(club: Club, user: str) -> Waits:
    """One member's waits, while nobody else is there, some times."""
    waits = Waits([], [], [])
    for _ in range(ALONE_RUNS):
        session, login, lab = club.enter(user)
        kernel, seconds = club.compute(session)
        kernel.stop()
        session.stop_server()
        for found, each in zip((waits.login, waits.lab, waits.kernel), (login, lab, seconds), strict=True):
            found.append(each)
    return waits


def measure(club: Club, users: Sequence[str]) -> dict[str, Any]:
    """Everything that the table has."""
    nobody = {"memory": club.memory(), "cpu": club.idle_cpu()}
    say("nobody is logged in: measured")
    alone = measure_alone(club, users[0])
    say("one member alone: measured")
    entered = at_once(club.enter, users)
    sessions = [session for session, _, _ in entered]
    say(f"{len(users)} members have JupyterLab")
    time.sleep(SETTLE_SECONDS)
    idle = {"memory": club.memory(), "servers": club.in_container("jupyter", in_containers.members_memory), "cpu": club.idle_cpu()}
    computed = at_once(club.compute, sessions)
    say(f"{len(users)} members have a result of the engines")
    busy = {"memory": club.memory(), "servers": club.in_container("jupyter", in_containers.members_memory)}
    for kernel, _ in computed:
        kernel.stop()
    together = Waits([login for _, login, _ in entered], [lab for _, _, lab in entered], [seconds for _, seconds in computed])
    return {"alone": vars(alone), "together": vars(together), "nobody": nobody, "lab": idle, "kernel": busy}


def machine(club: Club) -> dict[str, str]:
    """Where and with what it was measured."""
    (node, *_) = items("nodes")
    info, capacity = node["status"]["nodeInfo"], node["status"]["capacity"]
    cpu = next(line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    return {
        "node": f"{capacity['cpu']} CPUs ({cpu}), {int(capacity['memory'].removesuffix('Ki')) // MEBIBYTE} GiB, {info['osImage']}",
        "Kubernetes": info["kubeletVersion"],
        **club.in_container("jupyter", in_containers.versions),
    }


def table(found: dict[str, Any]) -> str:
    """The table as Markdown."""
    members, lines = (
        found["members"],
        ["| waiting for | alone, median (spread) | all at once, median | p95 | max | ratio |", "|---|---|---|---|---|---|"],
    )
    for key, what in (("login", "the login"), ("lab", "JupyterLab after the login"), ("kernel", "a result of the engines in a new notebook")):
        alone, together = found["alone"][key], sorted(found["together"][key])
        middle, single = statistics.median(together), statistics.median(alone)
        p95 = together[min(len(together) - 1, round(0.95 * (len(together) - 1)))]
        spread = f"{single:.1f} s ({min(alone):.1f} to {max(alone):.1f})"
        lines.append(f"| {what} | {spread} | {middle:.1f} s | {p95:.1f} s | {together[-1]:.1f} s | {middle / single:.1f} |")
    lines += ["", f"| memory, MiB | nobody | {members} members in JupyterLab | each with a kernel |", "|---|---|---|---|"]
    for name in CONTAINERS:
        lines.append(f"| container `{name}` | {' | '.join(mebibytes([found[when]['memory'][name]]) for when in ('nobody', 'lab', 'kernel'))} |")
    for kind in ("server", "kernel"):
        of = {when: [each[kind] for each in found[when]["servers"].values() if each[kind]] for when in ("lab", "kernel")}
        lines.append(f"| a member's {kind}, median (max) | | {mebibytes(of['lab'])} | {mebibytes(of['kernel'])} |")
    lines += ["", f"| idle, of a CPU | nobody | {members} members in JupyterLab |", "|---|---|---|"]
    lines += [f"| container `{name}` | {found['nobody']['cpu'][name]:.1%} | {found['lab']['cpu'][name]:.1%} |" for name in CONTAINERS]
    return "\n".join([*lines, "", "; ".join(f"{name}: {value}" for name, value in found["machine"].items()) + "."]) + "\n"


def mebibytes(values: Iterable[int]) -> str:
    """A size, or the median and the largest of some."""
    sizes = [value / MEBIBYTE for value in values]
    return "" if not sizes else f"{statistics.median(sizes):.0f}" + (f" ({max(sizes):.0f})" if len(sizes) > 1 else "")


def say(what: str) -> None:
    """Tell how far it is."""
    print(f"{time.strftime('%H:%M:%S')} {what}", flush=True)


def settings(users: Sequence[str], namespace: str, memory: str) -> dict[str, Any]:
    """A cluster for these members, with small engines."""
    small = {"cpu": "20m", "memory": "256Mi"}
    return {
        **node_networks(),
        "name": NAME,
        "namespace": namespace,
        "create_namespace": True,
        "users": [{"name": user, "uid": 2000 + number, "password_env": "MEMBERS_PASSWORD"} for number, user in enumerate(users)],
        "storage": {"local": {"size": "1Gi"}},
        "workers": [{"replicas": ENGINES, **small}],
        "frontend": {"jupyter": {"cpu": "100m", "memory": memory}, "sshd": small, "controller": {"cpu": "50m", "memory": "512Mi"}},
        "jupyter": {"hub": {"max_servers": len(users)}},
    }


def ask_little(cluster: Cluster) -> None:
    """Lower all requests in the manifests."""
    yaml = YAML()
    for file in cluster.dist.iterdir():
        documents = list(yaml.load_all(file))
        for requests in requests_in(documents):
            requests |= {"cpu": "25m", "memory": "32Mi"}
        yaml.dump_all(documents, file)


def requests_in(value: Any) -> Iterator[dict[str, str]]:
    """What containers request, anywhere in a document."""
    for name, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if name == "requests" and "cpu" in each:
            yield each
        else:
            yield from requests_in(each)


def main() -> None:
    """Make the cluster, measure, write, delete."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=30, help="how many (default: 30)")
    parser.add_argument("--memory", default="8Gi", help="frontend.jupyter.memory (default: 8Gi)")
    parser.add_argument("--crowded", action="store_true", help="ask next to nothing of the scheduler, on a node that others use at the same time")
    parser.add_argument("--namespace", default="bench-members", help="where; it is deleted (default: bench-members)")
    parser.add_argument("--output", type=Path, default=Path("build/bench"), metavar="DIRECTORY", help="for the tables (default: build/bench)")
    options = parser.parse_args()
    users = [f"member{number:02}" for number in range(1, options.members + 1)]
    password, start = secrets.token_urlsafe(12), time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        cluster = Cluster.synthesized(settings(users, options.namespace, options.memory), Path(directory) / "members", {"MEMBERS_PASSWORD": password})
        forget(options.namespace)
        if options.crowded:
            ask_little(cluster)
        try:
            cluster.apply()
            cluster.wait_for_rollouts("deployment/worker", "deployment/frontend", seconds=READY_SECONDS)
            with cluster.forward("jupyter", 80) as port:
                club = Club(cluster, f"http://127.0.0.1:{port}", password)
                found = {"members": len(users), "machine": machine(club), **measure(club, users)}
        finally:
            cluster.delete()
            kubectl("delete", "namespace", options.namespace, "--ignore-not-found", "--wait=false")
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "members.json").write_text(json.dumps(found, indent=2) + "\n")
    (options.output / "members.md").write_text(table(found))
    print(table(found))
    say(f"all in {time.monotonic() - start:.0f} s; tables in {options.output}")


if __name__ == "__main__":
    main()
