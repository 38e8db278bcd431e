"""The construct Frontend: controller, Jupyter Server and sshd, and how they are reached."""

from __future__ import annotations

import pytest
from support import Manifest, all_of, containers, environment, mounted_volumes, one, pod_metadata, pod_of, secret_names, volumes, without_containers
from syrupy.assertion import SnapshotAssertion

from jupyter_cluster_constructs import (
    Controller,
    Frontend,
    FrontendPod,
    Images,
    Jupyter,
    Ssh,
    Storage,
    Toleration,
    User,
    controller_container,
)
from jupyter_cluster_constructs.spec import JUPYTER_PORT, SSHD_PORT

from .charts import ADA, EXTERNAL, GRACE, LOCAL, PHYSICS, SHA512, manifests, new_chart, parts

JUPYTER_HASH = "sha1:97d7fed4c901:e79e48a6a9b58b62be62c2911fa863a64a8cf9d9"


def frontend(
    *,
    storage: Storage = LOCAL,
    controller: Controller | None = None,
    jupyter: Jupyter | None = None,
    users: tuple[User, ...] = (ADA, GRACE),
    pod: FrontendPod | None = None,
    ssh: Ssh | None = None,
    images: Images | None = None,
    shadow_secret: str | None = None,
) -> list[Manifest]:
    """The manifests of Frontend, without those of what it needs."""
    chart = new_chart()
    needed = parts(
        new_chart(), users=users, groups=[PHYSICS], storage=storage, controller=controller, jupyter=jupyter, ssh=ssh, shadow_secret=shadow_secret
    ).needed
    Frontend(chart, "Frontend", pod=pod, images=images, **needed)
    return manifests(chart)


@pytest.fixture(scope="module")
def local() -> list[Manifest]:
    return frontend()


@pytest.fixture(scope="module")
def external() -> list[Manifest]:
    return frontend(storage=EXTERNAL)


def deployment(there: list[Manifest]) -> Manifest:
    return one(there, "Deployment", "lab-frontend")


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
    assert [containers(deployment(frontend(jupyter=Jupyter(secret="my-login"))))["jupyter"]] == yaml_snapshot


