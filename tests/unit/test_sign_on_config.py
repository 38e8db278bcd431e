"""The hub's login in its configuration, read as traitlets reads it, by the class that the hub makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cluster_sign_on
import pytest
from cluster_sign_on import SignOnAuthenticator
from traitlets.config import Config

from jupyter_cluster_constructs import paths
from jupyter_cluster_constructs.sign_on import login_values
from jupyter_cluster_constructs.spec import IngressSettings, SignOn

from .examples import SIGN_ON

URLS = {name: SIGN_ON[name] for name in ("authorize_url", "token_url", "userdata_url")}
INGRESS = IngressSettings(host="jupyter.example.org", tls_secret="tls")


def sign_on(**settings: Any) -> SignOn:
    return SignOn.model_validate({"client_id": "lab", "secret": "keys", "usernames": {"7": "ada"}, **URLS, **settings})


def config(settings: SignOn | None, ingress: IngressSettings | None = INGRESS) -> Config:
    made = Config()
    for name, value in login_values(settings, ingress).items():
        section, _, trait = name.partition(".")
        made[section][trait] = value
    return made


@pytest.fixture
def authenticator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SignOnAuthenticator:
    (tmp_path / "client_secret").write_text("x")
    monkeypatch.setattr(cluster_sign_on, "SECRET", tmp_path)
    everything = sign_on(
        logout_url="https://id.example.org/logout",
        scopes=["openid", "groups"],
        username_claim="upn",
        domain="example.org",
        required_claims={"groups": "hpc"},
        login_service="Keycloak",
    )
    return SignOnAuthenticator(config=config(everything))


def test_every_setting_is_one_of_the_class(authenticator: SignOnAuthenticator) -> None:
    wanted = URLS | {
        "client_id": "lab",
        "logout_redirect_url": "https://id.example.org/logout",
        "oauth_callback_url": "https://jupyter.example.org/hub/oauth_callback",
        "scope": ["openid", "groups"],
        "username_claim": "upn",
        "usernames": {"7": "ada"},
        "domain": "example.org",
        "same_names": False,
        "required_claims": {"groups": "hpc"},
        "login_service": "Keycloak",
    }
    assert {name: getattr(authenticator, name) for name in wanted} == wanted


def test_no_value_is_of_a_name_that_no_class_has() -> None:
    known = {f"{base.__name__}.{trait}" for base in SignOnAuthenticator.mro() if hasattr(base, "class_traits") for trait in base.class_traits()}
    known |= {"JupyterHub.authenticator_class", "JupyterHub.cookie_max_age_days"}
    assert login_values(sign_on(), INGRESS).keys() <= known


def test_the_browser_is_proved_to_be_the_same_and_the_providers_certificate_is_looked_at(authenticator: SignOnAuthenticator) -> None:
    assert authenticator.enable_pkce is True
    assert authenticator.validate_server_cert is True


def test_no_token_of_the_provider_is_kept_and_a_session_ends_within_a_day(authenticator: SignOnAuthenticator) -> None:
    assert authenticator.enable_auth_state is False
    assert config(sign_on()).JupyterHub.cookie_max_age_days == 1


def test_the_secret_is_where_the_class_looks_for_it_and_not_in_the_configuration() -> None:
    assert str(cluster_sign_on.SECRET) == paths.SIGN_ON
    assert not [name for name in login_values(sign_on(), INGRESS) if name.endswith("client_secret")]


@pytest.mark.parametrize(
    ("callback", "ingress", "url"),
    [
        (None, INGRESS, "https://jupyter.example.org/hub/oauth_callback"),
        (None, IngressSettings(host="jupyter.example.org"), "http://jupyter.example.org/hub/oauth_callback"),
        ("http://localhost:8888/hub/oauth_callback", INGRESS, "http://localhost:8888/hub/oauth_callback"),
        ("https://lab.example.org/hub/oauth_callback", None, "https://lab.example.org/hub/oauth_callback"),
    ],
)
def test_browsers_are_sent_back_to_the_ingress_or_where_the_settings_say(callback: str | None, ingress: IngressSettings | None, url: str) -> None:
    assert login_values(sign_on(callback_url=callback), ingress)["OAuthenticator.oauth_callback_url"] == url


def test_without_a_provider_members_log_in_by_their_passwords() -> None:
    assert login_values(None, INGRESS) == {"JupyterHub.authenticator_class": "cluster_hub.MemberAuthenticator"}
