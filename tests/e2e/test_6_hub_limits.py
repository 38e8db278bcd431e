"""How members share what JupyterHub has: one of them takes all memory, all CPUs or a place too many, and nobody else loses anything."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from .conftest import HIDDEN
from .hub import HubSession, printed
from .hub_cluster import SYNC_SECONDS, HubCluster, members_with_servers, new_hub, new_kernel, remembers, text
from .kube import wait_until
from .runaways import FILL, FILL_BY_MANY, FILL_UNSEEN, FORKED, HOG

Note = Callable[[str], None]
IDLE_SECONDS = 20
UNHARMED = ("controller", "hub", "proxy", "sshd")


@pytest.fixture(scope="module")
def hub(directory: Path, pytestconfig: pytest.Config) -> Iterator[HubCluster]:
    with new_hub("limits", directory) as made:
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


def test_one_member_too_many_is_told_so_and_starts_as_soon_as_another_stops(hub: HubCluster, ada: HubSession, grace: HubSession) -> None:
    alan = HubSession.log_in(ada.origin, "alan", hub.passwords["alan"])
    reply = alan.ask("GET", "/hub/spawn")
    assert (reply.status_code, "Active user limit exceeded. Try again in a few minutes." in text(reply)) == (429, True)
    grace.stop_server()
    alan.start_server()
    alan.stop_server()


def test_a_process_that_takes_too_much_gets_a_memory_error_alone(ada: HubSession) -> None:
    with ada.kernel() as kernel:
        printed(kernel, "kept_before = 42")
        assert kernel.execute(FILL, timeout=60)["outputs"][0]["ename"] == "MemoryError"
        printed(kernel, "kept = None")
        assert printed(kernel, "print(kept_before)") == "42\n"


def test_within_the_limit_of_a_process_numpy_forks_threads_and_plots_work(ada: HubSession) -> None:
    code = """
import multiprocessing, threading
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
square = np.ones((1500, 1500)) @ np.ones((1500, 1500))
with multiprocessing.get_context("fork").Pool(2) as pool:
    numbers = pool.map(abs, range(-3, 0))
threads = [threading.Thread(target=np.ones((100, 100)).sum) for _ in range(30)]
for thread in threads: thread.start()
for thread in threads: thread.join()
plt.plot([1, 2]); plt.savefig("plot.png")
print(square[0, 0], numbers)
"""
    with ada.kernel() as kernel:
        assert printed(kernel, code) == "1500.0 [3, 2, 1]\n"


def test_who_fills_the_container_loses_the_largest_process_and_nobody_else_loses_anything(
    hub: HubCluster, ada: HubSession, grace: HubSession
) -> None:
    graces, before = new_kernel(grace), hub.restarts()
    with ada.kernel() as kernel:
        ended = printed(kernel, FILL_BY_MANY)
        assert "-9" in ended
        printed(kernel, "for process in several: process.kill()")
        assert remembers(grace, graces)
    assert hub.restarts() == before
    assert "ada: python" in (log := hub.log("jupyter"))
    assert "was ended, since all members' processes together took" in log
    assert "grace: python" not in log


def test_memory_that_a_process_shares_with_its_forks_is_counted_once(hub: HubCluster, ada: HubSession) -> None:
    with ada.kernel() as kernel:
        assert printed(kernel, FORKED) == "[300000000, 300000000, 300000000, 300000000, 300000000]\n"


def test_a_kernel_that_computes_keeps_its_server_and_an_idle_server_ends(hub: HubCluster, ada: HubSession, grace: HubSession, note: Note) -> None:
    new_kernel(grace)
    hub.execute_silently(ada, "import time; time.sleep(600)")
    start = time.monotonic()
    with hub.culling(IDLE_SECONDS):
        wait_until("the idle server ended", lambda: "grace" not in members_with_servers(hub), seconds=90)
        note(f"idle for {IDLE_SECONDS} s: a server ended after {time.monotonic() - start:.1f} s, one whose kernel computes did not")
        assert "ada" in members_with_servers(hub)
    assert not grace.server_runs()
    assert ada.server_runs()
    ada.stop_server()


def test_a_member_who_takes_all_cpus_slows_nobody_down_much(hub: HubCluster, ada: HubSession, grace: HubSession, note: Note) -> None:
    def seconds() -> tuple[float, float]:
        by_ssh, start = hub.can_log_in_by_ssh("alan"), time.monotonic()
        assert grace.get("/api/status")
        return by_ssh, time.monotonic() - start

    before = seconds()
    with ada.kernel() as kernel:
        printed(kernel, HOG)
        try:
            after = seconds()
        finally:
            printed(kernel, "process.kill()")
    note(
        f"64 busy threads of a member: another's login by SSH {before[0]:.1f} s before, {after[0]:.1f} s meanwhile;"
        f" page {before[1]:.2f} s, {after[1]:.2f} s"
    )
    assert max(after) < 30


def test_a_container_of_servers_that_runs_out_of_memory_takes_nothing_else_along(hub: HubCluster, ada: HubSession, note: Note) -> None:
    before = hub.restarts()
    # What answers may end with it: the kernel, its server, the connection.
    with suppress(Exception):
        hub.execute_silently(ada, FILL_UNSEEN)
    hub.seconds_until("the hub knows that the server ended", lambda: not ada.server_runs())
    start = time.monotonic()
    with hub.session("ada") as again:
        assert new_kernel(again)
    note(f"the container of members' servers out of memory to a kernel again: {time.monotonic() - start:.1f} s")
    assert {name: hub.restarts()[name] for name in UNHARMED} == {name: before[name] for name in UNHARMED}


def test_a_member_whose_server_ends_while_it_starts_reads_so(hub: HubCluster, grace: HubSession) -> None:
    with grace.kernel() as kernel:
        printed(kernel, "import os, pathlib\nfile = pathlib.Path.home() / '.jupyter' / 'jupyter_config.py'\nfile.parent.mkdir(exist_ok=True)")
        printed(kernel, "file.write_text('import os, pathlib; pathlib.Path(__file__).unlink(); os._exit(7)')")
    grace.stop_server()

    grace.ask("GET", "/hub/spawn")

    def page() -> str:
        # Which starts nothing again, as /hub/spawn would.
        reply = grace.ask("GET", "/hub/spawn-pending/grace")
        return text(reply) if "exit code" in reply.text else ""

    assert "Your server ended with exit code 7 before it could be used." in wait_until("the page says why", page, seconds=SYNC_SECONDS)
    # It broke itself but once.
    grace.start_server()
