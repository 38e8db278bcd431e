"""What members, and who is none, can do to JupyterHub and to each other's servers: nothing."""

from __future__ import annotations

import inspect
import json
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from jupyter_cluster_constructs import paths
from jupyter_cluster_constructs.spec import JUPYTER_PORT, SSHD_PORT

from . import hub_attacks as tries
from .attacks import on_engines, openings, others_processes, ports_taken
from .browser import UPGRADE
from .club import USERS, Club, new_club
from .conftest import HIDDEN, NAMESPACE
from .hub import HubSession, LoginError
from .kube import CommandError, wait_until
from .remote import program
from .ssh import login
from .strangers import namespace_of, ports_of_pods, ports_of_services, reached_by, stranger

FOREIGN = "https://evil.e2e.test"
LAUNCHER, TEN_SECONDS = paths.LAUNCHER_SOCKET, 10
REFUSED = {401, 403, 404}
CAPABILITIES = {"SETGID": 6, "SETUID": 7, "CHOWN": 0, "SYS_CHROOT": 18, "AUDIT_WRITE": 29}


@pytest.fixture(scope="module")
def club(directory: Path, pytestconfig: pytest.Config) -> Iterator[Club]:
    password = secrets.token_urlsafe(16)
    pytestconfig.stash[HIDDEN] += [password]
    with new_club(directory, password) as made:
        yield made


# A member's code


def test_a_member_gets_at_nothing_of_anothers_server_or_of_the_hubs(club: Club) -> None:
    graces = club.in_graces_kernel(tries.found_files, ["/run/servers/1002", "/tmp/.servers/1002"])
    assert {"/run/servers/1002/server.sock"} < {*graces}
    assert any("kernel-" in path and path.endswith(".json") for path in graces), graces
    club.in_graces_kernel(tries.written, "/home/grace/private.ipynb", "{}")
    hubs = club.cluster.call(tries.found_files, [paths.KEPT_HUB], container="hub")
    assert {f"{paths.KEPT_HUB}/{name}" for name in ("jupyterhub.sqlite", "cookie_secret")} < {*hubs}
    attacked = [*graces, *hubs, "/home/grace", "/home/grace/private.ipynb", f"{paths.ACCOUNTS}/shadow", LAUNCHER, paths.PROXY, f"{paths.PROXY}/token"]

    assert club.in_kernel(openings, attacked) == tries.closed(attacked)
    assert club.session.call(openings, attacked) == tries.closed(attacked)
    # Engines may read homes of mode 0750, and no more.
    attacked = [*(path for path in attacked if "/home/grace" not in path), paths.HUB, paths.SERVERS]
    assert club.in_kernel(on_engines, inspect.getsource(openings), attacked) == [tries.closed(attacked)]


def test_a_member_reaches_none_of_the_sockets_but_the_hubs_own(club: Club) -> None:
    sockets = [LAUNCHER, "/run/servers/1002/server.sock", paths.PROXY_SOCKET]
    ping = json.dumps({"do": "ping"}) + "\n"
    assert club.in_kernel(tries.said_at, sockets, ping) == {LAUNCHER: "EACCES", sockets[1]: "EACCES", paths.PROXY_SOCKET: "ENOENT"}
    assert club.session.call(tries.said_at, [*sockets, paths.HUB_SOCKET], ping) == dict.fromkeys([*sockets, paths.HUB_SOCKET], "ENOENT")
    assert club.in_kernel(tries.said_at, [paths.HUB_SOCKET], "GET /hub/health HTTP/1.0\r\n\r\n") == {paths.HUB_SOCKET: "HTTP/1.1 200 OK"}


def test_a_members_process_gets_at_nobody_elses_and_becomes_nobody_else(club: Club) -> None:
    for found in (club.in_kernel(others_processes), club.session.call(others_processes)):
        assert len(found) > 1
        assert {process: ways for process, ways in found.items() if ways} == {}
    assert any(process.startswith("1002 ") for process in club.in_kernel(others_processes))
    assert club.in_kernel(tries.became_somebody_else) == []


def test_no_token_is_where_another_member_reads_it(club: Club) -> None:
    tokens = [
        club.in_graces_kernel(tries.own_environment, "JUPYTERHUB_API_TOKEN"),
        club.cluster.execute("deployment/frontend", "hub", "cat", "/run/proxy/token"),
    ]
    assert min(map(len, tokens)) >= 32
    assert club.in_kernel(tries.secrets_seen, tokens) == []
    logs = [club.cluster.kubectl("logs", "deployment/hub-frontend", f"--container={name}") for name in ("proxy", "hub", "jupyter")]
    assert not any(secret in log for log in logs for secret in (*tokens, club.password))


