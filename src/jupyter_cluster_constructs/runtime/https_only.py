"""Lead to https what a proxy got by plain http, whichever program of Jupyter answers: each of them is an application of Tornado."""

from __future__ import annotations

from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.web import Application, HTTPError, RequestHandler


def install(host: str) -> None:
    """Change the applications of this process.

    Args:
        host: name, or ``*.`` and a domain, at which https is.
    """
    everything: Any = Application
    find_handler = everything.find_handler

    def find_handler_by_https(application: Application, request: HTTPServerRequest, **options: Any) -> Any:
        if came_by_http(request):
            return application.get_handler_delegate(request, LeadToHttps, {"host": host})
        return find_handler(application, request, **options)

    everything.find_handler = find_handler_by_https


class LeadToHttps(RequestHandler):
    """Leads elsewhere, and takes no form."""

    def initialize(self, host: str) -> None:
        """Take the name at which https is."""
        self.host = host

    def check_xsrf_cookie(self) -> None:
        """Nothing that comes so is taken anyway."""

    def prepare(self) -> None:
        """Answer."""
        if self.request.method not in ("GET", "HEAD"):
            raise HTTPError(403, "only by https", reason="Only by https")
        # Not for good: a proxy that is set up wrong would be remembered by browsers.
        self.redirect(f"https://{named_host(self.host, self.request)}{self.request.uri}")


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
