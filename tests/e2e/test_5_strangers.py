"""Who is no part of the cluster, and who is but wants more, gets nowhere.

Public addresses are the contract tests' part: not every machine that runs this one reaches any.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .cluster import ROOT, Cluster
from .conftest import NAMESPACE, Lab, lab_settings
from .intruders import answering, not_served, resolved, run_on_engine, status_of
from .kube import items, kubectl, wait_until
from .others import own_namespace, small_settings
from .remote import call
from .ssh import Session
from .strangers import (
    Target,
    attempts_of_root,
    namespace_of,
    networks_of_nodes,
    ports_of_pods,
    ports_of_services,
    reached_by,
    stranger,
)

OUTSIDE = f"e2e-outside-{NAMESPACE}"
POLICY_SECONDS = 30
NFS_CLIENT = (ROOT / "docker" / "nfs-server" / "usr" / "local" / "bin" / "export_answers.py").read_text()
METADATA = "169.254.169.254"
REFUSED = {"EACCES", "EPERM"}


@pytest.fixture(scope="module")
def image(lab: Lab) -> str:
    """An image with Python that the cluster has."""
    return str(lab.cluster.pods("frontend")[0]["spec"]["containers"][0]["image"])


@pytest.fixture(scope="module")
def outside(image: str) -> Iterator[tuple[str, str]]:
    """A pod in another namespace, which has the labels of a worker: they count in the cluster's own namespace alone."""
    labels = {"app.kubernetes.io/name": "jupyter-cluster", "app.kubernetes.io/instance": "lab", "app.kubernetes.io/component": "worker"}
    with namespace_of(OUTSIDE) as namespace, stranger(image, namespace, "stranger", labels) as pod:
        yield namespace, pod


@pytest.fixture(scope="module")
def beside(image: str, lab: Lab) -> Iterator[tuple[str, str]]:
    """A pod without labels in the cluster's namespace."""
    with stranger(image, lab.cluster.namespace, "stranger") as pod:
        yield lab.cluster.namespace, pod


def pod_ids(cluster: Cluster) -> dict[str, int]:
    """Each pod with its restarts."""
    return {pod["metadata"]["uid"]: sum(s["restartCount"] for s in pod["status"]["containerStatuses"]) for pod in cluster.pods()}


def address(cluster: Cluster, component: str) -> str:
    """The address of a component's one pod."""
    (pod,) = cluster.pods(component)
    return str(pod["status"]["podIP"])


def test_only_what_the_settings_open_answers_strangers(
    lab: Lab, outside: tuple[str, str], beside: tuple[str, str], directory: Path, note: Callable[[str], None]
) -> None:
    of_pods, of_services = ports_of_pods(lab.cluster), ports_of_services(lab.cluster)
    everything: set[Target] = of_pods | of_services.keys()
    jupyter = {(address(lab.cluster, "frontend"), 8888)} | {target for target, name in of_services.items() if name == "lab-jupyter"}
    assert len(jupyter) == 2
    assert jupyter < everything
    assert len(everything) > 25
    before = pod_ids(lab.cluster)

    start = time.monotonic()
    assert reached_by(*outside, everything) == set()
    assert reached_by(*beside, everything) == set()
    note(f"strangers: {len(of_pods)} ports of pods and {len(of_services)} of Services, from 2 pods: 0 answer, in {time.monotonic() - start:.1f} s")

    settings = lab_settings(lab.ada, lab.grace)
    settings["jupyter"]["allowed_from"] = [{"namespace": OUTSIDE}]
    opened = Cluster.synthesized(settings, directory / "opened", {"ADA_PASSWORD": lab.ada.password or ""})
    try:
        opened.apply()
        wait_until("Jupyter Server answers the namespace", lambda: reached_by(*outside, jupyter) == jupyter, seconds=POLICY_SECONDS)
        assert reached_by(*outside, everything) == jupyter
        assert reached_by(*beside, everything) == set()
    finally:
        lab.cluster.apply()
    wait_until("nothing answers again", lambda: not reached_by(*outside, jupyter), seconds=POLICY_SECONDS)
    assert pod_ids(lab.cluster) == before


