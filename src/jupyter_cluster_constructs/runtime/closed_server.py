"""Close Jupyter Server to whoever has not logged in, but for the login page and its files, and to plain http behind TLS.

It also keeps tokens out of the log.

jupyter_server (2.21) leaves some routes open whatever its settings are: its version, every static file of JupyterLab and its extensions,
and the answers to OPTIONS.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from jupyter_server.auth.login import LoginFormHandler
from jupyter_server.auth.logout import LogoutHandler
from jupyter_server.base.handlers import APIHandler, FileFindHandler, JupyterHandler, RedirectWithParams, TrailingSlashHandler
from jupyterlab_server.licenses_handler import LicensesHandler
from tornado.httputil import HTTPServerRequest
from tornado.web import HTTPError, RequestHandler, authenticated

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

# In a URL, and in one that is a part of another.
SECRET = re.compile(r"((?:token|password)(?:=|%(?:25)*3D))[^&\s\"')]+", re.IGNORECASE)

Prepare = Callable[..., Awaitable[Any] | None]


def install(*, https_host: str | None = None) -> None:
    """Change the handlers of Jupyter Server in this process.

    Args:
        https_host: name, or ``*.`` and a domain, to which requests are led that came to a proxy by plain http. Default: they are answered.
    """
    logging.setLogRecordFactory(ScrubbedRecord)
    licenses: Any = LicensesHandler
    licenses.finish = finish
    everything: Any = JupyterHandler
    everything.prepare = closed_without_login(everything.prepare)
    if https_host:
        redirects: tuple[Any, ...] = (RedirectWithParams, TrailingSlashHandler)
        for handler in (everything, *redirects):
            handler.prepare = only_by_https(https_host, handler.prepare)


class ScrubbedRecord(logging.LogRecord):
    """A line of the log without what opens the server: of a request that failed, Tornado logs the whole URL."""

    def getMessage(self) -> str:  # noqa: N802
        """The line."""
        return SECRET.sub(r"\1[secret]", super().getMessage())


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


def only_by_https(host: str, prepare: Prepare) -> Prepare:
    """Lead what a proxy got by plain http to https, and take no form that came so."""

    async def prepare_by_https(handler: Any, **options: Any) -> None:
        request = handler.request
        if came_by_http(request):
            # The page of an error asks who it is for.
            handler.current_user = handler._jupyter_current_user = None
            if request.method not in ("GET", "HEAD"):
                raise HTTPError(403, "only by https")
            # Not for good: a proxy that is set up wrong would be remembered by browsers.
            handler.redirect(f"https://{named_host(host, request)}{request.uri}")
        elif answer := prepare(handler, **options):
            await answer

    return prepare_by_https


def came_by_http(request: HTTPServerRequest) -> bool:
    """Whether a proxy says so; the kubelet's probe and `kubectl port-forward` say nothing."""
    said = request.headers.get("X-Scheme") or request.headers.get("X-Forwarded-Proto") or ""
    # Each of several proxies may have put its own; by one that is https the browser is right already.
    return bool(said) and all(each.strip().lower() in ("http", "ws") for each in said.split(","))


def named_host(host: str, request: HTTPServerRequest) -> str:
    """The host, or the one of those under a wildcard that was asked for."""
    if not host.startswith("*."):
        return host
    if not request.host_name.endswith(host[1:]):
        raise HTTPError(400, "no host of this server")
    return request.host_name
