"""The command jupyter-cluster, as a person runs it, against a cluster of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from .cluster import Cluster
from .kube import items, kubectl
from .others import remove, small_settings
from .programs import map_through
from .ssh import Person

SECONDS = 180
OUTSIDE = "192.0.2.7"


@dataclass(frozen=True)
class Command:
    """The command, with settings of its own.

    Attributes:
        cluster: what the settings make.
        settings: the settings.
        file: their file.
    """

    cluster: Cluster
    settings: dict[str, Any]
    file: Path

    def run(self, *arguments: str, code: int = 0, stdin: str = "") -> str:
        """What it prints, on stdout and on stderr, once it ended with a code."""
        command = [sys.executable, "-m", "jupyter_cluster_constructs.cli", *arguments, "--config", str(self.file)]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=SECONDS, env=os.environ)
        assert done.returncode == code, f"{arguments}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout if "--json" in arguments else done.stdout + done.stderr

    def data(self, *arguments: str, code: int = 0) -> Any:
        """What it prints as JSON."""
        return json.loads(self.run(*arguments, "--json", code=code))

    def changed(self, directory: Path, **changes: Any) -> Command:
        """The same cluster with other settings."""
        file = directory / "cluster.yaml"
        YAML().dump({**self.settings, **changes}, file)
        return Command(self.cluster, {**self.settings, **changes}, file)


@pytest.fixture(scope="module")
def command(directory: Path) -> Iterator[Command]:
    ada = Person.with_new_key("ada", directory)
    settings = small_settings("command", ssh_key=ada.public_key)
    file, dist = directory / "command" / "cluster.yaml", directory / "command" / "dist"
    file.parent.mkdir()
    YAML().dump(settings, file)
    cluster = Cluster(settings["name"], settings["namespace"], dist, "")
    dist.mkdir()
    kubectl("delete", "namespace", cluster.namespace, "--ignore-not-found", "--timeout=120s", seconds=130)
    yield Command(cluster, settings, file)
    if any(dist.iterdir()):
        remove(cluster)


@pytest.fixture(scope="module")
def up(command: Command) -> str:
    """What the first `up` printed."""
    return command.run("up", "--out", str(command.cluster.dist))


def test_doctor_finds_nothing_before_the_first_up(command: Command) -> None:
    found = command.data("doctor")

    assert found["ok"]
    assert {check["level"] for check in found["checks"]} <= {"ok", "warning"}


def test_up_waits_until_everything_is_ready_and_says_how_to_get_in(command: Command, up: str) -> None:
    assert "engines 1/1" in up
    assert "ada: key" in up
    assert f"kubectl -n {command.cluster.namespace} port-forward service/command-ssh" in up


def test_kubectl_finds_nothing_to_change_after_up(command: Command, up: str) -> None:
    assert kubectl("diff", "--filename", str(command.cluster.dist)) == ""


def test_a_second_up_changes_nothing(command: Command, up: str) -> None:
    assert "changed" not in command.run("up").replace("unchanged", "")


def test_up_after_kubectl_apply_changes_nothing(command: Command, up: str) -> None:
    command.cluster.apply()

    assert "changed" not in command.run("up").replace("unchanged", "")
    assert kubectl("diff", "--filename", str(command.cluster.dist)) == ""


def test_status_tells_parts_engines_tasks_users_and_addresses(command: Command, up: str) -> None:
    found = command.data("status")

    assert found["ready"]
    assert [part["name"] for part in found["parts"]] == ["volumes", "nfs", "controller", "proxy", "hub", "jupyter", "sshd", "engines"]
    assert found["engines"] == [{"group": None, "deployment": "command-worker", "wanted": 1, "running": 1, "registered": 1}]
    assert [sorted(engine) for engine in found["queues"]["engines"]] == [["completed", "id", "queued", "running"]]
    assert found["users"] == [{"name": "ada", "uid": 1001, "login": "key", "home_claim": "command-home-1001"}]
    assert [address["what"] for address in found["addresses"]] == ["ssh", "jupyter"]


def test_status_counts_what_engines_have_done(command: Command, up: str) -> None:
    before = command.data("status")["queues"]["engines"][0]["completed"]
    command.cluster.call(map_through, "load-balanced", 7)

    assert command.data("status")["queues"]["engines"][0]["completed"] == before + 7


def test_an_engine_that_can_not_be_scheduled_is_told_by_up_and_by_status(command: Command, up: str, tmp_path: Path) -> None:
    unplaced = command.changed(tmp_path, workers=[{"replicas": 1, "cpu": "20m", "node_selector": {"example.org/none": "such"}}])

    timed_out = unplaced.run("up", "--timeout", "8", code=4)
    (engines,) = [part for part in unplaced.data("status", code=1)["parts"] if part["name"] == "engines"]
    again = command.run("up")

    assert "engines 0/1: " in timed_out
    assert "Unschedulable" in timed_out
    assert "Unschedulable" in engines["reasons"][0]["text"]
    assert "engines 1/1" in again


def test_logs_are_those_of_the_container(command: Command, up: str) -> None:
    lines = command.data("logs", "controller", "--tail", "50")

    assert {line["container"] for line in lines} == {"controller"}
    assert any("engine" in line["line"] for line in lines)


def test_logs_of_a_container_that_is_not_there_name_those_that_are(command: Command, up: str) -> None:
    assert "allowed: controller, engine" in command.run("logs", "nothing", code=2)


FAULTS: dict[str, Any] = {
    "images": {"tag": "9.9.9"},
    "storage": {"local": {"storage_class": "none-such"}},
    "jupyter": {"mode": "server", "secret": "none-such", "allowed_from": [{"namespace": "ingress"}]},
    "ingress": {"host": "a.example.org", "class_name": "none-such"},
    "network": {"node_cidrs": ["198.51.100.0/24"]},
    "workers": [{"replicas": 1, "memory": "9Ti"}],
}
FOUND = {
    "image localhost/jupyter-cluster/nfs-server:9.9.9": "no node has it",
    "StorageClass": "no class none-such",
    "Secret none-such": "is not there",
    "IngressClass": "no class none-such",
    "network.node_cidrs": "shuts out",
    "room on the nodes": "not enough memory",
}


def test_doctor_finds_planted_faults(command: Command, up: str, tmp_path: Path) -> None:
    failed = {c["check"]: c["found"] for c in command.changed(tmp_path, **FAULTS).data("doctor", code=1)["checks"] if c["level"] == "failure"}

    assert [check for check, found in FOUND.items() if found not in failed.get(check, "")] == []


def test_doctor_finds_an_address_outside_of_the_service_network(command: Command, tmp_path: Path) -> None:
    # Of another name, since this cluster's Service has its address already.
    other = command.changed(tmp_path, name="other", storage={"local": {"cluster_ip": OUTSIDE}})

    failed = {c["check"]: c["found"] for c in other.data("doctor", code=1)["checks"] if c["level"] == "failure"}

    # Nodes need no room for a second cluster.
    assert f"{OUTSIDE} is outside of the Service network" in failed.get("NFS address", "")


def test_doctor_tries_what_can_not_be_seen_and_leaves_nothing_behind(command: Command, up: str) -> None:
    checks = {check["check"]: check for check in command.data("doctor", "--probe")["checks"]}

    assert len([name for name in checks if name.startswith("image ") and checks[name]["found"] == "comes, and runs"]) == 3
    assert [check["level"] for name, check in checks.items() if name.startswith("NFS client")] == ["ok"]
    assert "enforced" in checks["NetworkPolicies"]["found"]
    assert items("pods,networkpolicies", "--namespace", command.cluster.namespace, "--selector", "jupyter-cluster/doctor") == []


def test_what_the_api_server_refuses_is_told_and_nothing_is_applied(command: Command, up: str, tmp_path: Path) -> None:
    before = items("deployments", "--namespace", command.cluster.namespace)[0]["metadata"]["generation"]
    bigger = command.changed(tmp_path, storage={"local": {"size": "30Gi"}}, workers=[{"replicas": 1, "cpu": "30m"}])

    refused = bigger.run("up", code=1)

    assert "statefulset/command-nfs" in refused
    assert "nothing was applied" in refused
    assert items("deployments", "--namespace", command.cluster.namespace)[0]["metadata"]["generation"] == before


def test_homes_outlive_down_and_go_with_their_volumes_alone(command: Command, up: str) -> None:
    cluster = command.cluster
    cluster.on_nfs_server("echo kept > user_home_dir_1001/file")

    gone = command.run("down")

    assert "export-command-nfs-0" in gone
    assert [claim["metadata"]["name"] for claim in items("persistentvolumeclaims", "--namespace", cluster.namespace)] == ["export-command-nfs-0"]
    assert cluster.pods() == []
    command.run("up")
    assert cluster.on_nfs_server("cat user_home_dir_1001/file") == "kept\n"
    assert "allowed: --yes" in command.run("down", "--remove-volumes", code=2)
    command.run("down", "--remove-volumes", "--yes")
    assert kubectl("get", "namespace", cluster.namespace, "--ignore-not-found", "--output=name") == ""
    volumes = items("persistentvolumes")
    assert [v["metadata"]["name"] for v in volumes if v["spec"].get("claimRef", {}).get("namespace") == cluster.namespace] == []


def test_a_cluster_that_can_not_be_reached_is_one_line_and_code_3(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "kubeconfig"
    config.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "none",
                "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
                "clusters": [{"name": "none", "cluster": {"server": "https://127.0.0.1:9"}}],
                "users": [{"name": "none", "user": {}}],
            }
        )
    )
    call = [sys.executable, "-m", "jupyter_cluster_constructs.cli", "status", "--config", str(command.file)]

    done = subprocess.run(call, capture_output=True, text=True, timeout=SECONDS, env={**os.environ, "KUBECONFIG": str(config)})

    assert done.returncode == 3
    assert len(done.stderr.strip().splitlines()) == 1
