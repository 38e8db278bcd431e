"""Every application of Tornado leads what a proxy got by plain http to https; JupyterHub and members' servers are such, too."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Callable

import pytest
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.testing import bind_unused_port
from tornado.web import Application, HTTPError, RequestHandler

from jupyter_cluster_constructs.runtime import https_only
from jupyter_cluster_constructs.runtime.https_only import came_by_http, named_host

HOST = "jupyter.example.org"


def request(host: str = HOST, **headers: str) -> HTTPServerRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HTTPServerRequest(start_line=RequestStartLine("GET", "/lab", "HTTP/1.1"), headers=HTTPHeaders({"Host": host, **named}))


@pytest.mark.parametrize("proto", ["http", "ws", "HTTP", "http,http", " http , ws"])
def test_a_proxy_that_got_plain_http_is_known_by_its_header(proto: str) -> None:
    assert came_by_http(request(X_Forwarded_Proto=proto))
    assert came_by_http(request(X_Scheme=proto))


@pytest.mark.parametrize("proto", ["https", "wss", "https,http", "http,https", "", "nonsense"])
def test_whatever_else_a_proxy_says_is_not_plain_http(proto: str) -> None:
    assert not came_by_http(request(X_Forwarded_Proto=proto))


def test_a_request_without_a_proxy_is_not_led_elsewhere() -> None:
    assert not came_by_http(request())


def test_https_is_at_the_host_whatever_was_asked_for() -> None:
    assert named_host(HOST, request("evil.example.org:80")) == HOST


def test_under_a_wildcard_https_is_at_the_host_that_was_asked_for() -> None:
    assert named_host("*.example.org", request("ada.example.org:80")) == "ada.example.org"


@pytest.mark.parametrize("host", ["evil.org", "example.org", "evilexample.org", "a.example.org.evil.org"])
def test_a_host_that_the_wildcard_does_not_cover_is_refused(host: str) -> None:
    with pytest.raises(HTTPError) as refused:
        named_host("*.example.org", request(host))
    assert refused.value.status_code == 400


class Page(RequestHandler):
    """One that answers before its methods are asked, as those do that override `prepare`."""

    def prepare(self) -> None:
        self.set_cookie("seen", "1")
        self.finish(self.request.method)


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[..., http.client.HTTPResponse]:
    """Asks an application that was changed."""
    monkeypatch.setattr(Application, "find_handler", Application.find_handler)
    https_only.install(HOST)

    def asked(method: str, path: str, proto: str | None = None) -> http.client.HTTPResponse:
        def once(port: int) -> http.client.HTTPResponse:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request(method, path, "a=b" if method == "POST" else None, {"X-Forwarded-Proto": proto} if proto else {})
            response = connection.getresponse()
            response.read()
            return response

        async def serve() -> http.client.HTTPResponse:
            socket, port = bind_unused_port()
            server = HTTPServer(Application([("/page", Page)], xsrf_cookies=True), xheaders=True)
            server.add_sockets([socket])
            try:
                return await asyncio.to_thread(once, port)
            finally:
                server.stop()

        return asyncio.run(serve())

    return asked


@pytest.mark.parametrize("path", ["/page", "/page?a=b&c=%2Fd", "/nothing"])
def test_whatever_answers_plain_http_is_led_to_https_and_sets_no_cookie(ask: Callable[..., http.client.HTTPResponse], path: str) -> None:
    reply = ask("GET", path, "http")
    assert (reply.status, reply.headers["Location"], reply.headers["Set-Cookie"]) == (302, f"https://{HOST}{path}", None)


def test_a_form_by_plain_http_is_not_taken(ask: Callable[..., http.client.HTTPResponse]) -> None:
    reply = ask("POST", "/page", "http")
    assert (reply.status, reply.reason) == (403, "Only by https")


@pytest.mark.parametrize("proto", [None, "https"])
def test_what_came_otherwise_is_answered(ask: Callable[..., http.client.HTTPResponse], proto: str | None) -> None:
    assert ask("GET", "/page", proto).status == 200
    assert ask("GET", "/nothing", proto).status == 404