def test_nobody_takes_a_place_where_a_server_or_the_hub_will_listen(club: Club) -> None:
    places = ["/run/servers/1004", "/run/servers/new.sock", "/run/hub/new.sock", "/run/servers/1002/new.sock", "/tmp/.servers/1004"]
    assert club.in_kernel(tries.made, places) == []


def test_who_fills_the_place_of_sockets_keeps_nobody_from_a_server(club: Club) -> None:
    assert club.in_kernel(tries.filled, "/run/servers/1001") <= 2**20
    club.linus.start_server()
    club.linus.stop_server()


def test_a_servers_token_opens_nothing_but_who_it_is(club: Club) -> None:
    requests = [
        *[("GET", path) for path in ("/users", "/users/grace", "/users/grace/tokens", "/services", "/proxy", "/info", "/groups")],
        *[("POST", path) for path in ("/users/grace/server", "/users/grace/tokens", "/users/ada/tokens", "/users/mallory", "/shutdown", "/proxy")],
        ("DELETE", "/users/grace/server"),
        ("DELETE", "/users/grace"),
    ]
    answers = club.in_kernel(tries.asked_with_own_token, requests)
    assert {request: status for request, status in answers.items() if status not in REFUSED} == {}
    assert club.in_kernel(tries.asked_with_own_token, [("GET", "/user")]) == {"GET /user": 200}
    assert club.grace.server_runs()


def test_the_hub_has_no_port_but_its_proxys(club: Club) -> None:
    # Kernels of IPython's have one of the loopback's each, which takes nothing without 16 bytes that nobody else knows.
    found = club.cluster.call(tries.listening, container="hub")
    assert {port for port, uid, _ in found if uid not in USERS.values() and not 10_101 <= port < 10_120} == {JUPYTER_PORT, SSHD_PORT}
    assert [uid for port, uid, _ in found if port == JUPYTER_PORT] == [992]
    assert {address for _, uid, address in found if uid in USERS.values()} <= {"0100007F"}


def test_what_the_hub_asks_wrongly_harms_nobodys_server(club: Club) -> None:
    lines = [
        "",
        "no JSON",
        "[]",
        "7",
        "{}",
        '{"do": "no such"}',
        '{"do": "__init__"}',
        '{"do": "start"}',
        '{"do": "check", "user": 7, "password": null}',
    ]
    assert club.cluster.call(tries.garbage_sent, LAUNCHER, lines, 2**20, container="hub") == [""] * (len(lines) + 1)
    assert club.cluster.call(tries.said_at, [LAUNCHER], json.dumps({"do": "ping"}) + "\n", container="hub") == {LAUNCHER: "{}"}
    log = club.cluster.kubectl("logs", "deployment/hub-frontend", "--container=jupyter")
    assert len([line for line in log.splitlines() if " failed: " in line]) == len(lines) + 1
    assert "member_servers.py" not in log
    assert club.grace.server_runs()
    assert club.ada.server_runs()


def test_each_container_may_do_what_it_needs_and_no_more(club: Club) -> None:
    expected = {"controller": "", "proxy": "", "hub": "", "jupyter": "SETUID SETGID CHOWN"}
    expected["sshd"] = f"{expected['jupyter']} SYS_CHROOT AUDIT_WRITE"
    (pod,) = club.cluster.pods("frontend")
    for container in pod["spec"]["containers"]:
        name, given = container["name"], container["securityContext"]["capabilities"]
        names = expected.pop(name).split()
        assert (given["drop"], sorted(given.get("add", []))) == (["ALL"], sorted(names))
        mask = f"{sum(1 << CAPABILITIES[each] for each in names):016x}"
        found = club.cluster.call(tries.capabilities, container=name)
        assert found == {"CapInh": found["CapInh"], "CapPrm": mask, "CapEff": mask, "CapBnd": mask, "CapAmb": "0" * 16, "NoNewPrivs": "1"}
    assert expected == {}
    nothing = {name: "0" * 16 for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}
    assert club.in_kernel(tries.own_capabilities) == nothing | {"NoNewPrivs": "1"}


