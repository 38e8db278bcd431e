"""The configuration of JupyterHub and of members' servers behind an Ingress, read as traitlets reads it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from jupyter_cluster_constructs import hub
from jupyter_cluster_constructs.spec import Gateway, IngressSettings, Jupyter

HOST = "jupyter.example.org"
TLS = IngressSettings(host=HOST, tls_secret="tls")
BEHIND_A_GATEWAY = IngressSettings(host=HOST, gateway=Gateway(name="public"))
PLAIN = IngressSettings(host=HOST)


@pytest.fixture(autouse=True)
def changes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What loading the configuration changes in its process, which it does not do here."""
    done: list[str] = []
    monkeypatch.setitem(sys.modules, "https_only", SimpleNamespace(install=lambda host: done.append(f"only https://{host}")))
    monkeypatch.setitem(sys.modules, "scrubbed_log", SimpleNamespace(install=lambda: done.append("no secrets in the log")))
    monkeypatch.setitem(sys.modules, "busy_kernels", SimpleNamespace(install=lambda: None))
    monkeypatch.setitem(sys.modules, "cluster_hub", SimpleNamespace(MemberAuthenticator=object, MemberSpawner=object))
    monkeypatch.setenv("USER", "ada")
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    return done


def loaded(directory: Path, text: str) -> Config:
    (directory / "config.py").write_text(text)
    config: Config = PyFileConfigLoader("config.py", path=str(directory)).load_config()
    return config


def cookies(directory: Path, ingress: IngressSettings | None) -> list[dict[str, Any]]:
    """The options of the hub's cookies, of its token against forged forms, and of that of ada's server."""
    of_hub = loaded(directory, hub.hub_config(Jupyter(), ingress)).JupyterHub.tornado_settings
    of_server = loaded(directory, hub.member_server_config(Jupyter(), ingress)).ServerApp.tornado_settings
    return [of_hub["cookie_options"], of_hub["xsrf_cookie_kwargs"], of_server["xsrf_cookie_kwargs"]]


@pytest.mark.parametrize("ingress", [TLS, BEHIND_A_GATEWAY])
def test_behind_tls_every_cookie_is_for_https_and_this_site_alone(tmp_path: Path, ingress: IngressSettings) -> None:
    secure = {"samesite": "Lax", "secure": True}
    assert cookies(tmp_path, ingress) == [secure, secure | {"httponly": True}, secure | {"path": "/user/ada/"}]


@pytest.mark.parametrize("ingress", [None, PLAIN])
def test_without_tls_of_ours_a_cookie_is_as_secure_as_its_request(tmp_path: Path, ingress: IngressSettings | None) -> None:
    """False would take it from those that come by https of somebody else's."""
    for options in cookies(tmp_path, ingress):
        assert options["samesite"] == "Lax"
        assert "secure" not in options


@pytest.mark.parametrize("ingress", [TLS, BEHIND_A_GATEWAY])
def test_behind_tls_hub_and_servers_lead_plain_http_to_https(tmp_path: Path, changes: list[str], ingress: IngressSettings) -> None:
    for text in (hub.hub_config(Jupyter(), ingress), hub.member_server_config(Jupyter(), ingress)):
        changes.clear()
        loaded(tmp_path, text)
        assert changes == ["no secrets in the log", f"only https://{HOST}"]


@pytest.mark.parametrize("ingress", [None, PLAIN])
def test_without_tls_nothing_is_led_to_https(tmp_path: Path, changes: list[str], ingress: IngressSettings | None) -> None:
    for text in (hub.hub_config(Jupyter(), ingress), hub.member_server_config(Jupyter(), ingress)):
        changes.clear()
        loaded(tmp_path, text)
        assert changes == ["no secrets in the log"]
