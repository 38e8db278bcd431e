"""What a member can do to others, from an SSH session and from an engine: no more than the settings say."""

from __future__ import annotations

import inspect
import re
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from jupyter_cluster_constructs import paths
from jupyter_cluster_constructs.spec import JUPYTER_PORT

from .attacks import engines_environments, on_engines, openings, others_processes, ports_taken
from .conftest import Lab
from .kube import CommandError
from .ssh import Session

ADA, PRIVATE = "/home/ada", "/home/ada/private"
ACCOUNTS = [f"{paths.ACCOUNTS}/{name}" for name in ("shadow", "gshadow")]
HOST_KEYS = [f"{directory}/ssh_host_{kind}_key" for directory in (paths.KEPT_HOST_KEYS, paths.HOST_KEYS) for kind in ("ed25519", "rsa")]
# Uuids of engines: an engine's probe looks for its own.
OPEN_TO_ALL = {paths.REGISTERED_ENGINES}


@pytest.fixture(scope="module")
def controllers_files(lab: Lab) -> list[str]:
    """Everything in the controller's directory, as the controller sees it."""
    found = lab.cluster.execute("deployment/frontend", "controller", "find", paths.CONTROLLER_DIRECTORY, "-type", "f", "!", "-name", "README")
    assert {paths.CLIENT_CONNECTION_FILE, paths.ENGINE_CONNECTION_FILE, f"{paths.CONTROLLER_PROFILE}/security/curve.json"} <= {*found.split()}
    return found.split()


@pytest.fixture(autouse=True, scope="module")
def adas_file(ada: Session) -> None:
    ada.write(PRIVATE, b"ada's")
    ada.run(f"chmod 0644 {PRIVATE}")


def closed(paths: list[str]) -> dict[str, list[str]]:
    return {path: [] for path in paths}


def with_ways(found: dict[str, list[str]], way: str) -> set[str]:
    return {path for path, ways in found.items() if way in ways}


# From an SSH session


def test_the_attempts_of_these_tests_do_what_they_say(grace: Session) -> None:
    grace.run("mkdir -p ~/attempts && echo mine > ~/attempts/file")

    file = "/home/grace/attempts/file"
    assert grace.call(openings, [file]) == {file: ["read", "write", "chmod", "add", "rename"]}


def test_a_home_its_files_hashes_and_host_keys_are_closed_to_another_member(grace: Session) -> None:
    files = [ADA, PRIVATE, f"{ADA}/.ssh", *ACCOUNTS, "/etc/shadow", "/etc/gshadow", *HOST_KEYS, paths.HOST_KEYS, paths.KEPT_HOST_KEYS]
    assert grace.call(openings, files) == closed(files)


def test_of_the_controllers_files_a_member_reads_what_a_client_needs_and_changes_none(grace: Session, controllers_files: list[str]) -> None:
    found = grace.call(openings, controllers_files)

    assert with_ways(found, "read") == {paths.CLIENT_CONNECTION_FILE} | OPEN_TO_ALL
    assert all(ways in ([], ["read"]) for ways in found.values()), found


def test_the_configuration_that_pods_run_is_no_members_to_change(grace: Session) -> None:
    files = [f"{paths.CONFIG}/{name}" for name in ("sshd_config", "start_sshd.sh", "ipcontroller_config.py")]
    assert grace.call(openings, [*files, f"{paths.ACCOUNTS}/passwd"]) == {path: ["read"] for path in (*files, f"{paths.ACCOUNTS}/passwd")}


def test_what_others_put_into_tmp_is_theirs(ada: Session, grace: Session) -> None:
    name = f"/tmp/{secrets.token_hex(8)}"
    ada.run(f"umask 077 && echo mine > {name}")

    assert "read" not in grace.call(openings, [name])[name]
    for command in (f"rm -f {name}", f"mv {name} {name}.gone", f"cat {name}"):
        with pytest.raises(CommandError, match=r"not permitted|Permission denied"):
            grace.run(command)
    assert ada.run(f"cat {name}") == "mine\n"


