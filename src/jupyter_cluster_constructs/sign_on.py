"""Configuration of the hub's login: by an identity provider, or by the member's own password.

https://oauthenticator.readthedocs.io/en/stable/reference/api/gen/oauthenticator.generic.html
"""

from __future__ import annotations

from .spec import IngressSettings, SignOn
from .spec.sign_on import CALLBACK_PATH

# The provider is not asked again before: whoever was put out there is out of the hub after so long, at the latest.
SESSION_DAYS = 1


def login_values(sign_on: SignOn | None, ingress: IngressSettings | None) -> dict[str, object]:
    """What jupyterhub_config.py says of the login.

    Args:
        sign_on: the identity provider; None where members log in by their passwords.
        ingress: how the hub is reached from outside, if it is.
    """
    if sign_on is None:
        return {"JupyterHub.authenticator_class": "cluster_hub.MemberAuthenticator"}
    return {
        "JupyterHub.authenticator_class": "cluster_sign_on.SignOnAuthenticator",
        "JupyterHub.cookie_max_age_days": SESSION_DAYS,
        # Nothing that the provider says is kept, its tokens least of all.
        "Authenticator.enable_auth_state": False,
        "OAuthenticator.client_id": sign_on.client_id,
        "OAuthenticator.authorize_url": sign_on.authorize_url,
        "OAuthenticator.token_url": sign_on.token_url,
        "OAuthenticator.userdata_url": sign_on.userdata_url,
        "OAuthenticator.oauth_callback_url": _callback_url(sign_on, ingress),
        "OAuthenticator.logout_redirect_url": sign_on.logout_url or "",
        "OAuthenticator.scope": list(sign_on.scopes),
        "OAuthenticator.enable_pkce": True,
        "OAuthenticator.validate_server_cert": True,
        "OAuthenticator.username_claim": sign_on.username_claim,
        "OAuthenticator.login_service": sign_on.login_service,
        "SignOnAuthenticator.usernames": dict(sign_on.usernames),
        "SignOnAuthenticator.domain": sign_on.domain or "",
        "SignOnAuthenticator.same_names": sign_on.same_names,
        "SignOnAuthenticator.required_claims": dict(sign_on.required_claims),
    }


def _callback_url(sign_on: SignOn, ingress: IngressSettings | None) -> str:
    return sign_on.callback_url or (ingress.url.rstrip("/") + CALLBACK_PATH if ingress else "")
