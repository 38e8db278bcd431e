"""Metrics of the example's cluster: they are what its engines do, they outlive what hangs and dies, and only who is named reads them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_cluster_constructs.spec import Controller
from jupyter_cluster_constructs.spec.controller import DEFAULT_HWM

from .cluster import ROOT, Cluster
from .conftest import NAMESPACE, Lab, lab_settings
from .intruders import status_of
from .kube import CommandError, kubectl, run, wait_until
from .metrics import PATIENCE, PORT, Measured, of, port_taken, seen_by_metrics, submit
from .programs import map_through
from .remote import call
from .strangers import namespace_of, stranger

MONITORING = f"e2e-monitoring-{NAMESPACE}"
GATE = "/home/jupyter/shared/e2e-metrics-gate"
CRD = ROOT / "imports" / "crds" / "podmonitors.monitoring.coreos.com.yaml"
CRD_NAME = "customresourcedefinition/podmonitors.monitoring.coreos.com"


@pytest.fixture(scope="module")
def measured(lab: Lab, directory: Path) -> Iterator[Measured]:
    settings = lab_settings(lab.ada, lab.grace)
    settings["metrics"] = {"enabled": True, "allowed_from": [{"namespace": MONITORING}]}
    cluster = Cluster.synthesized(settings, directory / "measured", {"ADA_PASSWORD": lab.ada.password or ""})
    try:
        cluster.apply()
        cluster.wait_until_frontend_is_ready()
        cluster.wait_for_engines_of_pods(PATIENCE)
        yield Measured(cluster)
    finally:
        lab.cluster.apply()
        lab.cluster.wait_until_frontend_is_ready()
        lab.cluster.wait_for_engines_of_pods(PATIENCE)


@pytest.fixture(scope="module")
def image(measured: Measured) -> str:
    """An image with Python that the cluster has."""
    return str(measured.cluster.pods("frontend")[0]["spec"]["containers"][0]["image"])


@pytest.fixture
def gate(measured: Measured) -> Iterator[Callable[[], None]]:
    """Opens what keeps tasks running; closed until then."""

    def to(command: str) -> None:
        measured.cluster.execute("deployment/frontend", "jupyter", "sh", "-c", f"{command} {GATE}")

    to("rm -f")
    yield lambda: to("touch")
    to("touch")
    measured.wait_for("nothing runs", lambda s: not any(value for name, value in s.items() if "running" in name or "unassigned" in name))
    to("rm -f")


def test_every_engine_that_clients_see_has_its_series(measured: Measured) -> None:
    samples = measured.scrape()
    engines = measured.cluster.engines()
    assert samples["controller_up"] == 1
    assert samples["engines_registered"] == len(engines) == len(measured.cluster.pod_names("worker"))
    for metric in ("tasks_queued", "tasks_running", "tasks_completed_total", "heartbeats_missed_total"):
        assert of(f"engine_{metric}", samples).keys() == engines.keys()


@pytest.mark.parametrize("view", ["direct", "load-balanced"])
def test_as_many_tasks_are_completed_as_were_run(measured: Measured, view: str) -> None:
    # To list engines runs a task on each.
    engines, calls = len(measured.cluster.engines()), 40
    before = measured.settled()

    measured.cluster.call(map_through, view, calls)

    # A DirectView sends a part of the calls to each engine, as one task.
    tasks = engines if view == "direct" else calls
    wanted = before["tasks_completed_total"] + tasks
    measured.wait_for("all are counted", lambda s: s["tasks_completed_total"] >= wanted)
    after = measured.settled()
    assert after["tasks_completed_total"] == wanted
    assert sum(of("engine_tasks_completed_total", after).values()) - sum(of("engine_tasks_completed_total", before).values()) == tasks


def test_a_task_runs_at_an_engine_and_the_next_ones_are_queued_there(measured: Measured, gate: Callable[[], None]) -> None:
    engines = measured.cluster.call(submit, "direct", 3, GATE)
    samples = measured.wait_for("two wait", lambda s: of("engine_tasks_queued", s).get(min(engines)) == 2)
    assert of("engine_tasks_running", samples) == {engine: float(engine == min(engines)) for engine in engines}
    assert of("engine_tasks_queued", samples) == {engine: 2.0 * (engine == min(engines)) for engine in engines}
    gate()
    measured.wait_for("none is left", lambda s: not any((*of("engine_tasks_queued", s).values(), *of("engine_tasks_running", s).values())))


def test_load_balanced_tasks_run_at_every_engine_and_the_others_wait_for_one(measured: Measured, gate: Callable[[], None]) -> None:
    engines = measured.cluster.call(submit, "load-balanced", 7, GATE)
    there = ("engine_tasks_running", "engine_tasks_queued")
    samples = measured.wait_for("all are there", lambda s: s["tasks_unassigned"] + sum(sum(of(metric, s).values()) for metric in there) == 7)
    assert of("engine_tasks_running", samples) == dict.fromkeys(engines, 1)
    # What an engine has at hand, by controller.hwm.
    assert of("engine_tasks_queued", samples) == dict.fromkeys(engines, DEFAULT_HWM - 1)
    assert samples["tasks_unassigned"] == 7 - DEFAULT_HWM * len(engines)
    gate()
    measured.wait_for("none is left", lambda s: s["tasks_unassigned"] == 0 and not any(of("engine_tasks_running", s).values()))


def on_engine(measured: Measured, pod: str, number: str) -> None:
    measured.cluster.kubectl("exec", pod, "--container", "engine", "--", "sh", "-c", f"kill -{number} $(pgrep -f '[b]in/ipengine')")


def test_an_engine_that_hangs_misses_heartbeats_until_it_is_lost(measured: Measured, note: Callable[[str], None]) -> None:
    before = measured.scrape()
    engine, pod = min(measured.cluster.engines().items())

    on_engine(measured, pod, "STOP")

    missing = f"engine_heartbeats_missed_total[{engine}]"
    measured.wait_for("heartbeats are missed", lambda s: s.get(missing, 0) > before[missing])
    gone = measured.wait_for("the engine is lost", lambda s: missing not in s)
    assert not [name for name in gone if name.endswith(f"[{engine}]")]
    assert gone["engines_lost_total"] == before["engines_lost_total"] + 1
    assert gone["engines_unregistered_total"] == before["engines_unregistered_total"] + 1
    # In a row.
    missed = gone["heartbeats_missed_total"] - before["heartbeats_missed_total"]
    assert missed > Controller().heartbeat_misses
    note(f"metrics: an engine that hangs missed {missed:.0f} heartbeats before it was lost")
    # What it had completed stays in the sum.
    assert gone["tasks_completed_total"] >= before["tasks_completed_total"]

    on_engine(measured, pod, "KILL")

    after = measured.wait_for("another one is there", lambda s: s["engines_registered"] == before["engines_registered"])
    assert engine not in of("engine_tasks_running", after)
    measured.cluster.wait_for_engines_of_pods(PATIENCE)


def on_controller(measured: Measured, number: str) -> None:
    # The Hub is the first of the controller's processes.
    command = f"kill -{number} $(pgrep -of '[b]in/ipcontroller')"
    measured.cluster.execute("deployment/frontend", "controller", "sh", "-c", command)


def test_a_controller_that_hangs_is_down_and_holds_no_scrape_up(measured: Measured) -> None:
    on_controller(measured, "STOP")
    try:
        # Each of them has to end before Prometheus gives up.
        assert [measured.scrape() for _ in range(2)] == [{"controller_up": 0}] * 2
    finally:
        on_controller(measured, "CONT")
    samples = measured.wait_for("it is up", lambda s: s["controller_up"] == 1)
    assert samples["engines_registered"] == len(measured.cluster.pod_names("worker"))


def test_metrics_that_die_are_there_again_and_nothing_else_notices(measured: Measured) -> None:
    before = measured.restarts()
    (pod,) = measured.cluster.pod_names("frontend")

    measured.cluster.execute("deployment/frontend", "metrics", "sh", "-c", "kill -9 $(pgrep -f '[m]etrics.py')")

    def answers() -> bool:
        try:
            return measured.scrape()["controller_up"] == 1
        except OSError:
            return False

    wait_until("they are told again", answers, seconds=PATIENCE)
    assert measured.restarts() == before
    ready = measured.cluster.kubectl("get", "pod", pod, "--output=jsonpath={.status.conditions[?(@.type=='Ready')].status}")
    assert ready == "True"


def test_the_metrics_container_reads_no_members_file_and_writes_nothing(measured: Measured) -> None:
    assert measured.cluster.call(seen_by_metrics, container="metrics") == {
        "uid": 987,
        "capabilities": "0000000000000000",
        "refused": ["Read-only file system"] * 5,
        "network filesystems": [],
        "homes": ["jupyter"],
        "jupyter": ["config"],
        "told": True,
    }


def test_members_cannot_answer_in_the_metrics_place(measured: Measured) -> None:
    assert measured.cluster.call(port_taken, PORT) == "Address already in use"


def test_only_the_namespace_that_is_allowed_reads_the_metrics(measured: Measured, image: str) -> None:
    (pod,) = measured.cluster.pods("frontend")
    url = f"http://{pod['status']['podIP']}:{PORT}/metrics"

    def status(namespace: str, name: str) -> int | None:
        found: int | None = call(
            lambda text: kubectl("--namespace", namespace, "exec", "--stdin", name, "--", "python3", "-", stdin=text), status_of, url
        )
        return found

    with (
        namespace_of(MONITORING) as monitoring,
        stranger(image, monitoring, "prometheus") as prometheus,
        stranger(image, measured.cluster.namespace, "stranger-of-metrics") as beside,
    ):
        wait_until("the namespace is let in", lambda: status(monitoring, prometheus) == 200, seconds=PATIENCE)
        assert status(measured.cluster.namespace, beside) is None


def test_the_pods_annotations_lead_to_the_metrics(measured: Measured) -> None:
    (pod,) = measured.cluster.pods("frontend")
    found = pod["metadata"]["annotations"]
    assert found["prometheus.io/scrape"] == "true"
    assert (int(found["prometheus.io/port"]), found["prometheus.io/path"]) == (PORT, "/metrics")


@pytest.fixture
def pod_monitors() -> Iterator[None]:
    """The kind PodMonitor, where there is no Prometheus Operator that brought it."""
    try:
        kubectl("get", CRD_NAME)
    except CommandError:
        kubectl("create", "--filename", str(CRD))
        try:
            kubectl("wait", "--for=condition=Established", CRD_NAME, "--timeout=30s")
            yield
        finally:
            kubectl("delete", CRD_NAME)
    else:
        yield


def test_the_api_server_takes_the_pod_monitor(lab: Lab, directory: Path, pod_monitors: None) -> None:
    settings = lab_settings(lab.ada, lab.grace)
    settings["metrics"] = {"enabled": True, "allowed_from": [{"namespace": MONITORING}], "scrape": "pod_monitor", "interval": "15s"}
    cluster = Cluster.synthesized(settings, directory / "monitored", {"ADA_PASSWORD": lab.ada.password or ""})

    def taken() -> list[str]:
        told = run(["kubectl", "apply", "--dry-run=server", "--validate=strict", "--output=json", "--filename", str(cluster.dist)], seconds=60)
        return [item["metadata"]["name"] for item in json.loads(told)["items"] if item["kind"] == "PodMonitor"]

    assert wait_until("the kind is known", taken, seconds=PATIENCE) == [f"{cluster.name}-metrics"]
