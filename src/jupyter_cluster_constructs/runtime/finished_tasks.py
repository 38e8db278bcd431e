"""Make a controller forget tasks that finished long ago: ipyparallel (9.2) remembers the id of every one for ever.

Measured, that is half a kilobyte a task of Hub and task scheduler together, which fills the controller's 1 GiB after some
two million tasks. What is forgotten is seen in three places: a dependency on a task older than the last 50,000 is refused as
invalid; so is the question for such a task's result, where no task database has it; `Client.queue_status(verbose=True)`
lists the last 1,000 tasks of an engine, while its numbers count all.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from ipyparallel.controller import app
from ipyparallel.controller.hub import Hub
from ipyparallel.controller.task_scheduler import TaskScheduler
from ipyparallel.error import ImpossibleDependency

KEPT = 50_000
KEPT_OF_ENGINE = 1_000
# Looking through all waiting tasks for dependencies costs too much to do it for each that finishes.
FORGOTTEN_AT_ONCE = 5_000


def install() -> None:
    """Change the Hub in this process and the task scheduler that the controller starts in another."""
    make_hub, finish_registration = Hub.__init__, Hub.finish_registration

    def make_forgetting_hub(hub: Any, **kwargs: Any) -> None:
        make_hub(hub, **kwargs)
        hub.all_completed = LastTasks()

    def finish_registration_and_forget(hub: Any, heart: bytes) -> None:
        finish_registration(hub, heart)
        hub.completed.update({eid: TasksOfEngine() for eid, tasks in hub.completed.items() if type(tasks) is list})

    Hub.__init__ = make_forgetting_hub
    Hub.finish_registration = finish_registration_and_forget
    # As a class of its own, it gets into the other process however that is started.
    app.TaskScheduler = ForgettingTaskScheduler


class LastTasks(set[str]):
    """The tasks that were added last."""

    def __init__(self) -> None:
        super().__init__()
        self._order: deque[str] = deque()

    def add(self, task: str) -> None:
        """Add a task and forget the oldest when there are too many."""
        if task not in self:
            super().add(task)
            self._order.append(task)
            if len(self._order) > KEPT:
                self.discard(self._order.popleft())


class TasksOfEngine(list[str]):
    """The last tasks of an engine; the length is the number of all."""

    forgotten = 0

    def append(self, task: str) -> None:
        """Add a task and forget the oldest when there are too many."""
        super().append(task)
        if super().__len__() > KEPT_OF_ENGINE:
            del self[:1]
            self.forgotten += 1

    def __len__(self) -> int:
        return super().__len__() + self.forgotten


class ForgettingTaskScheduler(TaskScheduler):  # type: ignore[misc]
    """A task scheduler that forgets what finished long ago and what no waiting task depends on."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._finished: deque[str] = deque()
        self._most = KEPT + FORGOTTEN_AT_ONCE

    def _unregister_engine(self, uid: bytes) -> None:
        """An engine is gone; restored_engines also tells of those that it never showed."""
        if uid in self.targets:
            super()._unregister_engine(uid)

    def handle_result(self, idents: Any, parent: Any, raw_msg: Any, success: bool = True) -> None:
        """A task has a result."""
        super().handle_result(idents, parent, raw_msg, success)
        self._finish(parent["msg_id"])

    def fail_unreachable(self, msg_id: str, why: Any = ImpossibleDependency) -> None:
        """A task cannot run."""
        super().fail_unreachable(msg_id, why)
        self._finish(msg_id)

    def _finish(self, msg_id: str) -> None:
        self._finished.append(msg_id)
        if len(self._finished) >= self._most:
            # Those that run may have to wait again, when their engine dies.
            unfinished = [*self.queue_map.values(), *(job for jobs in self.pending.values() for job in jobs.values())]
            needed = {task for job in unfinished for task in job.dependents}
            oldest = [self._finished.popleft() for _ in range(len(self._finished) - KEPT)]
            self._finished.extendleft(task for task in reversed(oldest) if task in needed)
            self._most = len(self._finished) + FORGOTTEN_AT_ONCE
            for task in oldest:
                if task not in needed:
                    self._forget(task)

    def _forget(self, task: str) -> None:
        engine = self.destinations.pop(task, None)
        for tasks in (self.all_ids, self.all_done, self.all_completed, self.all_failed, self.completed.get(engine), self.failed.get(engine)):
            if tasks:
                tasks.discard(task)
        self.retries.pop(task, None)
