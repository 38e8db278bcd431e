from __future__ import annotations

import logging

import pytest

from jupyter_cluster_constructs.runtime.scrubbed_log import ScrubbedRecord


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
        "/user/ada/oauth_callback?code=S3cret&state=x",
        "/hub/error/503?url=%2Fuser%2Fada%2Foauth_callback%3Fstate%3Dx%26code%3DS3cret",
    ],
)
def test_what_opens_a_server_is_not_logged_with_a_url(url: str) -> None:
    line = logged("404 GET %s (127.0.0.1): No such file", url)
    assert "S3cret" not in line
    assert line.startswith("404 GET /")
    assert line.endswith("(127.0.0.1): No such file")


def test_what_is_no_secret_is_logged_as_it_is() -> None:
    for line in ("The token is read from a file.", "302 GET /lab?reset", "token_hex(32)", "exit code=1", "/authorize?response_type=code&a=b"):
        assert logged(line) == line
