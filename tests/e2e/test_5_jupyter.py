"""JupyterLab is closed without a login, and behind a real Ingress reached by https alone.

The tests of the Ingress need a cluster that has a controller: E2E_INGRESS_ADDRESS is where it listens, E2E_INGRESS_NAMESPACE where its pod is.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jupyter_kernel_client import JupyterKernelClient
from jupyter_server.auth.security import passwd

from .browser import UPGRADE, Browser
from .certificates import self_signed
from .cluster import Cluster
from .conftest import HIDDEN, Lab
from .kube import kubectl, wait_until
from .others import own_namespace, small_settings
from .web import HOST as LOCAL
from .web import answer

HOST = "jupyter.e2e.test"
ORIGIN, FOREIGN = f"https://{HOST}", "https://evil.e2e.test"
ADDRESS, NAMESPACE = os.environ.get("E2E_INGRESS_ADDRESS"), os.environ.get("E2E_INGRESS_NAMESPACE")
# One without a kernel behind it.
WEBSOCKET = "/api/events/subscribe"
CLOSED_PAGES = ("/lab", "/static/lab/index.html", "/lab/extensions/x", "/files/x", "/metrics", "/view/x", "/nothing", "/lab/api/themes/x")
CLOSED_CALLS = ("/api", "/api/contents", "/api/kernels", "/api/status", "/lab/api/settings", "/lab/api/licenses/", "/ipyparallel/clusters")
INGRESS_SECONDS = 60
RESTART_SECONDS = 60


# Without a login, by a forwarded port


@pytest.fixture(scope="module")
def forwarded(lab: Lab) -> Iterator[int]:
    with lab.cluster.forward("jupyter", 80) as port:
        yield port


@pytest.fixture(scope="module")
def member(lab: Lab, forwarded: int) -> Browser:
    """Somebody who logged in at http://127.0.0.1 by the token."""
    browser = Browser(f"http://{LOCAL}:{forwarded}")
    assert browser.log_in(lab.token).status == 302
    return browser


def test_pages_lead_to_the_login_page_and_calls_are_refused(forwarded: int) -> None:
    assert {path: answer(forwarded, path) for path in CLOSED_PAGES} == dict.fromkeys(CLOSED_PAGES, "302 /login")
    assert {path: answer(forwarded, path) for path in CLOSED_CALLS} == dict.fromkeys(CLOSED_CALLS, "403")
    assert answer(forwarded, WEBSOCKET, headers=UPGRADE).startswith(("302 /login", "403"))


def test_the_login_page_and_its_files_are_open(forwarded: int) -> None:
    for path in ("/login", "/favicon.ico", "/static/style/index.css", "/static/logo/logo.png"):
        assert answer(forwarded, path) == "200"


def test_nobody_has_a_terminal(lab: Lab, forwarded: int) -> None:
    assert answer(forwarded, "/api/terminals", token=lab.token) == "404"
    assert answer(forwarded, "/terminals/websocket/1", token=lab.token, headers=UPGRADE) == "404"


def test_the_login_form_works_by_a_forwarded_port(member: Browser) -> None:
    assert member.ask("GET", "/lab").status == 200
    assert member.websocket(WEBSOCKET, member.origin) == 101


def test_another_sites_scripts_are_refused_with_a_members_cookies(member: Browser) -> None:
    assert member.websocket(WEBSOCKET, FOREIGN) == 403
    assert member.script("POST", "/api/contents", FOREIGN, "{}").status == 404
    # Without the header that other sites' scripts cannot know.
    assert member.ask("POST", "/api/contents", body="{}").status == 403


@pytest.mark.parametrize("host", ["evil.e2e.test", "10.0.0.7"])
def test_a_name_that_is_not_the_servers_is_refused(lab: Lab, forwarded: int, host: str) -> None:
    assert answer(forwarded, "/login", headers={"Host": host}) == "403"
    assert answer(forwarded, "/api", token=lab.token, headers={"Host": host}) == "403"


def test_by_the_name_of_its_service_it_answers(lab: Lab, forwarded: int) -> None:
    assert answer(forwarded, "/login", headers={"Host": f"lab-jupyter.{lab.cluster.namespace}.svc"}) == "200"


# Behind an Ingress

behind_an_ingress = pytest.mark.skipif(not (ADDRESS and NAMESPACE), reason="E2E_INGRESS_ADDRESS and E2E_INGRESS_NAMESPACE name no Ingress controller")


@dataclass(frozen=True)
class Web:
    """A cluster whose JupyterLab has a host."""

    cluster: Cluster
    certificate: Path
    password: str = field(repr=False)
    token: str = field(repr=False)

    def browser(self) -> Browser:
        return Browser(ORIGIN, ssl.create_default_context(cafile=str(self.certificate)))


