"""Bad input: one clear error each, with file, line and path, what was received and what is allowed."""

from __future__ import annotations

import subprocess
import textwrap
import warnings
from pathlib import Path
from typing import NamedTuple

import pytest

from jupyter_cluster_constructs.settings_file import SettingsFileError, load_cluster

from .examples import ED25519, SHA512, WEAK_HASHES, settings_file

HERE = "# <-"


class Bad(NamedTuple):
    """A settings file with one mistake.

    Args:
        text: the file; the line that the error has to name ends in `# <-`.
        path: where in the settings the mistake is, as the error has to write it.
        says: what the error has to say of what was received and of what is allowed.
    """

    text: str
    path: str
    says: tuple[str, ...]


LAB = "name: lab\n"
ADA = "users:\n  - name: ada\n    uid: 1001\n"
LONGEST_CLUSTER = 48

BAD_INPUT = {
    # Keys
    "an unknown key": Bad("name: lab\nreplicas: 2  # <-", "replicas", ("unknown key", "allowed: ", "workers")),
    "a misspelt key": Bad("name: lab\nworker: []  # <-", "worker", ("unknown key, did you mean workers?", "allowed: ")),
    "an unknown key of a user": Bad(LAB + ADA + "    shell: /bin/sh  # <-", "users[0].shell", ("unknown key", "ssh_keys, uid")),
    "a plain password": Bad(
        LAB + ADA + "    password: hunter2  # <-", "users[0].password", ("unknown key", "password_env, password_file, password_hash")
    ),
    "an unknown key of storage": Bad(
        "name: lab\nstorage:\n  local:\n    sizes: 2Gi  # <-", "storage.local.sizes", ("unknown key, did you mean size?", "storage_class")
    ),
    "an unknown key of the frontend": Bad(
        "name: lab\nfrontend: {sshd: {cpus: 2}}  # <-", "frontend.sshd.cpus", ("unknown key, did you mean cpu?", "memory")
    ),
    "a key of another kind": Bad("name: lab\n1: 2  # <-", "1", ("unknown key", "allowed: ")),
    "a key twice": Bad("name: lab\nnamespace: a\nnamespace: b  # <-", "", ('found duplicate key "namespace"',)),
    # Types
    "a number as a name": Bad("name: 7  # <-", "name", ("received 7", "allowed: a text")),
    "true as a name": Bad("name: true  # <-", "name", ("received true", "allowed: a text")),
    "a date as a name": Bad("name: 2026-11-23  # <-", "name", ("received", "2026", "allowed: a text")),
    "a text as a uid": Bad('name: lab\nusers:\n  - name: ada\n    uid: "1001"  # <-', "users[0].uid", ("received '1001'", "allowed: a whole number")),
    "a fraction as a uid": Bad("name: lab\nusers:\n  - name: ada\n    uid: 1001.5  # <-", "users[0].uid", ("received 1001.5", "a whole number")),
    "nothing as a uid": Bad("name: lab\nusers:\n  - name: ada\n    uid:  # <-", "users[0].uid", ("received nothing", "a whole number")),
    "keys where a list is due": Bad("name: lab\nusers: {ada: 1001}  # <-", "users", ("received keys with values", "allowed: a list")),
    "nothing where a list is due": Bad("name: lab\nusers:  # <-", "users", ("received nothing", "allowed: a list")),
    "a text where a list is due": Bad(LAB + ADA + "    groups: physics  # <-", "users[0].groups", ("received 'physics'", "allowed: a list")),
    "a text where a user is due": Bad("name: lab\nusers:\n  - ada  # <-", "users[0]", ("received a text", "allowed: keys with values")),
    "a list where keys are due": Bad("name: lab\nstorage: [local]  # <-", "storage", ("received a list", "allowed: keys with values")),
    "yes as true": Bad("name: lab\ncreate_namespace: yes  # <-", "create_namespace", ("received 'yes'", "allowed: true or false")),
    "a number as a mode": Bad("name: lab\nstorage:\n  local: {}\n  home_mode: 0750  # <-", "storage.home_mode", ("received 750", "a text")),
    "a number as a variable": Bad("name: lab\nworkers:\n  - env:\n      A: 1  # <-", "workers[0].env.A", ("received 1", "allowed: a text")),
    # What is missing
    "no name": Bad("namespace: science  # <-", "name", ("is missing", "Name of the cluster")),
    "no name of a user": Bad("name: lab\nusers:\n  - uid: 1001  # <-", "users[0].name", ("is missing", "Login name")),
    "no uid": Bad("name: lab\nusers:\n  - name: ada  # <-", "users[0].uid", ("is missing", "from 1001 up")),
    "no gid": Bad("name: lab\ngroups:\n  - name: physics  # <-", "groups[0].gid", ("is missing", "from 1001 up")),
    "an ingress without host": Bad("name: lab\ningress:  # <-\n  class_name: nginx", "ingress.host", ("is missing", "DNS name of JupyterLab")),
    "an ingress with an empty host": Bad("name: lab\ningress:\n  host: ''  # <-", "ingress.host", ("received ''", "allowed: a DNS name")),
    # Doubles
    "a user twice": Bad(LAB + ADA + "  - name: ada  # <-\n    uid: 1002", "users[1].name", ("received 'ada', which users[0] has already", "once")),
    "a uid twice": Bad(LAB + ADA + "  - name: bob\n    uid: 1001  # <-", "users[1].uid", ("received 1001, which users[0] has already", "once")),
    "a home_number twice": Bad(
        LAB + ADA + "    home_number: 5\n  - name: bob\n    uid: 1002\n    home_number: 5  # <-",
        "users[1].home_number",
        ("received 5", "users[0]", "once"),
    ),
    "a home_number that is somebody's uid": Bad(
        LAB + ADA + "  - name: bob\n    uid: 1002\n    home_number: 1001  # <-", "users[1].home_number", ("received 1001", "users[0]", "once")
    ),
    "a home_number after two of one name": Bad(
        LAB + ADA + "  - name: bob\n    uid: 1002\n  - name: eve\n    uid: 1003\n    home_number: 1002  # <-",
        "users[2].home_number",
        ("received 1002", "users[1]", "once"),
    ),
    "a group twice": Bad(
        "name: lab\ngroups:\n  - {name: physics, gid: 2001}\n  - {name: physics, gid: 2002}  # <-",
        "groups[1].name",
        ("'physics'", "groups[0]", "once"),
    ),
    "a gid twice": Bad(
        "name: lab\ngroups:\n  - {name: physics, gid: 2001}\n  - {name: math, gid: 2001}  # <-", "groups[1].gid", ("2001", "groups[0]", "once")
    ),
    "a group of a user's name": Bad(LAB + ADA + "groups:\n  - {name: ada, gid: 2001}  # <-", "groups[0].name", ("'ada'", "users[0]", "another name")),
    "a gid that is a user's uid": Bad(LAB + ADA + "groups:\n  - {name: math, gid: 1001}  # <-", "groups[0].gid", ("1001", "ada", "another number")),
    "a worker group twice": Bad(
        "name: lab\nworkers:\n  - name: gpu\n  - name: gpu  # <-", "workers[1].name", ("received 'gpu'", "workers[0]", "allowed: each name once")
    ),
    "two worker groups without a name": Bad("name: lab\nworkers:\n  - {}\n  - {}  # <-", "workers[1]", ("no name", "workers[0]", "allowed: ")),
    # Names
    "an illegal name": Bad("name: My Lab  # <-", "name", ("received 'My Lab'", "allowed: small letters, digits and -, a letter first")),
    "a name that begins with a digit": Bad("name: 2lab  # <-", "name", ("received '2lab'", "a letter first")),
    "a name that another cluster's worker group could have": Bad("name: lab-worker  # <-", "name", ("received 'lab-worker'", "without -worker")),
    "an address as a host": Bad("name: lab\ningress:\n  host: 10.0.0.1  # <-", "ingress.host", ("received '10.0.0.1'", "allowed: a DNS name")),
    "an illegal namespace": Bad("name: lab\nnamespace: a.b  # <-", "namespace", ("received 'a.b'", "allowed: small letters, digits and -")),
    "an illegal user": Bad(
        "name: lab\nusers:\n  - name: Ada L  # <-\n    uid: 1001", "users[0].name", ("received 'Ada L'", "small letters, digits, _ and -")
    ),
    "a user with a colon": Bad('name: lab\nusers:\n  - name: "ada:x"  # <-\n    uid: 1001', "users[0].name", ("received 'ada:x'", "allowed: ")),
    "a user's name that is too long": Bad(
        f"name: lab\nusers:\n  - name: {'a' * 33}  # <-\n    uid: 1001", "users[0].name", ("received 'aaa", "at most 32 characters")
    ),
    "an illegal group": Bad("name: lab\ngroups:\n  - name: 9x  # <-\n    gid: 2001", "groups[0].name", ("received '9x'", "a letter or _ first")),
    "an illegal worker group": Bad("name: lab\nworkers:\n  - name: GPU  # <-", "workers[0].name", ("received 'GPU'", "small letters")),
    "a system account": Bad("name: lab\nusers:\n  - name: root  # <-\n    uid: 1001", "users[0].name", ("'root'", "the system", "another name")),
    "the library's account": Bad("name: lab\nusers:\n  - name: jupyter  # <-\n    uid: 1001", "users[0].name", ("'jupyter'", "another name")),
    "a system group": Bad("name: lab\ngroups:\n  - name: sudo  # <-\n    gid: 2001", "groups[0].name", ("'sudo'", "the system", "another name")),
    "the uid of nobody": Bad("name: lab\nusers:\n  - name: ada\n    uid: 65534  # <-", "users[0].uid", ("65534", "the system", "another number")),
    "the uid of jupyter": Bad(
        "name: lab\nusers:\n  - name: ada\n    uid: 1000  # <-", "users[0].uid", ("received 1000", "greater than or equal to 1001")
    ),
    "the uid of root": Bad("name: lab\nusers:\n  - name: ada\n    uid: 0  # <-", "users[0].uid", ("received 0", "greater than or equal to 1001")),
    "a member that does not exist": Bad(
        LAB + ADA + "groups:\n  - name: physics\n    gid: 2001\n    members:\n      - ada\n      - eve  # <-",
        "groups[0].members[1]",
        ("received 'eve', which is no user", "allowed: ada"),
    ),
    "a group that does not exist": Bad(
        LAB + ADA + "    groups:\n      - math  # <-", "users[0].groups[0]", ("received 'math', which is no group", "groups")
    ),
    "a cluster's name that makes others too long": Bad(
        f"namespace: science\nname: {'c' * (LONGEST_CLUSTER + 1)}  # <-", "name", ("of 49 characters", f"allowed: at most {LONGEST_CLUSTER}")
    ),
    "a cluster's name that is too long with no workers": Bad(
        f"workers: []\nname: {'c' * (LONGEST_CLUSTER + 1)}  # <-", "name", ("of 49 characters", f"allowed: at most {LONGEST_CLUSTER}")
    ),
    "a worker group's name that makes another too long": Bad(
        f"name: lab\nworkers:\n  - name: {'g' * 53}  # <-", "workers[0].name", ("of 64 characters", "allowed: 63", "shorten it")
    ),
    # Passwords and keys
    "a plain password as a hash": Bad(
        LAB + ADA + "    password_hash: hunter2  # <-", "users[0].password_hash", ("no password hash", "$6$", "password_env")
    ),
    "an MD5 hash": Bad(LAB + ADA + f"    password_hash: {WEAK_HASHES['MD5']}  # <-", "users[0].password_hash", ("no password hash", "allowed: ")),
    "a number as a hash": Bad(LAB + ADA + "    password_hash: 12345678  # <-", "users[0].password_hash", ("not shown", "allowed: a text")),
    "two kinds of password": Bad(
        f"name: lab\nusers:\n  - name: ada  # <-\n    uid: 1001\n    password_env: A\n    password_hash: {SHA512}",
        "users[0]",
        ("received password_hash and password_env", "allowed: one of"),
    ),
    "an unset variable": Bad(
        LAB + ADA + "    password_env: ADA_PASSWORD  # <-", "users[0].password_env", ("ADA_PASSWORD is not set", "password_hash")
    ),
    "an empty variable": Bad(LAB + ADA + "    password_env: EMPTY  # <-", "users[0].password_env", ("EMPTY", "no password of one line")),
    "an illegal variable": Bad(LAB + ADA + "    password_env: ADA-PASSWORD  # <-", "users[0].password_env", ("allowed: letters, digits and _",)),
    "a missing file": Bad(
        LAB + ADA + "    password_file: nowhere.txt  # <-", "users[0].password_file", ("nowhere.txt cannot be read", "password_hash")
    ),
    "an empty file": Bad(LAB + ADA + "    password_file: empty.txt  # <-", "users[0].password_file", ("empty.txt holds no password",)),
    "a text that is no key": Bad(
        LAB + ADA + "    ssh_keys:\n      - ada@laptop  # <-", "users[0].ssh_keys[0]", ("allowed: one line of a .pub file",)
    ),
    "a damaged key": Bad(LAB + ADA + f"    ssh_keys:\n      - {ED25519[:40]}  # <-", "users[0].ssh_keys[0]", ("base64", "allowed: one line")),
    "a key that is not in a list": Bad(LAB + ADA + f"    ssh_keys: {ED25519}  # <-", "users[0].ssh_keys", ("not shown", "allowed: a list")),
    "a plain password of JupyterLab": Bad(
        "name: lab\njupyter:\n  password_hash: hunter2  # <-", "jupyter.password_hash", ("no Jupyter password hash", "allowed: ", "argon2:")
    ),
    "a wildcard among JupyterLab's names": Bad(
        "name: lab\njupyter:\n  host_names: ['*.example.org']  # <-",
        "jupyter.host_names[0]",
        ("received '*.example.org'", "allowed: a DNS name", "without *"),
    ),
    "an http listener without one of https": Bad(
        "name: lab\njupyter: {allowed_from: [{namespace: gw}]}\ningress:\n  host: a.example.org\n  gateway: {name: a, http_section_name: http}  # <-",
        "ingress.gateway",
        ("received http_section_name without a section_name of another listener", "allowed: both"),
    ),
    "a listener of http and https": Bad(
        "name: lab\njupyter: {allowed_from: [{namespace: gw}]}\ningress:\n  host: a.example.org\n"
        "  gateway: {name: a, section_name: web, http_section_name: web}  # <-",
        "ingress.gateway",
        ("received http_section_name without a section_name of another listener", "allowed: both"),
    ),
    "two ways into JupyterLab": Bad(
        "name: lab\njupyter:  # <-\n  secret: a\n  password_hash: 'sha1:67c9e60bb8b6:9ffede0825894254b2e042ea597d771089e11aed'",
        "jupyter",
        ("received password_hash and secret", "allowed: one of them"),
    ),
    # Numbers and quantities
    "negative replicas": Bad("name: lab\nworkers:\n  - replicas: -1  # <-", "workers[0].replicas", ("received -1", "greater than or equal to 0")),
    "no engine in a pod": Bad("name: lab\nworkers:\n  - engines_per_pod: 0  # <-", "workers[0].engines_per_pod", ("received 0", "or equal to 1")),
    "a negative number of GPUs": Bad("name: lab\nworkers:\n  - gpu: -1  # <-", "workers[0].gpu", ("received -1", "or equal to 0")),
    "a malformed quantity of memory": Bad(
        "name: lab\nworkers:\n  - memory: 2GB  # <-", "workers[0].memory", ("received '2GB'", "allowed: a number, or a number and one of")
    ),
    "memory without a unit": Bad("name: lab\nworkers:\n  - memory: 512  # <-", "workers[0].memory", ("received 512", "a unit, such as 512Mi")),
    "a malformed quantity of CPUs": Bad(
        "name: lab\nfrontend:\n  sshd:\n    cpu: two  # <-", "frontend.sshd.cpu", ("received 'two'", "allowed: a number")
    ),
    "no CPU": Bad("name: lab\nworkers:\n  - cpu: 0  # <-", "workers[0].cpu", ("received 0", "allowed: more than zero")),
    "a negative quantity": Bad("name: lab\nstorage:\n  local:\n    size: -1Gi  # <-", "storage.local.size", ("received '-1Gi'", "allowed: a number")),
    "a limit below the request": Bad(
        "name: lab\nworkers:\n  - cpu: 4  # <-\n    cpu_limit: 2", "workers[0]", ("received cpu_limit 2 below cpu 4", "allowed: at least cpu")
    ),
    "a port beyond the last": Bad("name: lab\nssh:\n  port: 65536  # <-", "ssh.port", ("received 65536", "less than or equal to 65535")),
    "controller's ports that sshd has": Bad(
        "name: lab\ncontroller:  # <-\n  first_port: 2220", "controller", ("received first_port 2220", "2222 of sshd", "choose another")
    ),
    "a node's port of an internal Service": Bad(
        "name: lab\nssh:  # <-\n  node_port: 30022", "ssh", ("received node_port with service_type ClusterIP", "allowed: no node_port")
    ),
    "an unknown type of Service": Bad(
        "name: lab\nssh:\n  service_type: External  # <-",
        "ssh.service_type",
        ("received 'External'", "allowed: 'ClusterIP', 'NodePort' or 'LoadBalancer'"),
    ),
    # Storage
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
    # The rest
    "a digest that is none": Bad(
        "name: lab\nimages:\n  digests: {nfs-server: sha256:12}  # <-", "images.digests.nfs-server", ("'sha256:12'", "64 hexadecimal digits")
    ),
    "a digest of an image that is none": Bad(
        f"name: lab\nimages:\n  digests: {{nfs: sha256:{'0' * 64}}}  # <-", "images.digests.nfs", ("debian-ipython-fn", "nfs-server")
    ),
    "a key that nothing is encrypted with": Bad(
        "name: lab\ncontroller: {encryption: false, curve_secret: keys}  # <-", "controller", ("curve_secret with encryption false", "leave one")
    ),
    "a tag that changes": Bad("name: lab\nimages:\n  tag: latest  # <-", "images.tag", ("received 'latest'", "allowed: a fixed tag")),
    "a variable that the library sets": Bad(
        "name: lab\nworkers:\n  - env:  # <-\n      HOME: /tmp", "workers[0]", ("received env HOME", "allowed: any other name")
    ),
    "an illegal label": Bad(
        "name: lab\nworkers:\n  - node_selector:\n      'a b': c  # <-", "workers[0].node_selector.a b", ("received 'a b'", "allowed: a name such as")
    ),
    "a toleration of a value for every value": Bad(
        "name: lab\nworkers:\n  - tolerations:\n      - {key: a, operator: Exists, value: b}  # <-",
        "workers[0].tolerations[0]",
        ("received a value with operator Exists", "allowed: no value"),
    ),
    "a Gateway and a class": Bad(
        "name: lab\ningress:  # <-\n  host: a.org\n  class_name: nginx\n  gateway: {name: public}",
        "ingress",
        ("class_name and gateway", "allowed: one"),
    ),
    # Who may reach what
    "a network that begins elsewhere": Bad(
        "name: lab\nnetwork: {node_cidrs: [10.0.0.7/8]}  # <-", "network.node_cidrs[0]", ("received '10.0.0.7/8'; did you mean 10.0.0.0/8?",)
    ),
    "an address without its length": Bad(
        "name: lab\nnetwork: {node_cidrs: [10.0.0.7]}  # <-", "network.node_cidrs[0]", ("'10.0.0.7'", "did you mean 10.0.0.7/32?")
    ),
    "a name as a network": Bad(
        "name: lab\nnetwork: {node_cidrs: [node1]}  # <-", "network.node_cidrs[0]", ("'node1'", "allowed: a network such as 10.0.0.0/8")
    ),
    "a network in other words": Bad(
        "name: lab\nnetwork: {node_cidrs: ['2001:DB8::/32']}  # <-", "network.node_cidrs[0]", ("'2001:DB8::/32'", "write 2001:db8::/32")
    ),
    "nobody in particular": Bad(
        "name: lab\nssh:\n  allowed_from:\n    - {}  # <-", "ssh.allowed_from[0]", ("received neither a cidr nor", "allowed: `cidr: NETWORK`, or")
    ),
    "a network in a namespace": Bad(
        "name: lab\njupyter:\n  allowed_from:\n    - {cidr: 10.0.0.0/8, namespace: a}  # <-",
        "jupyter.allowed_from[0]",
        ("received cidr and namespace or pod_labels", "or one of them"),
    ),
    "a cloud's metadata": Bad(
        "name: lab\nnetwork: {engines: {to: [{cidr: 169.254.169.254/32}]}}  # <-",
        "network.engines.to[0]",
        ("hands out its nodes' credentials", "stays closed"),
    ),
    "openings without policies": Bad(
        "name: lab\nnetwork: {policies: false, engines: {internet: true}, dns: []}  # <-", "network", ("received dns and engines", "leave it out")
    ),
    "who may reach sshd without policies": Bad(
        "name: lab\nnetwork: {policies: false}\nssh: {allowed_from: []}  # <-", "ssh.allowed_from", ("network.policies: false", "leave it out")
    ),
    "who may reach JupyterLab without policies": Bad(
        "name: lab\nnetwork: {policies: false}\njupyter: {allowed_from: [{namespace: a}]}  # <-",
        "jupyter.allowed_from",
        ("network.policies: false", "leave it out"),
    ),
    "nodes of no server": Bad(
        "name: lab\nstorage: {claim: files}\nnetwork: {node_cidrs: [10.0.0.0/8]}  # <-", "network.node_cidrs", ("storage.local", "leave it out")
    ),
    "an Ingress that reaches nothing": Bad(
        "name: lab\ningress: {host: a.example.org}  # <-",
        "ingress",
        ("without jupyter.allowed_from", "`jupyter: {allowed_from: [{namespace: ingress-nginx}]}`", "`kubectl get pods --all-namespaces`"),
    ),
    "traffic from outside to a Service inside": Bad(
        "name: lab\nssh: {external_traffic_policy: Local}  # <-", "ssh", ("with service_type ClusterIP", "leave it out, or use NodePort")
    ),
    # The file
    "an open bracket": Bad("name: lab\nusers: [  # <-", "", ("is not YAML",)),
    "a tab": Bad("name: lab\nusers:\n\t- name: ada  # <-", "", ("is not YAML", "cannot start any token")),
    "a list": Bad("- name: lab  # <-", "", ("received a list", "allowed: keys with values, such as `name: lab`")),
    "a text": Bad("lab  # <-", "", ("received 'lab'", "allowed: keys with values")),
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "empty.txt").write_text("\n")
    return tmp_path


