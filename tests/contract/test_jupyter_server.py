"""JupyterLab's server is closed to whoever has not logged in: the configuration, run by the images' versions of it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from importlib import metadata

import pytest
from support import ROOT

from jupyter_cluster_constructs import IngressSettings, Jupyter

from .jupyter_server import HASH, PASSWORD, TOKEN, UPGRADE, Server, jupyter_server

HOST = "jupyter.example.org"
OWN = {"Host": HOST}
BY_TOKEN = {"Authorization": f"token {TOKEN}"}
# One without a kernel behind it.
WEBSOCKET = "/api/events/subscribe"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# The login page, what it shows, and the page that says goodbye.
OPEN = {
    "/login",
    "/logout",
    "/favicon.ico",
    "/static/favicon.ico",
    "/static/logo/logo.png",
    "/static/style/bootstrap-theme.min.css",
    "/static/style/bootstrap.min.css",
    "/static/style/index.css",
}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Without an Ingress, with everything that can be switched on."""
    with jupyter_server(tmp_path_factory.mktemp("alone"), Jupyter(mode="server", terminals=True, host_names=("own.example.org",))) as server:
        yield server


@pytest.fixture(scope="module")
def behind_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with jupyter_server(tmp_path_factory.mktemp("tls"), Jupyter(mode="server"), IngressSettings(host=HOST, tls_secret="tls")) as server:
        yield server


def path_of(pattern: str) -> str:
    """A path that a route answers."""
    path, groups = pattern.removesuffix("$"), 1
    while groups:
        # Of a group, its first alternative.
        path, groups = re.subn(r"\((?:\?P<\w+>|\?:)?([^()|]*)[^()]*\)[+*?]?", r"\1", path)
    for part, example in ((r"\[[^]]+\][+*]?", "0"), (r"\\w\+|\.[*+]", "0"), (r"\\\.", "."), (r".\?", "")):
        path = re.sub(part, example, path)
    path = path if path.startswith("/") else f"/{path}"
    assert re.fullmatch(pattern, path), (pattern, path)
    return path


def is_refused(server: Server, method: str, path: str, headers: dict[str, str]) -> bool:
    answer = server.answer(method, path, headers)
    leads_to_login = answer.status == 302 and answer.headers["location"].startswith("/login?next=")
    # Paths with a slash at their end, and the root, lead to others, which are closed; what they say is in the request.
    leads_on = answer.status == 302 and path.endswith("/") and answer.headers["location"] in ("/", "/lab?", path.rstrip("/"))
    return leads_to_login or leads_on or answer.status in (403, 405)


def test_the_server_of_these_tests_is_the_images() -> None:
    lock = (ROOT / "docker" / "requirements.lock").read_text()
    for name in ("jupyter-server", "jupyterlab"):
        assert f"\n{name}=={metadata.version(name)} " in lock


# Without a login


@pytest.mark.parametrize("with_token", [None, f"{TOKEN}x"])
def test_no_route_answers_without_a_login_or_with_a_wrong_token_but_the_login_page_and_its_files(alone: Server, with_token: str | None) -> None:
    # A page's own scripts are let through the check that refuses other sites' forms: the login alone has to stop them.
    headers = alone.xsrf() | ({"Authorization": f"token {with_token}"} if with_token else {})
    paths = {path_of(pattern) for pattern in alone.routes} | {"/lab", "/static/lab/index.html", "/static/components/x", "/nothing/there"}

    answered = {(method, path) for path in paths for method in METHODS if not is_refused(alone, method, path, headers)}

    assert {path for _, path in answered} <= OPEN
    assert {method for method, _ in answered} <= {"GET", "HEAD", "POST"}


def test_the_routes_of_every_extension_were_among_them(alone: Server) -> None:
    assert len(alone.routes) > 60
    for part in ("/api/kernels", "/api/terminals", "/files/", "/ipyparallel/", "/lab/api/", "/lab/extensions/", "/lsp/", "/metrics", "/nbconvert/"):
        assert any(pattern.startswith(part) for pattern in alone.routes), part


def test_the_login_page_has_all_that_it_shows(alone: Server) -> None:
    page = alone.answer("GET", "/login").body
    shown = {path.partition("?")[0] for path in re.findall(r"""(?:src|href)=["'](/[^"']+)""", page)} - {"/lab"}
    assert shown <= OPEN
    for path in shown:
        assert alone.answer("GET", path).status == 200


def test_the_login_page_does_not_tell_versions_or_directories(alone: Server) -> None:
    page = alone.answer("GET", "/login").body
    for told in ("2.21", "4.6", str(alone.directory)):
        assert told not in page


@pytest.mark.parametrize("path", ["/api/kernels/0-0-0-0-0/channels", WEBSOCKET, "/lsp/ws/pylsp", "/terminals/websocket/1"])
def test_a_websocket_is_closed(alone: Server, path: str) -> None:
    assert alone.answer("GET", path, UPGRADE).status in (302, 403)


# With one


