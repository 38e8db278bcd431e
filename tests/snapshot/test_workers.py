"""The construct Workers: a Deployment a group of engines."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from support import Manifest, all_of, containers, environment, mounted_volumes, one, pod_metadata, pod_of, secret_names, workloads
from syrupy.assertion import SnapshotAssertion

from jupyter_cluster_constructs import Controller, Egress, Images, Jupyter, Network, Storage, Toleration, User, WorkerGroup, Workers

from .charts import ADA, EXTERNAL, LOCAL, SHA512, manifests, new_chart, parts

EVERYTHING = WorkerGroup(
    name="gpu",
    replicas=3,
    cpu="4",
    cpu_limit="8",
    memory="16Gi",
    gpu=1,
    gpu_resource="amd.com/gpu",
    node_selector={"example.org/pool": "gpu"},
    tolerations=(Toleration(key="gpu", operator="Equal", value="yes", effect="NoSchedule"), Toleration(operator="Exists", effect="NoExecute")),
    env={"LAB": "physics", "OMP_NUM_THREADS": "4"},
)


def workers(
    *groups: WorkerGroup,
    storage: Storage = LOCAL,
    users: Sequence[User] = (ADA,),
    controller: Controller | None = None,
    jupyter: Jupyter | None = None,
    images: Images | None = None,
) -> list[Manifest]:
    """The manifests of Workers, without those of what they need."""
    chart = new_chart()
    needed = parts(new_chart(), users=users, storage=storage, controller=controller, jupyter=jupyter).needed
    Workers(chart, "Workers", groups=groups, images=images, **needed)
    return manifests(chart)


@pytest.fixture(scope="module")
def default() -> Manifest:
    return one(workers(WorkerGroup()), "Deployment")


@pytest.fixture(scope="module")
def everything() -> Manifest:
    return one(workers(EVERYTHING), "Deployment")


def engines(deployment: Manifest) -> list[Manifest]:
    found: list[Manifest] = pod_of(deployment)["containers"]
    return found


def test_everything_set(everything: Manifest, yaml_snapshot: SnapshotAssertion) -> None:
    shown = {**everything, "spec": {key: value for key, value in everything["spec"].items() if key != "template"}}
    pod = {key: value for key, value in pod_of(everything).items() if key not in ("containers", "initContainers", "volumes")}
    assert [shown, pod, *engines(everything)] == yaml_snapshot


def test_the_container_has_the_name_of_the_contract(default: Manifest) -> None:
    assert [c["name"] for c in engines(default)] == ["engine"]


def test_a_group_has_a_deployment_of_its_name_and_replicas() -> None:
    there = workers(WorkerGroup(), WorkerGroup(name="gpu", replicas=5), WorkerGroup(name="none", replicas=0))
    assert {m["metadata"]["name"]: m["spec"]["replicas"] for m in workloads(there)} == {"lab-worker": 2, "lab-worker-gpu": 5, "lab-worker-none": 0}


def test_no_group_selects_another_groups_pods() -> None:
    there = workloads(workers(WorkerGroup(), WorkerGroup(name="gpu"), WorkerGroup(name="cpu")))
    for one_of_them in there:
        selected = [
            m["metadata"]["name"] for m in there if one_of_them["spec"]["selector"]["matchLabels"].items() <= pod_metadata(m)["labels"].items()
        ]
        assert selected == [one_of_them["metadata"]["name"]]


def test_two_constructs_of_one_cluster_make_nothing_twice() -> None:
    chart, needed = new_chart(), parts(new_chart()).needed
    Workers(chart, "Cpu", groups=[WorkerGroup(name="cpu")], **needed)
    Workers(chart, "Gpu", groups=[WorkerGroup(name="gpu")], network=Network(engines=Egress(internet=True)), **needed)
    made = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in manifests(chart)]
    assert sorted(made) == sorted({*made})
    assert len(made) == 6


@pytest.mark.parametrize("number", [1, 3])
def test_engines_per_pod_gives_that_many_containers(number: int) -> None:
    deployment = one(workers(WorkerGroup(engines_per_pod=number)), "Deployment")
    assert [c["name"] for c in engines(deployment)] == ["engine", "engine-2", "engine-3"][:number]
    assert {str(c["resources"]) for c in engines(deployment)} == {str(engines(deployment)[0]["resources"])}


def test_engines_of_a_pod_share_neither_home_nor_tmp() -> None:
    # Each writes its id to /tmp, by which its probes find it.
    deployment = one(workers(WorkerGroup(engines_per_pod=3)), "Deployment")
    own = [m["subPath"] for c in engines(deployment) for m in c["volumeMounts"] if m["mountPath"] in ("/tmp", "/home/jupyter")]
    assert len({*own}) == len(own) == 6


def test_resources_are_those_of_each_engine(everything: Manifest) -> None:
    (engine,) = engines(everything)
    assert engine["resources"] == {
        "requests": {"cpu": "4", "memory": "16Gi", "amd.com/gpu": "1"},
        "limits": {"cpu": "8", "memory": "16Gi", "amd.com/gpu": "1"},
    }


def test_without_gpus_none_is_asked_for(default: Manifest) -> None:
    assert set(engines(default)[0]["resources"]["limits"]) == {"cpu", "memory"}


def test_gpus_are_no_init_containers(everything: Manifest) -> None:
    assert all("amd.com/gpu" not in c["resources"]["limits"] for c in pod_of(everything)["initContainers"])


def test_placement_is_that_of_the_settings(everything: Manifest) -> None:
    assert pod_of(everything)["nodeSelector"] == {"example.org/pool": "gpu"}
    assert pod_of(everything)["tolerations"] == [
        {"effect": "NoSchedule", "key": "gpu", "operator": "Equal", "value": "yes"},
        {"effect": "NoExecute", "operator": "Exists"},
    ]


def test_without_placement_any_node_will_do(default: Manifest) -> None:
    assert {"nodeSelector", "tolerations"}.isdisjoint(pod_of(default))


def test_a_groups_environment_is_added_and_wins_over_the_librarys_numbers_of_threads(everything: Manifest, default: Manifest) -> None:
    assert environment(engines(default)[0])["OMP_NUM_THREADS"] == "1"
    assert environment(engines(everything)[0]) == {
        "HOME": "/home/jupyter",
        "OMP_NUM_THREADS": "4",
        "OPENBLAS_NUM_THREADS": "1",
        "LAB": "physics",
    }


def test_a_group_is_a_label_and_the_others_are_the_contracts(everything: Manifest) -> None:
    labels = pod_metadata(everything)["labels"]
    assert labels["app.kubernetes.io/component"] == "worker"
    assert "gpu" in labels.values()


def used_mounts(deployment: Manifest) -> list[str]:
    return [word.removeprefix("--use=") for word in containers(deployment)["wait-for-controller"]["command"] if word.startswith("--use=")]


def test_one_container_waits_for_nfs_where_it_is_the_clusters_and_for_the_controller_always(default: Manifest) -> None:
    external = one(workers(WorkerGroup(), storage=EXTERNAL), "Deployment")
    for deployment in (default, external):
        assert [c["name"] for c in pod_of(deployment)["initContainers"]] == ["wait-for-controller"]
    assert used_mounts(default)
    assert not used_mounts(external)


def test_the_first_container_uses_every_nfs_mount_of_the_pod(default: Manifest) -> None:
    # A node's client may connect only then, and can't leave once the server's Service is deleted if it never was connected.
    mounted = mounted_volumes(default, "wait-for-controller")
    claims = {v["name"] for v in pod_of(default)["volumes"] if "persistentVolumeClaim" in v}
    assert {mounted[path]["name"] for path in used_mounts(default)} == claims


def test_the_controller_is_waited_for_by_the_file_that_engines_read(default: Manifest) -> None:
    wait = containers(default)["wait-for-controller"]
    assert wait["command"][-1] == "/home/jupyter/shared/.controller/ipcontroller-engine.json"
    assert "/home/jupyter/shared" in mounted_volumes(default, "wait-for-controller")


def test_engines_have_the_three_kinds_of_mounts(default: Manifest) -> None:
    mounted = mounted_volumes(default, "engine")
    assert mounted["/home/ada"]["persistentVolumeClaim"]["claimName"] == "lab-home-1001"
    assert mounted["/home/jupyter/shared"]["persistentVolumeClaim"]["claimName"] == "lab-shared"
    assert mounted["/home/jupyter/config"]["configMap"]["name"] == "lab-config"
    assert mounted["/var/lib/extrausers"]["configMap"]["name"] == "lab-users"


def test_no_engine_sees_a_secret(everything: Manifest) -> None:
    assert all(not secret_names(volume) for volume in pod_of(everything)["volumes"])


def test_engines_run_as_jupyter(default: Manifest) -> None:
    security = engines(default)[0]["securityContext"]
    assert (security["runAsUser"], security["runAsGroup"], security["runAsNonRoot"]) == (1000, 1000, True)


def test_ready_means_registered_with_the_controller(default: Manifest) -> None:
    command = engines(default)[0]["readinessProbe"]["exec"]["command"]
    assert "/home/jupyter/shared/.controller/profile_default/log/engines.json" in command[-1]
    assert "/tmp/engine-id" in command[-1]


@pytest.mark.parametrize(
    ("engine_id", "registered", "ready"),
    [
        ("4f6c", '{"engines": {"0": "a1b2", "1": "4f6c"}, "next_id": 2}', True),
        ("4f6c", '{"engines": {"0": "a1b2"}, "next_id": 2}', False),
        ("4f6c", '{"engines": {}, "next_id": 0}', False),
        ("4f6c", None, False),
        # Before the engine has written its id, and while it does.
        (None, '{"engines": {"0": "a1b2"}, "next_id": 1}', False),
        ("", '{"engines": {"0": "a1b2"}, "next_id": 1}', False),
    ],
)
def test_the_probe_finds_an_engine_among_those_that_are_registered(
    default: Manifest, tmp_path: Path, engine_id: str | None, registered: str | None, ready: bool
) -> None:
    files = {"/tmp/engine-id": engine_id, "/home/jupyter/shared/.controller/profile_default/log/engines.json": registered}
    program, option, text = engines(default)[0]["readinessProbe"]["exec"]["command"]
    for number, (path, content) in enumerate(files.items()):
        assert path in text
        text = text.replace(path, str(tmp_path / str(number)))
        if content is not None:
            (tmp_path / str(number)).write_text(content)
    assert (subprocess.run([program, option, text], capture_output=True).returncode == 0) is ready


def test_an_engine_is_not_killed_before_a_controller_can_have_come_back(default: Manifest) -> None:
    probe = engines(default)[0]["livenessProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] >= 180


def test_engines_are_replaced_one_by_one_without_more_gpus_than_the_group_has(default: Manifest) -> None:
    assert default["spec"]["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}


def test_an_engine_tells_the_controller_before_it_is_stopped_and_when_it_ends() -> None:
    file = "/home/jupyter/shared/.controller/ipcontroller-engine.json"
    for engine in engines(one(workers(WorkerGroup(engines_per_pod=2)), "Deployment")):
        hook = engine["lifecycle"]["preStop"]["exec"]["command"]
        assert hook == ["python3", "-E", "/home/jupyter/config/leave_controller.py", file]
        assert engine["command"] == ["tini", "-g", "--", "sh", "/home/jupyter/config/start_engine.sh", file, "False"]


@pytest.mark.parametrize("nanny", [False, True])
def test_each_group_says_whether_its_engines_have_a_nanny(nanny: bool) -> None:
    (engine,) = engines(one(workers(WorkerGroup(nanny=nanny)), "Deployment"))
    # ipengine's own word for it.
    assert engine["command"][-1] == str(nanny)


def test_an_engine_has_time_to_tell_the_controller_twice(default: Manifest) -> None:
    # Each attempt ends after 5 s at the latest.
    assert pod_of(default)["terminationGracePeriodSeconds"] >= 2 * 5


def test_images_are_those_of_the_settings() -> None:
    images = Images(registry="registry.example.org/lab", tag="2.0", pull_policy="Never", pull_secrets=("login",))
    deployment = one(workers(WorkerGroup(), images=images), "Deployment")
    assert {(c["image"], c["imagePullPolicy"]) for c in containers(deployment).values()} == {
        ("registry.example.org/lab/debian-ipython-wn:2.0", "Never")
    }
    assert pod_of(deployment)["imagePullSecrets"] == [{"name": "login"}]


def test_an_image_whose_digest_is_given_is_that_one_and_no_other_of_its_tag() -> None:
    digest = f"sha256:{'0a' * 32}"
    images = Images(registry="registry.example.org/lab", tag="2.0", digests={"debian-ipython-wn": digest, "nfs-server": f"sha256:{'1b' * 32}"})
    deployment = one(workers(WorkerGroup(), images=images), "Deployment")
    assert {c["image"] for c in containers(deployment).values()} == {f"registry.example.org/lab/debian-ipython-wn:2.0@{digest}"}


def test_a_changed_user_changes_neither_checksum_nor_pod_and_a_changed_heartbeat_does(default: Manifest) -> None:
    other = ADA.model_copy(update={"password_hash": SHA512.replace("saltstring", "othersalt"), "ssh_keys": ()})
    assert one(workers(WorkerGroup(), users=[other]), "Deployment") == default
    without = one(workers(WorkerGroup(), users=()), "Deployment")
    assert pod_metadata(without)["annotations"] == pod_metadata(default)["annotations"]
    changed = one(workers(WorkerGroup(), controller=Controller(heartbeat_period=3000)), "Deployment")
    assert pod_metadata(changed)["annotations"] != pod_metadata(default)["annotations"]


def test_a_changed_password_of_jupyterlab_leaves_engines_and_their_memory_alone(default: Manifest) -> None:
    hashed = Jupyter(mode="server", password_hash="sha1:97d7fed4c901:e79e48a6a9b58b62be62c2911fa863a64a8cf9d9")
    assert one(workers(WorkerGroup(), jupyter=hashed), "Deployment") == default


@pytest.mark.parametrize("groups", [(WorkerGroup(), WorkerGroup()), (WorkerGroup(name="gpu"), WorkerGroup(name="gpu"))])
def test_two_groups_of_one_name_are_refused(groups: tuple[WorkerGroup, ...]) -> None:
    with pytest.raises(ValueError, match="allowed: each name once"):
        workers(*groups)


def test_no_groups_give_no_deployment() -> None:
    assert all_of(workers(), "Deployment") == []
