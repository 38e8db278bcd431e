"""Hashes of plain passwords."""

from __future__ import annotations

from pathlib import Path

import pytest
from passlib.handlers.sha2_crypt import sha512_crypt

from jupyter_cluster_constructs import passwords
from jupyter_cluster_constructs.spec import User

from .examples import ADA, GRACE, PASSWORD, SHA512

# What is in force outside of these tests.
ROUNDS = passwords.ROUNDS
BY_ENV = User(name="ada", uid=1001, password_env="ADA_PASSWORD")
BY_FILE = User(name="ada", uid=1001, password_file="ada.txt")


@pytest.fixture(autouse=True)
def cheap_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules hold for any number of rounds, and these tests hash often."""
    monkeypatch.setattr(passwords, "ROUNDS", 1000)


def hash_of(user: User = BY_ENV, *, cluster: str = "default/lab", directory: Path = Path(), password: str = PASSWORD) -> str:
    found = passwords.with_password_hash(user, cluster=cluster, directory=directory, environment={"ADA_PASSWORD": password})
    assert found.password_env is None
    assert found.password_file is None
    assert found.password_hash is not None
    return found.password_hash


def test_the_hash_is_sha512_crypt_of_the_password() -> None:
    found = hash_of()
    assert found.startswith("$6$")
    assert sha512_crypt.verify(PASSWORD, found)
    assert not sha512_crypt.verify(f"{PASSWORD}r", found)


def test_the_same_password_gives_the_same_hash_each_time() -> None:
    first = hash_of()
    passwords._hash.cache_clear()
    assert hash_of() == first


def test_the_hash_differs_between_clusters_of_one_user() -> None:
    assert len({hash_of(), hash_of(cluster="default/lab2"), hash_of(cluster="other/lab")}) == 3


def test_the_hash_differs_between_users_of_one_password() -> None:
    other = User(name="grace", uid=1002, password_env="ADA_PASSWORD")
    assert hash_of() != hash_of(other)


def test_the_salt_does_not_depend_on_the_password() -> None:
    # crypt(5): $6$rounds=N$SALT$HASH
    assert hash_of().split("$")[3] == hash_of(password="another").split("$")[3] == passwords.stable_salt("default/lab/ada")


def test_a_salt_is_16_characters_of_crypts_alphabet_and_one_an_owner() -> None:
    salts = {passwords.stable_salt(f"default/lab/user{i}") for i in range(100)}
    assert len(salts) == 100
    assert all(len(salt) == 16 and set(salt) <= set(passwords.SALT_ALPHABET) for salt in salts)


def test_the_salt_of_a_user_never_changes_between_releases() -> None:
    # A change would change every user's hash, and so the manifests, without anybody having changed a setting.
    assert passwords.stable_salt("default/lab/ada") == "jTPcE6ch4I/sx6hC"


def test_a_file_is_relative_to_the_settings_and_its_last_newline_is_no_part_of_the_password(tmp_path: Path) -> None:
    (tmp_path / "ada.txt").write_text(f"{PASSWORD}\n")
    assert sha512_crypt.verify(PASSWORD, hash_of(BY_FILE, directory=tmp_path))


def test_spaces_of_a_file_are_part_of_the_password(tmp_path: Path) -> None:
    (tmp_path / "ada.txt").write_text(" two words ")
    assert sha512_crypt.verify(" two words ", hash_of(BY_FILE, directory=tmp_path))


def test_a_file_from_windows_has_the_same_password(tmp_path: Path) -> None:
    (tmp_path / "ada.txt").write_bytes(f"{PASSWORD}\r\n".encode())
    assert sha512_crypt.verify(PASSWORD, hash_of(BY_FILE, directory=tmp_path))


def test_a_password_is_hashed_as_utf8(tmp_path: Path) -> None:
    (tmp_path / "ada.txt").write_text("straße\n", encoding="utf-8")
    assert sha512_crypt.verify("straße", hash_of(BY_FILE, directory=tmp_path))


def test_an_unset_variable_is_named() -> None:
    with pytest.raises(ValueError, match="the environment variable ADA_PASSWORD is not set"):
        passwords.with_password_hash(BY_ENV, cluster="default/lab", directory=Path(), environment={})


@pytest.mark.parametrize("value", ["", "two\nlines", "nul\0"])
def test_an_empty_password_and_one_of_several_lines_are_refused_without_being_shown(value: str) -> None:
    with pytest.raises(ValueError, match="ADA_PASSWORD holds no password of one line") as refused:
        hash_of(password=value)
    assert not value or value not in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ada\.txt cannot be read \(No such file or directory\)"):
        hash_of(BY_FILE, directory=tmp_path)


@pytest.mark.parametrize("content", [b"", b"\n"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ada.txt").write_bytes(content)
    with pytest.raises(ValueError, match=r"ada\.txt holds no password of one line"):
        hash_of(BY_FILE, directory=tmp_path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ada.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="it is not UTF-8"):
        hash_of(BY_FILE, directory=tmp_path)


@pytest.mark.parametrize("user", [ADA, GRACE], ids=["hash", "none"])
def test_a_user_with_a_hash_or_without_a_password_stays_as_they_are(user: User) -> None:
    assert passwords.with_password_hash(user, cluster="default/lab", directory=Path(), environment={}) is user


def test_a_hash_is_not_in_a_users_text() -> None:
    # Which logs and tracebacks show.
    assert SHA512 not in repr(ADA)
    assert SHA512 not in str(ADA)


def test_guessing_a_password_is_dearer_than_crypts_default_makes_it() -> None:
    assert ROUNDS > 5000


def test_the_number_of_rounds_is_in_the_hash() -> None:
    assert "$rounds=1000$" in hash_of()
