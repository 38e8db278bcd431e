"""What members see: a real Chromium, through an Ingress with TLS, at JupyterHub and in JupyterLab.

The tests need an Ingress controller (E2E_INGRESS_ADDRESS is where it listens, E2E_INGRESS_NAMESPACE where its pod is) and a browser:
E2E_BROWSER is the program of a Chromium. What it showed is in build/screenshots afterwards.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium

from .browser import Browser
from .certificates import key_digest, self_signed
from .cluster import ROOT, Cluster
from .conftest import HIDDEN
from .kube import kubectl, wait_until
from .others import CPU, own_namespace, small_settings
from .web import HOST as LOCAL
from .window import Window, chromium

ADDRESS, NAMESPACE = os.environ.get("E2E_INGRESS_ADDRESS"), os.environ.get("E2E_INGRESS_NAMESPACE")
BROWSER = os.environ.get("E2E_BROWSER")
pytestmark = pytest.mark.skipif(
    not (ADDRESS and NAMESPACE and BROWSER),
    reason="E2E_INGRESS_ADDRESS and E2E_INGRESS_NAMESPACE name no Ingress controller, or E2E_BROWSER no Chromium",
)

HOST = "hub.e2e.test"
ORIGIN = f"https://{HOST}"
SCREENSHOTS = ROOT / "build" / "screenshots"
INGRESS_SECONDS = 60
UIDS = {"ada": 1001, "grace": 1002}
MEMORY = {"controller": "512Mi", "hub": "384Mi", "jupyter": "1536Mi", "proxy": "128Mi", "sshd": "64Mi"}
BY_HTTP = {"Host": HOST, "X-Forwarded-Proto": "http"}
LED_TO_HTTPS = (
    *("/", "/hub/", "/hub/login?a=b", "/hub/api", "/hub/static/favicon.ico", "/user/nobody/lab"),
    *("/user/ada/", "/user/ada/lab?a=b", "/user/ada/api/contents", "/user/ada/oauth_callback?code=x", "/user/ada/static/favicons/favicon.ico"),
)
WITH_SECRETS = (
    *("/hub/none?token=", "/user/nobody/lab?token=", "/hub/error/503?url=%2Fuser%2Fada%2Flab%3Ftoken%3D", "/hub/login?password="),
    *("/user/ada/api/none?token=", "/user/ada/files/none?token=", "/user/ada/lab?token=", "/user/ada/oauth_callback?state=x&code="),
)
NOTEBOOK, TEXT = "Untitled.ipynb", "untitled.txt"
CELL = """\
import os, ipyparallel as ipp, matplotlib.pyplot as plt, numpy as np

engines = ipp.Client()
print("engines:", *sorted(system.nodename for system in engines[:].apply_sync(os.uname)))

def row(y):
    import numpy as np
    c = np.linspace(-2.2, 1, 640) + 1j * y
    z, steps = 0 * c, np.zeros(640)
    for _ in range(80):
        near = abs(z) < 2
        z[near] = z[near] ** 2 + c[near]
        steps += near
    return steps