@pytest.mark.parametrize("who", ["ada", "linus"])
def test_a_login_opens_nobody_elses_server(club: Club, who: str) -> None:
    browser: HubSession = getattr(club, who)
    for path in ("/user/grace/lab", "/user/grace/api/contents", "/user/grace/api/kernels", "/user/grace/files/private.ipynb", "/hub/spawn/grace"):
        reply = browser.ask("GET", path)
        assert reply.status_code in REFUSED or (who == "linus" and path.startswith("/hub/")), (path, reply.status_code, reply.url)
    bearer = {"Authorization": f"Bearer {browser.token()}"}
    assert requests.get(f"{club.origin}/user/grace/api/contents", headers=bearer, timeout=30).status_code in REFUSED
    for method, path, body in (
        ("POST", "/hub/api/users/grace/tokens", {}),
        ("GET", "/hub/api/users/grace/tokens", None),
        ("POST", "/hub/api/users/mallory", {}),
        ("PATCH", f"/hub/api/users/{who}", {"admin": True}),
        ("POST", "/hub/api/shutdown", {}),
        ("DELETE", "/hub/api/users/grace", None),
    ):
        assert browser.ask(method, path, json=body).status_code in REFUSED, (method, path)


def test_an_admin_sees_who_has_a_server_and_a_member_does_not(club: Club) -> None:
    assert club.linus.ask("GET", "/hub/admin").status_code == 200
    assert {"ada", "grace"} <= {user["name"] for user in club.linus.ask("GET", "/hub/api/users").json()}
    for path in ("/hub/admin", "/hub/api/users", "/hub/api/users/grace"):
        assert club.ada.ask("GET", path).status_code in REFUSED
    assert club.ada.ask("DELETE", "/hub/api/users/grace/server").status_code in REFUSED


def test_a_forged_request_with_a_members_cookies_is_refused(club: Club) -> None:
    def has() -> dict[str, int]:
        return {what: len(club.ada.get(f"/api/{what}")) for what in ("kernels", "terminals")} | {
            "files": len(club.ada.get("/api/contents")["content"]),
            "tokens": len(club.ada.ask("GET", "/hub/api/users/ada/tokens").json()["api_tokens"]),
        }

    before, own = has(), "/user/ada/api"
    for path in ("/hub/api/users/ada/tokens", "/hub/api/users/ada/server", f"{own}/contents", f"{own}/kernels", f"{own}/terminals"):
        for headers in ({}, {"Origin": FOREIGN}, {"Origin": FOREIGN, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}):
            reply = club.ada.http.post(f"{club.origin}{path}", data="{}", headers=headers, timeout=30)
            # The refusal may come before the proxy has sent the whole form, which makes it a 503.
            assert reply.status_code in REFUSED | {503}, (path, headers)
    form = {"username": "ada", "password": club.password}
    assert requests.post(f"{club.origin}/hub/login", data=form, timeout=30).status_code in {403, 503}
    assert has() == before
    assert club.ada.post("/api/contents", {"type": "file"})["type"] == "file"


def test_another_sites_pages_open_no_websocket_with_a_members_cookies(club: Club) -> None:
    kernel = club.ada.get("/api/kernels")[0]["id"]

    def opened(path: str, origin: str) -> int:
        with club.ada.http.get(f"{club.origin}/user/ada{path}", headers=UPGRADE | {"Origin": origin}, stream=True, timeout=30) as reply:
            return reply.status_code

    for path in ("/api/events/subscribe", f"/api/kernels/{kernel}/channels"):
        assert {opened(path, origin) for origin in (FOREIGN, f"{club.origin}.evil.test", "null")} == {403}
        assert opened(path, club.origin) == 101


@pytest.mark.parametrize("after", [FOREIGN, "//evil.e2e.test", "/\\evil.e2e.test", "///evil.e2e.test", "https:evil.e2e.test"])
def test_the_login_leads_nowhere_else(club: Club, after: str) -> None:
    browser = HubSession(club.origin, "linus")
    browser.ask("GET", "/hub/login")
    form = {"username": "linus", "password": club.password, "_xsrf": browser.xsrf("/hub/")}
    reply = browser.ask("POST", "/hub/login", params={"next": after}, data=form, allow_redirects=False)
    assert reply.status_code == 302
    assert urlsplit(urljoin(club.origin, reply.headers["Location"].replace("\\", "/"))).netloc == urlsplit(club.origin).netloc


