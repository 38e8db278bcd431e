"""Engines die, are deleted, evicted and scaled: calls go on, the others keep their memory, and none stays as a ghost."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from .conftest import Lab
from .kube import kubectl, wait_until
from .programs import engines_with_tasks, exhaust_memory, interrupt, map_slowly, pull, push_ids, wait_for_number_of_engines

VARIABLE = "kept"
REPLACED_SECONDS = 30
# A missed heartbeat takes 11 s.
LEFT_SECONDS = 3
PATIENCE = 90
CALLS = 60


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[ThreadPoolExecutor]:
    """Runs what takes its time while something happens."""
    with ThreadPoolExecutor() as pool:
        yield pool


@pytest.fixture
def engines(lab: Lab) -> dict[int, str]:
    """The engines, each of which remembers its id."""
    engines = lab.cluster.wait_for_engines_of_pods(PATIENCE)
    lab.cluster.call(push_ids, VARIABLE)
    return engines


def those_that_stay(engines: dict[int, str], *gone: str) -> dict[int, str]:
    return {number: pod for number, pod in engines.items() if pod not in gone}


def assert_replaced(lab: Lab, before: dict[int, str], after: dict[int, str], engine: int) -> None:
    """Another engine took the place of one, under a new id, and all others have kept ids and memory."""
    stay = {number for number in before if number != engine}
    assert len(after) == len(before)
    assert stay < after.keys()
    assert min(after.keys() - stay) > max(before)
    assert lab.cluster.call(pull, VARIABLE, sorted(stay)) == {str(number): number for number in stay}


def test_an_interrupted_call_leaves_its_engine_alone(lab: Lab, engines: dict[int, str]) -> None:
    # A shell that starts its programs in the background has them ignore the signal.
    assert lab.cluster.call(interrupt, min(engines)) == "KeyboardInterrupt"
    assert lab.cluster.engines() == engines
    assert lab.cluster.call(pull, VARIABLE) == {str(number): number for number in engines}


def test_a_killed_engine_is_replaced_in_its_pod(lab: Lab, engines: dict[int, str], note: Callable[[str], None]) -> None:
    number, pod = min(engines.items())
    start = time.monotonic()

    lab.cluster.kubectl("exec", pod, "--container", "engine", "--", "sh", "-c", "kill -9 $(pgrep -f '[b]in/ipengine')")

    wait_until("the engine is replaced", lambda: number not in lab.cluster.engines(), seconds=PATIENCE)
    gone = time.monotonic() - start
    after = lab.cluster.wait_for_engines_of_pods(PATIENCE)
    seconds = time.monotonic() - start
    note(f"engine's process killed: out of the list after {gone:.1f} s, replaced after {seconds:.1f} s")
    assert seconds < REPLACED_SECONDS
    assert after.keys() - engines.keys()
    assert_replaced(lab, engines, after, number)


def test_an_engine_out_of_memory_is_replaced_and_the_others_keep_theirs(lab: Lab, engines: dict[int, str], note: Callable[[str], None]) -> None:
    number, pod = min(engines.items())
    restarts = lab.cluster.restarts()

    error = lab.cluster.call(exhaust_memory, number)

    start = time.monotonic()
    assert error == "EngineError"
    after = lab.cluster.wait_for_engines_of_pods(PATIENCE)
    seconds = time.monotonic() - start
    note(f"engine out of memory: replaced {seconds:.1f} s after its caller got the error")
    assert seconds < REPLACED_SECONDS
    assert_replaced(lab, engines, after, number)
    assert lab.cluster.restarts() == restarts | {f"{pod}/engine": restarts[f"{pod}/engine"] + 1}


def delete(lab: Lab, pod: str) -> None:
    lab.cluster.kubectl("delete", "pod", pod, "--wait=false")


def evict(lab: Lab, pod: str) -> None:
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": lab.cluster.namespace}}
    address = f"/api/v1/namespaces/{lab.cluster.namespace}/pods/{pod}/eviction"
    kubectl("create", "--raw", address, "--filename=-", stdin=json.dumps(eviction))


@pytest.mark.parametrize("remove", [delete, evict])
def test_a_map_goes_on_without_an_engine_that_is_removed(
    lab: Lab, engines: dict[int, str], elsewhere: ThreadPoolExecutor, note: Callable[[str], None], remove: Callable[[Lab, str], None]
) -> None:
    number, pod = min(engines.items())
    answers: Future[list[list[object]]] = elsewhere.submit(lab.cluster.call, map_slowly, CALLS, 0.3, seconds=150)
    wait_until("both engines work", lambda: lab.cluster.call(engines_with_tasks) == len(engines), seconds=PATIENCE)
    start = time.monotonic()

    remove(lab, pod)

    after = lab.cluster.wait_for_engines_of_pods(PATIENCE)
    seconds = time.monotonic() - start
    note(f"engine's pod removed by {remove.__name__}: replaced after {seconds:.1f} s, map done after {answered(answers, start):.1f} s")
    assert [square for square, _ in answers.result()] == [number * number for number in range(CALLS)]
    assert pod in {where for _, where in answers.result()}
    assert seconds < REPLACED_SECONDS
    assert_replaced(lab, engines, after, number)


def answered(answers: Future[list[list[object]]], start: float) -> float:
    answers.result()
    return time.monotonic() - start


def scale(lab: Lab, replicas: int) -> None:
    lab.cluster.kubectl("scale", f"deployment/{lab.cluster.name}-worker", f"--replicas={replicas}")


def test_scaling_leaves_the_engines_that_stay_alone_and_lists_no_other(
    lab: Lab, engines: dict[int, str], elsewhere: ThreadPoolExecutor, note: Callable[[str], None]
) -> None:
    start = time.monotonic()
    scale(lab, 3)
    more = lab.cluster.wait_for_engines_of_pods(PATIENCE)
    note(f"scaled from 2 to 3: registered after {time.monotonic() - start:.1f} s")
    assert len(more) == 3
    assert engines.items() < more.items()

    left = elsewhere.submit(lab.cluster.call, wait_for_number_of_engines, 1)
    wait_until("somebody watches", lambda: left.running(), seconds=PATIENCE)
    time.sleep(3)
    start = time.monotonic()
    scale(lab, 1)
    (number,) = left.result()
    seconds = time.monotonic() - start
    note(f"scaled from 3 to 1: the others out of the list after {seconds:.1f} s")
    assert seconds < LEFT_SECONDS
    assert lab.cluster.wait_for_engines_of_pods(PATIENCE) == {number: engines[number]}

    kubectl("apply", "--filename", str(lab.cluster.dist))
    again = lab.cluster.wait_for_engines_of_pods(PATIENCE)
    assert len(again) == 2
    assert again[number] == engines[number]
    assert lab.cluster.call(pull, VARIABLE, [number]) == {str(number): number}
