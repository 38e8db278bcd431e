"""Storage: its kinds, and what each of them does not take."""

from __future__ import annotations

from .case import Bad

BAD = {
    "no kind of storage": Bad("name: lab\nstorage: {}  # <-", "storage", ("received none of them", "allowed: one of `local: {}`, `external:")),
    "two kinds of storage": Bad(
        "name: lab\nstorage:  # <-\n  local: {}\n  external: {server: 10.0.0.5, path: /srv}",
        "storage",
        ("received local and external", "allowed: one of"),
    ),
    "three kinds of storage": Bad(
        "name: lab\nstorage:  # <-\n  storage_class: cephfs\n  claim: files\n  local: {}",
        "storage",
        ("received local and claim and storage_class", "`claim: NAME` and `storage_class: NAME`"),
    ),
    "a claim of keys": Bad("name: lab\nstorage:\n  claim: {name: files}  # <-", "storage.claim", ("received keys with values", "allowed: a text")),
    "a claim that is none": Bad("name: lab\nstorage:\n  claim: My Files  # <-", "storage.claim", ("received 'My Files'", "small letters")),
    "an empty class": Bad("name: lab\nstorage:\n  storage_class: ''  # <-", "storage.storage_class", ("received ''", "small letters")),
    "a claim of no size": Bad(
        "name: lab\nstorage:\n  storage_class: cephfs\n  claim_size: large  # <-", "storage.claim_size", ("received 'large'", "allowed: a number")
    ),
    "homes of another kind": Bad(
        "name: lab\nstorage:\n  local: {}\n  homes: shared  # <-", "storage.homes", ("received 'shared'", "allowed: 'per-user' or 'single'")
    ),
    "a policy that Kubernetes has no longer": Bad(
        "name: lab\nstorage:\n  local: {}\n  reclaim_policy: Recycle  # <-",
        "storage.reclaim_policy",
        ("received 'Recycle'", "allowed: 'Retain' or 'Delete'"),
    ),
    "a server that exists and is to be deleted": Bad(
        "name: lab\nstorage:  # <-\n  external: {server: 10.0.0.5, path: /srv}\n  reclaim_policy: Delete",
        "storage",
        ("received reclaim_policy Delete for storage that the cluster does not make", "allowed: Retain"),
    ),
    "a size that nothing is made of": Bad(
        "name: lab\nstorage:  # <-\n  local: {}\n  claim_size: 5Gi", "storage", ("received claim_size", "kind local does not use", "leave it out")
    ),
    "NFS options without NFS": Bad(
        "name: lab\nstorage:  # <-\n  claim: files\n  home_size: 5Gi\n  mount_options: [hard]",
        "storage",
        ("received home_size and mount_options", "kind claim does not use"),
    ),
    "a claim that exists and is to be deleted": Bad(
        "name: lab\nstorage:  # <-\n  claim: files\n  reclaim_policy: Delete", "storage", ("received reclaim_policy Delete", "allowed: Retain")
    ),
    "a user who is called as a home beside links": Bad(
        "name: lab\nstorage: {local: {}, homes: single}\nusers:\n  - name: user_home_dir_7  # <-\n    uid: 1001",
        "users[0].name",
        ("received 'user_home_dir_7'", "`homes: single`", "choose another name"),
    ),
    "a user who is called as the shared directory beside links": Bad(
        "name: lab\nstorage: {claim: files, homes: single}\nusers:\n  - {name: ada, uid: 1001}\n  - name: jupyter_shared  # <-\n    uid: 1002",
        "users[1].name",
        ("received 'jupyter_shared'", "choose another name"),
    ),
    "a cluster's name that is too long for a claim's pod": Bad(
        f"storage: {{claim: files}}\nname: {'c' * 45}  # <-", "name", ("of 45 characters", "allowed with this storage: at most 44")
    ),
    "a cluster's name that is too long for a claim's StatefulSet": Bad(
        f"storage: {{storage_class: cephfs}}\nname: {'c' * 48}  # <-", "name", ("of 48 characters", "allowed with this storage: at most 44")
    ),
    "a server that is a Service": Bad(
        "name: lab\nstorage:\n  external:\n    server: nfs.default.svc  # <-\n    path: /srv",
        "storage.external.server",
        ("received 'nfs.default.svc'", "clusterIP", "allowed: an address or a DNS name"),
    ),
    "a server of the cluster's domain": Bad(
        "name: lab\nstorage:\n  external:\n    path: /srv\n    server: nfs.default.svc.cluster.local  # <-",
        "storage.external.server",
        ("received 'nfs.default.svc.cluster.local'", "clusterIP"),
    ),
    "an empty server": Bad(
        "name: lab\nstorage:\n  external:\n    server: ''  # <-\n    path: /srv", "storage.external.server", ("received ''", "allowed: an address")
    ),
    "no server": Bad("name: lab\nstorage:\n  external:  # <-\n    path: /srv", "storage.external.server", ("is missing", "Address or name")),
    "a path of an external server that is relative": Bad(
        "name: lab\nstorage:\n  external:\n    server: nfs\n    path: srv  # <-",
        "storage.external.path",
        ("received 'srv'", "allowed: an absolute path"),
    ),
    "an address that is none": Bad(
        "name: lab\nstorage:\n  local:\n    cluster_ip: 10.96.0  # <-",
        "storage.local.cluster_ip",
        ("received '10.96.0'", "allowed: a free IPv4 address"),
    ),
    "homes that everybody writes to": Bad(
        "name: lab\nstorage:\n  local: {}\n  home_mode: '0777'  # <-", "storage.home_mode", ("received '0777'", "allowed: an octal mode")
    ),
}
