"""The construct Frontend: controller, Jupyter Server and sshd, and how they are reached."""

from __future__ import annotations

from typing import Literal

import pytest
from support import Manifest, all_of, containers, environment, one, pod_metadata, pod_of, without_containers
from syrupy.assertion import SnapshotAssertion

from jupyter_cluster_constructs import (
    Controller,
    FrontendPod,
    Hub,
    Images,
    Jupyter,
    Ssh,
    Toleration,
    controller_container,
)
from jupyter_cluster_constructs.spec import JUPYTER_PORT, SSHD_PORT

from .charts import ADA, GRACE, SHA512
from .frontend_manifests import deployment, frontend


@pytest.fixture(scope="module")
def local() -> list[Manifest]:
    return frontend()


def test_services(local: list[Manifest], yaml_snapshot: SnapshotAssertion) -> None:
    assert all_of(local, "Service") == yaml_snapshot


def test_deployment(local: list[Manifest], yaml_snapshot: SnapshotAssertion) -> None:
    shown = without_containers(deployment(local))
    # It changes with every change of a file, which other tests look at.
    pod_metadata(shown)["annotations"] = sorted(pod_metadata(shown)["annotations"])
    assert [shown] == yaml_snapshot


def test_sshds_container(local: list[Manifest], yaml_snapshot: SnapshotAssertion) -> None:
    assert [containers(deployment(local))["sshd"]] == yaml_snapshot


def test_jupyters_container(yaml_snapshot: SnapshotAssertion) -> None:
    assert [containers(deployment(frontend(jupyter=Jupyter(mode="server", secret="my-login"))))["jupyter"]] == yaml_snapshot


@pytest.mark.parametrize("name", ["proxy", "hub", "jupyter"])
def test_the_hubs_containers(local: list[Manifest], name: str, yaml_snapshot: SnapshotAssertion) -> None:
    assert [containers(deployment(local))[name]] == yaml_snapshot


@pytest.mark.parametrize(("mode", "own"), [("hub", ["proxy", "hub", "jupyter"]), ("server", ["jupyter"]), ("off", [])])
def test_the_containers_have_the_names_of_the_contract(mode: Literal["hub", "server", "off"], own: list[str]) -> None:
    there = deployment(frontend(jupyter=Jupyter(mode=mode)))
    assert [c["name"] for c in pod_of(there)["containers"]] == ["controller", *own, "sshd"]


def test_without_a_jupyterlab_there_is_no_service_for_it_and_no_port_held() -> None:
    there = frontend(jupyter=Jupyter(mode="off"))
    assert {m["metadata"]["name"] for m in all_of(there, "Service")} == {"lab-frontend", "lab-ssh"}
    assert str(JUPYTER_PORT) not in containers(deployment(there))["sshd"]["command"]


@pytest.mark.parametrize(("mode", "owner"), [("hub", "992"), ("server", "1000")])
def test_sshd_holds_jupyterlabs_port_for_whose_it_is(mode: Literal["hub", "server"], owner: str) -> None:
    assert containers(deployment(frontend(jupyter=Jupyter(mode=mode))))["sshd"]["command"][-2:] == [str(JUPYTER_PORT), owner]


@pytest.mark.parametrize(
    ("memory", "hub", "servers", "of_a_process"),
    [("2Gi", Hub(), 8, 2**30), ("100Mi", Hub(), 1, 50 * 2**20), ("2Gi", Hub(max_servers=30, process_memory="512Mi"), 30, 2**29)],
)
def test_how_many_servers_there_are_and_how_large_follows_from_the_memory(memory: str, hub: Hub, servers: int, of_a_process: int) -> None:
    pod = FrontendPod.model_validate({"jupyter": {"memory": memory}})
    there = containers(deployment(frontend(jupyter=Jupyter(hub=hub), pod=pod)))
    assert f"--JupyterHub.active_server_limit={servers}" in there["hub"]["command"]
    assert f"--process-memory={of_a_process}" in there["jupyter"]["command"]


