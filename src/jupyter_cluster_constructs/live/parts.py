"""The parts of a cluster as people know them: volumes, NFS, controller, Jupyter Server, sshd, engines; how much of each is ready, and why not all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..labels import Component, component_selector, selector
from ..spec import ClusterSpec
from .api import Object
from .reasons import Reason, claim_reasons, creation_reasons, pod_reasons
from .snapshot import Snapshot

REVISION = "deployment.kubernetes.io/revision"
MOST_REASONS = 5


@dataclass(frozen=True)
class Part:
    """A part of a cluster.

    Attributes:
        name: as people say it, such as ``engines big``.
        ready: how many of its volumes, containers or engines are ready.
        wanted: how many there should be.
        reasons: why they are not all ready.
        is_current: whether what is ready is what was applied last; while pods are replaced it is not.
    """

    name: str
    ready: int
    wanted: int
    reasons: tuple[Reason, ...] = ()
    is_current: bool = True

    @property
    def is_ready(self) -> bool:
        """Whether nothing is missing."""
        return self.is_current and self.ready >= self.wanted

    @property
    def is_hopeless(self) -> bool:
        """Whether waiting can't help."""
        return not self.is_ready and any(reason.is_final for reason in self.reasons)


@dataclass(frozen=True)
class EngineGroup:
    """The engines of a group.

    Attributes:
        name: of the group; None for the one without.
        workload: its Deployment.
        part: how many engines there are and should be. An engine is ready once it is registered, as its probe sees it.
        running: how many engines' containers run.
    """

    name: str | None
    workload: str
    part: Part
    running: int


def parts_of(spec: ClusterSpec, snapshot: Snapshot) -> list[Part]:
    """All parts, in the order in which they wait for each other."""
    found = [_volumes(spec, snapshot)]
    if spec.storage.local is not None:
        found.append(_storage("nfs", spec.names.nfs, snapshot))
    elif spec.storage.is_claimed:
        found.append(_storage("storage", spec.names.storage, snapshot))
    return [*found, *_frontend(spec, snapshot), *(group.part for group in engine_groups(spec, snapshot))]


def _volumes(spec: ClusterSpec, snapshot: Snapshot) -> Part:
    claims = {claim["metadata"]["name"]: claim for claim in snapshot.claims}
    wanted = _claims_of_pods(snapshot) | claims.keys()
    reasons: list[Reason] = []
    for name in sorted(wanted):
        if name in claims:
            reasons += claim_reasons(claims[name], snapshot.events)
        elif name != spec.storage.claim:
            reasons.append(Reason(f"persistentvolumeclaim/{name}", "is not there", "jupyter-cluster up makes it"))
    bound = sum(claim.get("status", {}).get("phase") == "Bound" for claim in claims.values())
    # A claim that somebody else made has no label of ours: its pod says what is wrong with it.
    others = len(wanted - claims.keys() - ({spec.storage.claim} if spec.storage.claim else set()))
    return Part("volumes", bound, len(claims) + others, _first(reasons))


def _claims_of_pods(snapshot: Snapshot) -> set[str]:
    volumes = [v for w in (*snapshot.deployments, *snapshot.stateful_sets) for v in w["spec"]["template"]["spec"].get("volumes", ())]
    own = {v["persistentVolumeClaim"]["claimName"] for v in volumes if "persistentVolumeClaim" in v}
    made = {f"{t['metadata']['name']}-{s['metadata']['name']}-0" for s in snapshot.stateful_sets for t in s["spec"].get("volumeClaimTemplates", ())}
    return own | made


def _storage(name: str, workload: str, snapshot: Snapshot) -> Part:
    found = _named(snapshot.stateful_sets, workload)
    if found is None:
        return _missing(name, f"statefulset/{workload}")
    pods = pods_of(found, snapshot)
    ready = sum(_is_ready(pod) for pod in pods)
    return Part(name, ready, found["spec"].get("replicas", 1), _why(found, pods, ready, snapshot), _is_taken_up(found))


def _frontend(spec: ClusterSpec, snapshot: Snapshot) -> Iterator[Part]:
    found = _named(snapshot.deployments, spec.names.frontend)
    if found is None:
        yield from (_missing(name, f"deployment/{spec.names.frontend}") for name in ("controller", *spec.jupyter.containers, "sshd"))
        return
    pods = pods_of(found, snapshot)
    for container in (c["name"] for c in found["spec"]["template"]["spec"]["containers"]):
        ready = _ready_containers(pods, (container,))
        about = f" {container}"
        # What is about the whole pod is about each of its containers.
        reasons = [r for r in _why(found, pods, ready, snapshot) if " " not in r.about or r.about.endswith(about) or not _is_main(r, found)]
        wanted = found["spec"].get("replicas", 1)
        yield Part(container, ready, wanted, tuple(reasons) if ready < wanted else (), _is_taken_up(found))


def _is_main(reason: Reason, workload: Object) -> bool:
    return reason.about.rpartition(" ")[2] in {c["name"] for c in workload["spec"]["template"]["spec"]["containers"]}


