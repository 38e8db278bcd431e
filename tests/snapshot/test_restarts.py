"""Which pods are replaced by which change of the settings, and no others."""

from __future__ import annotations

from functools import cache

import pytest
from support import Manifest

from jupyter_cluster_constructs.changes import Changes, changes

from .charts import ED25519, SHA512, SIGN_ON
from .restarts import EVE, FRONTEND, GPU, KINDS, MAKERS, NFS, NONE, OTHER_HASH, SERVER, WORKER, WORKERS, Change, changed, cluster, restarted, settings

ALL = {FRONTEND, NFS} | WORKERS
CHANGES = {
    # Accounts are read live.
    "a password": Change("users.0.password_hash", OTHER_HASH, NONE),
    "a first password": Change("users.1.password_hash", SHA512, NONE),
    "a key": Change("users.0.ssh_keys", [ED25519], NONE),
    "a user's group": Change("users.0.groups", ["physics"], NONE),
    "a group": Change("groups.+", {"name": "math", "gid": 2002}, NONE),
    "a group's member": Change("groups.0.members", ["ada"], NONE),
    # Engines
    "more engines": Change("workers.0.replicas", 9, NONE),
    "another group of engines": Change("workers.+", {"name": "big"}, NONE),
    "a patch of a Service": Change(
        "patches.+", {"kind": "Service", "name": "lab-ssh", "patch": [{"op": "add", "path": "/spec/sessionAffinity", "value": "ClientIP"}]}, NONE
    ),
    "a patch of a group's pods": Change(
        "patches.+",
        {"kind": "Deployment", "name": "lab-worker-gpu", "patch": [{"op": "add", "path": "/spec/template/spec/priorityClassName", "value": "high"}]},
        {GPU},
    ),
    "a group's CPUs": Change("workers.1.cpu", 4, {GPU}),
    "a group's memory": Change("workers.0.memory", "4Gi", {WORKER}),
    "a group's environment": Change("workers.1.env", {"LAB": "physics"}, {GPU}),
    "a group's engines in a pod": Change("workers.0.engines_per_pod", 2, {WORKER}),
    "a group's nannies": Change("workers.0.nanny", True, {WORKER}),
    "a group's nodes": Change("workers.0.node_selector", {"pool": "cpu"}, {WORKER}),
    # Frontend
    "the controller's memory": Change("frontend.controller.memory", "4Gi", {FRONTEND}),
    "JupyterLab's CPUs": Change("frontend.jupyter.cpu", 4, {FRONTEND}),
    "sshd's memory": Change("frontend.sshd.memory", "4Gi", {FRONTEND}),
    "the frontend's nodes": Change("frontend.node_selector", {"pool": "front"}, {FRONTEND}),
    "the hub's memory": Change("frontend.hub.memory", "1Gi", {FRONTEND}),
    "the proxy's CPUs": Change("frontend.proxy.cpu", "200m", {FRONTEND}),
    "one JupyterLab for all": Change("jupyter", SERVER, {FRONTEND}),
    "no JupyterLab": Change("jupyter", {"mode": "off"}, {FRONTEND}),
    "how many servers there may be": Change("jupyter.hub.max_servers", 30, {FRONTEND}),
    "when a server is idle": Change("jupyter.hub.idle_minutes", 30, {FRONTEND}),
    "how much memory a member's process may have": Change("jupyter.hub.process_memory", "512Mi", {FRONTEND}),
    "an identity provider": Change("jupyter.hub.sign_on", SIGN_ON, {FRONTEND}),
    "the hub's admins": Change("jupyter.hub.admins", ["ada"], {FRONTEND}),
    # Engines listen for it too.
    "the heartbeat's period": Change("controller.heartbeat_period", 3000, {FRONTEND} | WORKERS),
    "the heartbeats that may be missed": Change("controller.heartbeat_misses", 30, {FRONTEND}),
    # Engines are told the new ones by the connection file, once their probe has restarted them.
    "the controller's ports": Change("controller.first_port", 12001, {FRONTEND} | WORKERS),
    "encryption": Change("controller.encryption", False, {FRONTEND} | WORKERS),
    "the controller's key": Change("controller.curve_secret", "keys", {FRONTEND} | WORKERS),
    "the controller's database": Change("controller.task_database", "memory", {FRONTEND}),
    "the controller's scheduler": Change("controller.scheduler", "pure", {FRONTEND}),
    "the tasks that an engine may have": Change("controller.hwm", 8, {FRONTEND}),
    # Ways in
    "the type of the SSH Service": Change("ssh.service_type", "LoadBalancer", NONE),
    "the port of the SSH Service": Change("ssh.port", 2200, NONE),
    # sshd reads its settings when it starts.
    "whether passwords log in": Change("ssh.password_login", False, {FRONTEND}),
    "what SSH forwards": Change("ssh.forwarding", ["tcp", "agent"], {FRONTEND}),
    "SSH for older clients": Change("ssh.algorithms", "compatible", {FRONTEND}),
    "host keys of one's own": Change("ssh.host_keys_secret", "keys", {FRONTEND}),
    "an Ingress": Change("ingress", {"host": "jupyter.example.org"}, NONE),
    # Cookies are for https alone.
    "an Ingress with TLS": Change("ingress", {"host": "jupyter.example.org", "tls_secret": "tls"}, {FRONTEND}),
    "JupyterLab's terminals": Change("jupyter.terminals", False, {FRONTEND}),
    # Metrics
    "metrics": Change("metrics", {"enabled": True, "scrape": "none"}, {FRONTEND}),
    "metrics by a PodMonitor": Change(
        "metrics", {"enabled": True, "scrape": "pod_monitor", "allowed_from": [{"namespace": "monitoring"}], "interval": "15s"}, {FRONTEND}
    ),
    # Who may reach what
    "who may reach sshd": Change("ssh.allowed_from", [{"cidr": "192.0.2.0/24"}], NONE),
    "who may reach JupyterLab": Change("jupyter.allowed_from", [{"namespace": "gateways"}], NONE),
    "where traffic for sshd is taken": Change("ssh", {"service_type": "NodePort", "external_traffic_policy": "Local"}, NONE),
    "what members may reach": Change("network.frontend.internet", False, NONE),
    "what engines may reach": Change("network.engines", {"to": [{"cidr": "10.1.0.0/16"}]}, NONE),
    "where names are resolved": Change("network.dns", [{"namespace": "openshift-dns"}], NONE),
    # Its configuration says so too.
    "from where nodes mount": Change("network.node_cidrs", ["10.0.0.0/8"], {NFS}),
    # Storage
    "the homes' mode": Change("storage.home_mode", "0700", {FRONTEND, NFS}),
    "how long the NFS server waits for its clients": Change("storage.local.leave_seconds", 61, {NFS}),
    "what becomes of the disk": Change("storage.reclaim_policy", "Delete", NONE),
    # Kubernetes mounts with the new ones when a pod starts next.
    "the mount options": Change("storage.mount_options", ["nfsvers=4.2", "hard"], NONE),
    # These the API server refuses.
    "the disk's size": Change("storage.local.size", "50Gi", NONE, ("statefulset/lab-nfs",)),
    "the disk's class": Change("storage.local.storage_class", "fast", NONE, ("statefulset/lab-nfs",)),
    "the homes' size": Change("storage.home_size", "20Gi", NONE, tuple(f"persistentvolumeclaim/lab-home-{n}" for n in (1001, 1002))),
    "the shared directory's size": Change("storage.shared_size", "20Gi", NONE, ("persistentvolumeclaim/lab-shared",)),
    "the NFS server's address": Change(
        "storage.local.cluster_ip",
        "10.96.0.151",
        {NFS},
        ("service/lab-nfs", *(f"persistentvolume/science.lab.{part}" for part in ("shared", "home-1001", "home-1002"))),
    ),
    # Everything runs from the images.
    "the images' tag": Change("images.tag", "9.9", ALL),
    "the images' registry": Change("images.registry", "registry.example.org/lab", ALL),
    "an image's digest": Change("images.digests", {"debian-ipython-wn": f"sha256:{'0' * 64}"}, WORKERS),
    "when images are fetched": Change("images.pull_policy", "Always", ALL),
}