@pytest.mark.parametrize("secret", [PASSWORD, TOKEN])
def test_the_form_takes_the_password_and_the_token(alone: Server, secret: str) -> None:
    assert alone.log_in(secret).status == 302
    assert alone.log_in(f"{secret}x").status == 401


def test_the_login_lasts_for_the_session(alone: Server) -> None:
    assert alone.answer("GET", "/api/contents", alone.session() | {"Referer": f"http://127.0.0.1:{alone.port}/lab"}).status == 200
    assert alone.answer("GET", "/lab", alone.session()).status == 200


def test_a_browser_of_somebody_who_logged_in_gets_all_that_jupyterlab_shows(alone: Server) -> None:
    session = alone.session()
    page = alone.answer("GET", "/lab", session).body
    shown = {path.partition("?")[0] for path in re.findall(r"""(?:src|href)=["'](/[^"']+)""", page)}
    assert any("/static/lab/" in path for path in shown)
    for path in shown:
        assert alone.answer("GET", path, session).status == 200, path


def test_what_is_closed_is_open_with_the_token(alone: Server) -> None:
    for path in ("/api", "/api/contents", "/lab", "/metrics", "/api/terminals"):
        assert alone.answer("GET", path, BY_TOKEN).status == 200, path
    assert alone.answer("GET", WEBSOCKET, UPGRADE | BY_TOKEN).status == 101


def test_another_sites_form_is_refused_in_the_name_of_somebody_who_logged_in(alone: Server) -> None:
    cookies = {"Cookie": alone.session()["Cookie"]}
    assert alone.answer("POST", "/api/kernels", cookies, "{}").status == 403


# Origins and hosts


@pytest.mark.parametrize("origin", ["https://evil.example.org", f"https://{HOST}.evil.example", f"http://{HOST}:81", "null"])
def test_a_foreign_origin_is_refused(behind_tls: Server, origin: str) -> None:
    session = log_in_at(behind_tls, HOST) | OWN | {"Origin": origin}
    assert behind_tls.answer("POST", "/api/contents", session, "{}").status == 404
    assert behind_tls.answer("GET", WEBSOCKET, session | UPGRADE).status == 403


def test_the_hosts_own_origin_is_taken_by_the_ingress_and_by_a_forwarded_port(behind_tls: Server) -> None:
    near = f"127.0.0.1:{behind_tls.port}"
    for host, origin in ((HOST, f"https://{HOST}"), (near, f"http://{near}")):
        session = log_in_at(behind_tls, host) | {"Host": host, "Origin": origin}
        assert behind_tls.answer("POST", "/api/contents", session, "{}").status == 201
        assert behind_tls.answer("GET", WEBSOCKET, session | UPGRADE).status == 101


def log_in_at(server: Server, host: str) -> dict[str, str]:
    """The login's cookie has the name of the host."""
    known = server.xsrf({"Host": host})
    return known | {"Cookie": f"{known['Cookie']}; {server.log_in(PASSWORD, {'Host': host}).cookies['username'].partition(';')[0]}"}


def test_other_sites_cannot_read_answers(behind_tls: Server) -> None:
    headers = behind_tls.answer("GET", "/api", BY_TOKEN | {"Origin": "https://evil.example.org"}).headers
    assert headers["access-control-allow-origin"] == f"https://{HOST}"
    assert "access-control-allow-credentials" not in headers


def test_other_sites_cannot_frame_it(alone: Server) -> None:
    assert "frame-ancestors 'self'" in alone.answer("GET", "/login").headers["content-security-policy"]


@pytest.mark.parametrize("host", ["evil.example.org", "10.0.0.7", f"{HOST}.evil.example", f"x.{HOST}"])
def test_a_host_that_is_not_its_own_is_refused(alone: Server, behind_tls: Server, host: str) -> None:
    # A name that another site points here would let that site's pages talk to it.
    for server in (alone, behind_tls):
        assert server.answer("GET", "/login", {"Host": host}).status == 403
        assert server.answer("GET", "/api", {"Host": host} | BY_TOKEN).status == 403


@pytest.mark.parametrize("host", ["localhost", "localhost:8888", "127.0.0.1:9", "lab-jupyter", "lab-jupyter.science.svc:80"])
def test_a_forwarded_port_and_the_service_are_its_own_hosts(alone: Server, behind_tls: Server, host: str) -> None:
    for server in (alone, behind_tls):
        assert server.answer("GET", "/login", {"Host": host}).status == 200


def test_so_are_the_host_of_the_ingress_and_those_of_the_settings(alone: Server, behind_tls: Server) -> None:
    assert behind_tls.answer("GET", "/login", OWN).status == 200
    assert alone.answer("GET", "/login", {"Host": "own.example.org"}).status == 200
    assert alone.answer("GET", "/login", OWN).status == 403


# TLS


