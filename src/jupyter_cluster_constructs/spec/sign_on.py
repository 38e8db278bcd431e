"""Settings of the sign-on by an identity provider: who it is, and which of its names is whose account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from ..errors import Problem
from .accounts import User
from .base import Settings
from .values import AccountName, DnsSubdomain, Listed, WholeHostName, matching

CALLBACK_PATH = "/hub/oauth_callback"
PATH = ("jupyter", "hub", "sign_on")
URL_HOST = r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?)(:[0-9]{1,5})?"

HttpsUrl = Annotated[
    str, matching(rf"https://{URL_HOST}(/[!-\"$-~]*)?", "a URL that begins with https://, without a user, a password and a # in it", 2000)
]
CallbackUrl = Annotated[str, matching(rf"https?://{URL_HOST}{CALLBACK_PATH}", f"a URL such as https://jupyter.example.org{CALLBACK_PATH}", 2000)]
Word = Annotated[str, matching(r"[!-~]+", "letters, digits and punctuation of ASCII, without blanks", 512)]
ProviderName = Annotated[str, matching(r"[^\s\0-\x1f](.*[^\s\0-\x1f])?", "a text of one line without blanks around it", 512)]


class SignOn(Settings):
    """Members log in to the hub by an identity provider, by OpenID Connect or OAuth 2.0, and not by their password.

    https://oauthenticator.readthedocs.io/en/stable/
    """

    client_id: Word = Field(description="The hub's name at the provider, where it is registered as a client.", examples=["jupyter-lab"])
    secret: DnsSubdomain = Field(
        description="Secret in the namespace with the key `client_secret`, and `ca.crt` where an authority of your own signed the provider's.",
        examples=["lab-sign-on"],
    )
    authorize_url: HttpsUrl = Field(
        description="Where browsers are sent: `authorization_endpoint` of the provider's /.well-known/openid-configuration.",
        examples=["https://id.example.org/authorize"],
    )
    token_url: HttpsUrl = Field(description="Where the hub gets its token: `token_endpoint`.", examples=["https://id.example.org/token"])
    userdata_url: HttpsUrl = Field(description="Where the hub asks who it is: `userinfo_endpoint`.", examples=["https://id.example.org/userinfo"])
    callback_url: CallbackUrl | None = Field(
        default=None,
        description="Where the provider sends browsers back to, as it is registered there. Default: /hub/oauth_callback at `ingress.host`.",
        examples=["https://jupyter.example.org/hub/oauth_callback"],
    )
    logout_url: HttpsUrl | None = Field(
        default=None,
        description="Where browsers go after they log out of the hub, such as the provider's own logout. Default: the hub's page.",
        examples=["https://id.example.org/logout"],
    )
    scopes: Annotated[tuple[Word, ...], Listed] = Field(
        default=("openid", "profile", "email"), description="What the provider is asked for; GitHub needs nothing.", examples=[["openid"]]
    )
    username_claim: Word = Field(
        default="sub",
        description="Which of the provider's values is somebody's name there. `sub` is the only one of OpenID Connect that never changes its owner; "
        "`email` counts only where the provider says `email_verified`.",
        examples=["preferred_username"],
    )
    usernames: dict[ProviderName, AccountName] = Field(
        default={},
        description="Whose account is whose: each name at the provider, letter by letter, and the user's here.",
        examples=[{"248289761001": "ada"}],
    )
    domain: WholeHostName | None = Field(
        default=None,
        description="The name NAME@DOMAIN is that of the account NAME, if the provider lets nobody else have it. "
        "Default: no name is somebody's by its domain.",
        examples=["example.org"],
    )
    same_names: bool = Field(
        default=False,
        description="Whether a name at the provider is that of the account of the same name: only where nobody can choose their own name there.",
    )
    required_claims: dict[Word, ProviderName] = Field(
        default={},
        description="What else the provider has to say of somebody: each value, or one in a list, is this one.",
        examples=[{"groups": "cluster-users"}],
    )
    login_service: ProviderName = Field(default="single sign-on", description="What the button says after `Sign in with`.", examples=["Keycloak"])

    def admits(self, account: str) -> bool:
        """Whether somebody's name at the provider may be that of an account."""
        return self.domain is not None or self.same_names or account in self.usernames.values()

    @model_validator(mode="after")
    def _names_become_accounts(self) -> Self:
        if not self.usernames and self.domain is None and not self.same_names:
            raise ValueError(
                "received neither usernames nor domain nor same_names, so that nobody could log in; allowed: `usernames: {NAME: ACCOUNT}`, "
                "or domain or same_names where strangers can't choose their names at the provider"
            )
        return self

    @model_validator(mode="after")
    def _claim_has_such_names(self) -> Self:
        if self.domain is not None and self.username_claim == "sub":
            raise ValueError(
                "received domain with username_claim sub, which is no address; write username_claim: email, or whichever has NAME@DOMAIN"
            )
        if self.same_names and self.username_claim == "email":
            raise ValueError("received same_names with username_claim email, whose names all have a domain; write `domain: DOMAIN` instead")
        return self


def sign_on_problems(sign_on: SignOn | None, host: str | None) -> Iterator[Problem]:
    """Find a provider that would not know where to send browsers back to.

    Args:
        sign_on: the settings; None where members log in by their passwords.
        host: the Ingress's or HTTPRoute's; None where there is none.
    """
    if sign_on is None or sign_on.callback_url is not None:
        return
    if host is None or host.startswith("*"):
        received = f"{host}, which is many hosts, in ingress.host" if host else "none, and no ingress.host to make it of"
        yield Problem(
            (*PATH, "callback_url"), f"received {received}; write where browsers reach the hub, such as https://jupyter.example.org{CALLBACK_PATH}"
        )


def sign_on_account_problems(sign_on: SignOn | None, users: Sequence[User]) -> Iterator[Problem]:
    """Find names at the provider that are mapped to nobody's account."""
    names = [user.name for user in users]
    for name, account in (sign_on.usernames if sign_on else {}).items():
        if account not in names:
            yield Problem((*PATH, "usernames", name), f"received {account!r}; allowed: a user of `users`, which are {names}")
