"""Which tests run beside which others: `pytest tests/e2e --numprocesses 2`.

What uses the example's cluster runs on one worker, in the order of the files; every other file makes clusters of its own and runs on whichever
worker is free, which is the other one as long as there is something to do with the example's. Nothing begins beside the example's first apply,
which is timed. Tests marked `alone`, which harm everything on the node, come last, when no other worker has anything left to do. Without workers,
files run in the order of their names.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

EXAMPLE, ALONE = "lab", "alone"
OF_THE_EXAMPLE = {"lab", "site"}
MARK = f"{ALONE}: harms everything on the node, and runs when nothing else does"
# A worker starts a test when it knows the next one, so that it can tell which fixtures that one goes on with.
KNOWN = 2


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARK)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    """Tell a worker where to say what its tests use: the scheduler, in the first process, knows their names alone."""
    # xdist's own way, groups in tests' names, ended with pytest 9.2.
    with tempfile.NamedTemporaryFile(prefix="e2e-lanes-", delete=False) as file:
        node.workerinput["lanes"] = file.name


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    if file := getattr(session.config, "workerinput", {}).get("lanes"):
        Path(file).write_text(json.dumps(lanes_of(session.items)))


def lanes_of(items: Sequence[pytest.Item]) -> dict[str, str]:
    """By test, what it must not run beside: others of the example's cluster, of its file, or everything."""
    lanes = {}
    for path, tests in groupby(items, lambda item: item.path):
        file = list(tests)
        uses_example = any(OF_THE_EXAMPLE & {*getattr(item, "fixturenames", ())} for item in file)
        for item in file:
            lanes[item.nodeid] = ALONE if item.get_closest_marker(ALONE) else EXAMPLE if uses_example else str(path)
    return lanes


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return Lanes(config, log)


class Lanes(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each worker one test after the other, so that a run that is to stop at the first failure stops soon."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        self._lane_of: dict[str, str] = {}
        self._goes_on: dict[WorkerController, str] = {}
        self._is_applied = False

    def _split_scope(self, nodeid: str) -> str:
        return nodeid

    def add_node_collection(self, node: WorkerController, collection: Sequence[str]) -> None:
        file = Path(node.workerinput["lanes"])
        self._lane_of = json.loads(file.read_text())
        file.unlink()
        super().add_node_collection(node, collection)

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        del self.assigned_work[node][self.registered_collections[node][item_index]]
        self._is_applied = True
        # The worker that waits may be another one.
        for each in self.nodes:
            self._reschedule(each)

    def _reschedule(self, node: WorkerController) -> None:
        if node.shutting_down:
            return
        while len(self.assigned_work[node]) < KNOWN and self._next(node):
            self._assign_work_unit(node)
        if len(self.assigned_work[node]) < KNOWN and not self._waits(node):
            # It runs the last test that it has, and ends what its fixtures made.
            node.shutdown()

    def _assign_work_unit(self, node: WorkerController) -> None:
        if test := self._next(node):
            self._goes_on[node] = self._lane_of[test]
            self.assigned_work[node][test] = self.workqueue.pop(test)
            node.send_runtest_some([self.registered_collections[node].index(test)])

    def _waits(self, node: WorkerController) -> bool:
        """Whether a worker without a test gets one later."""
        if node is self.nodes[0]:
            return any(self._lane_of[test] == ALONE for test in self.workqueue)
        return not self._is_applied and EXAMPLE in self._lane_of.values()

    def _next(self, node: WorkerController) -> str | None:
        """The test that a worker runs next, if there is one for it now."""
        waiting: dict[str, str] = {}
        for test in self.workqueue:
            waiting.setdefault(self._lane_of[test], test)
        return next((waiting[lane] for lane in self._lanes_for(node, waiting) if lane in waiting), None)

    def _lanes_for(self, node: WorkerController, waiting: dict[str, str]) -> Iterator[str]:
        """What a worker goes on with or may begin, in the order of preference."""
        if node is not self.nodes[0] and self._waits(node):
            return
        others = [other for other in self.nodes if other is not node]
        taken = {self._goes_on.get(other) for other in others}
        if node in self._goes_on:
            yield self._goes_on[node]
        if node is self.nodes[0]:
            yield EXAMPLE
        yield from (lane for lane in waiting if lane not in {EXAMPLE, ALONE} | taken)
        if node is self.nodes[0] and not any(self.assigned_work[other] for other in others):
            yield ALONE
