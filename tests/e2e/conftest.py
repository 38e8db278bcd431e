"""A cluster for the tests: the README's example, applied to the cluster of the current KUBECONFIG.

Files run in the order of their names; those that break things come last. E2E_NAMESPACE is where everything is made, by
default `default`; E2E_NFS_ADDRESS is the address of the NFS Service where the default lies outside the cluster's Service network,
E2E_NODE_CIDRS what `network.node_cidrs` has to be where the network plugin filters nodes' mounts.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from . import scheduling
from .cluster import Cluster, example, node_networks
from .diagnosis import diagnosis
from .kube import kubectl
from .ssh import Person, Session, login

JUPYTER_SECRET = "lab-e2e-jupyter"
NAMESPACE = os.environ.get("E2E_NAMESPACE") or "default"
EXTERNAL_NAMESPACE = f"e2e-external-{NAMESPACE}"

NOTES = pytest.StashKey[list[str]]()
DIAGNOSIS = pytest.StashKey[str]()
HIDDEN = pytest.StashKey[list[str]]()


@dataclass(frozen=True)
class People:
    """Who uses clusters.

    Attributes:
        ada: has a password and a key.
        grace: has a key.
    """

    ada: Person
    grace: Person


@dataclass(frozen=True)
class Lab:
    """The example's cluster and who uses it.

    Attributes:
        cluster: the cluster.
        ada: has a password and a key and is in the group physics.
        grace: has a key.
        token: opens JupyterLab.
    """

    cluster: Cluster
    ada: Person
    grace: Person
    token: str = field(repr=False)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[NOTES], config.stash[HIDDEN] = [], []
    config.pluginmanager.register(scheduling)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand to the first process what a worker has for the summary."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        stash = session.config.stash
        output["e2e"] = {"notes": stash[NOTES], "hidden": stash[HIDDEN], "diagnosis": stash.get(DIAGNOSIS, "")}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a worker handed over; one that died did not."""
    stash, told = node.config.stash, getattr(node, "workeroutput", {}).get("e2e")
    if told:
        stash[NOTES] += told["notes"]
        stash[HIDDEN] += told["hidden"]
        if told["diagnosis"]:
            stash.setdefault(DIAGNOSIS, told["diagnosis"])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Look at the cluster as soon as something fails, before anything is removed, and keep secrets out of what is printed."""
    report = yield
    stash = item.config.stash
    hidden = stash[HIDDEN]
    if report.failed and DIAGNOSIS not in stash:
        stash[DIAGNOSIS] = _without_secrets(diagnosis(NAMESPACE), hidden)
    if any(secret in report.longreprtext for secret in hidden):
        report.longrepr = _without_secrets(report.longreprtext, hidden)
    report.sections = [(title, _without_secrets(text, hidden)) for title, text in report.sections]
    return report


def _without_secrets(text: str, hidden: list[str]) -> str:
    for secret in hidden:
        text = text.replace(secret, "<hidden>")
    return text


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if DIAGNOSIS in config.stash:
        terminalreporter.section("the cluster at the first failure")
        # A worker's view of the cluster has the other one's pods in it too, but it knows only its own secrets.
        terminalreporter.write_line(_without_secrets(config.stash[DIAGNOSIS], config.stash[HIDDEN]))
    if config.stash[NOTES]:
        terminalreporter.section("measured")
        for line in config.stash[NOTES]:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def note(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Print a line at the end of the run."""
    return pytestconfig.stash[NOTES].append


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("e2e")


@pytest.fixture(scope="session")
def people(directory: Path, pytestconfig: pytest.Config) -> People:
    password = secrets.token_urlsafe(16)
    pytestconfig.stash[HIDDEN].append(password)
    return People(Person.with_new_key("ada", directory, password), Person.with_new_key("grace", directory))


@pytest.fixture(scope="session")
def site(people: People, directory: Path, pytestconfig: pytest.Config) -> Iterator[Lab]:
    """Everything that the example needs but the apply, on a cluster from which all that a killed run left is gone."""
    token = secrets.token_urlsafe(24)
    pytestconfig.stash[HIDDEN].append(token)
    ada, grace = people.ada, people.grace
    cluster = Cluster.synthesized(lab_settings(ada, grace), directory / "lab", {"ADA_PASSWORD": ada.password or ""})
    make_namespace()
    refuse_a_stranger(cluster)
    remove(cluster)
    make_jupyter_secret(cluster, token)
    yield Lab(cluster, ada, grace, token)
    remove(cluster)


