"""jupyter_cluster.py of the frontend's image, with a real controller and engine, and in a real Jupyter Server."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipyparallel
import jupyter_cluster
import pytest
import requests
from support import ROOT

IMAGE = ROOT / "docker/debian-ipython-fn/cluster"
CLUSTER_FILE = IMAGE / "cluster.json"
TOKEN = "a-token-that-nobody-guesses"
START_SECONDS = 30
ACTIONS = (
    "start_cluster",
    "start_controller",
    "start_engines",
    "stop_cluster",
    "stop_controller",
    "stop_engines",
    "restart_engines",
    "signal_engines",
)


@pytest.fixture(scope="module")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory of a controller that has one engine."""
    directory = tmp_path_factory.mktemp("controller")
    security = directory / "profile_default/security"
    options = ["--ip=127.0.0.1", "--location=127.0.0.1", f"--ipython-dir={directory}"]
    files = [f"--IPController.client_json_file={directory}/ipcontroller-client.json", "--IPController.restore_engines=True"]
    engines = directory / "profile_default/log/engines.json"
    with subprocess.Popen([sys.executable, "-m", "ipyparallel.controller", *options, *files], stderr=subprocess.DEVNULL) as controller:
        try:
            engine = security / "ipcontroller-engine.json"
            wait_for(lambda: engine.exists() and (directory / "ipcontroller-client.json").exists())
            with subprocess.Popen([sys.executable, "-m", "ipyparallel.engine", f"--file={engine}"], stderr=subprocess.DEVNULL) as worker:
                wait_for(lambda: engines.exists() and len(json.loads(engines.read_text())["engines"]) == 1)
                yield directory
                worker.terminate()
        finally:
            controller.terminate()


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def cluster(controller: Path, monkeypatch: pytest.MonkeyPatch) -> jupyter_cluster.Cluster:
    """The cluster, as the panel's code finds it."""
    monkeypatch.setattr(jupyter_cluster, "CLIENT_FILE", controller / "ipcontroller-client.json")
    monkeypatch.setattr(jupyter_cluster, "ENGINES_FILE", controller / "profile_default/log/engines.json")
    cluster = ipyparallel.Cluster.from_file(str(CLUSTER_FILE))
    assert isinstance(cluster, jupyter_cluster.Cluster)
    return cluster


def test_the_panels_code_connects(cluster: jupyter_cluster.Cluster) -> None:
    with cluster.connect_client_sync() as client:
        client.wait_for_engines(1, timeout=START_SECONDS)
        assert client[:].apply_sync(len, "the answer is yes") == [17]


@pytest.mark.parametrize("action", ACTIONS)
def test_nothing_is_started_stopped_or_signalled(cluster: jupyter_cluster.Cluster, action: str) -> None:
    before, written = cluster.to_dict(), CLUSTER_FILE.read_bytes()
    arguments = [15] if action == "signal_engines" else []

    with pytest.raises(jupyter_cluster.RefusedError, match="only its admin"):
        getattr(cluster, f"{action}_sync")(*arguments)

    assert cluster.to_dict() == before
    assert CLUSTER_FILE.read_bytes() == written


def test_a_with_statement_does_not_end_it(cluster: jupyter_cluster.Cluster) -> None:
    with pytest.raises(jupyter_cluster.RefusedError), cluster:
        pass
    assert cluster.to_dict()["engines"]["sets"]["all"]["n"] == 1


def test_a_cluster_that_nobody_holds_any_more_runs_on(cluster: jupyter_cluster.Cluster, capfd: pytest.CaptureFixture[str]) -> None:
    cluster.__del__()

    assert cluster.controller
    assert cluster.controller.state == "running"
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("text", [None, "", "{", "{}", "null", '{"engines": 3}'])
def test_there_are_no_engines_before_the_controller_tells_of_any(text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "engines.json"
    if text is not None:
        file.write_text(text)
    monkeypatch.setattr(jupyter_cluster, "ENGINES_FILE", file)

    assert jupyter_cluster.registered_engines() == 0


# The panel, which asks the server


class Panel:
    """What JupyterLab's panel asks for."""

    def __init__(self, port: int, server: subprocess.Popen[bytes]) -> None:
        self.url, self.server = f"http://127.0.0.1:{port}/ipyparallel/clusters", server

    def ask(self, method: str, path: str = "", body: Any = None) -> requests.Response:
        return requests.request(method, f"{self.url}{path}", json=body, headers={"Authorization": f"token {TOKEN}"}, timeout=START_SECONDS)


@pytest.fixture(scope="module")
def panel(controller: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    """A server with the extension that the image turns on, and ipyparallel's."""
    directory = tmp_path_factory.mktemp("server")
    config = directory / "jupyter_server_config.d"
    config.mkdir()
    (config / "jupyter_cluster.json").write_bytes((IMAGE / "jupyter_server_config.json").read_bytes())
    program = f"""
import sys
from pathlib import Path
sys.path.append({str(IMAGE / "python")!r})
import jupyter_cluster
jupyter_cluster.CLUSTER_FILE = Path({str(CLUSTER_FILE)!r})
jupyter_cluster.ENGINES_FILE = Path({str(controller)!r}, "profile_default/log/engines.json")
from jupyter_server.serverapp import ServerApp
ServerApp.launch_instance(["--no-browser", "--allow-root", "--port=0", "--ServerApp.jpserver_extensions={{}}", "--IdentityProvider.token={TOKEN}"])
"""
    environment = {
        "HOME": str(directory),
        "JUPYTER_CONFIG_DIR": str(directory),
        "JUPYTER_RUNTIME_DIR": str(directory / "run"),
        "PATH": "/usr/bin:/bin",
    }
    with subprocess.Popen([sys.executable, "-c", program], env=environment, cwd=directory, stderr=(directory / "log").open("w")) as server:
        try:
            wait_for(lambda: list((directory / "run").glob("jpserver-*.json")) or server.poll() is not None)
            (info,) = (directory / "run").glob("jpserver-*.json")
            yield Panel(json.loads(info.read_text())["port"], server)
        finally:
            server.kill()


def test_the_panel_lists_this_cluster_alone_with_the_engines_that_it_has(panel: Panel) -> None:
    (listed,) = panel.ask("GET").json()

    assert (listed["id"], listed["controller"]["state"]["state"], listed["engines"]["n"]) == ("cluster", "running", 1)
    assert listed["cluster_file"] == str(CLUSTER_FILE)


def test_the_panel_says_why_nothing_is_stopped(panel: Panel) -> None:
    reply = panel.ask("DELETE", "/cluster")

    assert (reply.status_code, reply.json()["message"]) == (403, jupyter_cluster.REFUSAL)
    assert [listed["controller"]["state"]["state"] for listed in panel.ask("GET").json()] == ["running"]


@pytest.mark.parametrize("path", ["", "/cluster"])
def test_the_panel_says_why_nothing_is_started(panel: Panel, path: str) -> None:
    reply = panel.ask("POST", path, {"n": 2})

    assert (reply.status_code, reply.json()["message"]) == (403, jupyter_cluster.REFUSAL)
    assert len(panel.ask("GET").json()) == 1


def test_a_cluster_that_is_not_there_is_not_found(panel: Panel) -> None:
    assert panel.ask("DELETE", "/another").status_code == 404