@cache
def there(kind: str, homes: str) -> list[Manifest]:
    """The cluster before anything changes."""
    return cluster(settings(kind, homes))


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_replaces_the_pods_that_need_it_and_no_others(name: str) -> None:
    change = CHANGES[name]
    before, after = there("local", "per-user"), cluster(changed(settings(), change.path, change.value))
    assert after != before, "the setting changes nothing at all"
    assert restarted(before, after) == change.restarts
    told = changes(before, after)
    assert told is not None
    assert tuple(name.partition(" ")[0] for name in told.refused) == change.refused


@pytest.mark.parametrize("homes", ["per-user", "single"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_live_restarts_nothing_on_any_storage(kind: str, homes: str) -> None:
    after = settings(kind, homes)
    for change in CHANGES.values():
        if not change.restarts and not change.path.startswith("storage."):
            after = changed(after, change.path, change.value)
    assert len(cluster(after)) > len(there(kind, homes))
    assert changes(there(kind, homes), cluster(after)) == Changes(restarted=(), refused=(), left_over=())


def test_hashes_in_another_secret_restart_what_mounts_them() -> None:
    before = changed(settings(), "users.0", {"name": "ada", "uid": 1001})
    assert restarted(cluster(before), cluster(changed(before, "shadow_secret", "hashes"))) == {FRONTEND}


USERS = {
    "a user more": ("users.+", EVE),
    "a user less": ("users", settings()["users"][:1]),
    "another name": ("users.0.name", "lovelace"),
    "another home": ("users.0.home_number", 5),
    "another number": ("users.0", {"name": "ada", "uid": 1004, "home_number": 1001}),
}


def restarted_by_users(kind: str, homes: str, change: str) -> set[str]:
    return restarted(there(kind, homes), cluster(changed(settings(kind, homes), *USERS[change])))


@pytest.mark.parametrize("change", USERS)
@pytest.mark.parametrize("kind", KINDS)
def test_with_single_homes_users_come_and_go_and_nothing_restarts(kind: str, change: str) -> None:
    assert restarted_by_users(kind, "single", change) == NONE


@pytest.mark.parametrize("change", ["a user more", "a user less", "another home"])
@pytest.mark.parametrize("kind", KINDS)
def test_with_a_home_each_users_who_come_and_go_restart_what_mounts_homes_and_what_makes_them(kind: str, change: str) -> None:
    assert restarted_by_users(kind, "per-user", change) == {FRONTEND} | WORKERS | MAKERS[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_with_a_home_each_another_name_is_another_mount_of_the_same_directory(kind: str) -> None:
    assert restarted_by_users(kind, "per-user", "another name") == {FRONTEND} | WORKERS


@pytest.mark.parametrize("kind", KINDS)
def test_with_single_homes_another_mode_restarts_nothing(kind: str) -> None:
    after = cluster(changed(settings(kind, "single"), "storage.home_mode", "0700"))
    assert restarted(there(kind, "single"), after) == NONE


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        # Volumes are known by their names, which do not tell on which server they are.
        ("local", "external", [f"persistentvolume/science.lab.{part} (spec.nfs)" for part in ("shared", "home-1001", "home-1002")]),
        ("local", "claim", []),
        ("external", "class", []),
        ("claim", "class", ["statefulset/lab-storage (spec.volumeClaimTemplates)"]),
    ],
)
def test_of_another_kind_of_storage_it_is_told_what_has_to_be_deleted_first(before: str, after: str, refused: list[str]) -> None:
    told = changes(there(before, "per-user"), there(after, "per-user"))
    assert told is not None
    assert [*told.refused] == refused
    assert {FRONTEND} | WORKERS <= {*told.restarted}


@pytest.mark.parametrize("kind", KINDS)
def test_homes_are_put_into_a_single_volume_without_anything_that_has_to_be_deleted_first(kind: str) -> None:
    told = changes(there(kind, "per-user"), there(kind, "single"))
    assert told is not None
    assert told.refused == ()
    assert {*told.restarted} == {FRONTEND} | WORKERS | MAKERS[kind]
    of_nfs = {f"persistentvolume{name}{number}" for number in (1001, 1002) for name in ("/science.lab.home-", "claim/lab-home-")}
    assert {*told.left_over} == (set() if kind in ("claim", "class") else of_nfs)
