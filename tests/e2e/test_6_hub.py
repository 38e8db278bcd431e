"""What JupyterHub's parts survive: one after the other dies, and members find their work again; and accounts that change meanwhile."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import HIDDEN
from .hub import HubSession, LoginError, printed
from .hub_cluster import CONTAINERS, SYNC_SECONDS, HubCluster, attached, is_saved, new_hub, new_kernel, remembers, save
from .kube import wait_until

Note = Callable[[str], None]
KEPT = "/home/jupyter/shared/.hub"


@pytest.fixture(scope="module")
def hub(directory: Path, pytestconfig: pytest.Config) -> Iterator[HubCluster]:
    with new_hub("faults", directory) as made:
        pytestconfig.stash[HIDDEN] += made.passwords.values()
        made.cluster.apply()
        made.cluster.wait_until_frontend_is_ready()
        yield made


@pytest.fixture
def ada(hub: HubCluster) -> Iterator[HubSession]:
    with hub.session("ada") as session:
        yield session


@pytest.fixture
def grace(hub: HubCluster) -> Iterator[HubSession]:
    with hub.session("grace") as session:
        yield session


def test_members_notice_nothing_of_a_hub_that_dies(hub: HubCluster, ada: HubSession, note: Note) -> None:
    kernel = new_kernel(ada)
    with attached(ada, kernel) as client:
        hub.kill("hub")
        # By the same websocket, while there is no hub.
        assert printed(client, "print(kept)") == "42\n"
        took = hub.seconds_until("the hub answers", lambda: ada.ask("GET", "/hub/home").status_code == 200)
        assert printed(client, "print(kept)") == "42\n"
    assert ada.ask("GET", "/hub/home").url.endswith("/hub/home")
    wait_until("the hub found the server again", ada.server_runs, seconds=30)
    note(f"hub killed: its pages are back after {took:.1f} s; kernels, websockets and logins stay")


def test_after_the_proxy_died_kernels_are_reached_again(hub: HubCluster, ada: HubSession, note: Note) -> None:
    kernel = new_kernel(ada)
    hub.kill("proxy")

    def reached() -> bool:
        with hub.again(ada):
            return ada.ask("GET", f"{ada.base}/api/kernels/{kernel}", allow_redirects=False).status_code == 200

    took = hub.seconds_until("the server is reached again", reached)
    with hub.again(ada):
        assert remembers(ada, kernel)
    note(f"proxy killed: servers are reached again after {took:.1f} s, kernels keep their memory")


def test_after_what_starts_servers_died_one_request_starts_a_server(hub: HubCluster, ada: HubSession, note: Note) -> None:
    save(ada, "launcher")
    new_kernel(ada)
    start = time.monotonic()
    hub.kill("jupyter")
    hub.seconds_until("the hub knows that the server ended", lambda: not ada.server_runs())
    noticed = time.monotonic() - start
    page = ada.ask("GET", f"{ada.base}/lab")
    assert (page.status_code, "/hub/spawn/ada" in page.text) == (424, True)
    assert hub.members_processes() == []
    start = time.monotonic()
    ada.start_server()
    assert ada.get("/api/kernels") == []
    assert is_saved(ada, "launcher")
    note(f"container of members' servers killed: noticed after {noticed:.1f} s, a server again {time.monotonic() - start:.1f} s after a click")


def test_a_login_and_what_was_saved_outlive_the_pod(hub: HubCluster, ada: HubSession, grace: HubSession, note: Note) -> None:
    save(ada, "pod")
    start = time.monotonic()
    hub.cluster.delete_pods("frontend", wait=True)
    hub.cluster.wait_until_frontend_is_ready()
    hub.seconds_until_ready()
    note(f"frontend's pod deleted: the hub is back after {time.monotonic() - start:.1f} s, all servers are stopped, logins stay")
    with hub.again(ada):
        assert ada.ask("GET", "/hub/home").url.endswith("/hub/home")
        assert not ada.server_runs()
        grace.origin = ada.origin
        assert not grace.server_runs()
        ada.start_server()
        assert is_saved(ada, "pod")


def test_a_hub_that_dies_while_it_starts_a_server_finds_it_again(hub: HubCluster, note: Note) -> None:
    with hub.origin() as origin:
        alan = HubSession.log_in(origin, "alan", hub.passwords["alan"])
        assert alan.ask("POST", "/hub/api/users/alan/server").status_code in {201, 202}
        hub.kill("hub")
        start = time.monotonic()
        hub.seconds_until("the hub answers", lambda: alan.ask("GET", "/hub/home").status_code == 200)
        alan.start_server()
        note(f"hub killed while it starts a server: the server is there after {time.monotonic() - start:.1f} s")
        assert sum(" alan " in line and "jupyterhub-singleuser" in line for line in hub.members_processes()) == 1
        alan.stop_server()


def test_requests_wait_for_an_nfs_server_that_restarts_and_the_database_survives(hub: HubCluster, ada: HubSession, note: Note) -> None:
    kernel, before = new_kernel(ada), hub.restarts()
    hub.cluster.kubectl("delete", "pod", f"{hub.cluster.name}-nfs-0", "--grace-period=0", "--force", "--wait=false")
    start = time.monotonic()
    # A new token is a write.
    assert ada.ask("POST", "/hub/api/users/ada/tokens", json={"note": "meanwhile"}).status_code == 201
    note(f"NFS server killed: the hub's next write is answered after {time.monotonic() - start:.1f} s")
    save(ada, "nfs")
    assert remembers(ada, kernel)
    assert hub.restarts() == before


def test_all_containers_killed_at_once_come_back_and_logins_stay(hub: HubCluster, ada: HubSession, note: Note) -> None:
    save(ada, "all")
    before, start = hub.restarts(), time.monotonic()
    hub.kill(*CONTAINERS)
    wait_until("all were restarted", lambda: all(count > before[name] for name, count in hub.restarts().items()), seconds=60)
    hub.seconds_until_ready()
    note(f"all containers of the frontend killed: the hub is back after {time.monotonic() - start:.1f} s, logins stay")
    with hub.again(ada):
        assert ada.ask("GET", "/hub/home").url.endswith("/hub/home")
        assert not ada.server_runs()
        ada.start_server()
        assert is_saved(ada, "all")


def test_a_damaged_database_is_kept_aside_and_costs_logins_and_servers_alone(hub: HubCluster, ada: HubSession, note: Note) -> None:
    save(ada, "damage")
    size = hub.cluster.execute(
        "deployment/frontend", "hub", "sh", "-c", f"truncate -s 30000 {KEPT}/jupyterhub.sqlite; stat -c %s {KEPT}/jupyterhub.sqlite"
    )
    assert size == "30000\n"
    before, start = hub.restarts(), time.monotonic()
    hub.kill("hub")
    wait_until("the hub was restarted", lambda: hub.restarts()["hub"] > before["hub"], seconds=60)
    hub.seconds_until_ready()
    note(f"database of the hub damaged, hub killed: it is back with a new one after {time.monotonic() - start:.1f} s")
    assert "jupyterhub.sqlite is damaged (" in hub.log("hub")
    assert "jupyterhub.sqlite.damaged-" in hub.cluster.execute("deployment/frontend", "hub", "ls", KEPT)
    assert hub.members_processes() == []
    with hub.session("ada") as again:
        assert is_saved(again, "damage")


# Accounts, last: they lose their passwords


def test_changed_accounts_are_live_without_a_restart(hub: HubCluster, ada: HubSession, grace: HubSession, note: Note) -> None:
    before, old = hub.restarts(), hub.passwords["ada"]
    hub.passwords |= {"ada": secrets.token_urlsafe(16), "emmy": secrets.token_urlsafe(16)}
    users = {user["name"]: user for user in hub.settings["users"]}
    hub.settings["users"] = [users["ada"], {"name": "alan", "uid": 1003}, {"name": "emmy", "uid": 1004, "password_env": "EMMY"}]
    hub.synthesize()
    start = time.monotonic()
    hub.cluster.apply()
    hub.sync()
    wait_until(
        "the removed member's server ended", lambda: not [line for line in hub.members_processes() if line.startswith("1002 ")], seconds=SYNC_SECONDS
    )
    note(f"a member removed: the server ended {time.monotonic() - start:.1f} s after the apply")
    for name, password in (("ada", old), ("grace", hub.passwords["grace"]), ("alan", hub.passwords["alan"])):
        with pytest.raises(LoginError):
            HubSession.log_in(ada.origin, name, password)
    for name in ("ada", "emmy"):
        assert HubSession.log_in(ada.origin, name, hub.passwords[name])
    assert ada.server_runs()

    def is_out() -> bool:
        page, call = grace.ask("GET", "/hub/home"), grace.ask("GET", "/hub/api/user")
        return "/hub/login" in page.url and call.status_code == 403

    hub.seconds_until("the removed member is out of the hub", is_out)
    note(f"a member removed: out of the hub {time.monotonic() - start:.1f} s after the apply")
    assert hub.restarts() == before
