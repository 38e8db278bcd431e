"""The client of the images, which goes on farming tasks: ipyparallel's own, patched as the images are."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import types
import warnings
from collections import defaultdict
from pathlib import Path
from typing import Any

import ipyparallel
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "docker/debian-ipython-wn/patch_ipyparallel.py"
CLIENT = Path(ipyparallel.__path__[0], "client", "client.py")


class TaskSocket:
    """What the client sends load-balanced tasks through."""

    is_closed = False

    def close(self) -> None:
        self.is_closed = True


def patch(package: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(SCRIPT), str(package)], capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "client").mkdir()
    (tmp_path / "client" / "client.py").write_text(CLIENT.read_text())
    return tmp_path


@pytest.fixture
def client(package: Path) -> Any:
    """A patched client of a pure scheduler, which is not connected."""
    done = patch(package)
    assert done.returncode == 0, done.stderr
    spec = importlib.util.spec_from_file_location("ipyparallel.client.patched", package / "client" / "client.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.Client.__new__(module.Client)
    kept: dict[str, Any] = {"_engines": {}, "_ids": [], "_task_scheme": "pure", "outstanding": set(), "_registration_callbacks": []}
    kept |= {"_outstanding_dict": defaultdict(set), "results": {}}
    # Without traits, which would want a connection.
    bare = types.SimpleNamespace(**kept, _task_socket=TaskSocket())
    for name in ("_update_engines", "_stop_scheduling_tasks", "_unregister_engine", "_handle_stranded_msgs"):
        setattr(bare, name, types.MethodType(getattr(type(made), name), bare))
    return bare


def unregister(client: Any, engine: int) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        client._unregister_engine({"content": {"id": engine, "uuid": f"engine-{engine}"}})
    return told


def test_a_client_whose_first_engines_have_gaps_farms_tasks(client: Any) -> None:
    client._update_engines({"3": "engine-3", "1": "engine-1"})

    assert client._ids == [1, 3]
    assert not client._task_socket.is_closed


def test_a_client_farms_tasks_when_an_engine_is_gone_and_another_is_there(client: Any) -> None:
    client._update_engines({"0": "engine-0", "1": "engine-1"})

    assert unregister(client, 0) == []

    client._update_engines({"2": "engine-2"})
    assert client._ids == [1, 2]
    assert not client._task_socket.is_closed


def test_a_client_says_once_that_what_the_engine_had_may_be_lost(client: Any) -> None:
    client._update_engines({"0": "engine-0"})
    client.outstanding.add("task")

    (told,) = unregister(client, 0)

    assert issubclass(told.category, RuntimeWarning)
    assert "outstanding" in str(told.message)
    assert not client._task_socket.is_closed


def test_another_ipyparallel_fails_the_build_and_stays_as_it_is(package: Path) -> None:
    file = package / "client" / "client.py"
    other = file.read_text().replace("self._task_socket = None\n        msg", "self._task_socket = None\n\n        msg")
    file.write_text(other)

    done = patch(package)

    assert done.returncode != 0
    assert "0 times" in done.stderr
    assert file.read_text() == other


def test_the_image_runs_the_patch_on_the_packages_that_it_has() -> None:
    lines = SCRIPT.with_name("Dockerfile").read_text().splitlines()

    installed = next(number for number, line in enumerate(lines) if "pip install" in line)
    assert lines.index(f"RUN python3 /opt/{SCRIPT.name}") > installed
    assert f"COPY debian-ipython-wn/{SCRIPT.name} /opt/" in lines
