"""Close Jupyter Server to whoever has not logged in, but for the login page and its files, and to plain http behind TLS.

It also keeps tokens out of the log.

jupyter_server (2.21) leaves some routes open whatever its settings are: its version, every static file of JupyterLab and its extensions,
and the answers to OPTIONS.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import https_only
import scrubbed_log
from jupyter_server.auth.login import LoginFormHandler
from jupyter_server.auth.logout import LogoutHandler
from jupyter_server.base.handlers import APIHandler, FileFindHandler, JupyterHandler
from jupyterlab_server.licenses_handler import LicensesHandler
from tornado.web import RequestHandler, authenticated

LOGIN_FILES = frozenset(
    {
        "/favicon.ico",
        "/static/favicon.ico",
        "/static/logo/logo.png",
        "/static/style/bootstrap-theme.min.css",
        "/static/style/bootstrap.min.css",
        "/static/style/index.css",
    }
)

Prepare = Callable[..., Awaitable[Any] | None]


def install(*, https_host: str | None = None) -> None:
    """Change the handlers of Jupyter Server in this process.

    Args:
        https_host: name, or ``*.`` and a domain, to which requests are led that came to a proxy by plain http. Default: they are answered.
    """
    scrubbed_log.install()
    licenses: Any = LicensesHandler
    licenses.finish = finish
    everything: Any = JupyterHandler
    everything.prepare = closed_without_login(everything.prepare)
    if https_host:
        https_only.install(https_host)


def closed_without_login(prepare: Prepare) -> Prepare:
    """Ask for a login for what is marked as open, too."""

    async def prepare_with_login(handler: Any, **options: Any) -> None:
        await prepare(handler, **options)  # type: ignore[misc]
        if not handler.current_user and not handler._finished and not is_of_login(handler):
            refuse(handler)

    return prepare_with_login


def finish(handler: Any, *body: Any, _mime_type: str = "application/json") -> Any:
    """Answer a request for licenses: jupyterlab_server (2.28) never ends an error's answer, so that each request without a login stays open."""
    return APIHandler.finish(handler, *body, set_content_type=_mime_type)


@authenticated
def refuse(handler: RequestHandler) -> None:
    """Lead to the login page, or answer 403 where nobody reads pages."""


def is_of_login(handler: RequestHandler) -> bool:
    """Whether somebody needs it to log in or out."""
    if isinstance(handler, (LoginFormHandler, LogoutHandler)):
        return handler.request.method in ("GET", "HEAD", "POST")
    return isinstance(handler, FileFindHandler) and handler.request.path in LOGIN_FILES
