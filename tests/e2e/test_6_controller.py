"""The controller dies or hangs, whole or in part, or its pod is gone: the same engines serve on, with their memory."""

from __future__ import annotations

import contextlib
import secrets
import signal
import time
from collections.abc import Callable

import pytest

from .conftest import Lab
from .kube import CommandError, wait_until
from .programs import apply_through, controllers_processes, memory_in_use, push_ids, run_tasks
from .remote import call
from .ssh import login

VARIABLE = "kept"
CONTROLLER_SECONDS = 15
HANGING_SECONDS = 30
FRONTEND_SECONDS = 30
# More than any wait for a result, so that a failure says what is missing.
PATIENCE = 60
SCHEDULERS = ("iopub", "mux", "control", "task", "broadcast", "broadcast-0", "broadcast-1", "hb_ping")
# More than the finished ones that the controller remembers.
TASKS = 55_000
TASKS_SECONDS = 900


@pytest.fixture
def engines(lab: Lab) -> dict[int, str]:
    """The engines, each of which remembers its id, of a controller that the kubelet restarts without a pause."""
    if any(count for name, count in lab.cluster.restarts().items() if "-frontend-" in name):
        # A container of a new pod has no restarts behind it, for which the kubelet would let it wait.
        lab.cluster.delete_pods("frontend", wait=True)
        lab.cluster.wait_until_frontend_is_ready()
    engines = lab.cluster.wait_for_engines_of_pods(PATIENCE)
    lab.cluster.call(push_ids, VARIABLE)
    return engines


@pytest.fixture
def files(lab: Lab) -> Callable[[], tuple[str, bytes]]:
    """Reads, by SSH, the server's host key and a file in a home."""
    content = secrets.token_bytes(1000)
    with login(lab.cluster, "ada", key=lab.ada.key) as ada:
        ada.write("/home/ada/before", content)

    def read() -> tuple[str, bytes]:
        with login(lab.cluster, "ada", key=lab.ada.key) as ada:
            return ada.host_key, ada.read("/home/ada/before")

    return read


def restarts_of_controller(lab: Lab) -> int:
    return sum(count for name, count in lab.cluster.restarts().items() if name.endswith("/controller"))


def send(lab: Lab, process: str, number: signal.Signals) -> float:
    """Send a signal to one of the controller's processes, and say when."""
    pid = lab.cluster.call(controllers_processes, container="controller")[process]
    # The shell may be gone with its container before it can say that all is well.
    with contextlib.suppress(CommandError):
        lab.cluster.execute("deployment/frontend", "controller", "sh", "-c", f"kill -{number.value} {pid}")
    return time.monotonic()


def seconds_until_restarted(lab: Lab, start: float) -> float:
    wait_until("the controller is restarted", lambda: restarts_of_controller(lab) == 1, seconds=PATIENCE)
    return time.monotonic() - start


def seconds_until_all_recall(lab: Lab, engines: dict[int, str], start: float) -> float:
    lab.cluster.wait_for_memory(VARIABLE, engines, PATIENCE)
    return time.monotonic() - start


def test_nothing_was_restarted_so_far(lab: Lab) -> None:
    restarts = lab.cluster.restarts()

    assert len(restarts) == 6
    assert {name: count for name, count in restarts.items() if count} == {}


def engines_memory(lab: Lab) -> float:
    """What the processes of an engine's container take on average, in MiB."""

    def used(pod: str) -> int:
        found: int = call(lambda program: lab.cluster.kubectl("exec", "--stdin", pod, "--", "python3", "-", stdin=program), memory_in_use)["used"]
        return found

    pods = lab.cluster.pod_names("worker")
    return sum(map(used, pods)) / len(pods) / 2**20