def test_two_controllers_never_run_at_once(local: list[Manifest]) -> None:
    spec = deployment(local)["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


@pytest.mark.parametrize("first_port", [10101, 20000])
def test_the_engines_service_container_and_configuration_have_the_same_ports(first_port: int) -> None:
    settings = Controller(first_port=first_port)
    there = frontend(controller=settings)
    named = {port["name"]: port["containerPort"] for port in containers(deployment(there))["controller"]["ports"]}
    service = one(there, "Service", "lab-frontend")["spec"]["ports"]
    assert [port["port"] for port in service] == list(settings.engine_ports)
    assert [named[port["targetPort"]] for port in service] == list(settings.engine_ports)


def test_a_controller_that_hangs_in_part_is_restarted_within_20_seconds_and_one_that_is_slow_twice_is_not() -> None:
    probe, answer_seconds = containers(deployment(frontend()))["controller"]["livenessProbe"], 3
    assert probe["failureThreshold"] >= 3
    assert probe["timeoutSeconds"] > answer_seconds
    assert probe["periodSeconds"] * probe["failureThreshold"] + answer_seconds <= 20


def test_jupyters_probe_asks_for_the_login_page_by_a_name_that_the_server_knows() -> None:
    jupyter = containers(deployment(frontend(jupyter=Jupyter(mode="server"))))["jupyter"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = jupyter[probe]["httpGet"]
        assert (asked["path"], asked["httpHeaders"]) == ("/login", [{"name": "Host", "value": "localhost"}])


def test_the_controllers_probe_asks_every_port_but_the_internal_ones() -> None:
    settings = Controller(first_port=20000)
    probe = containers(deployment(frontend(controller=settings)))["controller"]["readinessProbe"]["exec"]["command"]
    assert [int(word) for word in probe if word.isdigit()] == [*settings.engine_ports, *settings.client_ports]


def test_ssh_leads_to_sshd_and_http_to_jupyter(local: list[Manifest]) -> None:
    there = containers(deployment(local))
    for name, container, port in (("lab-ssh", "sshd", SSHD_PORT), ("lab-jupyter", "proxy", JUPYTER_PORT)):
        (service_port,) = one(local, "Service", name)["spec"]["ports"]
        (container_port,) = there[container]["ports"]
        assert service_port["targetPort"] == container_port["name"]
        assert container_port["containerPort"] == port


def test_a_ports_name_is_one_containers(local: list[Manifest]) -> None:
    ports = [port for c in pod_of(deployment(local))["containers"] for port in c.get("ports", ())]
    assert len({port["name"] for port in ports}) == len({port["containerPort"] for port in ports}) == len(ports)


def test_the_ssh_service_is_that_of_the_settings() -> None:
    spec = one(frontend(ssh=Ssh(service_type="NodePort", port=2200, node_port=30022)), "Service", "lab-ssh")["spec"]
    assert spec["type"] == "NodePort"
    assert (spec["ports"][0]["port"], spec["ports"][0]["nodePort"]) == (2200, 30022)


def test_without_a_nodes_port_the_cluster_chooses_one(local: list[Manifest]) -> None:
    assert "nodePort" not in one(local, "Service", "lab-ssh")["spec"]["ports"][0]


def test_engines_find_a_controller_whose_pod_is_not_ready_and_people_do_not(local: list[Manifest]) -> None:
    assert one(local, "Service", "lab-frontend")["spec"]["publishNotReadyAddresses"] is True
    assert all("publishNotReadyAddresses" not in one(local, "Service", name)["spec"] for name in ("lab-ssh", "lab-jupyter"))


def test_clients_in_the_pod_reach_the_controller_without_its_service(local: list[Manifest]) -> None:
    assert pod_of(deployment(local))["hostAliases"] == [{"ip": "127.0.0.1", "hostnames": ["lab-frontend.science.svc"]}]


def test_resources_of_each_container_are_those_of_the_settings() -> None:
    pod = FrontendPod.model_validate(
        {"controller": {"memory": "3Gi"}, "jupyter": {"cpu": 3}, "sshd": {"cpu": "50m", "cpu_limit": 1, "memory": "4Gi"}}
    )
    there = {name: c["resources"] for name, c in containers(deployment(frontend(pod=pod))).items()}
    assert there["controller"]["requests"]["memory"] == there["controller"]["limits"]["memory"] == "3Gi"
    assert (there["jupyter"]["requests"]["cpu"], there["jupyter"]["limits"]["cpu"]) == ("3", "3")
    assert there["sshd"] == {"requests": {"cpu": "50m", "memory": "4Gi"}, "limits": {"cpu": "1", "memory": "4Gi"}}


def test_placement_is_that_of_the_settings() -> None:
    pod = FrontendPod(node_selector={"pool": "front"}, tolerations=(Toleration(key="front", operator="Exists"),))
    spec = pod_of(deployment(frontend(pod=pod)))
    assert spec["nodeSelector"] == {"pool": "front"}
    assert spec["tolerations"] == [{"key": "front", "operator": "Exists"}]


def test_images_are_those_of_the_settings() -> None:
    images = Images(registry="registry.example.org:5000/lab", tag="2.0", pull_policy="Always", pull_secrets=("registry-login",))
    there = deployment(frontend(images=images))
    assert {(c["image"], c["imagePullPolicy"]) for c in containers(there).values()} == {
        ("registry.example.org:5000/lab/debian-ipython-fn:2.0", "Always")
    }
    assert pod_of(there)["imagePullSecrets"] == [{"name": "registry-login"}]


def test_controllers_state_is_on_the_shared_volume(local: list[Manifest]) -> None:
    assert environment(containers(deployment(local))["controller"])["IPYTHONDIR"].startswith("/home/jupyter/shared/")


def test_a_changed_user_does_not_change_the_checksum_and_a_changed_heartbeat_does(local: list[Manifest]) -> None:
    def checksum(there: list[Manifest]) -> object:
        return pod_metadata(deployment(there))["annotations"]

    other_password = (ADA.model_copy(update={"password_hash": SHA512.replace("saltstring", "othersalt")}), GRACE)
    assert checksum(frontend(users=other_password)) == checksum(local)
    assert checksum(frontend(users=())) == checksum(local)
    assert checksum(frontend(controller=Controller(heartbeat_period=3000))) != checksum(local)


def test_a_changed_password_changes_nothing_of_the_pods(local: list[Manifest]) -> None:
    # Account files are live; a restart would end everybody's session.
    other_password = (ADA.model_copy(update={"password_hash": SHA512.replace("saltstring", "othersalt")}), GRACE)
    assert deployment(frontend(users=other_password)) == deployment(local)


def test_without_users_the_frontend_is_there_all_the_same() -> None:
    there = deployment(frontend(users=()))
    assert {"controller", "jupyter", "sshd"} <= containers(there).keys()


def test_every_service_and_every_port_of_the_frontend_is_exposed(local: list[Manifest]) -> None:
    assert {m["metadata"]["name"] for m in all_of(local, "Service")} == {"lab-frontend", "lab-ssh", "lab-jupyter"}
    assert len(controller_container.ENGINE_PORT_NAMES) == len(Controller().engine_ports)
    # https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Container: at most 15 characters.
    assert all(len(name) <= 15 for name in controller_container.ENGINE_PORT_NAMES)
