"""Clusters before and after a change of their settings."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

from support import Manifest, workloads

from jupyter_cluster_constructs import ClusterSpec, JupyterCluster
from jupyter_cluster_constructs.changes import changes

from .charts import SHA512, manifests, new_chart

Settings = dict[str, Any]
FRONTEND, WORKER, GPU, NFS, STORAGE = (
    "deployment/lab-frontend",
    "deployment/lab-worker",
    "deployment/lab-worker-gpu",
    "statefulset/lab-nfs",
    "statefulset/lab-storage",
)
WORKERS = {WORKER, GPU}
NONE = set[str]()
KINDS: dict[str, Settings] = {
    "local": {"local": {"cluster_ip": "10.96.0.150"}},
    "external": {"external": {"server": "10.0.0.5", "path": "/srv/jupyter"}},
    "claim": {"claim": "files"},
    "class": {"storage_class": "cephfs"},
}
# What makes the directories of each kind.
MAKERS = {"local": {NFS}, "external": NONE, "claim": {STORAGE}, "class": {STORAGE}}
EVE = {"name": "eve", "uid": 1003}
OTHER_HASH = SHA512.replace("saltstring", "othersalt")
JUPYTER_HASHES = [f"sha1:97d7fed4c90{last}:e79e48a6a9b58b62be62c2911fa863a64a8cf9d9" for last in (1, 2)]


def settings(kind: str = "local", homes: str = "per-user") -> Settings:
    return {
        "name": "lab",
        "namespace": "science",
        "users": [{"name": "ada", "uid": 1001, "password_hash": SHA512}, {"name": "grace", "uid": 1002, "groups": ["physics"]}],
        "groups": [{"name": "physics", "gid": 2001}],
        "storage": {**KINDS[kind], "homes": homes},
        "workers": [{"replicas": 2}, {"name": "gpu", "gpu": 1}],
        "jupyter": {"allowed_from": [{"namespace": "ingress"}]},
    }


SERVER = {"mode": "server", "password_hash": JUPYTER_HASHES[0], "allowed_from": [{"namespace": "ingress"}]}


def cluster(of: Settings) -> list[Manifest]:
    chart = new_chart()
    JupyterCluster(chart, "Cluster", spec=ClusterSpec.model_validate(of))
    return manifests(chart)


def restarted(before: list[Manifest], after: list[Manifest]) -> set[str]:
    """The workloads whose pods are made of something else; the summary has to say the same."""
    old, new = ({f"{w['kind'].lower()}/{w['metadata']['name']}": w["spec"]["template"] for w in workloads(each)} for each in (before, after))
    found = {name for name in new if name in old and old[name] != new[name]}
    told = changes(before, after)
    assert told is not None
    assert {*told.restarted} == found
    return found


def changed(before: Settings, path: str, value: object) -> Settings:
    """The settings with another value at a path such as `users.0.name`; a list's end is `+`."""
    after = copy.deepcopy(before)
    *parents, last = path.split(".")
    at: Any = after
    for key in parents:
        at = at[int(key)] if isinstance(at, list) else at.setdefault(key, [] if last == "+" else {})
    if last == "+":
        at.append(value)
    elif isinstance(at, list):
        at[int(last)] = value
    else:
        at[last] = value
    return after


class Change(NamedTuple):
    """A setting, its new value, the workloads whose pods that replaces, and the objects that cannot be changed so."""

    path: str
    value: object
    restarts: set[str]
    refused: tuple[str, ...] = ()
