"""The configuration of Jupyter Server, read as traitlets reads it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from jupyter_cluster_constructs import jupyter, paths
from jupyter_cluster_constructs.spec import JUPYTER_PORT, Gateway, IngressSettings, Jupyter

from .examples import JUPYTER_HASHES

HASH = JUPYTER_HASHES["argon2"]


HOST = "jupyter.example.org"
TLS = IngressSettings(host=HOST, tls_secret="tls")
BEHIND_A_GATEWAY = IngressSettings(host=HOST, gateway=Gateway(name="public"))


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """With which host loading the configuration changes the server, which it does not do here."""
    hosts: list[str | None] = []
    monkeypatch.setitem(sys.modules, "closed_server", SimpleNamespace(install=lambda *, https_host: hosts.append(https_host)))
    return hosts


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


def server(login: Path, settings: Jupyter | None = None, ingress: IngressSettings | None = None) -> Config:
    """The configuration of a server with the Service lab-jupyter."""
    return loaded(login.parent, jupyter.shared_server_config(["lab-jupyter"], settings, ingress))


def test_every_option_is_one_of_jupyters(login: Path) -> None:
    from jupyter_server.auth.identity import IdentityProvider, PasswordIdentityProvider
    from jupyter_server.serverapp import ServerApp
    from jupyterlab.labapp import LabApp

    # traitlets only warns of one that there is not.
    known = {c.__name__: c.class_trait_names(config=True) for c in (ServerApp, IdentityProvider, PasswordIdentityProvider, LabApp)}
    config = server(login, Jupyter(mode="server", terminals=True), TLS)
    assert [f"{section}.{name}" for section, options in config.items() for name in options if name not in known[section]] == []


def test_an_access_without_login_is_not_allowed(login: Path) -> None:
    assert server(login).ServerApp.allow_unauthenticated_access is False


def test_its_own_names_are_those_of_its_service_and_of_the_settings(login: Path) -> None:
    app = server(login, Jupyter(mode="server", host_names=("own.example.org",)), TLS).ServerApp
    assert app.allow_remote_access is False
    assert app.local_hostnames == ["localhost", "lab-jupyter", "own.example.org", HOST]


@pytest.mark.parametrize(
    ("ingress", "origin"),
    [(None, ""), (IngressSettings(host=HOST), f"http://{HOST}"), (TLS, f"https://{HOST}"), (BEHIND_A_GATEWAY, f"https://{HOST}")],
)
def test_the_origin_that_is_allowed_is_the_hosts(login: Path, ingress: IngressSettings | None, origin: str) -> None:
    assert server(login, ingress=ingress).ServerApp.allow_origin == origin


def test_under_a_wildcard_no_other_site_of_the_domain_is_allowed(login: Path) -> None:
    app = server(login, ingress=IngressSettings(host="*.example.org", tls_secret="tls")).ServerApp
    assert app.allow_origin == ""
    assert "allow_origin_pat" not in app
    # Jupyter Server compares whole names.
    assert app.allow_remote_access is True


@pytest.mark.parametrize(
    ("ingress", "host"),
    [
        (None, None),
        (IngressSettings(host=HOST), None),
        (TLS, HOST),
        (BEHIND_A_GATEWAY, HOST),
        (IngressSettings(host="*.example.org", tls_secret="tls"), "*.example.org"),
    ],
)
def test_with_tls_cookies_are_secure_and_http_leads_to_the_host(
    login: Path, installed: list[str | None], ingress: IngressSettings | None, host: str | None
) -> None:
    config = server(login, ingress=ingress)
    assert installed == [host]
    assert config.IdentityProvider.secure_cookie is (host is not None)
    assert config.ServerApp.tornado_settings["xsrf_cookie_kwargs"]["secure"] is (host is not None)


def test_a_proxys_headers_are_believed_where_there_is_one(login: Path) -> None:
    assert [server(login, ingress=ingress).ServerApp.trust_xheaders for ingress in (None, TLS)] == [False, True]


def test_terminals_are_there_when_asked_for(login: Path) -> None:
    assert [server(login, Jupyter(mode="server", terminals=asked)).ServerApp.terminals_enabled for asked in (False, True)] == [False, True]


def test_signatures_of_notebooks_are_not_on_nfs(tmp_path: Path) -> None:
    assert loaded(tmp_path, jupyter.JUPYTER_CONFIG).NotebookNotary.db_file == ":memory:"
