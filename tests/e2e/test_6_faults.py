from __future__ import annotations

import contextlib

from .conftest import Lab
from .kube import CommandError, wait_until
from .programs import pull, push_ids

REPLACED_SECONDS = 90
RESTARTED_SECONDS = 90


def test_nothing_was_restarted_so_far(lab: Lab) -> None:
    restarts = lab.cluster.restarts()

    assert len(restarts) == 6
    assert {name: count for name, count in restarts.items() if count} == {}


def test_a_deleted_engine_is_replaced_and_leaves_no_ghost(lab: Lab) -> None:
    before = lab.cluster.engines()
    gone, *stay = lab.cluster.pod_names("worker")

    lab.cluster.kubectl("delete", "pod", gone)

    after = lab.cluster.wait_for_engines_of_pods(REPLACED_SECONDS)
    assert len(after) == len(before)
    assert gone not in after.values()
    assert {number: pod for number, pod in after.items() if pod in stay} == {number: pod for number, pod in before.items() if pod in stay}


def test_a_killed_controller_gets_its_engines_back_with_their_memory(lab: Lab) -> None:
    engines, restarts = lab.cluster.engines(), lab.cluster.restarts()
    lab.cluster.call(push_ids, "kept")

    # The shell may be gone with its container before it can say that all is well.
    with contextlib.suppress(CommandError):
        lab.cluster.execute("deployment/frontend", "controller", "sh", "-c", "kill 1")

    (controller,) = (name for name in restarts if name.endswith("/controller"))
    wait_until("the controller is restarted", lambda: lab.cluster.restarts()[controller] > restarts[controller], seconds=RESTARTED_SECONDS)
    assert lab.cluster.wait_for_engines_of_pods(RESTARTED_SECONDS) == engines
    assert lab.cluster.call(pull, "kept") == {str(number): number for number in engines}
    assert lab.cluster.restarts() == restarts | {controller: restarts[controller] + 1}
