"""What happens to a node: all of its pods die at once, and its API server goes away.

E2E_KILL_PODS kills every container of the node at once, as a reboot does; E2E_STOP_API and E2E_START_API stop and start the
API server. Each is a shell command; without it, the test that needs it is skipped.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from typing import Any

import paramiko
import pytest
from jupyter_kernel_client import JupyterKernelClient

from jupyter_cluster_constructs.spec import SSHD_PORT

from .conftest import Lab
from .kube import CommandError, kubectl, run, wait_until
from .remote import program
from .ssh import login
from .web import HOST

pytestmark = pytest.mark.alone
REBOOT_SECONDS = 120
OUTAGE_SECONDS = 60
LONGEST_GAP = 5


def command(variable: str) -> list[str]:
    """The words that run a shell command out of an environment variable."""
    found = os.environ.get(variable)
    if not found:
        pytest.skip(f"{variable} names no command for this cluster")
    return ["sh", "-euc", found]


def delete_by_force(lab: Lab) -> None:
    lab.cluster.kubectl("delete", "pods", "--selector", lab.cluster.selector(), "--grace-period=0", "--force", seconds=120)


def kill_containers(lab: Lab) -> None:
    run(command("E2E_KILL_PODS"))


@pytest.mark.parametrize("kill", [delete_by_force, kill_containers], ids=["deleted by force", "killed as by a reboot"])
def test_everything_comes_back_by_itself_when_all_pods_die_at_once(lab: Lab, note: Callable[[str], None], kill: Callable[[Lab], None]) -> None:
    with login(lab.cluster, "ada", key=lab.ada.key) as ada:
        ada.run("echo kept > before-the-reboot")
        host_key = ada.host_key
    start, died = time.monotonic(), time.time()

    kill(lab)

    wait_until("every container runs anew", lambda: all_started_since(died, lab), seconds=REBOOT_SECONDS)
    engines = lab.cluster.wait_for_engines_of_pods(REBOOT_SECONDS)
    found = wait_until("ada logs in", lambda: what_ada_finds(lab), seconds=REBOOT_SECONDS)
    seconds = time.monotonic() - start
    note(f"all pods {kill.__name__.replace('_', ' ')}, to everything back: {seconds:.1f} s")
    assert found == ("kept\n", host_key)
    assert len(engines) == 2
    assert seconds < REBOOT_SECONDS


def all_started_since(moment: float, lab: Lab) -> bool:
    """Whether every container of the cluster is ready, and was started after a moment."""
    statuses = [s for pod in lab.cluster.pods() if "deletionTimestamp" not in pod["metadata"] for s in pod["status"].get("containerStatuses", ())]
    # Kubernetes tells whole seconds.
    return len(statuses) == 6 and all(s["ready"] and started(s) >= int(moment) for s in statuses)


def started(status: dict[str, Any]) -> float:
    return datetime.fromisoformat(status["state"]["running"]["startedAt"]).timestamp()


def what_ada_finds(lab: Lab) -> tuple[str, str] | None:
    try:
        with login(lab.cluster, "ada", key=lab.ada.key) as ada:
            return ada.run("cat before-the-reboot"), ada.host_key
    except (paramiko.SSHException, OSError):
        return None


@contextmanager
def api_server_away() -> Iterator[None]:
    """The API server stops answering, and comes back."""
    stop, start = command("E2E_STOP_API"), command("E2E_START_API")
    run(stop)
    try:
        yield
    finally:
        run(start)
        wait_until("the API server answers", lambda: kubectl("get", "--raw=/readyz"), seconds=60)


def map_aloud(calls: int, seconds: float) -> str:
    """Map through a load-balanced view, and print the time at each result."""
    import time

    import ipyparallel as ipp

    def wait(argument: list[float]) -> float:
        import time

        time.sleep(argument[1])
        return argument[0]

    answers = []
    for answer in ipp.Client().load_balanced_view().map(wait, [[number, seconds] for number in range(calls)], block=False, ordered=True):
        answers.append(answer)
        print(time.time(), flush=True)
    return "all right" if answers == list(range(calls)) else "wrong"


class Witness:
    """Something in the container of Jupyter Server that writes the time into a file over and over."""

    def __init__(self, lab: Lab, name: str) -> None:
        self._lab, self.file = lab, f"/tmp/{name}-ticks"

    def run(self, command: str, stdin: str = "") -> str:
        return self._lab.cluster.execute("deployment/frontend", "jupyter", "sh", "-euc", command, stdin=stdin)

    def start(self, command: str) -> None:
        """Start a command whose output is the file, and which goes on when this connection ends."""
        self.run(f"setsid nohup {command} < /dev/null > {self.file} 2>&1 & sleep 1")

    def ticks(self) -> list[float]:
        return [float(line) for line in self.run(f"grep -E '^[0-9.]+$' {self.file}").split()]

    def longest_gap(self, since: float, until: float) -> float:
        """The longest time without a tick between two moments."""
        inside = [tick for tick in self.ticks() if since <= tick <= until]
        return max(after - before for before, after in pairwise([since, *inside, until]))


@pytest.fixture
def ssh_session(lab: Lab) -> Iterator[Witness]:
    """ada's SSH session, from inside the pod, since a forwarded port leads through the API server."""
    witness = Witness(lab, "ssh")
    witness.run("umask 077; cat > /tmp/ada.key", stdin=lab.ada.key_file.read_text())
    options = "-i /tmp/ada.key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
    # No pod is let in through the Service, not even this one.
    witness.start(f"ssh {options} -p {SSHD_PORT} ada@127.0.0.1 'while sleep 0.5; do date +%s.%N; done'")
    yield witness
    witness.run("pkill -x ssh; rm /tmp/ada.key")


