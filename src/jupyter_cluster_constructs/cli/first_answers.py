"""What a new settings file says of the cluster: from options, asked for, or by default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..spec import ClusterSpec, Storage, WorkerGroup
from .new_users import asked_users
from .prompts import asked

KINDS = ("local", "nfs", "claim", "class")


@dataclass(frozen=True)
class Answers:
    """What is known of a new cluster; None is what nobody said.

    Attributes:
        name: the cluster's name.
        namespace: where it will be.
        users: its first users.
        storage: the setting ``storage``.
        engines: their number.
        memory: the memory of each.
    """

    name: str | None = None
    namespace: str | None = None
    users: list[dict[str, Any]] | None = None
    storage: dict[str, Any] | None = None
    engines: int | None = None
    memory: str | None = None

    def settings(self) -> dict[str, Any]:
        """The settings, with defaults for what nobody said, not yet checked."""
        return {
            "name": "lab" if self.name is None else self.name,
            "namespace": "default" if self.namespace is None else self.namespace,
            **({"users": self.users} if self.users else {}),
            "storage": self.storage or {"local": {}},
            "workers": [{"replicas": 2 if self.engines is None else self.engines, "memory": self.memory or "1Gi"}],
        }


def asked_answers(given: Answers) -> Answers:
    """Ask for what options don't say."""
    name = given.name or asked("Name of the cluster", "lab", check=_name)
    namespace = given.namespace or asked("Namespace", "default", check=lambda answer: ClusterSpec(name="lab", namespace=answer).namespace)
    users = asked_users() if given.users is None else given.users
    storage = given.storage or _asked_storage()
    engines = asked("Number of engines", "2", check=_engines) if given.engines is None else given.engines
    memory = given.memory or asked("Memory of each engine", "1Gi", check=lambda answer: WorkerGroup(memory=answer).memory)
    return replace(given, name=name, namespace=namespace, users=users, storage=storage, engines=engines, memory=memory)


def _name(answer: str) -> str:
    return ClusterSpec(name=answer).name


def _engines(answer: str) -> int:
    return WorkerGroup(replicas=int(answer) if answer.isdecimal() else -1).replicas


def _asked_storage() -> dict[str, Any]:
    kind = asked(
        f"Where homes live: {', '.join(KINDS)} (an NFS server in the cluster, one that exists, a ReadWriteMany claim, its class)",
        "local",
        check=_kind,
    )
    if kind == "local":
        return {"local": {}}
    if kind == "nfs":
        server = asked("Address of the NFS server", check=_checked(lambda answer: {"external": {"server": answer, "path": "/"}}))
        path = asked("Directory on it", check=_checked(lambda answer: {"external": {"server": "nfs", "path": answer}}))
        return {"external": {"server": server, "path": path}}
    key = "claim" if kind == "claim" else "storage_class"
    return {key: asked(f"Name of the {'claim' if kind == 'claim' else 'StorageClass'}", check=_checked(lambda answer: {key: answer}))}


def _kind(answer: str) -> str:
    if answer not in KINDS:
        raise ValueError(f"allowed: {', '.join(KINDS)}")
    return answer


def _checked(settings: Callable[[str], dict[str, Any]]) -> Callable[[str], str]:
    """A check by the settings that an answer is a part of."""

    def check(answer: str) -> str:
        Storage.model_validate(settings(answer))
        return answer

    return check