def test_the_containers_have_the_names_of_the_contract(local: list[Manifest]) -> None:
    assert [c["name"] for c in pod_of(deployment(local))["containers"]] == ["controller", "jupyter", "sshd"]


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
    jupyter = containers(deployment(frontend()))["jupyter"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = jupyter[probe]["httpGet"]
        assert (asked["path"], asked["httpHeaders"]) == ("/login", [{"name": "Host", "value": "localhost"}])


def test_the_controllers_probe_asks_every_port_but_the_internal_ones() -> None:
    settings = Controller(first_port=20000)
    probe = containers(deployment(frontend(controller=settings)))["controller"]["readinessProbe"]["exec"]["command"]
    assert [int(word) for word in probe if word.isdigit()] == [*settings.engine_ports, *settings.client_ports]


def test_ssh_leads_to_sshd_and_http_to_jupyter(local: list[Manifest]) -> None:
    there = containers(deployment(local))
    for name, container, port in (("lab-ssh", "sshd", SSHD_PORT), ("lab-jupyter", "jupyter", JUPYTER_PORT)):
        (service_port,) = one(local, "Service", name)["spec"]["ports"]
        (container_port,) = there[container]["ports"]
        assert service_port["targetPort"] == container_port["name"]
        assert container_port["containerPort"] == port


def test_a_ports_name_is_one_containers(local: list[Manifest]) -> None:
    ports = [port for c in pod_of(deployment(local))["containers"] for port in c["ports"]]
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


def test_every_container_but_the_waiting_one_sees_what_it_works_on(local: list[Manifest]) -> None:
    there = deployment(local)
    homes = {"/home/ada", "/home/grace"}
    for name in ("controller", "jupyter", "sshd"):
        assert {"/home/jupyter/shared", "/home/jupyter/config", "/var/lib/extrausers"} <= mounted_volumes(there, name).keys()
        assert (homes <= mounted_volumes(there, name).keys()) is (name != "controller"), name
    assert homes <= mounted_volumes(there, "own-homes").keys()
    assert "/home/jupyter/shared" in mounted_volumes(there, "own-shared-directory")


def test_homes_are_mounted_by_their_claims(local: list[Manifest]) -> None:
    mounted = mounted_volumes(deployment(local), "sshd")
    assert mounted["/home/ada"]["persistentVolumeClaim"]["claimName"] == "lab-home-1001"
    assert mounted["/home/grace"]["persistentVolumeClaim"]["claimName"] == "lab-home-7"
    assert mounted["/home/jupyter/shared"]["persistentVolumeClaim"]["claimName"] == "lab-shared"


def test_the_controller_is_not_jupyter_whose_files_the_engines_tasks_read(local: list[Manifest]) -> None:
    users = {name: container["securityContext"]["runAsUser"] for name, container in containers(deployment(local)).items()}
    assert (users["controller"], users["jupyter"]) == (991, 1000)


def test_jupyters_kernels_read_the_clients_file_as_members_do(local: list[Manifest]) -> None:
    assert pod_of(deployment(local))["securityContext"]["supplementalGroups"] == [989, 1000]


def test_only_the_controller_sees_the_secret_of_its_key() -> None:
    there = deployment(frontend(controller=Controller(curve_secret="keys")))
    seeing = [name for name in containers(there) if any("keys" in secret_names(volume) for volume in mounted_volumes(there, name).values())]
    assert seeing == ["controller"]
    assert mounted_volumes(there, "controller")["/run/curve"]["secret"] == {"secretName": "keys"}


def test_only_sshd_sees_the_hashes(local: list[Manifest]) -> None:
    there = deployment(local)
    seeing = {name for name in containers(there) for volume in mounted_volumes(there, name).values() if "lab-users" in secret_names(volume)}
    assert seeing == {"sshd"}


def test_the_hashes_files_are_closed(local: list[Manifest]) -> None:
    (secret,) = (
        source["secret"]
        for volume in volumes(deployment(local)).values()
        for source in volume.get("projected", {}).get("sources", ())
        if "secret" in source
    )
    assert {item["path"]: item["mode"] for item in secret["items"]} == {"shadow": 0o400, "gshadow": 0o400}


def test_account_files_are_mounted_as_a_directory_and_so_change_live(local: list[Manifest]) -> None:
    for container in containers(deployment(local)).values():
        assert [m for m in container["volumeMounts"] if m["mountPath"] == "/var/lib/extrausers" and "subPath" in m] == []


def test_jupyters_login_is_mounted_in_jupyter_alone() -> None:
    there = deployment(frontend(jupyter=Jupyter(password_hash=JUPYTER_HASH)))
    seeing = {name for name in containers(there) for volume in mounted_volumes(there, name).values() if secret_names(volume) == {"lab-jupyter"}}
    assert seeing == {"jupyter"}


def test_jupyters_login_may_be_a_secret_that_exists() -> None:
    there = frontend(jupyter=Jupyter(secret="my-login"))
    assert secret_names(mounted_volumes(deployment(there), "jupyter")["/run/jupyter-login"]) == {"my-login"}


def test_a_locked_jupyter_mounts_no_login(local: list[Manifest]) -> None:
    assert "/run/jupyter-login" not in mounted_volumes(deployment(local), "jupyter")


def test_host_keys_are_in_memory_and_only_sshd_reads_them(local: list[Manifest]) -> None:
    there = deployment(local)
    seeing = {name for name in containers(there) if "/run/host-keys" in mounted_volumes(there, name)}
    assert seeing == {"make-host-keys", "sshd"}
    assert mounted_volumes(there, "sshd")["/run/host-keys"]["emptyDir"] == {"medium": "Memory", "sizeLimit": "1Mi"}


def test_host_keys_may_be_a_secret_that_exists() -> None:
    there = deployment(frontend(ssh=Ssh(host_keys_secret="my-keys")))
    assert "make-host-keys" not in containers(there)
    seeing = {name for name in containers(there) for volume in mounted_volumes(there, name).values() if "my-keys" in secret_names(volume)}
    assert seeing == {"sshd"}
    # Other people's files sshd's root cannot read, and an open one of its own it refuses.
    assert mounted_volumes(there, "sshd")["/run/host-keys"]["secret"] == {"secretName": "my-keys", "defaultMode": 0o400}


def test_hashes_may_be_a_secret_that_exists() -> None:
    there = deployment(frontend(users=(ADA.model_copy(update={"password_hash": None}),), shadow_secret="hashes"))
    seeing = {name for name in containers(there) for volume in mounted_volumes(there, name).values() if "hashes" in secret_names(volume)}
    assert seeing == {"sshd"}
    sources = mounted_volumes(there, "sshd")["/var/lib/extrausers"]["projected"]["sources"]
    taken = {(s["secret"]["name"], i["key"], i["mode"]) for s in sources if "secret" in s for i in s["secret"]["items"]}
    assert taken == {("hashes", "shadow", 0o400), ("lab-users", "gshadow", 0o400)}


def test_nfs_is_waited_for_first_and_only_where_it_is_the_clusters(local: list[Manifest], external: list[Manifest]) -> None:
    init = [c["name"] for c in pod_of(deployment(local))["initContainers"]]
    assert init == ["wait-for-nfs", "own-shared-directory", "own-homes", "make-host-keys"]
    assert [c["name"] for c in pod_of(deployment(external))["initContainers"]] == init[1:]
    # By its mounts: the server itself is closed to pods.
    assert containers(deployment(local))["wait-for-nfs"]["command"][3:] == ["/home/jupyter/shared", "/home/ada", "/home/grace"]


def test_homes_are_put_right_by_root_only_on_a_server_that_the_cluster_does_not_run(local: list[Manifest], external: list[Manifest]) -> None:
    for name in ("own-shared-directory", "own-homes"):
        assert containers(deployment(local))[name]["securityContext"]["runAsUser"] == 1000
        by_root = containers(deployment(external))[name]["securityContext"]
        assert (by_root["runAsUser"], by_root["capabilities"]["add"]) == (0, ["CHOWN", "FOWNER"])


def test_owners_and_modes_are_checked_where_the_homes_are_mounted(local: list[Manifest]) -> None:
    there = containers(deployment(local))
    assert there["own-homes"]["command"][-2:] == ["/home/ada:user_home_dir_1001:1001:1000:0750", "/home/grace:user_home_dir_7:1002:1000:0750"]
    assert there["own-shared-directory"]["command"][-1] == "/home/jupyter/shared:jupyter_shared:0:1000:1777"


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