def lab_settings(ada: Person, grace: Person) -> Any:
    """The example, completed by logins."""
    settings = example()
    users = {user["name"]: user for user in settings["users"]}
    users["ada"] |= {"password_env": "ADA_PASSWORD", "ssh_keys": [ada.public_key]}
    users["grace"] |= {"ssh_keys": [grace.public_key]}
    settings["users"].append({"name": "locked", "uid": 1003})
    # The hub has clusters of its own (hub_cluster.py).
    settings["jupyter"] = {"mode": "server", "secret": JUPYTER_SECRET}
    settings["namespace"] = NAMESPACE
    settings |= node_networks()
    if address := os.environ.get("E2E_NFS_ADDRESS"):
        settings["storage"]["local"]["cluster_ip"] = address
    return settings


def make_namespace() -> None:
    """Make the suite's namespace where it is not there; two workers may do so at once."""
    if NAMESPACE != "default":
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        kubectl("apply", "--server-side", "--filename=-", stdin=json.dumps(namespace))


def refuse_a_stranger(cluster: Cluster) -> None:
    """Stop before a cluster of the same name is harmed that somebody works with: only this suite's has its Secret."""
    found = cluster.kubectl("get", "deployments,statefulsets,persistentvolumeclaims", "--selector", cluster.selector(), "--output=name")
    if found and not cluster.kubectl("get", "secret", JUPYTER_SECRET, "--ignore-not-found", "--output=name"):
        pytest.exit(f"a cluster {cluster.name} that e2e did not make is in the namespace {cluster.namespace}; it would be deleted:\n{found}", 2)


def make_jupyter_secret(cluster: Cluster, token: str) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": JUPYTER_SECRET}, "stringData": {"token": token}}
    cluster.kubectl("apply", "--filename=-", stdin=json.dumps(secret))


def remove(cluster: Cluster) -> None:
    """Remove all that the tests make, in the order that lets NFS clients leave their server; the Secret, which marks it as theirs, last."""
    kubectl("delete", "namespace", EXTERNAL_NAMESPACE, "--ignore-not-found", "--timeout=180s", seconds=190)
    volumes = kubectl("get", "persistentvolumes", "--output=name").split()
    if external := [volume for volume in volumes if volume.startswith(f"persistentvolume/{EXTERNAL_NAMESPACE}.")]:
        kubectl("delete", "--ignore-not-found", *external)
    cluster.delete()
    cluster.kubectl("delete", "persistentvolumeclaim", f"export-{cluster.name}-nfs-0", "--ignore-not-found", "--timeout=60s", seconds=70)
    cluster.kubectl("delete", "secret", JUPYTER_SECRET, "--ignore-not-found")


def apply(cluster: Cluster, what: str, note: Callable[[str], None]) -> float:
    """Apply, wait until all is ready, and say how many seconds it took until every engine was registered."""
    start = datetime.now(UTC)
    cluster.apply()
    cluster.wait_until_engines_are_ready()
    seconds = (datetime.now(UTC) - start).total_seconds()
    note(f"{what} to all engines registered: {seconds:.1f} s")
    cluster.wait_until_frontend_is_ready()
    for line in cluster.phases(start):
        note(f"  {line}")
    return seconds


@pytest.fixture(scope="session")
def seconds_to_engines(site: Lab, note: Callable[[str], None]) -> float:
    """How long the first apply took until every engine was registered."""
    return apply(site.cluster, "first apply", note)


@pytest.fixture(scope="session")
def lab(site: Lab, seconds_to_engines: float) -> Lab:
    """The example's cluster, ready."""
    return site


@pytest.fixture(scope="module")
def ada(lab: Lab) -> Iterator[Session]:
    with login(lab.cluster, "ada", key=lab.ada.key) as session:
        yield session


@pytest.fixture(scope="module")
def grace(lab: Lab) -> Iterator[Session]:
    with login(lab.cluster, "grace", key=lab.grace.key) as session:
        yield session
