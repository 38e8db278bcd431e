"""After people logged in, and failed to, no secret is where somebody reads who may not use it: logs, descriptions, environments, ConfigMaps."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator

import paramiko
import pytest

from .browser import Browser
from .cluster import Cluster
from .conftest import HIDDEN, JUPYTER_SECRET, Lab
from .kube import items, kubectl, wait_until
from .remote import call
from .ssh import login
from .web import HOST, answer

CURVE_FILE = "/home/jupyter/shared/.controller/profile_default/security/curve.json"
CLIENT_FILE = "/home/jupyter/shared/.controller/ipcontroller-client.json"
CONTAINERS = (("frontend", "controller"), ("frontend", "jupyter"), ("frontend", "sshd"), ("worker", "engine"))
DESCRIBED = (
    *("pods", "deployments", "replicasets", "statefulsets", "services", "endpointslices", "configmaps", "secrets"),
    *("persistentvolumeclaims", "networkpolicies", "serviceaccounts", "events"),
)
LOG_SECONDS = 30


def environments() -> dict[str, str]:
    """The environment of every process that this one may look at, by its number and command."""
    from pathlib import Path

    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            found[f"{process.name} {command}"] = (process / "environ").read_bytes().replace(b"\0", b"\n").decode(errors="replace")
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def known(lab: Lab, pytestconfig: pytest.Config) -> dict[str, str]:
    """Every secret of the cluster, by what it is."""
    shadow, jupyter = (json.loads(lab.cluster.kubectl("get", "secret", name, "--output=json"))["data"] for name in ("lab-users", JUPYTER_SECRET))
    lines = base64.b64decode(shadow["shadow"]).decode().splitlines()
    (hashed,) = (line.split(":")[1] for line in lines if line.startswith("ada:"))
    assert hashed.startswith("$6$")
    assert base64.b64decode(jupyter["token"]).decode() == lab.token
    assert lab.ada.password
    curve = json.loads(lab.cluster.execute("deployment/frontend", "controller", "cat", CURVE_FILE))["secretkey"]
    found = {"password": lab.ada.password, "token": lab.token, "hash": hashed, "controller's secret key": curve}
    # With encryption there is no other key.
    if key := json.loads(lab.cluster.execute("deployment/frontend", "controller", "cat", CLIENT_FILE))["key"]:
        found["key of messages"] = key
    assert all(len(secret) > 15 for secret in found.values())
    pytestconfig.stash[HIDDEN] += found.values()
    return found


@pytest.fixture(scope="module")
def used(lab: Lab, known: dict[str, str]) -> Iterator[dict[str, str]]:
    """They were used, rightly and wrongly, in every way that there is, and a session and a kernel are there."""
    log_in_by_web(lab)
    for password in (f"{lab.ada.password}x", f" {lab.ada.password}"):
        with pytest.raises(paramiko.AuthenticationException), login(lab.cluster, "ada", password=password):
            pass
    with login(lab.cluster, "ada", password=lab.ada.password) as session:
        assert "4" in session.run("python -c 'import ipyparallel as ipp; print(ipp.Client()[:].apply_sync(lambda: 4))'")
        wait_until("sshd has written what it has to", lambda: "ada" in log_of(lab.cluster, "frontend", "sshd"), seconds=LOG_SECONDS)
        yield known


def log_in_by_web(lab: Lab) -> None:
    with lab.cluster.forward("jupyter", 80) as port:
        browser = Browser(f"http://{HOST}:{port}")
        for secret in (f"{lab.token}x", lab.ada.password or "", lab.token):
            browser.log_in(secret)
        for path in ("/lab", "/", "/nothing", "/api/contents/nothing", "/login", f"/login?next=%2Flab%3Ftoken%3D{lab.token}"):
            answer(port, f"{path}{'&' if '?' in path else '?'}token={lab.token}", headers={"Referer": f"http://{HOST}/lab?token={lab.token}"})
        assert browser.script("POST", "/api/kernels", browser.origin, "{}").status == 201
        kernel = json.loads(browser.ask("GET", f"/api/kernels?token={lab.token}").body)[0]["id"]
        browser.websocket(f"/api/kernels/{kernel}/channels?token={lab.token}", browser.origin)


def log_of(cluster: Cluster, component: str, container: str) -> str:
    return "".join(cluster.kubectl("logs", name, "--container", container) for name in cluster.pod_names(component))


def found_in(texts: dict[str, str], secrets: dict[str, str]) -> list[str]:
    """Which secret is where, without telling it."""
    forms = {what: {secret, base64.b64encode(secret.encode()).decode().rstrip("=")} for what, secret in secrets.items()}
    return [f"{what} in {where}" for where, text in texts.items() for what, shapes in forms.items() if any(shape in text for shape in shapes)]


def test_no_log_has_a_secret(lab: Lab, used: dict[str, str]) -> None:
    logs = {
        f"{pod['metadata']['name']}/{container['name']}": lab.cluster.kubectl("logs", pod["metadata"]["name"], "--container", container["name"])
        for pod in lab.cluster.pods()
        for container in (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"])
    }
    assert found_in(logs, used) == []
    # They were there to be written.
    jupyter = next(text for name, text in logs.items() if name.endswith("/jupyter"))
    assert "token=[secret]" in jupyter
    assert "Failed password" in next(text for name, text in logs.items() if name.endswith("/sshd"))


def test_no_description_and_no_event_has_a_secret(lab: Lab, used: dict[str, str]) -> None:
    described = lab.cluster.kubectl("describe", ",".join(DESCRIBED), seconds=120)
    volumes = kubectl("describe", "persistentvolumes", "--selector", lab.cluster.selector())
    assert "lab-users" in described
    assert found_in({"what kubectl describe shows": described, "volumes": volumes}, used) == []


def test_no_object_but_a_secret_has_one(lab: Lab, used: dict[str, str]) -> None:
    kinds = ("configmaps", "pods", "deployments", "statefulsets", "services", "persistentvolumeclaims")
    texts = {kind: json.dumps(items(kind, "--namespace", lab.cluster.namespace)) for kind in kinds}
    assert found_in(texts, used) == []


@pytest.mark.parametrize(("component", "container"), CONTAINERS)
def test_no_process_has_a_secret_in_its_environment(lab: Lab, used: dict[str, str], component: str, container: str) -> None:
    name = lab.cluster.pod_names(component)[0]
    found: dict[str, str] = call(
        lambda program: lab.cluster.kubectl("exec", "--stdin", name, "--container", container, "--", "python3", "-", stdin=program), environments
    )
    assert any("python" in command or "sshd" in command for command in found)
    assert found_in(found, used) == []


def test_no_session_has_a_secret_in_its_environment(lab: Lab, used: dict[str, str]) -> None:
    with login(lab.cluster, "ada", password=lab.ada.password) as session:
        found = session.run("env; cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'")
    assert "USER=ada" in found
    assert found_in({"ada's session": found}, used) == []


def test_what_was_printed_and_written_has_no_secret_but_the_hash_in_a_secret(lab: Lab, used: dict[str, str]) -> None:
    assert found_in({"what app.py printed": lab.cluster.summary}, used) == []
    written = {file.name: file.read_text() for file in lab.cluster.dist.iterdir()}
    decoded = {name: "\n".join(plain(text)) for name, text in written.items()}
    assert found_in(written | decoded, {what: secret for what, secret in used.items() if what != "hash"}) == []


def plain(text: str) -> Iterator[str]:
    """What the data of a file's Secrets says."""
    for data in re.findall(r": ([A-Za-z0-9+/]{16,}={0,2})$", text, re.MULTILINE):
        try:
            yield base64.b64decode(data, validate=True).decode()
        except ValueError:
            continue
