"""Programs of the pods find each other in one directory, as they do in the pods."""

import sys

import pytest
from support import SOURCE

sys.path.append(str(SOURCE / "runtime"))


@pytest.fixture
def untouched_ipyparallel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take back, after the test, what the runtime's programs change in ipyparallel."""
    from ipyparallel.controller.heartmonitor import Heart
    from ipyparallel.controller.hub import Hub

    monkeypatch.setattr(Heart, "__init__", Heart.__init__)

    for name in ("_load_engine_state", "_save_engine_state", "handle_new_heart"):
        monkeypatch.setattr(Hub, name, getattr(Hub, name))
    for name, value in (("is_loading", False), ("unheard_hearts", set())):
        monkeypatch.setattr(Hub, name, value, raising=False)
