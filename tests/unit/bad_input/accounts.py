"""Doubles, names, passwords and keys."""

from __future__ import annotations

from ..examples import ED25519, SHA512, WEAK_HASHES
from .case import ADA, LAB, Bad

LONGEST_CLUSTER = 48

BAD = {
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
        "name: lab\njupyter:\n  mode: server\n  password_hash: hunter2  # <-",
        "jupyter.password_hash",
        ("no Jupyter password hash", "allowed: ", "argon2:"),
    ),
    "a wildcard among JupyterLab's names": Bad(
        "name: lab\njupyter:\n  mode: server\n  host_names: ['*.example.org']  # <-",
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
        "name: lab\njupyter:  # <-\n  mode: server\n  secret: a\n  password_hash: 'sha1:67c9e60bb8b6:9ffede0825894254b2e042ea597d771089e11aed'",
        "jupyter",
        ("received password_hash and secret", "allowed: one of them"),
    ),
}
