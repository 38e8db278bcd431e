"""The example of engines for a controller that somebody else runs, with a plain ipcontroller of somebody's."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_cluster_constructs import Images

from .cluster import READY_SECONDS, ROOT
from .conftest import NAMESPACE
from .kube import kubectl, run, wait_until
from .remote import call

OWN = f"e2e-joined-{NAMESPACE}"
EXAMPLE = ROOT / "examples" / "engines_for_another_controller"
CONTROLLER = "their-controller"
FILES = "/tmp/ipython/profile_default/security"


def ids() -> list[int]:
    """The engines that the controller has."""
    import ipyparallel as ipp

    with ipp.Client("/tmp/ipython/profile_default/security/ipcontroller-client.json") as client:
        return sorted(client.ids)


def squares(count: int) -> dict[str, list[object]]:
    """A map over all engines, and where they start."""
    import os

    import ipyparallel as ipp

    with ipp.Client("/tmp/ipython/profile_default/security/ipcontroller-client.json") as client:
        view = client[:]
        return {"squares": list(view.map_sync(lambda x: x * x, range(count))), "directories": view.apply_sync(os.getcwd)}


def their_controller() -> list[dict[str, Any]]:
    """A controller without anything of this library's but the image."""
    labels = {"app": CONTROLLER}
    start = ["ipcontroller", "--ip=0.0.0.0", f"--location={CONTROLLER}.{OWN}.svc"]
    container = {
        "name": "controller",
        "image": Images().named("debian-ipython-fn"),
        "command": start,
        "env": [{"name": "HOME", "value": "/tmp"}, {"name": "IPYTHONDIR", "value": "/tmp/ipython"}],
        "securityContext": {"runAsUser": 65534},
        "readinessProbe": {"exec": {"command": ["test", "-s", f"{FILES}/ipcontroller-engine.json"]}, "periodSeconds": 1},
    }
    return [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": CONTROLLER, "namespace": OWN, "labels": labels},
            "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
        },
        {
            # Without an address of its own: the controller takes whatever ports are free.
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": CONTROLLER, "namespace": OWN},
            "spec": {"selector": labels, "clusterIP": "None"},
        },
    ]


def on_controller(function: Any, *arguments: object) -> Any:
    def python(program: str) -> str:
        return kubectl("exec", "--namespace", OWN, "--stdin", CONTROLLER, "--", "python3", "-", stdin=program)

    return call(python, function, *arguments)


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The example, applied as its README says."""
    directory = tmp_path_factory.mktemp("joined")
    app = (EXAMPLE / "app.py").read_text()
    assert app.count('"science"') == 1
    (directory / "app.py").write_text(app.replace('"science"', f'"{OWN}"'))
    dist = directory / "dist"
    run([sys.executable, "app.py"], directory=directory, environment={**os.environ, "CDK8S_OUTDIR": str(dist)})
    kubectl("delete", "namespace", OWN, "--ignore-not-found", "--timeout=120s", seconds=130)
    kubectl("create", "namespace", OWN)
    try:
        kubectl("apply", "--filename=-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": their_controller()}))
        kubectl("wait", "--namespace", OWN, "--for=condition=Ready", f"pod/{CONTROLLER}", f"--timeout={READY_SECONDS}s", seconds=READY_SECONDS + 10)
        file = directory / "ipcontroller-engine.json"
        file.write_text(kubectl("exec", "--namespace", OWN, CONTROLLER, "--", "cat", f"{FILES}/{file.name}"))
        kubectl("create", "secret", "generic", CONTROLLER, "--namespace", OWN, f"--from-file={file}")
        kubectl("apply", "--filename", str(dist))
        yield dist
    finally:
        kubectl("delete", "namespace", OWN, "--wait=false")


@pytest.fixture(scope="module")
def ready(joined: Path) -> Path:
    kubectl("rollout", "status", "--namespace", OWN, "deployment/guests-worker", f"--timeout={READY_SECONDS}s", seconds=READY_SECONDS + 10)
    return joined


def test_engines_join_a_controller_that_somebody_else_runs(ready: Path) -> None:
    assert on_controller(ids) == [0, 1]
    assert on_controller(squares, 10) == {"squares": [x * x for x in range(10)], "directories": ["/home/jupyter", "/home/jupyter"]}


def test_engines_that_leave_another_controller_tell_it(ready: Path) -> None:
    kubectl("scale", "--namespace", OWN, "deployment/guests-worker", "--replicas=1")
    wait_until("one engine has left", lambda: len(on_controller(ids)) == 1, seconds=30)
    kubectl("apply", "--filename", str(ready))
    wait_until("another engine has come", lambda: len(on_controller(ids)) == 2, seconds=60)


def test_an_engine_is_not_ready_before_another_controller_has_taken_it(ready: Path) -> None:
    kubectl("delete", "pod", "--namespace", OWN, CONTROLLER)
    kubectl("delete", "pods", "--namespace", OWN, "--selector", "app.kubernetes.io/instance=guests", "--wait=false")

    def waits() -> bool:
        said = kubectl("logs", "--namespace", OWN, "--selector", "app.kubernetes.io/instance=guests", "--container", "wait-for-controller")
        return "no controller answers" in said

    wait_until("the new pods wait for the controller", waits, seconds=60)
    ready_now = kubectl("get", "--namespace", OWN, "deployment/guests-worker", "--output", "jsonpath={.status.readyReplicas}")
    assert ready_now in ("", "0")