@pytest.fixture
def running_map(lab: Lab) -> Witness:
    """A load-balanced map that goes on for longer than the outage."""
    witness = Witness(lab, "map")
    witness.run("cat > /tmp/map.py", stdin=program(map_aloud, 2 * (OUTAGE_SECONDS + 30), 1.0))
    witness.start("python3 /tmp/map.py")
    return witness


def test_a_minute_without_the_api_server_is_not_noticed(lab: Lab, ssh_session: Witness, running_map: Witness, note: Callable[[str], None]) -> None:
    restarts, kernel_ticks = lab.cluster.restarts(), Witness(lab, "kernel")
    code = f"""
        import threading, time
        def tick():
            with open({kernel_ticks.file!r}, "w", buffering=1) as file:
                while True:
                    print(time.time(), file=file)
                    time.sleep(0.5)
        threading.Thread(target=tick, daemon=True).start()
    """
    with lab.cluster.forward("jupyter", 80) as port:
        kernel = JupyterKernelClient(server_url=f"http://{HOST}:{port}", token=lab.token)
        kernel.start()
        assert kernel.execute(code.replace("\n        ", "\n"), timeout=30)["status"] == "ok"
        time.sleep(3)
        since = time.time()
        with api_server_away():
            with pytest.raises(CommandError):
                run(["kubectl", "get", "--raw=/readyz", "--request-timeout=5s"], seconds=10)
            time.sleep(OUTAGE_SECONDS)
        until = time.time()

    gaps = {name: witness.longest_gap(since, until) for name, witness in (("SSH", ssh_session), ("map", running_map), ("kernel", kernel_ticks))}
    note(f"API server away for {until - since:.0f} s; longest silence of {', '.join(f'{name} {gap:.1f} s' for name, gap in gaps.items())}")
    assert all(gap < LONGEST_GAP for gap in gaps.values()), gaps
    wait_until("the map ends", lambda: "all right" in running_map.run(f"cat {running_map.file}"), seconds=OUTAGE_SECONDS)
    assert lab.cluster.restarts() == restarts
