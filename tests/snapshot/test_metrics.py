"""Metrics: their container, who may reach it, how Prometheus finds it, and that nothing is left of them when they are off."""

from __future__ import annotations

import copy
import re
from typing import Any

import cdk8s
import pytest
from support import ROOT, SOURCE, Manifest, all_of, containers, environment, mounted_volumes, one, pod_metadata, pod_of, volumes
from syrupy.assertion import SnapshotAssertion

from jupyter_cluster_constructs import (
    ClusterConfig,
    ClusterSpec,
    Frontend,
    InvalidSettingsError,
    JupyterCluster,
    Metrics,
    Network,
    Nfs,
    Peer,
    Users,
)
from jupyter_cluster_constructs.config import METRICS_FILES
from jupyter_cluster_constructs.testing import pod_security_problems, schema_problems

from .charts import ADA, LOCAL, NAMES, manifests, new_chart

MONITORING = (Peer(namespace="monitoring"),)
ANNOTATED = Metrics(enabled=True, allowed_from=MONITORING)
MONITORED = Metrics(enabled=True, allowed_from=MONITORING, scrape="pod_monitor", interval="15s", pod_monitor_labels={"release": "prometheus"})
UNSCRAPED = Metrics(enabled=True, scrape="none")
CRD = ROOT / "imports" / "crds" / "podmonitors.monitoring.coreos.com.yaml"


def cluster(metrics: Metrics | None, network: Network | None = None) -> list[Manifest]:
    chart = new_chart()
    given: dict[str, Any] = {"metrics": metrics} if metrics else {}
    spec = ClusterSpec(name="lab", namespace="science", users=(ADA,), storage=LOCAL, network=network or Network(), **given)
    JupyterCluster(chart, "Cluster", spec=spec)
    return manifests(chart)


@pytest.fixture(scope="module")
def annotated() -> list[Manifest]:
    return cluster(ANNOTATED)


@pytest.fixture(scope="module")
def monitored() -> list[Manifest]:
    return cluster(MONITORED)


def deployment(there: list[Manifest]) -> Manifest:
    return one(there, "Deployment", "lab-frontend")


def controller_config(there: list[Manifest]) -> dict[str, str]:
    data: dict[str, str] = one(there, "ConfigMap", "lab-config")["data"]
    return data


def test_the_metrics_container(annotated: list[Manifest], yaml_snapshot: SnapshotAssertion) -> None:
    assert [containers(deployment(annotated))["metrics"]] == yaml_snapshot


def test_the_pod_monitor(monitored: list[Manifest], yaml_snapshot: SnapshotAssertion) -> None:
    assert all_of(monitored, "PodMonitor") == yaml_snapshot


def test_a_pod_monitor_is_one_of_its_crd(monitored: list[Manifest]) -> None:
    (made,) = copy.deepcopy(all_of(monitored, "PodMonitor"))
    assert schema_problems([made], crds=[CRD]) == []
    made["spec"]["podMetricsEndpoints"][0]["intervall"] = "15s"
    assert schema_problems([made], crds=[CRD]) != []


def test_a_pod_monitor_leads_to_the_metrics_port_of_the_frontends_pod_alone(monitored: list[Manifest]) -> None:
    (made,) = all_of(monitored, "PodMonitor")
    chosen = made["spec"]["selector"]["matchLabels"].items()
    (selected,) = (w for w in all_of(monitored, "Deployment", "StatefulSet") if chosen <= pod_metadata(w)["labels"].items())
    (endpoint,) = made["spec"]["podMetricsEndpoints"]
    named = {p["name"]: name for name, c in containers(selected).items() for p in c.get("ports", ())}
    assert (selected["metadata"]["name"], named[endpoint["port"]]) == ("lab-frontend", "metrics")


def test_a_label_of_the_pod_monitor_never_takes_the_place_of_the_librarys() -> None:
    own = MONITORED.model_copy(update={"pod_monitor_labels": {"app.kubernetes.io/instance": "other", "team": "physics"}})
    (made,) = all_of(cluster(own), "PodMonitor")
    assert made["metadata"]["labels"]["app.kubernetes.io/instance"] == "lab"
    assert made["metadata"]["labels"]["team"] == "physics"


def test_prometheus_is_led_by_annotations_or_by_a_pod_monitor_and_never_by_both(annotated: list[Manifest], monitored: list[Manifest]) -> None:
    found = {
        name: {key: value for key, value in pod_metadata(deployment(there))["annotations"].items() if key.startswith("prometheus.io/")}
        for name, there in (("annotations", annotated), ("pod_monitor", monitored), ("none", cluster(UNSCRAPED)))
    }
    assert found == {
        "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "9464", "prometheus.io/path": "/metrics"},
        "pod_monitor": {},
        "none": {},
    }
    assert all_of(annotated, "PodMonitor") == []
    assert all_of(cluster(UNSCRAPED), "PodMonitor") == []


def test_the_metrics_container_sees_no_file_of_a_member_no_key_and_no_secret(annotated: list[Manifest]) -> None:
    there = deployment(annotated)
    seen = mounted_volumes(there, "metrics")
    assert sorted(seen) == ["/home/jupyter/config", "/run/metrics"]
    assert all("secret" not in volume and "persistentVolumeClaim" not in volume for volume in seen.values())
    assert {m["mountPath"]: m["readOnly"] for m in containers(there)["metrics"]["volumeMounts"]} == dict.fromkeys(seen, True)
    assert environment(containers(there)["metrics"]) == {}