def engine_groups(spec: ClusterSpec, snapshot: Snapshot) -> list[EngineGroup]:
    """The groups of engines of the settings, and those that are left over on the cluster."""
    component = component_selector(spec.name, Component.WORKER).items()
    names = {group.name: spec.names.worker(group.name) for group in spec.workers}
    there = [d for d in snapshot.deployments if component <= d["metadata"].get("labels", {}).items()]
    left_over = {_group_name(spec, d): d["metadata"]["name"] for d in there if d["metadata"]["name"] not in names.values()}
    return [_group(name, workload, snapshot, spec) for name, workload in (names | left_over).items()]


def _group_name(spec: ClusterSpec, deployment: Object) -> str | None:
    (key,) = selector(spec.name, Component.WORKER).keys() - component_selector(spec.name, Component.WORKER).keys()
    return deployment["metadata"].get("labels", {}).get(key) or None


def _group(name: str | None, workload: str, snapshot: Snapshot, spec: ClusterSpec) -> EngineGroup:
    found, part_name = _named(snapshot.deployments, workload), f"engines {name}" if name else "engines"
    if found is None:
        wanted = sum(g.replicas * g.engines_per_pod for g in spec.workers if g.name == name)
        missing = _missing(part_name, f"deployment/{workload}")
        return EngineGroup(name, workload, Part(part_name, 0, wanted, missing.reasons, wanted == 0), 0)
    # Somebody may have added containers of their own.
    engines = [c["name"] for c in found["spec"]["template"]["spec"]["containers"] if c["name"].partition("-")[0] == "engine"]
    pods = pods_of(found, snapshot)
    ready, wanted = _ready_containers(pods, engines), found["spec"].get("replicas", 1) * len(engines)
    running = sum("running" in s["state"] for pod in pods for s in pod.get("status", {}).get("containerStatuses", ()) if s["name"] in engines)
    reasons = _why(found, pods, ready, snapshot) if ready < wanted or not _is_taken_up(found) else ()
    return EngineGroup(name, workload, Part(part_name, ready, wanted, reasons, _is_taken_up(found)), running)


def pods_of(workload: Object, snapshot: Snapshot) -> list[Object]:
    """The pods of a workload's newest template, without those that are ending."""
    name, labels = workload["metadata"]["name"], workload["spec"]["selector"]["matchLabels"].items()
    pods = [pod for pod in snapshot.pods if labels <= pod["metadata"].get("labels", {}).items()]
    if workload["kind"] == "StatefulSet":
        newest = workload.get("status", {}).get("updateRevision")
        current = [p for p in pods if newest in (None, p["metadata"]["labels"].get("controller-revision-hash"))]
    else:
        revision = workload["metadata"].get("annotations", {}).get(REVISION)
        sets = [r for r in snapshot.replica_sets if any(o["name"] == name for o in r["metadata"].get("ownerReferences", ()))]
        hashes = {r["metadata"]["labels"].get("pod-template-hash") for r in sets if r["metadata"].get("annotations", {}).get(REVISION) == revision}
        current = [p for p in pods if p["metadata"]["labels"].get("pod-template-hash") in hashes]
    return [pod for pod in current if not pod["metadata"].get("deletionTimestamp")]


def _why(workload: Object, pods: Sequence[Object], ready: int, snapshot: Snapshot) -> tuple[Reason, ...]:
    reasons = list(creation_reasons(workload, snapshot.replica_sets, snapshot.events))
    for pod in pods:
        if not _is_ready(pod):
            reasons += pod_reasons(pod, snapshot.events, snapshot.last_lines)
    about = f"{workload['kind'].lower()}/{workload['metadata']['name']}"
    if not reasons and not _is_taken_up(workload):
        reasons.append(Reason(about, "pods are being replaced"))
    if not reasons and not pods and ready < workload["spec"].get("replicas", 1):
        labels = workload["spec"]["selector"]["matchLabels"].items()
        going = [p["metadata"]["name"] for p in snapshot.pods if labels <= p["metadata"].get("labels", {}).items()]
        reasons.append(Reason(about, f"waits until {', '.join(going)} has ended" if going else "its pods are not made yet"))
    return _first(reasons)


def _is_taken_up(workload: Object) -> bool:
    """Whether Kubernetes has seen the newest template, and no pod of an older one is left."""
    status, wanted = workload.get("status", {}), workload["spec"].get("replicas", 1)
    if status.get("observedGeneration", 0) < workload["metadata"].get("generation", 0):
        return False
    return bool(status.get("updatedReplicas", 0) >= wanted and status.get("replicas", 0) <= wanted)


def _first(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """The first reasons, once each: what keeps one of a thousand engines keeps the others too."""
    texts: dict[tuple[str, str], Reason] = {}
    for reason in reasons:
        texts.setdefault((reason.text, reason.advice), reason)
    return tuple(texts.values())[:MOST_REASONS]


def _missing(part: str, what: str) -> Part:
    return Part(part, 0, 1, (Reason(what, "is not there", "jupyter-cluster up makes it"),), is_current=False)


def _named(items: Iterable[Object], name: str) -> Object | None:
    return next((item for item in items if item["metadata"]["name"] == name), None)


def _is_ready(pod: Object) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", ()))


def _ready_containers(pods: Iterable[Object], names: Iterable[str]) -> int:
    wanted = set(names)
    return sum(bool(s.get("ready")) for pod in pods for s in pod.get("status", {}).get("containerStatuses", ()) if s["name"] in wanted)
