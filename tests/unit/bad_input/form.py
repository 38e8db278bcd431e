"""Files that are no settings, keys that are unknown or missing, and values of another type."""

from __future__ import annotations

from .case import ADA, LAB, Bad

BAD = {
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
    # The file
    "an open bracket": Bad("name: lab\nusers: [  # <-", "", ("is not YAML",)),
    "a tab": Bad("name: lab\nusers:\n\t- name: ada  # <-", "", ("is not YAML", "cannot start any token")),
    "a list": Bad("- name: lab  # <-", "", ("received a list", "allowed: keys with values, such as `name: lab`")),
    "a text": Bad("lab  # <-", "", ("received 'lab'", "allowed: keys with values")),
}