def test_the_controllers_socket_is_in_its_container_and_in_that_of_the_metrics_and_in_no_other(annotated: list[Manifest]) -> None:
    there = deployment(annotated)
    assert {name for name in containers(there) if "/run/metrics" in mounted_volumes(there, name)} == {"controller", "metrics"}
    assert set(volumes(there)["metrics"]) == {"name", "emptyDir"}


def test_the_metrics_have_an_account_that_nothing_else_runs_as(annotated: list[Manifest]) -> None:
    users = {name: c["securityContext"]["runAsUser"] for name, c in containers(deployment(annotated)).items()}
    assert [name for name, uid in users.items() if uid == users["metrics"]] == ["metrics"]
    # Nor does anything of the accounts, whose numbers begin at 1001.
    assert users["metrics"] not in (990, 991, 988, 989)
    assert users["metrics"] < 1000


def test_the_metrics_satisfy_the_restricted_pod_security_standard(annotated: list[Manifest]) -> None:
    there = copy.deepcopy(deployment(annotated))
    pod_of(there)["containers"] = [containers(there)["metrics"]]
    del pod_of(there)["initContainers"]
    assert pod_security_problems([there], "restricted") == []


def test_metrics_that_do_not_answer_close_neither_ssh_nor_jupyterlab(annotated: list[Manifest]) -> None:
    # A pod is in its Services while all its containers are ready.
    made = containers(deployment(annotated))["metrics"]
    assert "readinessProbe" not in made
    assert {made[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe")} == {"/healthy"}


def test_the_port_is_held_while_the_program_restarts(annotated: list[Manifest]) -> None:
    made = containers(deployment(annotated))["metrics"]
    words = [word.rpartition("/")[2] for word in made["command"]]
    uid = str(made["securityContext"]["runAsUser"])
    assert words[words.index("held_port.py") :] == ["held_port.py", "9464", uid, "sh", "start_metrics.sh", "controller.sock", "9464"]


def rules(there: list[Manifest], port: int) -> list[Any]:
    """Whom the frontend's policy lets in at a port."""
    made = one(there, "NetworkPolicy", "lab-frontend")["spec"]["ingress"]
    return [rule.get("from") for rule in made if port in {p["port"] for p in rule.get("ports", ())}]


def test_only_those_named_reach_the_metrics(annotated: list[Manifest]) -> None:
    assert rules(annotated, 9464) == [[{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]]
    assert rules(cluster(UNSCRAPED), 9464) == []
    own = ANNOTATED.model_copy(update={"port": 9100})
    assert (rules(cluster(own), 9464), len(rules(cluster(own), 9100))) == ([], 1)


def test_the_port_is_the_same_everywhere() -> None:
    there = cluster(ANNOTATED.model_copy(update={"port": 9100}))
    made = containers(deployment(there))["metrics"]
    assert [p["containerPort"] for p in made["ports"]] == [9100]
    assert [word for word in made["command"] if word.isdigit() and word != "987"] == ["9100", "9100"]
    assert pod_metadata(deployment(there))["annotations"]["prometheus.io/port"] == "9100"


def test_the_controller_counts_at_the_socket_that_is_asked(annotated: list[Manifest]) -> None:
    (counted,) = re.findall(r"controller_counters\.install\('(.+)'\)", controller_config(annotated)["ipcontroller_config.py"])
    assert counted in containers(deployment(annotated))["metrics"]["command"]


def test_without_metrics_nothing_is_left_of_them() -> None:
    for off in (None, Metrics(enabled=False)):
        assert not re.search("metrics|prometheus|9464", cdk8s.Yaml.stringify(*cluster(off)), re.IGNORECASE)


def test_with_metrics_nothing_but_the_frontend_and_the_configuration_is_another(annotated: list[Manifest]) -> None:
    before = {(m["kind"], m["metadata"]["name"]): m for m in cluster(None)}
    after = {(m["kind"], m["metadata"]["name"]): m for m in annotated}
    assert before.keys() == after.keys()
    differing = {key for key in before if before[key] != after[key]}
    assert differing == {("ConfigMap", "lab-config"), ("Deployment", "lab-frontend"), ("NetworkPolicy", "lab-frontend")}
    assert {*controller_config(annotated)} - {*controller_config(cluster(None))} == {*METRICS_FILES}
    for name in METRICS_FILES:
        assert controller_config(annotated)[name] == (SOURCE / "runtime" / name).read_text()


def test_a_frontend_alone_refuses_metrics_that_prometheus_would_not_reach() -> None:
    chart = new_chart()
    users = Users(chart, "Users", names=NAMES, users=[ADA])
    config = ClusterConfig(chart, "Config", names=NAMES, metrics=Metrics(enabled=True))
    nfs = Nfs(chart, "Nfs", users=users, storage=LOCAL)
    with pytest.raises(InvalidSettingsError, match=r"metrics: received enabled: true .* without metrics\.allowed_from"):
        Frontend(chart, "Frontend", users=users, config=config, nfs=nfs)


def test_without_policies_everybody_reaches_them_and_nobody_is_named() -> None:
    there = cluster(Metrics(enabled=True), Network(policies=False))
    assert all_of(there, "NetworkPolicy") == []
    assert "metrics" in containers(deployment(there))
