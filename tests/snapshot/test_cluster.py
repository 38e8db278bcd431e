"""JupyterCluster, and each construct in somebody's own App."""

from __future__ import annotations

import itertools
from pathlib import Path

import cdk8s
import pytest
from constructs import Construct
from support import Manifest, all_of, one, read
from syrupy.assertion import SnapshotAssertion

from jupyter_cluster_constructs import (
    ClusterConfig,
    ClusterSpec,
    Entrance,
    Frontend,
    IngressSettings,
    Jupyter,
    JupyterCluster,
    Names,
    Nfs,
    Peer,
    Users,
    Workers,
)

from .charts import ADA, EXTERNAL, GRACE, LOCAL, NAMES, PHYSICS, app_manifests, manifests, new_app, new_chart, parts

FULL = ClusterSpec(
    name="lab",
    namespace="science",
    create_namespace=True,
    users=(ADA, GRACE),
    groups=(PHYSICS,),
    storage=LOCAL,
    jupyter=Jupyter(allowed_from=(Peer(namespace="ingress-nginx"),)),
    ingress=IngressSettings(host="jupyter.example.org"),
)


def identities(manifests: list[Manifest]) -> list[tuple[str, str | None, str]]:
    return [(m["kind"], m["metadata"].get("namespace"), m["metadata"]["name"]) for m in manifests]


def written(directory: Path, *clusters: tuple[str, ClusterSpec]) -> dict[str, list[Manifest]]:
    """What an App of clusters writes: the manifests of each file."""
    app = cdk8s.App(outdir=str(directory))
    for id, spec in clusters:
        JupyterCluster(app, id, spec=spec)
    app.synth()
    return {file.name: read(file) for file in sorted(directory.iterdir())}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Manifest]]:
    """The files of a cluster with a namespace and an Ingress."""
    return written(tmp_path_factory.mktemp("full"), ("Default", FULL))


def test_files_and_objects(full: dict[str, list[Manifest]], yaml_snapshot: SnapshotAssertion) -> None:
    listed = [{"file": name, "objects": [f"{kind} {name}" for kind, _, name in identities(there)]} for name, there in full.items()]
    assert listed == yaml_snapshot


def test_there_is_one_file_a_construct_in_the_order_in_which_they_depend(tmp_path: Path) -> None:
    spec = ClusterSpec(name="lab", storage=LOCAL)
    assert list(written(tmp_path, ("Default", spec))) == [
        "0000-users.k8s.yaml",
        "0001-config.k8s.yaml",
        "0002-nfs.k8s.yaml",
        "0003-frontend.k8s.yaml",
        "0004-workers.k8s.yaml",
    ]


def test_a_namespace_is_made_first_and_only_when_asked_for(full: dict[str, list[Manifest]]) -> None:
    assert identities(next(iter(full.values()))) == [("Namespace", None, "science")]
    chart = new_chart()
    JupyterCluster(chart, "Cluster", spec=ClusterSpec(name="lab"))
    assert all_of(manifests(chart), "Namespace") == []


def test_in_a_chart_everything_goes_into_that_chart() -> None:
    app = new_app()
    chart = new_chart(namespace="charts-own", app=app)
    JupyterCluster(chart, "Cluster", spec=FULL)
    assert [c.node.id for c in app.charts] == ["test"]
    there = manifests(chart)
    assert {m["metadata"].get("namespace") for m in there if m["kind"] not in ("PersistentVolume", "Namespace")} == {"science"}
    assert {m["metadata"].get("namespace") for m in all_of(there, "PersistentVolume", "Namespace")} == {None}


def test_in_a_chart_the_same_objects_are_made_as_in_an_app(full: dict[str, list[Manifest]]) -> None:
    chart = new_chart()
    JupyterCluster(chart, "Cluster", spec=FULL)
    in_app = list(itertools.chain(*full.values()))
    assert sorted(manifests(chart), key=str) == sorted(in_app, key=str)


def test_two_clusters_of_an_app_are_in_files_of_their_own_and_share_no_object(tmp_path: Path) -> None:
    files = written(tmp_path, ("one", ClusterSpec(name="one", users=(ADA,))), ("two", ClusterSpec(name="two", users=(ADA,))))
    assert {name.split("-", 1)[1] for name in files} == {
        f"{cluster}-{part}.k8s.yaml" for cluster in ("one", "two") for part in ("users", "config", "nfs", "frontend", "workers")
    }
    for name, there in files.items():
        assert {m["metadata"]["labels"]["app.kubernetes.io/instance"] for m in there} == {name.split("-")[1]}
    everything = identities(list(itertools.chain(*files.values())))
    assert len({*everything}) == len(everything)


