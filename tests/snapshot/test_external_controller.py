"""Engines of a controller that somebody else runs."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from support import Manifest, containers, environment, mounted_volumes, one, pod_metadata, pod_of, without_containers
from syrupy.assertion import SnapshotAssertion

from jupyter_cluster_constructs import ClusterConfig, Destination, ExternalController, WorkerGroup, Workers

from .charts import NAMES, manifests, new_chart, parts

SOMEBODYS = ExternalController(connection_secret="their-controller", destinations=(Destination(cidr="192.0.2.7/32", ports=(10101, 10102)),))


@pytest.fixture
def made() -> list[Manifest]:
    chart = new_chart()
    Workers(chart, "Workers", config=ClusterConfig(chart, "Config", names=NAMES), controller=SOMEBODYS, groups=[WorkerGroup(engines_per_pod=2)])
    return manifests(chart)


def test_engines_for_an_external_controller(made: list[Manifest], yaml_snapshot: SnapshotAssertion) -> None:
    deployment = one(made, "Deployment")
    engine = containers(deployment)["engine"]
    shown = without_containers(deployment)
    pod_metadata(shown)["annotations"] = [*pod_metadata(shown)["annotations"]]
    assert [shown, {key: engine[key] for key in ("command", "readinessProbe", "volumeMounts", "workingDir")}] == yaml_snapshot


def test_every_container_reads_the_connection_file_of_the_secret(made: list[Manifest]) -> None:
    deployment = one(made, "Deployment")
    for name, container in containers(deployment).items():
        assert mounted_volumes(deployment, name)["/run/controller"]["secret"] == {"secretName": "their-controller"}
        assert "/run/controller/ipcontroller-engine.json" in container["command"]


def test_they_need_no_home_no_account_and_no_nfs(made: list[Manifest]) -> None:
    assert {m["kind"] for m in made} == {"ConfigMap", "ServiceAccount", "NetworkPolicy", "Deployment"}
    assert not [v for v in pod_of(one(made, "Deployment"))["volumes"] if "persistentVolumeClaim" in v]
    assert list(containers(one(made, "Deployment"))) == ["wait-for-controller", "engine", "engine-2"]


def test_they_start_in_a_home_of_their_own(made: list[Manifest]) -> None:
    engine = containers(one(made, "Deployment"))["engine"]
    assert engine["workingDir"] == environment(engine)["HOME"] == "/home/jupyter"


def test_they_may_connect_to_the_controller_and_to_dns_alone(made: list[Manifest]) -> None:
    to_controller, to_dns = one(made, "NetworkPolicy")["spec"]["egress"]
    assert to_controller["to"] == [{"ipBlock": {"cidr": "192.0.2.7/32"}}]
    assert [port["port"] for port in to_controller["ports"]] == [10101, 10102]
    assert {port["port"] for port in to_dns["ports"]} == {53, 5353}


def test_they_see_homes_too_where_they_are_given() -> None:
    chart = new_chart()
    Workers(chart, "Workers", controller=SOMEBODYS, **parts(chart).needed)
    deployment = one(manifests(chart), "Deployment")
    engine = containers(deployment)["engine"]
    assert {"/home/ada", "/home/jupyter/shared", "/run/controller"} <= mounted_volumes(deployment, "engine").keys()
    assert engine["workingDir"] == "/home/jupyter/shared"
    assert "/run/controller/ipcontroller-engine.json" in engine["command"]


def test_engines_need_a_controller() -> None:
    chart = new_chart()
    with pytest.raises(ValueError, match="received neither nfs nor controller; allowed: users and nfs of the cluster"):
        Workers(chart, "Workers", config=ClusterConfig(chart, "Config", names=NAMES))


@pytest.mark.parametrize("alone", ["users", "nfs"])
def test_accounts_and_homes_come_together(alone: str) -> None:
    chart = new_chart()
    needed = parts(chart).needed
    with pytest.raises(ValueError, match=f"received {alone} alone; allowed: users and nfs"):
        Workers(chart, "Workers", config=needed["config"], controller=SOMEBODYS, **{alone: needed[alone]})


def test_somebody_says_where_the_controller_is() -> None:
    with pytest.raises(ValidationError, match="destinations"):
        ExternalController(connection_secret="their-controller", destinations=())
