"""Which pods the API server takes in a namespace that enforces a level of Pod Security."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import Manifest, all_of, pod_metadata, pod_of, read, workloads

from .cluster import Cluster
from .conftest import NAMESPACE, Lab
from .kube import CommandError, kubectl
from .others import small_cluster
from .strangers import namespace_of

STORAGES: dict[str, dict[str, Any]] = {
    "external": {"external": {"server": "192.0.2.5", "path": "/srv/jupyter"}},
    "claim": {"claim": "files"},
    "class": {"storage_class": "files", "homes": "single"},
}
JUPYTER = 1000


@pytest.fixture(scope="module", params=["restricted", "baseline"])
def level(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def namespace(level: str) -> Iterator[str]:
    """A namespace that enforces a level."""
    with namespace_of(f"e2e-{level}-{NAMESPACE}", {"pod-security.kubernetes.io/enforce": level}) as name:
        yield name


def refusals(cluster: Cluster, namespace: str, *, by_jupyter: bool = False) -> dict[str, str]:
    """Why which workloads' pods are refused in a namespace; of each pod all, or what runs as the user jupyter alone."""
    manifests = read(*sorted(cluster.dist.glob("*.yaml")))
    for account in all_of(manifests, "ServiceAccount"):
        account["metadata"]["namespace"] = namespace
        kubectl("apply", "--filename=-", stdin=json.dumps(account))
    found = {}
    for workload in workloads(manifests):
        spec = pod_of(workload)
        # As the StatefulSet's controller adds the claims of its templates.
        templates = workload["spec"].get("volumeClaimTemplates", ())
        spec["volumes"] += [{"name": t["metadata"]["name"], "persistentVolumeClaim": {"claimName": t["metadata"]["name"]}} for t in templates]
        if by_jupyter:
            for kind in ("initContainers", "containers"):
                spec[kind] = [container for container in spec.get(kind, ()) if container["securityContext"]["runAsUser"] == JUPYTER]
        if spec["containers"]:
            found[workload["metadata"]["name"]] = refusal(workload, spec, namespace)
    return found


def refusal(workload: Manifest, spec: Manifest, namespace: str) -> str:
    """What the API server says to a workload's pod; nothing when it takes it."""
    name = workload["metadata"]["name"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": pod_metadata(workload)["labels"]}, "spec": spec}
    try:
        kubectl("--namespace", namespace, "create", "--dry-run=server", "--filename=-", stdin=json.dumps(pod))
    except CommandError as error:
        return str(error)
    return ""


def test_the_api_server_takes_engines_and_the_frontend_but_for_sshd_where_restricted_is_enforced(site: Lab, namespace: str, level: str) -> None:
    assert refusals(site.cluster, namespace, by_jupyter=True) == {"lab-frontend": "", "lab-worker": ""}
    whole = refusals(site.cluster, namespace)
    assert whole["lab-worker"] == ""
    # What shows that the level is enforced at all.
    assert bool(whole["lab-frontend"]) is (level == "restricted")
    assert f'violates PodSecurity "{level}' in whole["lab-nfs"]
    assert "DAC_READ_SEARCH" in whole["lab-nfs"]


@pytest.mark.parametrize("level", ["baseline"], indirect=True)
@pytest.mark.parametrize("kind", STORAGES)
def test_the_api_server_takes_every_pod_where_baseline_is_enforced_and_no_nfs_server_is_needed(
    site: Lab, namespace: str, kind: str, directory: Path
) -> None:
    cluster = small_cluster(f"{kind}-pods", directory, ssh_key=site.ada.public_key, storage=STORAGES[kind])

    found = refusals(cluster, namespace)

    assert len(found) == (2 if kind == "external" else 3)
    assert not any(found.values()), found