def test_behind_tls_cookies_are_secure_and_other_sites_do_not_send_them(behind_tls: Server) -> None:
    login = behind_tls.log_in(PASSWORD, OWN).cookies["username"]
    page = behind_tls.answer("GET", "/login", OWN).cookies["_xsrf"]
    for cookie in (login, page):
        assert {"Secure", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "HttpOnly" in login.split("; ")


def test_without_tls_a_login_by_a_forwarded_port_works_in_every_browser(alone: Server) -> None:
    login = alone.log_in(PASSWORD).cookies["username"]
    assert {"HttpOnly", "SameSite=Lax"} <= set(login.split("; "))
    assert "Secure" not in login


@pytest.mark.parametrize(
    "headers", [{"X-Forwarded-Proto": "http"}, {"X-Scheme": "http"}, {"X-Forwarded-Proto": "ws"}, {"X-Forwarded-Proto": "http, http"}]
)
@pytest.mark.parametrize("path", ["/", "/lab?a=b", "/api/contents", "/login", "/static/style/index.css", "/lab/", WEBSOCKET])
def test_what_a_proxy_got_by_plain_http_is_led_to_https(behind_tls: Server, headers: dict[str, str], path: str) -> None:
    for more in ({}, BY_TOKEN):
        answer = behind_tls.answer("GET", path, OWN | headers | more)
        assert (answer.status, answer.headers["location"]) == (302, f"https://{HOST}{path}")
        assert "set-cookie" not in answer.headers


def test_a_form_by_plain_http_is_not_taken(behind_tls: Server) -> None:
    assert behind_tls.answer("POST", "/login", behind_tls.xsrf() | OWN | {"X-Forwarded-Proto": "http"}, f"password={PASSWORD}").status == 403


@pytest.mark.parametrize("proto", [None, "https", "wss", "https,http", ""])
def test_what_did_not_come_by_plain_http_is_answered(behind_tls: Server, proto: str | None) -> None:
    headers = {} if proto is None else {"X-Forwarded-Proto": proto}
    assert behind_tls.answer("GET", "/login", headers).status == 200
    assert behind_tls.answer("GET", WEBSOCKET, UPGRADE | BY_TOKEN | headers).status == 101


def test_without_tls_nothing_is_led_to_https(alone: Server) -> None:
    assert alone.answer("GET", "/login", {"X-Forwarded-Proto": "http"}).status == 200


def test_without_an_ingress_nobody_tells_it_another_address(alone: Server, behind_tls: Server) -> None:
    for server in (alone, behind_tls):
        server.answer("GET", "/api", {"X-Forwarded-For": "203.0.113.9"})
    assert "203.0.113.9" not in alone.written()
    assert "203.0.113.9" in behind_tls.written()


# What members can do


def test_terminals_are_there_only_when_asked_for(alone: Server, behind_tls: Server) -> None:
    assert behind_tls.answer("GET", "/api/terminals", BY_TOKEN).status == 404
    assert behind_tls.answer("POST", "/api/terminals", BY_TOKEN).status == 404
    assert behind_tls.answer("GET", "/terminals/websocket/1", UPGRADE | BY_TOKEN).status == 404
    assert ['"terminalsAvailable": true' in server.answer("GET", "/lab", BY_TOKEN).body for server in (alone, behind_tls)] == [True, False]


def test_nobody_is_offered_to_end_the_server_of_all_or_asked_about_news(alone: Server) -> None:
    page = alone.answer("GET", "/lab", BY_TOKEN).body
    assert '"quitButton": false' in page
    assert re.search(r'"news": \{"disabled": true\}', page)


def test_it_asks_nobody_for_versions_or_packages(alone: Server) -> None:
    start = time.monotonic()
    assert '"notification": null' in alone.answer("GET", "/lab/api/update", BY_TOKEN).body
    assert '"news": []' in alone.answer("GET", "/lab/api/news", BY_TOKEN).body
    assert alone.answer("GET", "/lab/api/extensions?query=dask", BY_TOKEN).status == 200
    assert time.monotonic() - start < 5


# What is written down


def test_no_secret_is_in_the_log_whatever_people_type(alone: Server) -> None:
    wrong = "a-token-with-a-typo"
    for token in (TOKEN, wrong):
        alone.answer("GET", f"/lab?token={token}")
        alone.answer("GET", f"/nothing?token={token}", {"Referer": f"http://127.0.0.1/lab?token={token}"})
        # Where a page was asked for with a token, the login page leads back to it.
        alone.log_in(f"{token}y", query=f"?next=%2Flab%3Ftoken%3D{token}")
        # What an error is logged with comes from elsewhere than the log of requests.
        alone.answer("GET", f"/api/contents/nothing?token={token}")
        alone.answer("GET", f"/login?next=https%3A%2F%2Fevil.example.org%2F%3Ftoken%3D{token}", BY_TOKEN)
        alone.answer("GET", WEBSOCKET, UPGRADE | {"Authorization": f"token {token}"})
        alone.answer("POST", f"/login?password={token}", {"Referer": f"http://127.0.0.1/login?next=%2Flab%3Ftoken%3D{token}"})
    alone.log_in(PASSWORD)
    log = alone.written()
    assert "[secret]" in log
    for secret in (TOKEN, PASSWORD, HASH, HASH.rpartition(":")[2], wrong):
        assert secret not in log
