"""The configuration of Jupyter Server, read as traitlets reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from jupyter_cluster_constructs import jupyter, paths
from jupyter_cluster_constructs.spec import JUPYTER_PORT

from .examples import JUPYTER_HASHES

HASH = JUPYTER_HASHES["argon2"]


def loaded(directory: Path, text: str) -> Config:
    (directory / "config.py").write_text(text)
    config: Config = PyFileConfigLoader("config.py", path=str(directory)).load_config()
    return config


@pytest.fixture
def login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory where the pod shows the Secret."""
    directory = tmp_path / "login"
    directory.mkdir()
    monkeypatch.setattr(paths, "JUPYTER_LOGIN", str(directory))
    return directory


def identity(login: Path) -> tuple[str, str]:
    """The password's hash and the token that the server takes."""
    config = loaded(login.parent, jupyter.shared_server_config())
    return config.PasswordIdentityProvider.hashed_password, config.IdentityProvider.token


def test_a_hash_opens_the_server_and_there_is_no_token(login: Path) -> None:
    (login / "password_hash").write_text(f"{HASH}\n")
    assert identity(login) == (HASH, "")


def test_a_token_opens_the_server(login: Path) -> None:
    (login / "token").write_text("0123456789abcdef\n")
    assert identity(login) == ("", "0123456789abcdef")


def test_hash_and_token_open_the_server_both(login: Path) -> None:
    (login / "password_hash").write_text(HASH)
    (login / "token").write_text("0123456789abcdef")
    assert identity(login) == (HASH, "0123456789abcdef")


@pytest.mark.parametrize("empty_files", [False, True])
def test_with_neither_a_token_that_nobody_knows_keeps_the_server_locked(login: Path, empty_files: bool) -> None:
    if empty_files:
        (login / "password_hash").write_text("")
        (login / "token").write_text("\n")
    (no_hash, token), (_, other_token) = identity(login), identity(login)
    assert no_hash == ""
    # An empty token would open the server to everybody.
    assert len(token) >= 32
    assert token != other_token


def test_without_a_secret_the_server_is_locked(login: Path) -> None:
    login.rmdir()
    assert len(identity(login)[1]) >= 32


def test_members_cannot_change_the_password_of_all(login: Path) -> None:
    assert loaded(login.parent, jupyter.shared_server_config()).PasswordIdentityProvider.allow_password_change is False


def test_the_server_listens_at_the_port_of_its_service_or_not_at_all(login: Path) -> None:
    server = loaded(login.parent, jupyter.shared_server_config()).ServerApp
    assert (server.ip, server.port, server.port_retries) == ("0.0.0.0", JUPYTER_PORT, 0)


def test_what_is_saved_is_on_the_shared_volume(login: Path) -> None:
    assert loaded(login.parent, jupyter.shared_server_config()).ServerApp.root_dir == paths.SHARED


def test_signatures_of_notebooks_are_not_on_nfs(tmp_path: Path) -> None:
    assert loaded(tmp_path, jupyter.JUPYTER_CONFIG).NotebookNotary.db_file == ":memory:"