def error_of(file: Path) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SettingsFileError) as refused:
            load_cluster(file, environment={"EMPTY": ""})
    return str(refused.value)


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_one_error_with_its_place(directory: Path, name: str) -> None:
    bad = BAD_INPUT[name]
    file = settings_file(directory, bad.text)
    line = next(number for number, text in enumerate(bad.text.splitlines(), 1) if HERE in text)
    error = error_of(file)
    assert len(error.splitlines()) == 1, error
    assert error.startswith(f"{file}:{line}: {bad.path}{': ' if bad.path else ''}"), error
    assert [words for words in bad.says if words not in error] == [], error


def test_an_empty_file_says_what_is_needed(tmp_path: Path) -> None:
    for text in ("", "\n", "# only a comment\n", "---\n"):
        file = settings_file(tmp_path, text)
        assert error_of(file) == f"{file}: is empty; at least `name: …` is needed"


def test_a_missing_file_names_it_and_the_variable(tmp_path: Path) -> None:
    assert error_of(tmp_path / "none.yaml") == f"{tmp_path}/none.yaml: there is no such file; CONFIG names another one"


def test_a_directory_is_no_settings_file(tmp_path: Path) -> None:
    assert error_of(tmp_path) == f"{tmp_path}: cannot be read: Is a directory"


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_bytes(b"name: l\xe4b\n")
    assert error_of(file) == f"{file}: is not UTF-8 text"


