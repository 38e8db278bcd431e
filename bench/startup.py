"""From `kubectl apply` to the first right result of a map, phase by phase, and what it is made of: images, start-up imports, probes."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from e2e.cluster import AS_CLIENT, Cluster
from e2e.kube import kubectl, wait_until
from e2e.remote import call, program
from in_containers import cpu_seconds, first_and_next, first_map, plain_start, program_costs
from systems import ENGINES, NAME, READY_SECONDS, Bench, container_spec, idle
from table import Row
from timeline import Timeline

from jupyter_cluster_constructs.spec.pods import Images

TITLE = "From `kubectl apply` to the first right result of a map"
KEY = "startup"
AGAINST = "plain processes"
LIMIT_SECONDS = 10
PROGRAMS = {
    "controller": ["ipcontroller", "--version"],
    "sshd": ["/usr/sbin/sshd", "-V"],
    "hub": ["jupyterhub", "--version"],
    "proxy": ["env", "PATH=/opt/proxy/bin:/usr/bin:/bin", "configurable-http-proxy", "--version"],
}
# Programs by the image that they are in; nothing of an image may run yet.
COLD = {"debian-ipython-wn": ["ipengine", "--version"], "debian-ipython-fn": ["jupyterhub", "--version"]}
PROBES_SECONDS = 30
NOTE = (
    "Each phase ends when its last pod or container is through; phases follow each other, so they add up. Events are timed as they "
    "arrive here. The client is a program in the container `jupyter`, begun once that runs (one `kubectl exec`, tried anew every 0.3 s): its imports "
    "are done while the controller starts, which they slow down; then it tries to connect every 0.1 s. Images are on the node, the disk is new."
)
IMPORTS_NOTE = (
    "CPU time of each program's start-up imports in its own container, by `--version`, once files are in memory. "
    "The image's own `__pycache__` serves them: pip compiles what it installs."
)
COLD_NOTE = (
    "A cold start reads what the program imports from the node's disk, whose files were given up before; it ends with the program's version. "
    "What other containers of the node have mapped stays in memory."
)
PROBES_NOTE = (
    "What a container takes while nobody uses it: heartbeats, and its probes, which run a program in it. "
    "What the node takes to start that program is not in it."
)


@dataclass(frozen=True)
class Start:
    """One start.

    Attributes:
        total: seconds from apply to the result.
        phases: by what they end with, their seconds.
        apart: what is not on the way to the result, likewise, from the apply on.
    """

    total: float
    phases: dict[str, float]
    apart: dict[str, float]


def measure(bench: Bench) -> Iterator[Row]:
    """Start it, as often as `bench` says, each time beside plain processes; and before, programs whose images nobody uses yet."""
    yield from cold_programs(bench, dict(list(COLD.items())[:1]) if bench.quick else COLD)
    cluster = bench.synthesized(bench.settings())
    ours: list[Start] = []
    plain: list[float] = []
    found: list[Row] = []
    rounds = 1 if bench.quick else 2
    for number in range(rounds):
        ours.append(start(cluster))
        pod = bench.plain_pod(f"plain-{number}", cluster)
        plain.append(float(pod.call(plain_start, command(cluster), ENGINES, seconds=READY_SECONDS)))
        kubectl("--namespace", bench.namespace, "delete", "pod", pod.name, "--wait=true")
        if number == rounds - 1:
            found = [*images(), *imports(cluster, 1 if bench.quick else 2), *probes(cluster, 10 if bench.quick else PROBES_SECONDS)]
        if number < rounds - 1:
            forget(cluster)
    # The other questions go on with it.
    bench.cluster = cluster
    yield Row(
        question=KEY,
        what=f"apply to first result of a map, {ENGINES} engines",
        unit="s",
        values=tuple(each.total for each in ours),
        against=AGAINST,
        base=tuple(plain),
        limit=LIMIT_SECONDS,
        note=NOTE,
    )
    for phase in ours[0].phases:
        yield Row(question=KEY, what=f"- {phase}", unit="s", values=tuple(each.phases[phase] for each in ours), note=NOTE)
    for what in ours[0].apart:
        yield Row(question=KEY, what=f"apply to {what}", unit="s", values=tuple(each.apart[what] for each in ours), note=NOTE)
    yield from found


def start(cluster: Cluster) -> Start:
    """Apply, use it as soon as that is possible, and tell when what happened."""
    applied: list[float] = []

    def apply() -> None:
        cluster.apply()
        applied.append(time.time())

    with Timeline(cluster.namespace) as timeline:
        begun = time.time()
        applying = threading.Thread(target=apply)
        applying.start()
        pod = timeline.wait("Started", f"{NAME}-frontend", "jupyter", seconds=READY_SECONDS)
        client: dict[str, float] = json.loads(_first_map(cluster, pod).splitlines()[-1])
        applying.join()
        for name, pods in ((f"{NAME}-nfs", 1), (f"{NAME}-frontend", 1), (f"{NAME}-worker", ENGINES)):
            timeline.wait("Ready", name, seconds=READY_SECONDS, pods=pods)
    return phases(timeline, begun, client, applied[0])


def _first_map(cluster: Cluster, pod: str) -> str:
    command = ["exec", "--stdin", pod, "--container", "jupyter", "--", "sh", "-euc", AS_CLIENT, "sh", "-"]
    text = program(first_map, ENGINES)
    return wait_until("a client", lambda: cluster.kubectl(*command, stdin=text, seconds=READY_SECONDS), seconds=READY_SECONDS)


def phases(timeline: Timeline, begun: float, client: dict[str, float], applied: float) -> Start:
    """What the way to the first result is made of."""
    nfs, frontend, worker = f"{NAME}-nfs", f"{NAME}-frontend", f"{NAME}-worker"
    inits = timeline.containers(frontend)
    before = inits[: inits.index("controller")]
    # Each is what the next one waits for; a pod of engines has been waiting for the controller meanwhile.
    ends = {
        "NFS server: its disk made, its pod scheduled": timeline.last("PodScheduled", nfs),
        "NFS server: its container started, after the directories' one": timeline.last("Started", nfs, "nfs-server"),
        "NFS server serves, frontend's volumes mounted": timeline.last("Started", frontend, before[0]),
        **{f"frontend's init container {one}": timeline.last("Started", frontend, after) for one, after in zip(before, inits[1:], strict=False)},
        "controller's imports, files and schedulers": client["connected"],
        "engines' containers started, after they have seen the controller": timeline.last("Started", worker, "engine"),
        "engines' imports and registration (with a heartbeat)": client["engines"],
        "first map, with the engines' own first imports": client["mapped"],
    }
    found, last = {}, begun
    for what, at in ends.items():
        found[what] = max(0.0, at - last)
        last = max(last, at)
    apart = {
        "the end of kubectl": applied - begun,
        "the engines' pods scheduled": timeline.last("PodScheduled", worker) - begun,
        "the client's imports done": client["imported"] - begun,
        "all engines' pods ready": timeline.last("Ready", worker) - begun,
        "the frontend's pod ready, JupyterHub and sshd too": timeline.last("Ready", frontend) - begun,
    }
    return Start(client["mapped"] - begun, found, apart)


def command(cluster: Cluster) -> list[str]:
    """What starts the controller."""
    spec: list[str] = container_spec(cluster, "frontend", "controller")["command"]
    return spec


def forget(cluster: Cluster) -> None:
    """Delete the cluster and its disk, so that the next one starts as a new one does."""
    cluster.delete()
    cluster.kubectl("delete", "persistentvolumeclaim", "--all", "--wait=true", seconds=READY_SECONDS)


def images() -> Iterator[Row]:
    """What each image takes on the node, unpacked layers or packed ones, as its runtime counts them."""
    (node, *_) = json.loads(kubectl("get", "nodes", "--output=json"))["items"]
    for name in ("debian-ipython-wn", "debian-ipython-fn", "nfs-server"):
        reference = Images().named(name)
        sizes = [image["sizeBytes"] for image in node["status"].get("images") or () if reference in (image.get("names") or ())]
        if sizes:
            yield Row(
                question=KEY,
                what=f"image {name}",
                unit="MB",
                values=(sizes[0] / 1e6,),
                note="Images as the node lists them; the frontend's holds the workers'.",
            )


def cold_programs(bench: Bench, programs: Mapping[str, list[str]]) -> Iterator[Row]:
    """What programs take, by their image, on a node that has just got it, or has used its memory for something else."""
    for image, words in programs.items():
        pod = bench.pod(f"cold-{words[0]}", {"containers": [idle(Images().named(image))], "terminationGracePeriodSeconds": 0})
        first, again = pod.call(first_and_next, words, seconds=READY_SECONDS)
        kubectl("--namespace", bench.namespace, "delete", "pod", pod.name, "--wait=true")
        yield Row(
            question=KEY, what=f"cold start of {words[0]}", unit="s", values=(first,), against="its files in memory", base=(again,), note=COLD_NOTE
        )


def imports(cluster: Cluster, rounds: int) -> Iterator[Row]:
    """What programs take until they do something, the first time and again."""
    where = {"engine": ("deployment/worker", "engine", ["ipengine", "--version"])}
    where |= {name: ("deployment/frontend", name, command) for name, command in PROGRAMS.items()}
    for what, (workload, container, command) in where.items():
        costs = call(partial(_python, cluster, workload, container), program_costs, command, rounds)
        yield Row(question=KEY, what=f"start-up of {what}, again", unit="s of a CPU", values=tuple(costs), note=IMPORTS_NOTE)


def _python(cluster: Cluster, workload: str, container: str, text: str) -> str:
    return cluster.execute(workload, container, "python3", "-", stdin=text, seconds=READY_SECONDS)


def probes(cluster: Cluster, seconds: int) -> Iterator[Row]:
    """What containers take while nobody uses them."""
    names = [("deployment/worker", "engine"), *(("deployment/frontend", each) for each in ("controller", "hub", "jupyter", "proxy", "sshd"))]

    def taken() -> dict[str, float]:
        return {name: call(partial(_python, cluster, where, name), cpu_seconds) for where, name in names}

    # What the measurement takes itself is in it: three in a row tell how much.
    first, again = taken(), taken()
    begun = time.monotonic()
    time.sleep(seconds)
    last, passed = taken(), time.monotonic() - begun
    for name in first:
        own = again[name] - first[name]
        value = max(0.0, last[name] - again[name] - own) / passed * 1000
        yield Row(question=KEY, what=f"idle container {name}", unit="ms of a CPU a second", values=(value,), note=PROBES_NOTE)
