"""No error shows a secret, wherever in the settings it stands."""

from __future__ import annotations

import subprocess
import textwrap
from pathlib import Path

import pytest

from .bad_input import error_of
from .examples import settings_file

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