def test_sessions_and_servers_of_others_can_be_neither_read_nor_traced_nor_stopped(ada: Session, grace: Session) -> None:
    found = grace.call(others_processes)

    owners = {int(process.split()[0]) for process in found}
    assert owners == {0, 1001}, "nobody but root and ada is there: jupyter's and the controller's processes are in containers of their own"
    assert {process: ways for process, ways in found.items() if ways} == {}
    assert any("sshd" in process for process in found if process.startswith("0 "))
    assert ada.run("id -un") == "ada\n"


def test_a_session_has_no_secret_in_its_environment(lab: Lab, grace: Session) -> None:
    assert_no_secret(dict(line.split("=", 1) for line in grace.run("env").splitlines() if "=" in line), lab)


def test_a_session_has_no_way_to_become_somebody_else(grace: Session) -> None:
    status = dict(line.split(":\t", 1) for line in grace.run("cat /proc/self/status").splitlines() if ":\t" in line)

    assert status["NoNewPrivs"] == "1"
    assert {status[kind] for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}
    assert status["Uid"].split() == ["1002"] * 4
    assert grace.run("id -Gn").split() == ["grace", "cluster-members"]


def test_nobody_takes_jupyters_port_while_it_restarts(lab: Lab, grace: Session) -> None:
    before = sum(lab.cluster.restarts().values())
    with ThreadPoolExecutor() as executor:
        trying = executor.submit(grace.call, ports_taken, [JUPYTER_PORT, JUPYTER_PORT + 1], 15)
        time.sleep(3)
        lab.cluster.execute("deployment/frontend", "jupyter", "kill", "1")
        found = trying.result(60)

    assert found[str(JUPYTER_PORT + 1)] > 100
    assert found[str(JUPYTER_PORT)] == 0
    lab.cluster.wait_until_frontend_is_ready()
    assert sum(lab.cluster.restarts().values()) == before + 1


# From an engine, where tasks of all members run as `jupyter`


@pytest.fixture(scope="module")
def closed_home(grace: Session) -> Iterator[str]:
    """A home that its owner has closed to engines."""
    grace.run("echo mine > ~/mine && chmod 0700 ~")
    yield "/home/grace"
    grace.run("chmod 0750 ~")


def from_engines(session: Session, files: list[str]) -> dict[str, list[str]]:
    """What any engine can do with paths."""
    found: dict[str, list[str]] = {}
    for engine in session.call(on_engines, inspect.getsource(openings), files):
        for path, ways in engine.items():
            found[path] = sorted({*found.get(path, ()), *ways})
    return found


def test_an_engine_reads_a_home_of_0750_and_changes_nothing_there(grace: Session) -> None:
    assert from_engines(grace, [ADA, PRIVATE, f"{ADA}/.ssh"]) == {ADA: ["list"], PRIVATE: ["read"], f"{ADA}/.ssh": []}


def test_an_engine_does_not_read_a_home_of_0700(grace: Session, closed_home: str) -> None:
    assert from_engines(grace, [closed_home, f"{closed_home}/mine"]) == closed([closed_home, f"{closed_home}/mine"])


def test_an_engine_reads_neither_hashes_nor_host_keys(grace: Session) -> None:
    files = [*ACCOUNTS, "/etc/shadow", *HOST_KEYS, paths.KEPT_HOST_KEYS]
    assert from_engines(grace, files) == closed(files)


def test_of_the_controllers_files_an_engine_reads_what_it_needs_and_changes_none(grace: Session, controllers_files: list[str]) -> None:
    found = from_engines(grace, controllers_files)

    assert with_ways(found, "read") == {paths.ENGINE_CONNECTION_FILE} | OPEN_TO_ALL
    assert all(ways in ([], ["read"]) for ways in found.values()), found


def test_no_process_of_an_engines_pod_has_a_secret_in_its_environment(lab: Lab, grace: Session) -> None:
    for environment in grace.call(engines_environments):
        assert "PATH" in environment
        assert_no_secret(environment, lab)


def assert_no_secret(environment: dict[str, Any], lab: Lab) -> None:
    suspicious = re.compile("pass|token|secret|key|credential", re.IGNORECASE)
    assert [name for name in environment if suspicious.search(name)] == []
    hidden = [str(lab.ada.password), lab.token]
    assert not any(secret in value for value in environment.values() for secret in hidden)