def test_100000_tasks_leave_the_controller_most_of_its_memory_and_engines_theirs(lab: Lab, note: Callable[[str], None]) -> None:
    before = lab.cluster.call(memory_in_use, container="controller")
    engines_before = engines_memory(lab)
    start = time.monotonic()

    right = lab.cluster.call(run_tasks, TASKS, 500, seconds=TASKS_SECONDS)

    seconds = time.monotonic() - start
    after = lab.cluster.call(memory_in_use, container="controller")
    engines_after = engines_memory(lab)
    note(
        f"{TASKS} tasks in {seconds:.0f} s: controller {before['used'] / 2**20:.0f} MiB before, {after['used'] / 2**20:.0f} MiB after;"
        f" an engine {engines_before:.0f} and {engines_after:.0f} MiB"
    )
    assert right == TASKS
    # A kilobyte a task, as it once was, would be more than twice as much.
    assert engines_after - engines_before < 12
    assert after["used"] < after["limit"] / 2
    assert restarts_of_controller(lab) == 0


def test_each_process_of_the_controller_has_its_test(lab: Lab, engines: dict[int, str]) -> None:
    processes = lab.cluster.call(controllers_processes, container="controller")

    assert sorted(processes) == sorted(["hub", *SCHEDULERS])
    assert len(set(processes.values())) == len(processes)


@pytest.mark.parametrize("process", ["hub", *SCHEDULERS])
def test_a_controller_of_which_a_process_was_killed_gets_its_engines_back_with_their_memory(
    lab: Lab, engines: dict[int, str], note: Callable[[str], None], process: str
) -> None:
    start = send(lab, process, signal.SIGKILL)

    restarted = seconds_until_restarted(lab, start)
    seconds = seconds_until_all_recall(lab, engines, start)
    note(f"controller's {process} killed: restarted after {restarted:.1f} s, same engines after {seconds:.1f} s")
    assert seconds < CONTROLLER_SECONDS
    assert lab.cluster.engines() == engines


def test_a_controller_of_which_a_process_hangs_is_restarted(lab: Lab, engines: dict[int, str], note: Callable[[str], None]) -> None:
    start = send(lab, "task", signal.SIGSTOP)

    restarted = seconds_until_restarted(lab, start)
    seconds = seconds_until_all_recall(lab, engines, start)
    note(f"controller's task scheduler stopped: restarted after {restarted:.1f} s, same engines after {seconds:.1f} s")
    assert restarted < HANGING_SECONDS
    assert lab.cluster.engines() == engines


def test_engines_outlive_a_deleted_frontend_and_members_find_host_key_and_files_again(
    lab: Lab, engines: dict[int, str], files: Callable[[], tuple[str, bytes]], note: Callable[[str], None]
) -> None:
    before = files()
    start = time.monotonic()

    lab.cluster.delete_pods("frontend")

    seconds = seconds_until_all_recall(lab, engines, start)
    note(f"frontend's pod deleted: same engines after {seconds:.1f} s")
    assert seconds < FRONTEND_SECONDS
    assert lab.cluster.engines() == engines
    assert sorted(lab.cluster.call(apply_through, "direct")) == sorted([144, pod] for pod in engines.values())
    lab.cluster.wait_until_frontend_is_ready()
    assert files() == before


def test_frontend_and_engines_deleted_together_twice_leave_no_ghost_and_no_id_twice(lab: Lab, note: Callable[[str], None]) -> None:
    given = set(lab.cluster.wait_for_engines_of_pods(PATIENCE))
    for time_of_two in ("first", "second"):
        start = time.monotonic()

        lab.cluster.delete_pods("frontend", "worker")

        engines = lab.cluster.wait_for_engines_of_pods(PATIENCE)
        seconds = time.monotonic() - start
        note(f"frontend's and engines' pods deleted, {time_of_two} time: new engines and no others after {seconds:.1f} s")
        assert seconds < FRONTEND_SECONDS
        assert len(engines) == 2
        assert given.isdisjoint(engines)
        given |= engines.keys()
        assert sorted(lab.cluster.call(apply_through, "direct")) == sorted([144, pod] for pod in engines.values())
