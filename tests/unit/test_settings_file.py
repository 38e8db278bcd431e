"""Settings files that are fine."""

from __future__ import annotations

from pathlib import Path

import pytest
from passlib.handlers.sha2_crypt import sha512_crypt

from jupyter_cluster_constructs import passwords
from jupyter_cluster_constructs.settings_file import load_cluster
from jupyter_cluster_constructs.spec import ClusterSpec, Storage
from jupyter_cluster_constructs.spec.storage import ExternalStorage

from .examples import SHA512, settings_file


@pytest.fixture(autouse=True)
def cheap_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "ROUNDS", 1000)


def test_a_name_alone_is_the_settings_of_a_name(tmp_path: Path) -> None:
    assert load_cluster(settings_file(tmp_path, "name: lab\n")) == ClusterSpec(name="lab")


def test_a_file_and_typed_settings_are_the_same(tmp_path: Path) -> None:
    file = settings_file(
        tmp_path,
        f"""
        name: lab
        users:
          - name: ada
            uid: 1001
            password_hash: {SHA512}
        storage:
          external: {{server: 10.0.0.5, path: /srv}}
        """,
    )
    spec = load_cluster(file)
    assert spec.users[0].password_hash == SHA512
    assert spec.storage == Storage(external=ExternalStorage(server="10.0.0.5", path="/srv"))


def test_yamls_anchors_hexadecimal_numbers_and_folded_texts_are_what_they_stand_for(tmp_path: Path) -> None:
    spec = load_cluster(
        settings_file(
            tmp_path,
            """
            name: "lab"
            users:
              - &one {name: ada, uid: 0x3E9}
              - {<<: *one, name: grace, uid: 0o1752}
            workers:
              - env:
                  NOTE: >-
                    two
                    lines
            """,
        )
    )
    assert [(user.name, user.uid) for user in spec.users] == [("ada", 1001), ("grace", 1002)]
    assert spec.workers[0].env == {"NOTE": "two lines"}


def test_plain_passwords_are_replaced_by_their_hashes(tmp_path: Path) -> None:
    (tmp_path / "bob.txt").write_text("bobs\n")
    file = settings_file(
        tmp_path,
        """
        name: lab
        users:
          - {name: ada, uid: 1001, password_env: ADA}
          - {name: bob, uid: 1002, password_file: bob.txt}
        """,
    )
    ada, bob = load_cluster(file, environment={"ADA": "adas"}).users
    assert sha512_crypt.verify("adas", ada.password_hash)
    assert sha512_crypt.verify("bobs", bob.password_hash)
    assert (ada.password_env, bob.password_file) == (None, None)


def test_without_hashing_no_variable_is_needed(tmp_path: Path) -> None:
    file = settings_file(tmp_path, "name: lab\nusers: [{name: ada, uid: 1001, password_env: UNSET}]\n")
    assert load_cluster(file, environment={}, hash_passwords=False).users[0].password_env == "UNSET"


def test_the_same_hash_comes_from_a_file_and_from_typed_settings(tmp_path: Path) -> None:
    file = settings_file(tmp_path, "name: lab\nnamespace: science\nusers: [{name: ada, uid: 1001, password_env: ADA}]\n")
    user = load_cluster(file, environment={}, hash_passwords=False).users[0]
    direct = passwords.with_password_hash(user, cluster="science/lab", directory=tmp_path, environment={"ADA": "adas"})
    assert load_cluster(file, environment={"ADA": "adas"}).users[0] == direct