picture = engines.load_balanced_view().map_sync(row, np.linspace(-1.2, 1.2, 480), chunksize=24)
plt.imshow(picture, cmap="magma", extent=(-2.2, 1, -1.2, 1.2));"""


@dataclass(frozen=True)
class Site:
    """A cluster whose JupyterHub has a host."""

    cluster: Cluster
    certificate: Path
    passwords: dict[str, str] = field(repr=False)


@pytest.fixture(scope="module")
def site(directory: Path, pytestconfig: pytest.Config) -> Iterator[Site]:
    passwords = {user: secrets.token_urlsafe(16) for user in UIDS}
    pytestconfig.stash[HIDDEN] += passwords.values()
    settings = small_settings("browser", ssh_key="")
    settings["users"] = [{"name": user, "uid": uid, "password_env": user.upper()} for user, uid in UIDS.items()]
    settings["workers"] = [{"replicas": 2, "cpu": CPU, "memory": "512Mi"}]
    settings["frontend"] = {container: {"cpu": CPU, "memory": memory} for container, memory in MEMORY.items()}
    settings["jupyter"] = {"allowed_from": [{"namespace": NAMESPACE}]}
    settings["ingress"] = {"host": HOST, "tls_secret": "browser-tls"}
    cluster = Cluster.synthesized(settings, directory / "browser", {user.upper(): password for user, password in passwords.items()})
    certificate, key = self_signed(HOST, directory / "browser")
    with own_namespace(cluster):
        kubectl("create", "namespace", cluster.namespace)
        cluster.kubectl("create", "secret", "tls", "browser-tls", f"--cert={certificate}", f"--key={key}")
        cluster.apply()
        cluster.wait_until_frontend_is_ready()
        cluster.wait_until_engines_are_ready()
        yield Site(cluster, certificate, passwords)


@pytest.fixture(scope="module")
def chrome(site: Site) -> Iterator[Chromium]:
    assert ADDRESS
    assert BROWSER
    with chromium(BROWSER, {HOST: ADDRESS}, key_digest(site.certificate)) as browser:
        yield browser


@pytest.fixture(scope="module")
def windows(site: Site, chrome: Chromium, note: Callable[[str], None]) -> dict[str, Window]:
    """Both members, who log in at the same time."""
    found = {user: Window.opened(chrome) for user in UIDS}

    def open_login() -> bool:
        reply = found["ada"].page.goto(f"http://{HOST}/")
        return bool(reply and reply.ok)

    wait_until("the Ingress leads to JupyterHub", open_login, seconds=INGRESS_SECONDS)
    found["grace"].page.goto(f"{ORIGIN}/")
    found["ada"].show(SCREENSHOTS / "login.png")
    for window in found.values():
        window.complaints.clear()
    start = time.monotonic()
    for user, window in found.items():
        window.send_login(user, site.passwords[user])
    found["grace"].show(SCREENSHOTS / "start.png")
    for user, window in found.items():
        window.wait_for_lab()
        note(f"{user} in the browser: from the password to JupyterLab, beside the other: {time.monotonic() - start:.1f} s")
    return found


@pytest.fixture(scope="module")
def ada(windows: dict[str, Window]) -> Window:
    return windows["ada"]


@pytest.fixture(scope="module")
def grace(windows: dict[str, Window]) -> Window:
    return windows["grace"]


def home(site: Site, user: str) -> list[str]:
    """What is in a home, as its NFS server knows it; the file browser hides what begins with a dot."""
    return sorted(site.cluster.on_nfs_server(f"ls user_home_dir_{UIDS[user]}").split())


def test_plain_http_leads_to_the_login_page_by_https_and_each_member_to_their_own_lab(windows: dict[str, Window]) -> None:
    for user, window in windows.items():
        assert window.page.url.partition("?")[0] == f"{ORIGIN}/user/{user}/lab"


def test_the_cookies_are_for_https_and_this_site_alone(windows: dict[str, Window]) -> None:
    for user, window in windows.items():
        cookies = window.cookies()
        own = f"/user/{user}/"
        assert set(cookies) == {
            ("jupyterhub-session-id", "/"),
            ("jupyterhub-hub-login", "/hub/"),
            ("_xsrf", "/hub/"),
            (f"jupyterhub-user-{user}", own),
            ("_xsrf", own),
        }
        for (name, path), cookie in cookies.items():
            # JupyterLab's scripts read this one.
            is_read = (name, path) == ("_xsrf", own)
            attributes = cookie["domain"], cookie["secure"], cookie["sameSite"], cookie["httpOnly"]
            assert attributes == (HOST, True, "Lax", not is_read), (name, path)


def test_a_cell_computes_on_the_engines_and_shows_its_plot(site: Site, ada: Window, note: Callable[[str], None]) -> None:
    seconds = ada.run_cell(CELL)
    ada.show(SCREENSHOTS / "jupyterlab.png")
    note(f"a cell in the browser, from its keys to the plot of the engines: {seconds:.1f} s")
    assert ada.printed().split() == ["engines:", *site.cluster.pod_names("worker")]


def test_nothing_asks_members_for_news_of_others(windows: dict[str, Window]) -> None:
    for window in windows.values():
        assert window.page.locator(".Toastify__toast").all_text_contents() == []


def test_each_member_sees_their_own_files_and_kernels_alone(site: Site, windows: dict[str, Window]) -> None:
    windows["grace"].launch("Other", "Text File")
    windows["grace"].page.locator(".jp-DirListing-itemName", has_text=TEXT).wait_for()
    for user, own, foreign in (("ada", NOTEBOOK, TEXT), ("grace", TEXT, NOTEBOOK)):
        files = windows[user].files()
        assert files == home(site, user)
        assert own in files
        assert foreign not in files
    assert {user: window.kernels(user) for user, window in windows.items()} == {"ada": [NOTEBOOK], "grace": []}


def test_no_page_complained_up_to_here(windows: dict[str, Window]) -> None:
    assert {user: window.complaints for user, window in windows.items()} == {"ada": [], "grace": []}


def test_another_members_lab_is_refused_with_a_page_that_says_so(grace: Window) -> None:
    reply = grace.page.goto(f"{ORIGIN}/user/ada/lab")
    grace.show(SCREENSHOTS / "refused.png")
    assert reply
    assert reply.status == 403
    assert "You do not have permission to access Server at /user/ada/" in grace.page.locator("body").inner_text()


def test_so_are_another_members_files_and_who_else_there_is(grace: Window) -> None:
    for path in ("/user/ada/api/contents", f"/user/ada/files/{NOTEBOOK}", "/hub/api/users", "/hub/api/users/ada"):
        assert grace.status(f"{ORIGIN}{path}") in {403, 404}, path
    assert grace.status(f"{ORIGIN}/user/grace/api/contents") == 200


def test_plain_http_that_a_controller_hands_on_is_led_to_https_by_the_hub_and_the_servers(site: Site, windows: dict[str, Window]) -> None:
    with site.cluster.forward("jupyter", 80) as port:
        browser = Browser(f"http://{LOCAL}:{port}")
        for path in LED_TO_HTTPS:
            reply = browser.ask("GET", path, BY_HTTP)
            assert (reply.status, reply.location, reply.cookies) == (302, f"{ORIGIN}{path}", ()), path
        for path in ("/hub/login", "/user/ada/api/contents"):
            # The refusal may come before the proxy has sent the whole form, which makes it a 503.
            assert browser.ask("POST", path, BY_HTTP, "username=ada").status in {403, 503}
        # kubectl port-forward says nothing of where it is from.
        assert browser.ask("GET", "/hub/login").status == 200


def test_what_opens_a_server_is_in_no_log(site: Site, windows: dict[str, Window]) -> None:
    secret = secrets.token_urlsafe(16)
    with site.cluster.forward("jupyter", 80) as port:
        for path in WITH_SECRETS:
            Browser(f"http://{LOCAL}:{port}").ask("GET", f"{path}{secret}", {"Host": HOST})
    written = site.cluster.kubectl("logs", "deployment/browser-frontend", "--all-containers", "--tail=-1")
    for path in ("/user/ada/api/none", "/hub/none"):
        assert f"{path}?token=[secret]" in written
    for opens in (secret, *site.passwords.values()):
        assert opens not in written
