"""What Jupyter Server is led by; that it obeys is the contract tests' part, which run it."""

from __future__ import annotations

import logging

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.web import HTTPError

from jupyter_cluster_constructs.runtime import closed_server
from jupyter_cluster_constructs.runtime.closed_server import ScrubbedRecord, came_by_http, named_host


def request(host: str = "jupyter.example.org", **headers: str) -> HTTPServerRequest:
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
    assert named_host("jupyter.example.org", request("evil.example.org:80")) == "jupyter.example.org"


def test_under_a_wildcard_https_is_at_the_host_that_was_asked_for() -> None:
    assert named_host("*.example.org", request("ada.example.org:80")) == "ada.example.org"


@pytest.mark.parametrize("host", ["evil.org", "example.org", "evilexample.org", "a.example.org.evil.org"])
def test_a_host_that_the_wildcard_does_not_cover_is_refused(host: str) -> None:
    with pytest.raises(HTTPError) as refused:
        named_host("*.example.org", request(host))
    assert refused.value.status_code == 400


def logged(message: str, *arguments: object) -> str:
    return ScrubbedRecord("ServerApp", logging.WARNING, __file__, 1, message, arguments, None).getMessage()


@pytest.mark.parametrize(
    "url",
    [
        "/api/contents/x?token=S3cret",
        "/lab?a=b&token=S3cret&c=d",
        "/login?next=%2Flab%3Ftoken%3DS3cret",
        "/login?next=%2Flogin%3Fnext%3D%252Flab%253Ftoken%253DS3cret",
        "/login?password=S3cret",
        "/lab?TOKEN=S3cret",
    ],
)
def test_a_token_or_password_in_a_url_is_not_logged(url: str) -> None:
    line = logged("404 GET %s (127.0.0.1): No such file", url)
    assert "S3cret" not in line
    assert line.startswith("404 GET /")
    assert line.endswith("(127.0.0.1): No such file")


def test_what_is_no_secret_is_logged_as_it_is() -> None:
    for line in ("The token is read from a file.", "302 GET /lab?reset", "token_hex(32)"):
        assert logged(line) == line


def test_the_login_page_alone_is_open() -> None:
    assert {path for path in closed_server.LOGIN_FILES if not path.startswith(("/static/", "/favicon"))} == set()
