"""A browser, as far as JupyterLab's login needs one: cookies, forms, origins, TLS."""

from __future__ import annotations

import http.client
import ssl
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field

UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}


@dataclass(frozen=True)
class Reply:
    """What a server answers.

    Attributes:
        status: the status.
        location: where a redirection leads to.
        cookies: each cookie that it sets as the header has it.
        body: the page.
    """

    status: int
    location: str
    cookies: tuple[str, ...]
    body: str


@dataclass
class Browser:
    """Keeps the cookies of one site.

    Attributes:
        origin: scheme, host and port.
        trusted: certificates that it trusts. Default: none, for http.
        cookies: the cookies by their names.
    """

    origin: str
    trusted: ssl.SSLContext | None = None
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: str | None = None) -> Reply:
        url = urllib.parse.urlsplit(self.origin)
        assert url.hostname
        connection = (
            http.client.HTTPSConnection(url.hostname, url.port, timeout=30, context=self.trusted)
            if url.scheme == "https"
            else http.client.HTTPConnection(url.hostname, url.port, timeout=30)
        )
        own = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        try:
            connection.request(method, path, body, own | dict(headers or {}))
            response = connection.getresponse()
            cookies = tuple(response.headers.get_all("Set-Cookie", ()))
            for cookie in cookies:
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            # A websocket never ends.
            page = "" if response.status == 101 else response.read().decode(errors="replace")
            return Reply(response.status, response.headers.get("Location", ""), cookies, page)
        finally:
            connection.close()

    def log_in(self, secret: str) -> Reply:
        """Open the login page and send its form."""
        self.ask("GET", "/login")
        form = urllib.parse.urlencode({"password": secret, "_xsrf": self.cookies["_xsrf"]})
        return self.ask("POST", "/login", {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.origin}, form)

    def script(self, method: str, path: str, origin: str, body: str | None = None) -> Reply:
        """What a script asks for with the user's cookies, from a page of an origin."""
        return self.ask(method, path, {"Origin": origin, "X-XSRFToken": self.cookies.get("_xsrf", "")}, body)

    def websocket(self, path: str, origin: str) -> int:
        """The answer to a script that opens a websocket with the user's cookies, from a page of an origin."""
        return self.ask("GET", path, UPGRADE | {"Origin": origin}).status
