"""What constructs offer to others: their objects, and resolved values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import cdk8s
import pytest
from constructs import Construct

from jupyter_cluster_constructs import (
    ClusterConfig,
    ClusterSpec,
    Frontend,
    Gateway,
    IngressSettings,
    Jupyter,
    JupyterCluster,
    Names,
    Network,
    Nfs,
    PatchOperation,
    Peer,
    Ssh,
    User,
    Users,
    WorkerGroup,
    Workers,
    patch_object,
)

from .charts import ADA, LOCAL, NAMES, STORAGES, manifests, new_chart, parts

INGRESS = IngressSettings(host="jupyter.example.org", tls_secret="tls")
ROUTE = IngressSettings(host="jupyter.example.org", gateway=Gateway(name="public", section_name="https", http_section_name="http"))
OPEN = Jupyter(mode="server", password_hash="sha1:97d7fed4c901:e79e48a6a9b58b62be62c2911fa863a64a8cf9d9", allowed_from=(Peer(namespace="ingress"),))
CLUSTERS = {
    **{storage: ClusterSpec(name="lab", users=(ADA,), storage=settings) for storage, settings in STORAGES.items()},
    "ingress": ClusterSpec(name="lab", create_namespace=True, jupyter=OPEN, ingress=INGRESS, workers=(WorkerGroup(), WorkerGroup(name="gpu"))),
    "route": ClusterSpec(name="lab", jupyter=OPEN, ingress=ROUTE),
    "without policies": ClusterSpec(name="lab", network=Network(policies=False)),
}


def exposed(value: Any) -> Iterable[cdk8s.ApiObject]:
    """The objects that somebody reaches by public attributes, one after the other."""
    if isinstance(value, cdk8s.ApiObject):
        yield value
    elif isinstance(value, (tuple, list)):
        yield from (found for item in value for found in exposed(item))
    elif isinstance(value, dict):
        yield from exposed(list(value.values()))
    elif isinstance(value, Construct):
        yield from (found for name, inner in vars(value).items() if not name.startswith("_") for found in exposed(inner))


@pytest.mark.parametrize("name", CLUSTERS)
def test_every_object_is_reached_by_attributes(name: str) -> None:
    chart = new_chart()
    cluster = JupyterCluster(chart, "Cluster", spec=CLUSTERS[name])
    made = {each.node.path for each in chart.node.find_all() if isinstance(each, cdk8s.ApiObject)}
    assert {each.node.path for each in exposed(cluster)} == made
    assert len(made) == len(manifests(chart))


def test_an_object_that_is_reached_can_be_patched() -> None:
    chart = new_chart()
    cluster = JupyterCluster(chart, "Cluster", spec=ClusterSpec(name="lab", users=(ADA,)))
    for each in exposed(cluster):
        patch_object(each, PatchOperation(op="add", path="/metadata/labels/team", value="physics"))
    assert {m["metadata"]["labels"]["team"] for m in manifests(chart)} == {"physics"}


def test_names_are_those_of_the_objects() -> None:
    made = JupyterCluster(new_chart(), "Cluster", spec=ClusterSpec(name="lab", users=(ADA,)))
    frontend, nfs = made.frontend, made.nfs
    assert frontend.jupyter_service
    services = (frontend.engine_service, frontend.ssh_service, frontend.jupyter_service)
    assert [service.name for service in services] == [frontend.service_name, frontend.ssh_service_name, frontend.jupyter_service_name]
    assert [deployment.name for deployment in made.workers.deployments] == [*made.workers.deployment_names]
    assert (made.users.config_map.name, made.users.secret.name) == (made.users.config_map_name, made.users.secret_name)
    assert {claim.name for claim in nfs.claims.values()} == {directory.claim_name for directory in nfs.directories} == {*nfs.claims}
    assert {volume.name for volume in nfs.volumes.values()} == {directory.volume_name for directory in nfs.directories}


@pytest.mark.parametrize("storage", STORAGES)
def test_the_home_of_a_user_is_found_by_the_user_and_by_name(storage: str) -> None:
    chart, grace = new_chart(), User(name="grace", uid=1002)
    nfs = Nfs(chart, "Nfs", users=Users(chart, "Users", names=NAMES, users=[ADA, grace]), storage=STORAGES[storage])
    assert nfs.home_of("grace") == nfs.home_of(grace) != nfs.home_of(ADA)
    assert nfs.home_of(ADA).path == "/home/ada"
    assert nfs.home_of(ADA).claim_name
    with pytest.raises(KeyError, match="received user 'eve'; allowed: ada, grace"):
        nfs.home_of(User(name="eve", uid=1003))


@pytest.mark.parametrize(
    ("ingress", "url"),
    [(None, "http://lab-jupyter.science.svc/"), (INGRESS, "https://jupyter.example.org/"), (ROUTE, "https://jupyter.example.org/")],
)
def test_urls_lead_to_sshd_and_to_jupyterlab(ingress: IngressSettings | None, url: str) -> None:
    chart = new_chart()
    needed: dict[str, Any] = parts(chart, storage=LOCAL).needed | {
        "config": ClusterConfig(chart, "OtherConfig", names=Names("lab", "science"), jupyter=OPEN, ingress=ingress, ssh=Ssh(port=2222))
    }
    frontend = Frontend(chart, "Frontend", **needed)
    assert frontend.ssh_url == "ssh://lab-ssh.science.svc:2222"
    assert frontend.jupyter_url == url


@pytest.mark.parametrize(
    ("given", "chart", "expected"), [(None, None, "default"), (None, "science", "science"), ("mine", "science", "mine"), ("mine", None, "mine")]
)
def test_a_cluster_is_in_the_namespace_of_its_settings_or_else_of_its_chart(given: str | None, chart: str | None, expected: str) -> None:
    around = new_chart(chart)
    spec = ClusterSpec.model_validate({"name": "lab"} | ({"namespace": given} if given else {}))
    cluster = JupyterCluster(around, "Cluster", spec=spec)
    assert {m["metadata"].get("namespace", expected) for m in manifests(around)} == {expected}
    assert cluster.spec.namespace == cluster.users.names.namespace == expected


@pytest.mark.parametrize("id", ["Default", "a", "Cluster Of The Lab", "resource", "Ä-1", "x" * 80])
def test_objects_are_the_same_under_every_id(id: str) -> None:
    def made(name: str) -> list[Any]:
        chart = new_chart()
        JupyterCluster(chart, name, spec=ClusterSpec(name="lab", users=(ADA,)))
        return manifests(chart)

    assert made(id) == made("Cluster")


def test_two_of_each_construct_live_in_one_chart() -> None:
    chart = new_chart()
    for name in ("lab", "course"):
        users = Users(chart, f"Users-{name}", names=Names(name, "science"))
        config = ClusterConfig(chart, f"Config-{name}", names=Names(name, "science"))
        nfs = Nfs(chart, f"Nfs-{name}", users=users)
        Frontend(chart, f"Frontend-{name}", users=users, config=config, nfs=nfs)
        Workers(chart, f"Workers-{name}", users=users, config=config, nfs=nfs)
    made = [(m["kind"], m["metadata"]["name"]) for m in manifests(chart)]
    assert len(made) == len(set(made)) == 2 * 19
