"""Settings of JupyterHub: who may have a server, and how much."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .base import Settings
from .sign_on import SignOn
from .values import AccountName, Listed, SizeQuantity


class Hub(Settings):
    """Members' servers: each member has one, under their own account.

    https://jupyterhub.readthedocs.io/en/stable/
    """

    max_servers: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="Most servers at a time; who comes later is told to wait. Default: one for each 256Mi of frontend.jupyter.memory.",
        examples=[30],
    )
    idle_minutes: int = Field(
        default=120,
        ge=0,
        le=525_600,
        description="A server ends after so many minutes without a request and without a kernel that computes; 0 is never.",
    )
    process_memory: SizeQuantity | None = Field(
        default=None,
        description="Most memory of each process of a member, such as a kernel, in which Python then raises MemoryError. "
        "Default: half of frontend.jupyter.memory.",
        examples=["4Gi"],
    )
    admins: Annotated[tuple[AccountName, ...], Listed] = Field(
        default=(),
        description="Users who see in the hub's admin page who has a server, and may stop and start it, but not look into it. Default: nobody.",
        examples=[["ada"]],
    )
    sign_on: SignOn | None = Field(
        default=None,
        description="Login by an identity provider, by OpenID Connect or OAuth 2.0. Default: by the password that the user has for SSH.",
        examples=[
            {
                "client_id": "jupyter-lab",
                "secret": "lab-sign-on",
                "authorize_url": "https://id.example.org/authorize",
                "token_url": "https://id.example.org/token",
                "userdata_url": "https://id.example.org/userinfo",
                "callback_url": "https://jupyter.example.org/hub/oauth_callback",
                "usernames": {"248289761001": "ada"},
            }
        ],
    )