def test_control_characters_are_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_bytes(b"name: lab\x00\n")
    error = error_of(file)
    assert len(error.splitlines()) == 1
    assert error.startswith(f"{file}: is not YAML: ")


def test_two_documents_are_refused(tmp_path: Path) -> None:
    error = error_of(settings_file(tmp_path, "name: lab\n---\nname: lab2\n"))
    assert "is not YAML" in error or "one document" in error


def test_several_mistakes_are_all_told_in_the_order_of_the_settings(tmp_path: Path) -> None:
    file = settings_file(tmp_path, "name: My Lab\nusers:\n  - name: ada\n    uid: 7\n  - uid: 1002\nworkers:\n  - replicas: -1\nssh: {prt: 22}\n")
    assert [line.removeprefix(f"{file}:").split(": ")[:2] for line in error_of(file).splitlines()] == [
        ["1", "name"],
        ["4", "users[0].uid"],
        ["5", "users[1].name"],
        ["7", "workers[0].replicas"],
        ["8", "ssh.prt"],
    ]


def test_several_mistakes_of_accounts_are_all_told_in_the_order_of_the_settings(tmp_path: Path) -> None:
    file = settings_file(
        tmp_path,
        """
        name: lab
        users:
          - {name: ada, uid: 1001}
          - {name: ada, uid: 1001}
          - {name: root, uid: 1003, groups: [none]}
        groups:
          - {name: physics, gid: 1001, members: [eve]}
        """,
    )
    paths = [line.split(": ")[1] for line in error_of(file).splitlines()]
    assert paths == ["users[1].name", "users[1].uid", "users[2].name", "users[2].groups[0]", "groups[0].gid", "groups[0].members[0]"]


