"""Programs of the pods find each other in one directory, as they do in the pods; so does what the frontend's image has for Python, and bench/."""

import sys
from pathlib import Path

import pytest
from support import ROOT, SOURCE

sys.path.append(str(SOURCE / "runtime"))
sys.path.append(str(ROOT / "docker/debian-ipython-fn/cluster/python"))
sys.path.append(str(ROOT / "bench"))


@pytest.fixture
def untouched_ipyparallel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take back, after the test, what the runtime's programs change in ipyparallel."""
    from ipyparallel.controller import app
    from ipyparallel.controller.heartmonitor import Heart, HeartMonitor
    from ipyparallel.controller.hub import Hub
    from ipyparallel.engine import app as engine

    changed = {
        Heart: ("__init__",),
        HeartMonitor: ("handle_pong", "_check_missed"),
        Hub: (
            "__init__",
            "connection_request",
            "finish_registration",
            "handle_new_heart",
            "handle_stopped_heart",
            "monitor_iopub_message",
            "unregister_engine",
            "_load_engine_state",
            "_save_engine_state",
        ),
        app: ("TaskScheduler", "ZMQStream", "start_heartmonitor", "launch_broadcast_scheduler", "launch_scheduler"),
        app.IPController: ("init_signal", "terminate_children"),
        engine: ("Kernel", "zmqstream"),
    }
    for owner, names in changed.items():
        for name in names:
            monkeypatch.setattr(owner, name, getattr(owner, name))
    for name, value in (("is_loading", False), ("unheard_hearts", frozenset()), ("hidden_hearts", frozenset())):
        monkeypatch.setattr(Hub, name, value, raising=False)


@pytest.fixture
def state_file(tmp_path: Path, untouched_ipyparallel: None) -> Path:
    """The file of a controller that restores its engines, with the library's changes of ipyparallel in force."""
    from jupyter_cluster_constructs.runtime import restored_engines

    from .hub import GRACE, SETTLE

    restored_engines.install(grace_seconds=GRACE, settle_seconds=SETTLE)
    return tmp_path / "engines.json"
