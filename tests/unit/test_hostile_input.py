"""Input that hypothesis found a way through with: each is refused in one printable line of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_cluster_constructs.settings_file import SettingsFileError, load_cluster

from .examples import settings_file

HOSTILE = {
    "lists in lists without end": (f"name: lab\nusers: {'[' * 500}{']' * 500}\n", "nested too deeply"),
    "a list in itself": ("name: lab\nusers: &a [*a]\n", "2: users[0]: received nothing"),
    "keys in themselves": ("name: lab\nstorage: &a {local: *a}\n", "2: storage: received none of them"),
    "a key of several lines": ('name: lab\n"a\\nb": 1\n', "2: a\\nb: unknown key"),
    "a key that moves the cursor": ('name: lab\nworkers:\n  - env: {"a\\e[2Jb": x}\n', "3: workers[0].env.a\\x1b[2Jb: received"),
    "a key that turns the direction": ('name: lab\nworkers:\n  - env: {"a\\u202eb": x}\n', "3: workers[0].env.a\\u202eb: received"),
    "a server that moves the cursor": (
        'name: lab\nstorage:\n  external:\n    server: "\\e[2J"\n    path: /srv\n',
        "4: storage.external.server: received '\\x1b[2J'; allowed: an address or a DNS name",
    ),
    "a server that is an option": ("name: lab\nstorage:\n  external:\n    server: -osuid\n    path: /srv\n", "server: received '-osuid'"),
    "a server of two addresses": ("name: lab\nstorage:\n  external:\n    server: 10.0.0.5,10.0.0.6\n    path: /srv\n", "allowed: an address"),
    "a server of letters that look alike": ('name: lab\nstorage:\n  external:\n    server: "nf\\u0455"\n    path: /srv\n', "allowed: an address"),
    "a variable with a zero": ('name: lab\nworkers:\n  - env: {A: "a\\0b"}\n', "3: workers[0].env.A: received 'a\\x00b'; allowed: a text without"),
    "a variable of half a character": ('name: lab\nworkers:\n  - env: {A: "\\ud800"}\n', "workers[0].env.A: received '\\ud800'; allowed: "),
    "an annotation of half a character": (
        'name: lab\ningress:\n  host: lab.example.org\n  annotations: {a: "\\ud800"}\njupyter: {allowed_from: [{namespace: ingress}]}\n',
        "4: ingress.annotations.a: received '\\ud800'; allowed: ",
    ),
    "a label's domain with two dots": ("name: lab\nworkers:\n  - node_selector: {a..b/pool: gpu}\n", "received 'a..b/pool'; allowed: a name such as"),
    "a registry with two dots": ("name: lab\nimages: {registry: a..b/lab}\n", "images.registry: received 'a..b/lab'; allowed: a registry"),
    "a registry's path with two dots": ("name: lab\nimages: {registry: a/b..c}\n", "images.registry: received 'a/b..c'; allowed: a registry"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_is_refused_in_a_printable_line(name: str, tmp_path: Path) -> None:
    text, says = HOSTILE[name]
    with pytest.raises(SettingsFileError) as refused:
        load_cluster(settings_file(tmp_path, text))
    error = str(refused.value)
    assert error.startswith(f"{tmp_path}/cluster.yaml")
    assert error.isprintable()
    assert says in error


@pytest.mark.parametrize(
    "server", ["10.0.0.5", "nfs", "nfs.example.org", "nfs.example.org.", "NFS-1.Example.org", "nas_2.local", "fs-1.efs.eu.amazonaws.com"]
)
def test_addresses_and_names_of_servers_are_accepted(server: str, tmp_path: Path) -> None:
    spec = load_cluster(settings_file(tmp_path, f"name: lab\nstorage:\n  external: {{server: {server}, path: /srv}}\n"))
    assert spec.storage.external is not None
    assert spec.storage.external.server == server


@pytest.mark.parametrize("registry", ["localhost/lab", "ghcr.io/a/b_c/d__e/f-g.h", "10.0.0.5:5000/x", "docker.io", "a--b.example.org/c--d"])
def test_registries_are_accepted(registry: str, tmp_path: Path) -> None:
    assert load_cluster(settings_file(tmp_path, f"name: lab\nimages: {{registry: '{registry}'}}\n")).images.registry == registry