def test_several_passwords_that_cannot_be_read_are_all_told(tmp_path: Path) -> None:
    file = settings_file(
        tmp_path,
        """
        name: lab
        users:
          - {name: ada, uid: 1001, password_env: UNSET}
          - {name: bob, uid: 1002, password_file: nowhere.txt}
        """,
    )
    assert [line.split(": ")[1] for line in error_of(file).splitlines()] == ["users[0].password_env", "users[1].password_file"]


def test_a_password_of_other_bytes_than_utf8_is_refused(tmp_path: Path) -> None:
    file = settings_file(tmp_path, "name: lab\nusers: [{name: ada, uid: 1001, password_env: ADA}]")
    with pytest.raises(SettingsFileError, match="the environment variable ADA holds no password of one line in UTF-8"):
        load_cluster(file, environment={"ADA": "caf\udce9"})


@pytest.mark.parametrize("name", ["gpu", "kubernetes.io/gpu", "nvidia.com/"])
def test_a_gpu_without_the_domain_of_its_plugin_is_refused(tmp_path: Path, name: str) -> None:
    file = settings_file(tmp_path, f"name: lab\nworkers: [{{gpu: 1, gpu_resource: {name}}}]")
    assert "workers[0].gpu_resource: received" in error_of(file)


SECRET = "hunter2 is a secret"


