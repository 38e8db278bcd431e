"""What somebody adds to the library's pods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cdk8s_plus_27 import k8s
from support import Manifest, all_of, containers, environment, one, pod_metadata, pod_of, volumes, workloads

from jupyter_cluster_constructs import ClusterSpec, ContainerExtras, Frontend, JupyterCluster, Nfs, PodExtras, Storage, Users, WorkerGroup, Workers

from .charts import ADA, CLASS, EXTERNAL, LOCAL, NAMES, manifests, new_chart, parts, whole

FREE = k8s.Volume(name="data", persistent_volume_claim=k8s.PersistentVolumeClaimVolumeSource(claim_name="data"))
AT_DATA = k8s.VolumeMount(name="data", mount_path="/data", read_only=True)
SIDECAR = k8s.Container(name="sync", image="registry.example.org/sync:1.2")
FIRST = k8s.Container(name="fetch", image="registry.example.org/fetch:1.2")
AFFINITY = k8s.Affinity(
    node_affinity=k8s.NodeAffinity(
        required_during_scheduling_ignored_during_execution=k8s.NodeSelector(
            node_selector_terms=[k8s.NodeSelectorTerm(match_expressions=[k8s.NodeSelectorRequirement(key="gpu", operator="Exists")])]
        )
    )
)
SPREAD = k8s.TopologySpreadConstraint(max_skew=1, topology_key="zone", when_unsatisfiable="ScheduleAnyway")
EVERYTHING: dict[str, Any] = {
    "labels": {"team": "physics"},
    "annotations": {"linkerd.io/inject": "disabled"},
    "volumes": [FREE],
    "init_containers": [FIRST],
    "sidecars": [SIDECAR],
    "service_account_name": "cloud-identity",
    "automount_service_account_token": True,
    "priority_class_name": "high",
    "affinity": AFFINITY,
    "topology_spread_constraints": [SPREAD],
    "image_pull_secrets": [k8s.LocalObjectReference(name="sync-login")],
}
ADDED = ContainerExtras(
    env=[k8s.EnvVar(name="LAB", value="yes")],
    env_from=[k8s.EnvFromSource(config_map_ref=k8s.ConfigMapEnvSource(name="settings"))],
    volume_mounts=[AT_DATA],
)
# A container of each workload that stays.
WORKLOADS = {"frontend": "sshd", "worker": "engine", "nfs": "nfs-server", "storage": "make-homes"}


def extended(workload: str, extras: PodExtras) -> list[Manifest]:
    """All manifests of a cluster one of whose pods has extras."""
    chart = new_chart()
    if workload in ("nfs", "storage"):
        users = Users(chart, "Users", names=NAMES, users=[ADA])
        Nfs(chart, "Nfs", users=users, storage=LOCAL if workload == "nfs" else CLASS, extras=extras)
    else:
        make: Callable[..., object] = Frontend if workload == "frontend" else Workers
        make(chart, "Made", extras=extras, **parts(chart).needed)
    return manifests(chart)


def workload_of(made: list[Manifest], name: str) -> Manifest:
    (found,) = [w for w in workloads(made) if w["metadata"]["name"] == f"lab-{name}"]
    return found


def pod(workload: str, extras: PodExtras) -> Manifest:
    return workload_of(extended(workload, extras), workload)


@pytest.mark.parametrize("workload", WORKLOADS)
def test_everything_that_is_added_is_in_the_pod(workload: str) -> None:
    made = pod(workload, PodExtras(**EVERYTHING, containers={WORKLOADS[workload]: ADDED}))
    spec, container = pod_of(made), containers(made)[WORKLOADS[workload]]
    assert pod_metadata(made)["labels"]["team"] == "physics"
    assert pod_metadata(made)["annotations"]["linkerd.io/inject"] == "disabled"
    assert volumes(made)["data"] == {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    assert spec["initContainers"][-1] == {"name": "fetch", "image": "registry.example.org/fetch:1.2"}
    assert spec["containers"][-1] == {"name": "sync", "image": "registry.example.org/sync:1.2"}
    assert (spec["serviceAccountName"], spec["automountServiceAccountToken"]) == ("cloud-identity", True)
    assert spec["priorityClassName"] == "high"
    assert spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert spec["topologySpreadConstraints"] == [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}]
    assert spec["imagePullSecrets"][-1] == {"name": "sync-login"}
    assert environment(container)["LAB"] == "yes"
    assert container["envFrom"] == [{"configMapRef": {"name": "settings"}}]
    assert container["volumeMounts"][-1] == {"name": "data", "mountPath": "/data", "readOnly": True}


@pytest.mark.parametrize("workload", WORKLOADS)
def test_what_was_there_stays(workload: str) -> None:
    before, after = pod(workload, PodExtras()), pod(workload, PodExtras(**EVERYTHING, containers={WORKLOADS[workload]: ADDED}))
    for name, container in containers(before).items():
        now = containers(after)[name]
        assert {key: now[key] for key in container if key not in ("env", "volumeMounts")} == {
            key: value for key, value in container.items() if key not in ("env", "volumeMounts")
        }
        assert now.get("env", [])[: len(container.get("env", []))] == container.get("env", [])
        assert now["volumeMounts"][: len(container["volumeMounts"])] == container["volumeMounts"]
    assert pod_metadata(before)["labels"].items() <= pod_metadata(after)["labels"].items()
    assert volumes(before).items() <= volumes(after).items()
    assert pod_of(before)["securityContext"] == pod_of(after)["securityContext"]


@pytest.mark.parametrize("workload", WORKLOADS)
def test_another_service_account_takes_the_place_of_the_librarys(workload: str) -> None:
    made = extended(workload, PodExtras(service_account_name="cloud-identity"))
    assert f"lab-{workload}" not in [m["metadata"]["name"] for m in all_of(made, "ServiceAccount")]
    assert pod_of(workload_of(made, workload))["automountServiceAccountToken"] is False


def test_every_engine_of_a_pod_gets_what_engines_get() -> None:
    chart = new_chart()
    extras = PodExtras(volumes=[FREE], containers={"engine": ADDED})
    Workers(chart, "Workers", groups=[WorkerGroup(engines_per_pod=3)], extras=extras, **parts(chart).needed)
    made = containers(one(manifests(chart), "Deployment"))
    assert [name for name, container in made.items() if "LAB" in environment(container)] == ["engine", "engine-2", "engine-3"]


def test_an_init_container_can_be_extended_too() -> None:
    made = containers(pod("worker", PodExtras(containers={"wait-for-controller": ContainerExtras(env=[k8s.EnvVar(name="LAB", value="yes")])})))
    assert [name for name, container in made.items() if "LAB" in environment(container)] == ["wait-for-controller"]


def test_groups_get_extras_of_their_own() -> None:
    chart = new_chart()
    groups = [WorkerGroup(), WorkerGroup(name="gpu")]
    Workers(chart, "Workers", groups=groups, extras={"gpu": PodExtras(priority_class_name="high")}, **parts(chart).needed)
    made = {d["metadata"]["name"]: pod_of(d).get("priorityClassName") for d in all_of(manifests(chart), "Deployment")}
    assert made == {"lab-worker": None, "lab-worker-gpu": "high"}


def test_a_cluster_hands_extras_to_each_of_its_pods() -> None:
    chart = new_chart()
    extras = {part: PodExtras(labels={"part": part}) for part in ("frontend", "worker", "storage")}
    JupyterCluster(
        chart,
        "Cluster",
        spec=ClusterSpec(name="lab"),
        frontend_extras=extras["frontend"],
        worker_extras=extras["worker"],
        storage_extras=extras["storage"],
    )
    made = workloads(manifests(chart))
    assert {w["metadata"]["name"]: pod_metadata(w)["labels"]["part"] for w in made} == {
        "lab-frontend": "frontend",
        "lab-worker": "worker",
        "lab-nfs": "storage",
    }


def test_nothing_added_is_nothing_changed() -> None:
    chart = new_chart()
    needed = parts(chart).needed
    Frontend(chart, "Frontend", extras=PodExtras(), **needed)
    Workers(chart, "Workers", extras=PodExtras(), **needed)
    assert manifests(chart) == whole()


MISTAKES = {
    "a volume of the pod": (PodExtras(volumes=[k8s.Volume(name="config")]), "received volumes 'config', which the pod has already"),
    "a container of the pod": (PodExtras(sidecars=[k8s.Container(name="engine")]), "received containers 'engine', which the pod has already"),
    "an init container of the pod": (
        PodExtras(init_containers=[k8s.Container(name="engine")]),
        "received containers 'engine', which the pod has already",
    ),
    "the same container twice": (PodExtras(sidecars=[SIDECAR], init_containers=[k8s.Container(name="sync")]), "received containers 'sync'"),
    "a variable of the container": (
        PodExtras(containers={"engine": ContainerExtras(env=[k8s.EnvVar(name="HOME", value="/")])}),
        "received engine's env 'HOME', which the pod has already; allowed: any but HOME, OMP_NUM_THREADS, OPENBLAS_NUM_THREADS",
    ),
    "a path of the container": (
        PodExtras(volumes=[FREE], containers={"engine": ContainerExtras(volume_mounts=[k8s.VolumeMount(name="data", mount_path="/tmp")])}),
        "received engine's volume_mounts '/tmp', which the pod has already",
    ),
    "a mount of no volume": (
        PodExtras(containers={"engine": ContainerExtras(volume_mounts=[AT_DATA])}),
        "received volume_mounts of data, which the pod does not have; allowed: ",
    ),
    "no container": (
        PodExtras(containers={"engin": ADDED}, volumes=[FREE]),
        "received containers of engin, which the pod does not have; allowed: engine, wait-for-controller",
    ),
    "a selector's label": (PodExtras(labels={"app.kubernetes.io/component": "x"}), "received labels app.kubernetes.io/component, which the library"),
    "the checksum": (PodExtras(annotations={"jupyter-cluster/config-checksum": "x"}), "received annotations jupyter-cluster/config-checksum"),
    "a token of nobody": (PodExtras(automount_service_account_token=True), "without service_account_name; allowed: both"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_collides_is_an_error_that_says_with_what(mistake: str) -> None:
    extras, message = MISTAKES[mistake]
    with pytest.raises(ValueError, match="allowed: ") as error:
        pod("worker", extras)
    assert message in str(error.value)


def test_extras_of_no_group_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"received extras of the groups \['gpu'\]; allowed: \[None\]"):
        Workers(new_chart(), "Workers", extras={"gpu": PodExtras()}, **parts(new_chart(id="parts")).needed)


def test_external_storage_has_no_pod_to_extend() -> None:
    chart = new_chart()
    with pytest.raises(ValueError, match="received extras with external storage, which has no pod of its own"):
        Nfs(chart, "Nfs", users=Users(chart, "Users", names=NAMES), storage=Storage(external=EXTERNAL.external), extras=PodExtras())