@pytest.fixture(scope="module")
def host_is_the_controllers() -> Iterator[None]:
    """What DNS does for everybody else."""
    find = socket.getaddrinfo

    def found(host: Any, *arguments: Any, **options: Any) -> Any:
        return find(ADDRESS if host in (HOST, HOST.encode()) else host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", found)
        yield


@pytest.fixture(scope="module")
def web(lab: Lab, host_is_the_controllers: None, directory: Path, pytestconfig: pytest.Config, note: Callable[[str], None]) -> Iterator[Web]:
    assert NAMESPACE
    settings = small_settings("web", ssh_key=lab.ada.public_key)
    settings["jupyter"] = {"mode": "server", "secret": "web-login", "allowed_from": [{"namespace": NAMESPACE}]}
    settings["ingress"] = {"host": HOST, "tls_secret": "web-tls"}
    cluster = Cluster.synthesized(settings, directory / "web")
    made = Web(cluster, self_signed(HOST, directory / "web")[0], secrets.token_urlsafe(16), secrets.token_urlsafe(24))
    pytestconfig.stash[HIDDEN] += [made.password, made.token]
    # Its address may have to be free for the next cluster.
    with own_namespace(cluster):
        kubectl("create", "namespace", cluster.namespace)
        make_secrets(made)
        cluster.apply()
        cluster.wait_until_frontend_is_ready()
        wait_until("the Ingress leads to JupyterLab", lambda: made.browser().ask("GET", "/login").status == 200, seconds=INGRESS_SECONDS)
        yield made


def make_secrets(web: Web) -> None:
    hashed = passwd(web.password)  # type: ignore[no-untyped-call]
    files = {"tls.crt": web.certificate.read_text(), "tls.key": web.certificate.with_suffix(".key").read_text()}
    for name, kind, data in (
        ("web-login", "Opaque", {"password_hash": hashed, "token": web.token}),
        ("web-tls", "kubernetes.io/tls", files),
    ):
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": kind, "stringData": data}
        web.cluster.kubectl("apply", "--filename=-", stdin=json.dumps(secret))


@behind_an_ingress
def test_plain_http_is_led_to_https(web: Web) -> None:
    for path in ("/lab?a=b", "/login", "/api"):
        reply = Browser(f"http://{HOST}").ask("GET", path)
        assert (reply.status, reply.location) in {(status, f"{ORIGIN}{path}") for status in (301, 302, 307, 308)}


@behind_an_ingress
def test_so_it_is_by_the_server_itself_where_a_controller_hands_it_on(web: Web) -> None:
    with web.cluster.forward("jupyter", 80) as port:
        browser = Browser(f"http://{LOCAL}:{port}")
        for path in ("/lab?a=b", "/login", "/api", "/"):
            reply = browser.ask("GET", path, {"Host": HOST, "X-Forwarded-Proto": "http"})
            assert (reply.status, reply.location, reply.cookies) == (302, f"{ORIGIN}{path}", ())
        assert browser.ask("GET", "/login").status == 200


@behind_an_ingress
@pytest.mark.parametrize("by", ["password", "token"])
def test_the_form_logs_in_and_the_cookie_is_for_https_and_this_site_alone(web: Web, by: str) -> None:
    browser = web.browser()
    assert browser.log_in(f"{getattr(web, by)}x").status == 401
    reply = browser.log_in(getattr(web, by))
    assert reply.status == 302
    (login,) = (cookie for cookie in reply.cookies if cookie.startswith("username-"))
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(login.split("; "))
    assert browser.ask("GET", "/lab").status == 200


@behind_an_ingress
def test_the_cookie_against_forged_forms_is_for_https_and_this_site_alone(web: Web) -> None:
    (cookie,) = web.browser().ask("GET", "/login").cookies
    assert cookie.startswith("_xsrf=")
    assert {"Secure", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))


@behind_an_ingress
def test_nothing_but_the_login_page_answers_the_world(web: Web) -> None:
    for path in (*CLOSED_PAGES, *CLOSED_CALLS):
        reply = web.browser().ask("GET", path)
        assert reply.status == 403 or (reply.status == 302 and reply.location.startswith("/login?")), path


@behind_an_ingress
def test_the_hosts_own_pages_work_and_other_sites_are_refused_with_a_members_cookies(web: Web) -> None:
    browser = web.browser()
    browser.log_in(web.password)
    assert browser.websocket(WEBSOCKET, ORIGIN) == 101
    assert browser.script("POST", "/api/contents", ORIGIN, "{}").status == 201
    for foreign in (FOREIGN, f"{ORIGIN}.evil.test"):
        assert browser.websocket(WEBSOCKET, foreign) == 403
        assert browser.script("POST", "/api/contents", foreign, "{}").status == 404


@behind_an_ingress
def test_a_kernel_works_through_the_ingress(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "WEBSOCKET_CLIENT_CA_BUNDLE"):
        monkeypatch.setenv(name, str(web.certificate))
    web.cluster.wait_until_engines_are_ready()
    with JupyterKernelClient(server_url=ORIGIN, token=web.token) as kernel:
        reply = kernel.execute("import ipyparallel as ipp; print(ipp.Client()[:].apply_sync(lambda: 42))", timeout=60)
    assert reply["status"] == "ok"
    assert [output["text"] for output in reply["outputs"] if output["output_type"] == "stream"] == ["[42]\n"]


@behind_an_ingress
def test_a_server_that_a_member_ended_starts_again_by_itself(web: Web, note: Callable[[str], None]) -> None:
    browser, start = web.browser(), time.monotonic()
    browser.log_in(web.password)
    assert browser.script("POST", "/api/shutdown", ORIGIN).status == 200

    def restarted() -> bool:
        return any(count for name, count in web.cluster.restarts().items() if name.endswith("/jupyter"))

    wait_until("the container was restarted", restarted, seconds=RESTART_SECONDS)
    wait_until("the login page is back", lambda: web.browser().ask("GET", "/login").status == 200, seconds=RESTART_SECONDS)
    note(f"JupyterLab shut down by a member to its login page again: {time.monotonic() - start:.1f} s")