@pytest.mark.parametrize(
    "mistake",
    [
        "users: [{{name: ada, uid: 1001, password_hash: '{}'}}]",
        "users: [{{name: ada, uid: 1001, password_hash: ['{}']}}]",
        "users: [{{name: ada, uid: 1001, password_hash: {{'{}': 1}}}}]",
        "users: [{{name: ada, uid: 1001, password: '{}'}}]",
        "users: [{{name: ada, uid: 1001, password_env: '{}'}}]",
        "users: [{{name: ada, uid: 1001, password_hash: 'x', password_hash: '{}'}}]",
        "users: [{{name: ada, uid: 1001, ssh_keys: '{}'}}]",
        "users: [{{name: ada, uid: 1001, ssh_keys: ['{}']}}]",
        "users: [{{name: ada, uid: 1001, ssh_keys: [['{}']]}}]",
        "jupyter: {{password_hash: '{}'}}",
        "jupyter: {{password_hash: ['{}']}}",
        "jupyter: {{password: '{}'}}",
        "jupyter: {{token: '{}'}}",
        "jupyter: '{}'",
        "jupyter: {{secret: '{}'}}",
        "jupyter: {{secret: ['{}']}}",
        "shadow_secret: '{}'",
        "controller: {{curve_secret: '{}'}}",
        "ssh: {{host_keys_secret: '{}'}}",
        "ingress: {{host: a.example.org, tls_secret: '{}'}}",
        "images: {{pull_secrets: ['{}']}}",
        "users: [{{name: ada, uid: 1001, password_hash: !secret '{}'}}]",
    ],
)
def test_a_secret_is_never_shown(tmp_path: Path, mistake: str) -> None:
    error = error_of(settings_file(tmp_path, f"name: lab\n{mistake.format(SECRET)}\n"))
    assert SECRET[:6] not in error


