"""Lets members of this cluster into JupyterHub by an identity provider: who somebody is there, and whose account that is here.

https://oauthenticator.readthedocs.io/en/stable/
https://openid.net/specs/openid-connect-core-1_0.html#ClaimStability
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlencode

from cluster_hub import MemberAuthenticator, ask_patiently, told_of
from oauthenticator.generic import GenericOAuthenticator
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.web import HTTPError
from traitlets import Bool, Dict, Unicode, default

SECRET = Path("/run/sign-on")
ACCOUNT = re.compile("[a-z_][a-z0-9_-]{0,31}")
REQUEST_SECONDS = 20
LONGEST = 100
AGAIN = "Try again in a minute; if it stays so, tell whoever runs this cluster."

Claims = Mapping[str, Any]


def refuse(status: int, what: str, why: str) -> NoReturn:
    """End a login with a page that says why."""
    raise HTTPError(status, "%s", why, reason=what)


def shown(name: str) -> str:
    """A name of the provider as a page and a log may have it."""
    return repr(name if len(name) <= LONGEST else f"{name[:LONGEST]}…")


class SignOnAuthenticator(GenericOAuthenticator):
    """Lets in whoever has a name at the provider that is an account's, if that account is open.

    A name that is the same as an account's is that account's only where the settings say that nobody can choose theirs.
    """

    usernames = Dict(value_trait=Unicode(), key_trait=Unicode(), config=True, help="Accounts, by names at the provider.")
    domain = Unicode("", config=True, help="The names NAME@DOMAIN are those of the accounts NAME.")
    same_names = Bool(False, config=True, help="Whether each name is that of the account of the same name.")
    required_claims = Dict(value_trait=Unicode(), key_trait=Unicode(), config=True, help="What else the provider has to say.")

    # Whoever is logged in stays so while the account is open.
    refresh_user = MemberAuthenticator.refresh_user  # pyright: ignore[reportAssignmentType]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # A hub without it would let nobody in: its start is when somebody looks.
        self.read_client_secret()

    @default("http_request_kwargs")
    def _request(self) -> dict[str, Any]:
        """The secret goes nowhere but to the URL that the settings have."""
        authority = SECRET / "ca.crt"
        own = {"ca_certs": str(authority)} if authority.exists() else {}
        return {"follow_redirects": False, "request_timeout": REQUEST_SECONDS, **own}

    def read_client_secret(self) -> None:
        """Take the client's secret as the Secret has it now."""
        self.client_secret = (SECRET / "client_secret").read_text().strip()

    def build_access_tokens_request_params(self, handler: Any, data: Any = None) -> dict[str, Any]:
        """What the provider is told to get a token."""
        # Kubernetes brings a new one without a restart.
        self.read_client_secret()
        parameters: dict[str, Any] = super().build_access_tokens_request_params(handler, data)
        return parameters

    async def fetch(self, req: HTTPRequest, label: str = "", parse_json: bool = True, **options: Any) -> dict[str, Any]:
        """What the provider answers. What it says with a mistake may repeat what it was told, and is in no log and on no page."""
        try:
            answer = json.loads((await self.http_client.fetch(req, **options)).body)
            if not isinstance(answer, dict):
                raise ValueError("no object of JSON")
        except (HTTPClientError, OSError, ValueError) as error:
            response = error.response if isinstance(error, HTTPClientError) else None
            self._no_answer(req.method, req.url, f"{error} {error_code(response.body if response else b'')}")
        return answer

    async def get_token_info(self, handler: Any, params: Mapping[str, Any]) -> dict[str, Any]:
        """The token; some providers say with status 200 that there is none."""
        body = urlencode(params).encode()
        answer: Any = await self.httpfetch(self.token_url, method="POST", headers=self.build_token_info_request_headers(), body=body)
        if not isinstance(answer.get("access_token"), str):
            self._no_answer("POST", self.token_url, f"no token {error_code(json.dumps(answer).encode())}")
        return {"token_type": "Bearer", **answer}

    def _no_answer(self, method: str, url: str, why: str) -> NoReturn:
        self.log.error("%s %s: %s", method, url.partition("?")[0], why.strip())
        refuse(502, "The identity provider does not answer", f"{self.login_service} did not tell who you are. {AGAIN}")

    def build_auth_state_dict(self, token_info: Claims, user_info: Claims) -> dict[str, Any]:
        """What is kept until the login is done: no token."""
        return {self.user_auth_state_key: user_info}

    def user_info_to_username(self, user_info: Claims) -> str:
        """The account of whoever the provider tells of."""
        name = self.name_of(user_info)
        self._check_claims(name, user_info)
        if (account := self.account_of(name)) is None:
            self._refuse_stranger(f"{self.login_service} says that you are {shown(name)}, which is the name of no account in this cluster.")
        return account

    def name_of(self, claims: Claims) -> str:
        """Somebody's name at the provider."""
        name = claims.get(self.username_claim)
        if isinstance(name, int) and not isinstance(name, bool):
            name = str(name)
        if not isinstance(name, str) or not name:
            self.log.error("the provider sent no %s, but %s", self.username_claim, ", ".join(sorted(claims)))
            refuse(
                403, "No name", f"{self.login_service} did not tell {self.username_claim}, which is your name here. Tell whoever runs this cluster."
            )
        return name

    def account_of(self, name: str) -> str | None:
        """The account that is that of a name, whether or not there is one; None where a name is nobody's."""
        if name in self.usernames:
            return str(self.usernames[name])
        account, at, domain = name.rpartition("@")
        if at:
            # Some signs that are no letters of ASCII become one as a small letter.
            is_theirs = bool(self.domain) and domain.isascii() and domain.lower() == self.domain
        else:
            account, is_theirs = name, self.same_names
        return account if is_theirs and ACCOUNT.fullmatch(account) else None

    def _check_claims(self, name: str, claims: Claims) -> None:
        # Everybody may write somebody else's address into their profile.
        verified = claims.get("email_verified")
        if self.username_claim == "email" and verified is not True and verified != "true":
            self._refuse_stranger(f"{self.login_service} does not say that the address {shown(name)} was found to be yours (email_verified).")
        for claim, wanted in self.required_claims.items():
            found = claims.get(claim)
            values = found if isinstance(found, list) else [found]
            if wanted not in [str(value).lower() if isinstance(value, bool) else str(value) for value in values if value is not None]:
                self._refuse_stranger(f"{self.login_service} says that you are {shown(name)}, but not that your {claim} is {shown(wanted)}.")

    async def update_auth_model(self, auth_model: dict[str, Any]) -> dict[str, Any]:
        """Let in an account that is open."""
        account, name = auth_model["name"], self.name_of(auth_model["auth_state"][self.user_auth_state_key])
        if not (await ask_patiently("account", user=account))["ok"]:
            self._refuse_stranger(
                f"{self.login_service} says that you are {shown(name)}, whose account in this cluster is {shown(account)}: "
                "there is none of that name, or it is locked."
            )
        # JupyterHub takes None for "as before".
        return {**auth_model, **told_of(account)}

    def _refuse_stranger(self, why: str) -> NoReturn:
        refuse(
            403,
            "No account in this cluster",
            f"{why} Ask whoever runs this cluster for an account, and tell them all of this; "
            f"or log out of {self.login_service} and come back under another name.",
        )


def error_code(body: bytes | None) -> str:
    """The code of a mistake, of those that OAuth has (RFC 6749, 5.2), in an answer of the provider; nothing where it has none."""
    try:
        code = json.loads(body or b"")["error"]
    except (ValueError, TypeError, KeyError):
        return ""
    return code if isinstance(code, str) and re.fullmatch("[a-z_]{1,64}", code) else ""
