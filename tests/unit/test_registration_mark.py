"""The mark of an engine whose controller is somebody else's: ipyparallel's own Hub, as it is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from jupyter_cluster_constructs.runtime import registration_mark

PROGRAM = Path(registration_mark.__file__)


@pytest.fixture(scope="module")
def security(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory with the connection files of a controller that runs."""
    directory = tmp_path_factory.mktemp("ipython")
    command = [sys.executable, "-m", "ipyparallel.controller", "--ip=127.0.0.1", "--location=127.0.0.1", f"--ipython-dir={directory}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as controller:
        assert controller.stdout is not None
        assert any("Heartmonitor beating" in line or "monitor for heartbeats" in line.lower() for line in controller.stdout)
        yield directory / "profile_default" / "security"
        controller.terminate()


def marking(security: Path, uuid: str, mark: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-E", PROGRAM, security / "ipcontroller-engine.json", uuid, mark], text=True)


def test_an_engine_that_the_controller_has_is_marked(security: Path, tmp_path: Path) -> None:
    uuid, mark = str(uuid4()), tmp_path / "mark"
    command = [sys.executable, "-m", "ipyparallel.engine", f"--IPEngine.url_file={security / 'ipcontroller-engine.json'}"]
    with marking(security, uuid, mark) as marker, subprocess.Popen([*command, f"--Session.session={uuid}", f"--ipython-dir={tmp_path}"]) as engine:
        assert marker.wait(60) == 0
        assert mark.exists()
        engine.terminate()


def test_an_engine_that_the_controller_does_not_have_is_not_marked(security: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with marking(security, str(uuid4()), mark) as marker:
        with pytest.raises(subprocess.TimeoutExpired):
            marker.wait(3)
        assert not mark.exists()
        marker.kill()


def test_a_controller_that_does_not_answer_marks_nothing(monkeypatch: pytest.MonkeyPatch, security: Path, tmp_path: Path) -> None:
    connection = json.loads((security / "ipcontroller-engine.json").read_text()) | {"key": "another"}
    asked = iter([None, None])

    def pause(seconds: float) -> None:
        next(asked)

    monkeypatch.setattr(registration_mark, "ANSWER_SECONDS", 0.1)
    monkeypatch.setattr("time.sleep", pause)
    with pytest.raises(StopIteration):
        registration_mark.wait_until_listed(str(uuid4()), connection)
