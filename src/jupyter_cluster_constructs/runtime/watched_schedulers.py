"""Make a controller end as soon as one of its processes does, so that the kubelet starts all of them anew.

ipyparallel (9.2) runs each scheduler and the heart monitor in a process of its own and never looks after them: without
one, calls of its kind wait for ever while everything else goes on.
"""

from __future__ import annotations

import os
from multiprocessing.process import BaseProcess
from typing import Any

from ipyparallel.controller.app import IPController
from tornado.ioloop import PeriodicCallback

PERIOD = 1000  # milliseconds


def install() -> None:
    """Change the controller's application in this process."""
    # It is called when all processes run and before the loop does.
    init_signal = IPController.init_signal

    def init_signal_and_watch(controller: Any) -> None:
        init_signal(controller)
        controller.watch = PeriodicCallback(lambda: end_without_all(controller), PERIOD)
        controller.watch.start()

    IPController.init_signal = init_signal_and_watch
    IPController.terminate_children = kill_all


def processes(controller: Any) -> dict[str, BaseProcess]:
    """The controller's processes by name."""
    found = {child.name: getattr(child, "launcher", child) for child in controller.children}
    return found | {"HeartMonitor": controller.heartmonitor_process}


def end_without_all(controller: Any) -> None:
    """End the controller when one of its processes has ended."""
    if ended := {name: process.exitcode for name, process in processes(controller).items() if not process.is_alive()}:
        for name, code in ended.items():
            controller.log.critical("%s ended with exit code %s: ending the controller, to be started anew", name, code)
        kill_all(controller)
        # An orderly exit would wait for what it has to end.
        os._exit(1)


def kill_all(controller: Any) -> None:
    """Kill the controller's processes, which have nothing to lose; one that hangs would not end otherwise, and be waited for."""
    controller.log.critical("ending schedulers and heart monitor")
    for process in processes(controller).values():
        process.kill()