def test_a_private_key_is_never_shown(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "id"], check=True)
    key = (tmp_path / "id").read_text()
    file = settings_file(tmp_path, f"name: lab\nusers:\n  - name: ada\n    uid: 1001\n    ssh_keys:\n      - |\n{textwrap.indent(key, ' ' * 8)}")
    error = error_of(file)
    assert error.startswith(f"{file}:6: users[0].ssh_keys[0]: received a private key (not shown); allowed: one line of a .pub file")
    assert not any(line in error for line in key.splitlines())


def test_the_password_of_a_variable_or_file_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "ada.txt").write_text(f"{SECRET}\nof two lines")
    file = settings_file(tmp_path, "name: lab\nusers:\n  - {name: ada, uid: 1001, password_file: ada.txt}\n")
    assert SECRET not in error_of(file)


def test_a_home_number_twice_is_told_at_its_own_place_beside_a_uid_twice(tmp_path: Path) -> None:
    file = settings_file(
        tmp_path,
        """
        name: lab
        users:
          - {name: ada, uid: 1001}
          - {name: bob, uid: 1001}
          - {name: eve, uid: 1003}
          - {name: kim, uid: 1004, home_number: 1003}
        """,
    )
    said = [line.removeprefix(f"{file}:") for line in error_of(file).splitlines()]
    assert [line.split(": ")[:2] for line in said] == [["4", "users[1].uid"], ["6", "users[3].home_number"]]
    assert "users[2] has already" in said[1]