def test_who_has_no_password_does_not_get_in(club: Club) -> None:
    names = ["root", "jupyter", "jupyterhub", "nobody", "locked", "keyed", "mallory", "../ada", "ada/../ada", "ada\0x", "ada:x", "ada' or 1=1", "ADA"]
    tried = [*[(name, club.password) for name in [*names, "a" * 1000, "a" * 200_000]], ("ada", ""), ("ada", club.password * 10_000), ("root", "")]

    def let_in(given: tuple[str, str]) -> bool:
        with suppress(LoginError):
            HubSession.log_in(club.origin, *given)
            return True
        return False

    with ThreadPoolExecutor(len(tried)) as pool:
        assert {name[:20]: found for (name, _), found in zip(tried, pool.map(let_in, tried), strict=True) if found} == {}
    assert let_in(("linus", club.password))


def test_guesses_at_one_name_wait_for_each_other_and_nobody_else_for_them(club: Club, note: Callable[[str], None]) -> None:
    def guess(number: int) -> float:
        with pytest.raises(LoginError):
            HubSession.log_in(club.origin, "grace", f"guess {number}")
        return time.monotonic()

    start = time.monotonic()
    with ThreadPoolExecutor(5) as pool:
        guesses = [pool.submit(guess, number) for number in range(5)]
        HubSession.log_in(club.origin, "linus", club.password)
        logged_in = time.monotonic()
        ends = sorted(each.result() for each in guesses)
    assert logged_in < ends[-1]
    # PAM's delay of some 2 s, each has its own.
    assert min(later - earlier for earlier, later in pairwise(ends)) > 0.5
    note(f"5 guesses at a time at one name: {ends[-1] - start:.1f} s; another member's login meanwhile: {logged_in - start:.1f} s")


def test_a_pod_elsewhere_reaches_nothing(club: Club) -> None:
    image = club.cluster.pods("frontend")[0]["spec"]["containers"][0]["image"]
    with namespace_of(f"e2e-hub-outside-{NAMESPACE}") as namespace, stranger(image, namespace, "stranger") as pod:
        assert reached_by(namespace, pod, ports_of_pods(club.cluster) | ports_of_services(club.cluster).keys()) == set()


def test_a_member_who_breaks_the_own_server_breaks_nobody_elses(club: Club) -> None:
    before = club.in_graces_kernel(tries.found_files, ["/home/grace/.ipython", "/run/servers/1002"])
    with login(club.cluster, "linus", password=club.password) as session:
        session.run("rm -rf .ipython && ln -s /home/grace/.ipython .ipython")
        assert club.linus.ask("POST", "/hub/api/users/linus/server").status_code in {201, 202, 500}
        club.linus.stop_server()
        # A link into another's home is followed as who made it, who may change nothing there.
        session.run("rm .ipython && mkdir -p .ipython/profile_default && ln -s /home/grace .ipython/profile_default/security")
        club.linus.start_server()
    assert club.in_graces_kernel(tries.found_files, ["/home/grace/.ipython", "/run/servers/1002"]) == before


def test_nobody_answers_in_place_of_a_proxy_that_restarts(club: Club, note: Callable[[str], None]) -> None:
    club.in_kernel(tries.left_running, program(ports_taken, [JUPYTER_PORT, JUPYTER_PORT + 1], TEN_SECONDS), "/home/ada/taken")
    answers: list[str | None] = []
    with ThreadPoolExecutor(1) as pool:
        trying = pool.submit(club.session.call, ports_taken, [JUPYTER_PORT, JUPYTER_PORT + 1], TEN_SECONDS)
        before = club.cluster.restarts()
        club.cluster.execute("deployment/frontend", "proxy", "kill", "1")
        while not trying.done():
            with suppress(requests.RequestException, CommandError), club.cluster.forward("jupyter", 80) as port:
                answers.append(requests.get(f"http://127.0.0.1:{port}/hub/login", timeout=10).headers.get("X-JupyterHub-Version"))
        found = [trying.result(), json.loads(wait_until("the kernel's attempts end", lambda: club.session.run("cat ~/taken"), seconds=30))]
    assert [each[str(JUPYTER_PORT)] for each in found] == [0, 0]
    assert min(each[str(JUPYTER_PORT + 1)] for each in found) > 0
    assert None not in answers
    (proxy,) = [name for name, count in club.cluster.restarts().items() if count > before[name]]
    assert proxy.endswith("/proxy")
    with club.cluster.forward("jupyter", 80) as port:
        wait_until("the hub is reached again", lambda: requests.get(f"http://127.0.0.1:{port}/hub/login", timeout=10).ok, seconds=60)
    note(f"proxy restarted: nobody took its port in {TEN_SECONDS} s of attempts; {len(answers)} answers, each the hub's")
