"""What has to be true of plausible settings together, put right where values were drawn by themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from jupyter_cluster_constructs import spec
from jupyter_cluster_constructs.spec import metrics, network, storage
from jupyter_cluster_constructs.spec.jupyter import READ_BY

Data = dict[str, Any]


def one_of(data: Data, *keys: str) -> Data:
    """The data with the first of some keys that are there, without the others."""
    there = [key for key in keys if key in data]
    return {key: value for key, value in data.items() if key not in there[1:]}


def _user(data: Data) -> Data:
    return one_of(data, "password_hash", "password_env", "password_file")


def _storage(data: Data) -> Data:
    kept = dict(data)
    if "storage_class" not in kept:
        kept.pop("claim_size", None)
    if {"claim", "storage_class"} & kept.keys():
        kept = {key: value for key, value in kept.items() if key not in ("home_size", "shared_size", "mount_options")}
    if {"claim", "external"} & kept.keys():
        kept.pop("reclaim_policy", None)
    return kept


def _peer(data: Data) -> Data:
    kept = {key: value for key, value in data.items() if "cidr" not in data or key not in ("namespace", "pod_labels")}
    return kept if {"cidr", "namespace"} & kept.keys() or kept.get("pod_labels") else kept | {"namespace": "gateways"}


def _patch(data: Data) -> Data:
    return data | {"patch": data["patch"] or [{"op": "add", "path": "/spec/template/metadata/annotations/team", "value": "physics"}]}


def _network(data: Data) -> Data:
    return {key: value for key, value in data.items() if data.get("policies", True) or key not in network.POLICY_SETTINGS}


def _controller(data: Data) -> Data:
    unused = set() if data.get("encryption", True) else {"curve_secret"}
    unused |= {"hwm"} if data.get("scheduler") == "pure" else set()
    return {key: value for key, value in data.items() if key not in unused}


def _toleration(data: Data) -> Data:
    kept = data if "key" in data else data | {"operator": "Exists"}
    return {key: value for key, value in kept.items() if key != "value" or kept.get("operator") != "Exists"}


def _resources(data: Data) -> Data:
    return data | {"cpu_limit": "8"} if "cpu_limit" in data else data


def _ssh(data: Data) -> Data:
    inside = data.get("service_type", "ClusterIP") == "ClusterIP"
    return {key: value for key, value in data.items() if not inside or key not in ("node_port", "external_traffic_policy")}


def _metrics(data: Data) -> Data:
    if not data.get("enabled"):
        return {key: value for key, value in data.items() if key == "enabled"}
    monitored = data.get("scrape") == "pod_monitor"
    return {key: value for key, value in data.items() if monitored or key not in metrics.OF_POD_MONITOR}


def _gateway(data: Data) -> Data:
    apart = data.get("section_name", data.get("http_section_name")) != data.get("http_section_name")
    return {key: value for key, value in data.items() if apart or key != "http_section_name"}


def _ingress(data: Data) -> Data:
    return {key: value for key, value in data.items() if "gateway" not in data or key not in ("class_name", "tls_secret")}


def _cluster(data: Data) -> Data:
    """Doubles away, and members and groups that there are."""
    made = dict(data)
    users = _firsts(_firsts(_firsts(made.get("users", []), "name"), "uid"), "home_number")
    groups = _firsts(_firsts(made.get("groups", []), "name"), "gid")
    names, uids = {u["name"] for u in users}, {u["uid"] for u in users}
    groups = [g for g in groups if g["name"] not in names and g["gid"] not in uids]
    users = [u for u in users if u.get("home_number") not in uids - {u["uid"]}]
    people, teams = [u["name"] for u in users], [g["name"] for g in groups]
    for i, user in enumerate(users):
        if "groups" in user:
            users[i] = user | {"groups": teams[: len(user["groups"])]}
    for i, group in enumerate(groups):
        if "members" in group:
            groups[i] = group | {"members": people[-len(group["members"]) - 1 :]}
    if "workers" in made:
        made["workers"] = _firsts(
            [group | {"name": group.get("name")} if group.get("name") else group for group in made["workers"]], "name", once=True
        )
    if any({"password_hash", "password_env", "password_file"} & user.keys() for user in users):
        made.pop("shadow_secret", None)
    for patch in made.get("patches", []):
        patch["name"] = f"{made['name']}-frontend"
    return _with_access(_with_jupyter(made | {"users": users, "groups": groups}))


def _with_jupyter(data: Data) -> Data:
    """What the mode of JupyterLab has a use for, and admins who are users."""
    jupyter = data.get("jupyter", {})
    there = spec.Jupyter(mode=jupyter.get("mode", "hub")).containers
    if "frontend" in data:
        data["frontend"] = {name: value for name, value in data["frontend"].items() if name in there or name not in ("jupyter", "hub", "proxy")}
    if not there:
        data.pop("ingress", None)
    if "admins" in (hub := jupyter.get("hub", {})):
        hub["admins"] = [user["name"] for user in data["users"]][: len(hub["admins"])]
    if "usernames" in (sign_on := hub.get("sign_on", {})):
        sign_on["usernames"] = dict.fromkeys(sign_on["usernames"], data["users"][0]["name"])
    return data


def _jupyter(data: Data) -> Data:
    read = ("mode", *READ_BY[data.get("mode", "hub")])
    return one_of({name: value for name, value in data.items() if name in read}, "password_hash", "secret")


def _with_access(data: Data) -> Data:
    """Ways in only where NetworkPolicies make them, and one for an Ingress."""
    policies = data.get("network", {}).get("policies", True)
    for part in ("ssh", "jupyter", "metrics"):
        if part in data and not policies:
            data[part].pop("allowed_from", None)
    if policies and "ingress" in data:
        way_in = data.setdefault("jupyter", {})
        way_in["allowed_from"] = way_in.get("allowed_from") or [{"namespace": "ingress-nginx"}]
    if policies and data.get("metrics", {}).get("enabled") and data["metrics"].get("scrape") != "none":
        data["metrics"]["allowed_from"] = data["metrics"].get("allowed_from") or [{"namespace": "monitoring"}]
    if "network" in data and "local" not in data.get("storage", {"local": {}}):
        data["network"].pop("node_cidrs", None)
    return data


def _firsts(entries: list[Data], key: str, *, once: bool = False) -> list[Data]:
    """The entries without those whose value of a key an earlier one has; once says that this goes for having none, too."""
    first: dict[Any, Data] = {}
    for i, entry in enumerate(entries):
        first.setdefault(entry.get(key, None if once else (i,)), entry)
    return list(first.values())


REPAIRS: dict[type[BaseModel], Callable[[Data], Data]] = {
    spec.ClusterSpec: _cluster,
    spec.User: _user,
    storage.Storage: _storage,
    network.Peer: _peer,
    network.Target: _peer,
    network.Destination: _peer,
    network.Network: _network,
    spec.ObjectPatch: _patch,
    spec.Controller: _controller,
    spec.Toleration: _toleration,
    spec.Resources: _resources,
    spec.ControllerResources: _resources,
    spec.JupyterResources: _resources,
    spec.SshdResources: _resources,
    spec.HubResources: _resources,
    spec.ProxyResources: _resources,
    spec.WorkerGroup: _resources,
    spec.Ssh: _ssh,
    spec.MetricsResources: _resources,
    spec.Metrics: _metrics,
    spec.Jupyter: _jupyter,
    spec.Gateway: _gateway,
    spec.IngressSettings: _ingress,
}
