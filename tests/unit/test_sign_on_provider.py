"""What the hub tells the identity provider, and what comes of what it answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.web import HTTPError

from .sign_on import ADA, CLIENT_SECRET, TOKEN, Handler, Provider, authenticator, install, login, refusal


@pytest.fixture(autouse=True)
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install(tmp_path, monkeypatch)
    return tmp_path / "client_secret"


def test_the_token_is_asked_for_with_the_proof_that_the_browser_is_the_same() -> None:
    provider = Provider(ADA)
    login(ADA, provider)
    token, userinfo = provider.requests
    assert (token.path, userinfo.path) == ("/token", "/userinfo")
    assert token.body["code_verifier"] == ["the-verifier"]
    assert token.body["redirect_uri"] == ["https://jupyter.example.org/hub/oauth_callback"]
    assert token.body["client_secret"] == [CLIENT_SECRET]
    assert userinfo.authorization == f"Bearer {TOKEN}"


def test_nothing_of_a_token_is_kept() -> None:
    assert TOKEN not in str(login(ADA))


def test_a_new_secret_needs_no_restart(secret: Path) -> None:
    provider = Provider(ADA)

    async def program(url: str) -> None:
        there = authenticator(url)
        secret.write_text("another")
        await there.get_authenticated_user(Handler(), None)

    asyncio.run(provider.serve(program))
    assert provider.requests[0].body["client_secret"] == ["another"]


def test_without_its_secret_the_hub_does_not_start(secret: Path) -> None:
    secret.unlink()
    with pytest.raises(FileNotFoundError, match="client_secret"):
        authenticator()


def test_an_authority_of_ones_own_is_trusted_where_the_secret_has_it(secret: Path) -> None:
    assert "ca_certs" not in authenticator().http_request_kwargs
    (secret.parent / "ca.crt").write_text("")
    assert authenticator().http_request_kwargs["ca_certs"] == str(secret.parent / "ca.crt")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_secret_follows_no_redirection(status: int) -> None:
    provider = Provider(ADA)
    provider.token, provider.location = (status, ""), "/elsewhere"
    assert refusal(ADA, provider).status_code == 502
    assert [request.path for request in provider.requests] == ["/token"]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


@pytest.mark.parametrize(
    ("token", "claims", "says"),
    [
        ((400, {"error": "invalid_client", "error_description": f"not {CLIENT_SECRET}"}), (200, ADA), "invalid_client"),
        ((500, f"Traceback: client_secret={CLIENT_SECRET}"), (200, ADA), "HTTP 500"),
        ((200, {"error": "bad_verification_code", "echo": CLIENT_SECRET}), (200, ADA), "no token bad_verification_code"),
        ((200, {"refresh_token": TOKEN}), (200, ADA), "no token"),
        ((200, {"error": f"{CLIENT_SECRET}!"}), (200, ADA), "no token"),
        ((200, f"<html>{CLIENT_SECRET}"), (200, ADA), "Expecting value"),
        ((200, [TOKEN]), (200, ADA), "no object"),
        ((200, {"access_token": TOKEN}), (401, {"error": "invalid_token", "token": TOKEN}), "invalid_token"),
        ((200, {"access_token": TOKEN}), (200, "no JSON"), "Expecting value"),
        ((200, {"access_token": TOKEN}), (200, ""), "Expecting value"),
    ],
)
def test_a_provider_that_fails_is_a_page_and_a_line_of_the_log_without_a_secret(
    log: pytest.LogCaptureFixture, token: tuple[int, object], claims: tuple[int, object], says: str
) -> None:
    provider = Provider(ADA)
    provider.token, provider.claims = token, claims
    refused = refusal(ADA, provider)
    assert refused.status_code == 502
    assert "Keycloak did not tell who you are. Try again" in str(refused.get_message())
    assert says in log.text
    for text in (log.text, str(refused)):
        assert CLIENT_SECRET not in text
        assert TOKEN not in text


def test_a_provider_that_is_not_there_is_a_page_and_a_line_of_the_log(log: pytest.LogCaptureFixture) -> None:
    async def program(url: str) -> None:
        await authenticator("http://127.0.0.1:1").get_authenticated_user(Handler(), None)

    with pytest.raises(HTTPError) as refused:
        asyncio.run(Provider(ADA).serve(program))
    assert refused.value.status_code == 502
    assert "POST http://127.0.0.1:1/token: " in log.text