def test_two_clusters_of_one_name_in_two_namespaces_share_no_object(tmp_path: Path) -> None:
    files = written(
        tmp_path, ("a", ClusterSpec(name="lab", namespace="a", users=(ADA,))), ("b", ClusterSpec(name="lab", namespace="b", users=(ADA,)))
    )
    everything = identities(list(itertools.chain(*files.values())))
    assert len({*everything}) == len(everything)


def test_two_clusters_of_a_chart_share_no_object() -> None:
    chart = new_chart()
    for name in ("one", "two"):
        JupyterCluster(chart, name, spec=ClusterSpec(name=name, users=(ADA,)))
    everything = identities(manifests(chart))
    assert len({*everything}) == len(everything)


def test_a_changed_key_of_a_user_changes_the_users_file_alone(tmp_path: Path, full: dict[str, list[Manifest]]) -> None:
    other = FULL.model_copy(update={"users": (ADA.model_copy(update={"ssh_keys": ()}), GRACE)})
    after = written(tmp_path, ("Default", other))
    assert [name for name in full if full[name] != after[name]] == ["0001-users.k8s.yaml"]


def test_the_parts_are_found_at_the_cluster() -> None:
    cluster = JupyterCluster(new_chart(), "Cluster", spec=FULL)
    assert cluster.users.secret_name == "lab-users"
    assert cluster.config.config_map_name == "lab-config"
    assert cluster.nfs.address == "10.96.0.150"
    assert (cluster.frontend.service_name, cluster.frontend.ssh_service_name, cluster.frontend.jupyter_service_name) == (
        "lab-frontend",
        "lab-ssh",
        "lab-jupyter",
    )
    assert cluster.workers.deployment_names == ("lab-worker",)


def test_users_and_nfs_work_alone_in_somebodys_chart() -> None:
    chart = new_chart()
    Nfs(chart, "Nfs", users=Users(chart, "Users", names=NAMES, users=[ADA]), storage=EXTERNAL)
    assert {m["kind"] for m in manifests(chart)} == {"ConfigMap", "Secret", "PersistentVolume", "PersistentVolumeClaim"}


def test_config_works_alone_in_somebodys_chart() -> None:
    chart = new_chart()
    ClusterConfig(chart, "Config", names=NAMES)
    assert identities(manifests(chart)) == [("ConfigMap", "science", "lab-config")]


def test_frontend_and_workers_work_without_each_other() -> None:
    for construct, made in ((Frontend, "lab-frontend"), (Workers, "lab-worker")):
        chart = new_chart()
        construct(chart, "It", **parts(chart).needed)
        assert [m["metadata"]["name"] for m in all_of(manifests(chart), "Deployment")] == [made]


def test_an_entrance_works_alone_in_somebodys_chart() -> None:
    chart = new_chart()
    Entrance(chart, "Entrance", names=NAMES, service_name="my-own", ingress=IngressSettings(host="a.example.org"))
    (rule,) = one(manifests(chart), "Ingress")["spec"]["rules"]
    assert rule["http"]["paths"][0]["backend"]["service"]["name"] == "my-own"


def test_constructs_of_one_cluster_may_be_in_charts_of_their_own() -> None:
    app = new_app()
    needed = parts(new_chart(app=app, id="storage")).needed
    Workers(new_chart(app=app, id="engines"), "Workers", **needed)
    assert set(app_manifests(app)) == {"storage", "engines"}


def test_each_construct_is_there_twice_in_one_namespace() -> None:
    chart = new_chart()
    for name in ("one", "two"):
        scope = Construct(chart, name)
        needed = parts(scope, names=Names(name, "science")).needed
        Frontend(scope, "Frontend", **needed)
        Workers(scope, "Workers", **needed)
    everything = identities(manifests(chart))
    assert everything
    assert len({*everything}) == len(everything)


@pytest.mark.parametrize("construct", [Users, ClusterConfig, Nfs, Frontend, Workers, Entrance, JupyterCluster])
def test_every_argument_of_a_construct_after_scope_and_id_is_a_keyword(construct: type) -> None:
    with pytest.raises(TypeError, match="positional argument"):
        construct(new_chart(), "It", "lab")