def test_an_engine_reaches_its_controller_and_names_and_nothing_else(lab: Lab, note: Callable[[str], None]) -> None:
    services = ports_of_services(lab.cluster)
    frontend, server = address(lab.cluster, "frontend"), address(lab.cluster, "nfs")
    own, other = lab.cluster.pods("worker")
    engine_ports = {target for target, name in services.items() if name == "lab-frontend"}
    wanted = engine_ports | {(frontend, port) for _, port in engine_ports}
    others = {(host, port) for host, port in ports_of_pods(lab.cluster) if host != own["status"]["podIP"]} | services.keys()
    # An engine itself listens nowhere that another could reach.
    others |= {(other["status"]["podIP"], port) for port in (22, 80, 2049)} | {(METADATA, port) for port in (80, 443)}
    others -= wanted
    assert {(frontend, 2222), (frontend, 8888), (frontend, 10110), (server, 2049)} < others

    def on_engine(function: Callable[..., object], *arguments: object) -> Any:
        return call(lambda text: str(lab.cluster.call(run_on_engine, own["metadata"]["name"], text)), function, *arguments)

    start = time.monotonic()
    assert {tuple(target) for target in on_engine(answering, sorted(wanted | others))} == wanted
    note(f"an engine: {len(wanted)} ports of its controller answer, {len(others)} others do not, in {time.monotonic() - start:.1f} s")
    assert on_engine(resolved, [f"lab-frontend.{lab.cluster.namespace}.svc"]) == [host for host in {host for host, _ in engine_ports}]
    # Kubernetes never filters what goes to the pod's own node, which may be the API server's: there it is nobody's.
    (api,) = items("services", "--namespace=default", "--field-selector=metadata.name=kubernetes")
    status = on_engine(status_of, f"https://{api['spec']['clusterIP']}/api/v1/namespaces/{lab.cluster.namespace}/secrets")
    note(f"the API server answers an engine's request for Secrets with {status or 'nothing'}")
    assert status in (None, 401, 403)


def test_a_member_cannot_speak_nfs_with_the_server(lab: Lab, ada: Session) -> None:
    service = lab.cluster.kubectl("get", "service", "lab-nfs", "--output=jsonpath={.spec.clusterIP}")

    assert ada.call(answering, [[service, 2049], [address(lab.cluster, "nfs"), 2049]]) == []
    assert "timed out" in ada.call(not_served, NFS_CLIENT, "/export", service)


def test_root_in_a_worker_pod_has_no_rights_over_homes(lab: Lab, ada: Session, note: Callable[[str], None]) -> None:
    ada.run("rm -f private && umask 077 && echo mine > private && chmod 0700 ~")
    try:
        attempts = attempts_of_root(lab.cluster, lab.cluster.pod_names("worker")[0], "/home/ada", "/home/jupyter/shared")
    finally:
        ada.run("chmod 0750 ~")

    note(f"root in a worker pod: {attempts}")
    assert attempts.pop("write into the shared directory") is None
    assert {*attempts.values()} <= REFUSED, attempts
    assert ada.run("stat -c '%U %a' ~ private && cat private && ls").splitlines()[:3] == ["ada 750", "ada 600", "mine"]
    assert lab.cluster.on_nfs_server("stat -c %u:%g jupyter_shared/from-root; rm jupyter_shared/from-root").strip() == "65534:65534"


def test_the_server_itself_refuses_everybody_but_the_nodes_it_is_told(lab: Lab, directory: Path, note: Callable[[str], None]) -> None:
    # A short wait for clients makes the namespace's deletion a short one.
    settings = small_settings("nodes", ssh_key=lab.ada.public_key, storage={"local": {"leave_seconds": 10}})
    settings["network"] = {"policies": False, "node_cidrs": networks_of_nodes(lab.cluster)}
    cluster = Cluster.synthesized(settings, directory / "nodes")
    with own_namespace(cluster):
        cluster.apply()
        cluster.wait_until_engines_are_ready()
        cluster.wait_until_frontend_is_ready()
        service = cluster.kubectl("get", "service", "nodes-nfs", "--output=jsonpath={.spec.clusterIP}")

        assert list(cluster.engines().values()) == cluster.pod_names("worker")
        assert cluster.call(not_served, NFS_CLIENT, "/", service) is None
        assert "LOOKUP export gives NFS status" in cluster.call(not_served, NFS_CLIENT, "/export", service)
        attempts = attempts_of_root(cluster, cluster.pod_names("worker")[0], "/home/ada", "/home/jupyter/shared")
        assert attempts.pop("write into the shared directory") is None
        assert None not in attempts.values()
        assert kubectl("diff", "--filename", str(cluster.dist)) == ""
    note(f"network.node_cidrs: {', '.join(settings['network']['node_cidrs'])} mount; a pod's own NFS client is refused the export")
