"""All that `jupyter-cluster status` tells, as data: docs/command.md describes it, and its keys stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..directories import home_directory
from ..spec import ClusterSpec
from ..summary import login
from .addresses import Address, addresses_of
from .api import Cluster, Object
from .parts import EngineGroup, Part, engine_groups, parts_of, pods_of
from .queues import Queues, queues_of
from .reasons import Reason
from .snapshot import Entrances, Snapshot, entrances, taken


@dataclass(frozen=True)
class Member:
    """A user, as the settings have them.

    Attributes:
        name: of the account.
        uid: of the account.
        login: how they log in, in words.
        home_claim: the claim that their home is on.
    """

    name: str
    uid: int
    login: str
    home_claim: str


@dataclass(frozen=True)
class Overview:
    """A cluster at a moment.

    Attributes:
        spec: its settings.
        parts: what is ready of it.
        groups: its engines.
        queues: its tasks.
        addresses: how it is reached.
    """

    spec: ClusterSpec
    parts: tuple[Part, ...]
    groups: tuple[EngineGroup, ...]
    queues: Queues
    addresses: tuple[Address, ...]

    @property
    def is_ready(self) -> bool:
        """Whether nothing is missing."""
        return all(part.is_ready for part in self.parts)


def overview(cluster: Cluster, spec: ClusterSpec) -> Overview:
    """Look at a cluster, and ask its controller."""
    snapshot = taken(cluster, spec.names)
    queues = queues_of(cluster, spec.names, _controllers_pod(spec, snapshot))
    return overview_of(spec, snapshot, entrances(cluster, spec.names), queues)


def overview_of(spec: ClusterSpec, snapshot: Snapshot, found: Entrances, queues: Queues) -> Overview:
    """What was found, as one picture."""
    return Overview(spec, tuple(parts_of(spec, snapshot)), tuple(engine_groups(spec, snapshot)), queues, tuple(addresses_of(spec, found)))


def _controllers_pod(spec: ClusterSpec, snapshot: Snapshot) -> Object | None:
    frontends = [deployment for deployment in snapshot.deployments if deployment["metadata"]["name"] == spec.names.frontend]
    running = [
        pod
        for deployment in frontends
        for pod in pods_of(deployment, snapshot)
        if any(s["name"] == "controller" and "running" in s["state"] for s in pod.get("status", {}).get("containerStatuses", ()))
    ]
    return running[0] if running else None


def members(spec: ClusterSpec) -> list[Member]:
    """The users of the settings."""
    return [Member(u.name, u.uid, login(u, spec), home_directory(u, spec.names, spec.storage).claim_name) for u in spec.users]


def as_data(found: Overview) -> dict[str, Any]:
    """The same for other programs."""
    spec = found.spec
    return {
        "name": spec.name,
        "namespace": spec.namespace,
        "ready": found.is_ready,
        "parts": [parts_data(part) for part in found.parts],
        "engines": [
            {"group": g.name, "deployment": g.workload, "wanted": g.part.wanted, "running": g.running, "registered": g.part.ready}
            for g in found.groups
        ],
        "queues": {
            "problem": found.queues.problem or None,
            "unassigned": found.queues.unassigned,
            "engines": [asdict(each) for each in found.queues.engines],
        },
        "users": [asdict(member) for member in members(spec)],
        "addresses": [asdict(address) for address in found.addresses],
    }


def parts_data(part: Part) -> dict[str, Any]:
    """A part for other programs."""
    return {"name": part.name, "ready": part.ready, "wanted": part.wanted, "is_ready": part.is_ready, "reasons": reasons_data(part.reasons)}


def reasons_data(reasons: Sequence[Reason]) -> list[dict[str, str]]:
    """Reasons for other programs."""
    return [{"about": reason.about, "text": reason.text, "advice": reason.advice} for reason in reasons]
