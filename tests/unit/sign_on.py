"""Logins by an identity provider: oauthenticator's and JupyterHub's own classes, and a provider that answers by HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import cluster_hub
import cluster_sign_on
import pytest
from cluster_sign_on import SignOnAuthenticator
from oauthenticator.oauth2 import _serialize_state
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler
from traitlets.config import Config

CLIENT_SECRET, TOKEN = "secret-of-the-client", "token-of-somebody"
OPEN = {"ada", "grace"}
ADA = {"sub": "248289761001", "email": "ada@example.org", "email_verified": True, "preferred_username": "ada"}


def install(directory: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Put the client's secret into a directory; the accounts that will be asked for, of which ada's and grace's alone are open."""
    (directory / "client_secret").write_text(f"{CLIENT_SECRET}\n")
    monkeypatch.setattr(cluster_sign_on, "SECRET", directory)
    names: list[str] = []

    async def ask_patiently(do: str, *, user: str) -> dict[str, bool]:
        assert do == "account"
        names.append(user)
        return {"ok": user in OPEN}

    for module in (cluster_hub, cluster_sign_on):
        monkeypatch.setattr(module, "ask_patiently", ask_patiently)
    return names


class Request(NamedTuple):
    """What the provider was asked."""

    path: str
    authorization: str | None
    body: dict[str, list[str]]


class Provider:
    """Answers a token, then what it knows of whoever the token is of; each answer can be another."""

    def __init__(self, claims: object) -> None:
        self.token: tuple[int, object] = (200, {"access_token": TOKEN, "token_type": "bearer", "refresh_token": f"{TOKEN}-2"})
        self.claims: tuple[int, object] = (200, claims)
        self.location: str | None = None
        self.requests: list[Request] = []

    async def serve(self, program: Callable[[str], Awaitable[Any]]) -> Any:
        provider = self

        class Answer(RequestHandler):
            def get(self) -> None:
                provider.requests.append(Request(self.request.path, self.request.headers.get("Authorization"), parse_qs(self.request.body.decode())))
                status, body = provider.token if self.request.path == "/token" else provider.claims
                self.set_status(status)
                if provider.location:
                    self.set_header("Location", provider.location)
                self.write(body if isinstance(body, str) else json.dumps(body))

            post = get

        server = HTTPServer(Application([("/.*", Answer)]))
        sockets = bind_sockets(0, "127.0.0.1")
        server.add_sockets(sockets)
        try:
            return await program(f"http://127.0.0.1:{sockets[0].getsockname()[1]}")
        finally:
            server.stop()


class Handler:
    """The request by which a browser comes back from the provider."""

    def get_argument(self, name: str, default: object = None) -> object:
        return {"code": "the-code"}.get(name, default)

    def get_state_cookie(self) -> str:
        return str(_serialize_state({"state_id": "1", "code_verifier": "the-verifier"}))


def authenticator(url: str = "http://127.0.0.1:1", **settings: object) -> SignOnAuthenticator:
    there = {
        "client_id": "lab",
        "token_url": f"{url}/token",
        "userdata_url": f"{url}/userinfo",
        "oauth_callback_url": "https://jupyter.example.org/hub/oauth_callback",
        "login_service": "Keycloak",
        "username_claim": settings.pop("username_claim", "sub"),
    }
    config = {
        "Authenticator": {"allow_all": True},
        "OAuthenticator": there,
        "SignOnAuthenticator": settings or {"usernames": {"248289761001": "ada"}},
    }
    return SignOnAuthenticator(config=Config(config))


def login(claims: object, provider: Provider | None = None, **settings: object) -> dict[str, Any] | None:
    """What JupyterHub learns of somebody who comes back from the provider."""

    async def program(url: str) -> Any:
        return await authenticator(url, **settings).get_authenticated_user(Handler(), None)

    result: dict[str, Any] | None = asyncio.run((provider or Provider(claims)).serve(program))
    return result


def refusal(claims: object, provider: Provider | None = None, **settings: object) -> HTTPError:
    with pytest.raises(HTTPError) as refused:
        login(claims, provider, **settings)
    return refused.value
