"""Every example is tried on the API server, in namespaces of its own, without anything being made."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from contract.examples import NAMES, program_of, run
from support import Manifest, read, workloads

from jupyter_cluster_constructs.testing import pod_of

from .conftest import NAMESPACE
from .kube import CommandError, kubectl

PREFIX = f"{NAMESPACE}-dry-run"
# Those that the examples name.
NAMESPACES = ("default", "development", "production", "science", "staging")


@pytest.fixture(scope="module")
def namespaces() -> Iterator[None]:
    """Namespaces in place of the examples' own, which may be there already."""
    names = [f"{PREFIX}-{name}" for name in NAMESPACES]
    kubectl("delete", "namespace", "--ignore-not-found", "--timeout=60s", *names, seconds=70)
    for name in names:
        kubectl("create", "namespace", name)
    yield
    kubectl("delete", "namespace", "--wait=false", *names)


def moved(manifests: list[Manifest]) -> list[Manifest]:
    """The manifests in those namespaces, with nothing that another cluster on the node may have: its volumes' names, its addresses."""
    made = copy.deepcopy(manifests)
    for manifest in made:
        metadata, spec = manifest["metadata"], manifest.get("spec", {})
        if manifest["kind"] in ("Namespace", "PersistentVolume"):
            metadata["name"] = f"{PREFIX}-{metadata['name']}"
        else:
            metadata["namespace"] = f"{PREFIX}-{metadata['namespace']}"
        if "claimRef" in spec:
            spec["claimRef"]["namespace"] = f"{PREFIX}-{spec['claimRef']['namespace']}"
        if "volumeName" in spec:
            spec["volumeName"] = f"{PREFIX}-{spec['volumeName']}"
        if spec.get("clusterIP", "None") != "None":
            del spec["clusterIP"]
    return made


def tried(manifests: list[Manifest]) -> list[str]:
    """What the API server says of each, in its order."""
    return kubectl("apply", "--dry-run=server", "--filename=-", stdin=yaml.safe_dump_all(manifests)).splitlines()


def manifests_of(name: str, directory: Path) -> list[Manifest]:
    files = run(program_of(name, directory), seed=1)
    for file, content in files.items():
        (directory / file).write_bytes(content)
    return moved(read(*(directory / file for file in files)))


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize("name", NAMES)
def test_the_api_server_takes_every_object_of_an_example(name: str, tmp_path: Path) -> None:
    manifests = manifests_of(name, tmp_path)
    answers = tried(manifests)
    assert len(answers) == len(manifests) > 3
    assert all(answer.endswith("(server dry run)") for answer in answers)
    assert [m["metadata"]["name"] for m in manifests] == [answer.split()[0].partition("/")[2] for answer in answers]


@pytest.mark.usefixtures("namespaces")
def test_nothing_was_made() -> None:
    for name in NAMESPACES:
        assert kubectl("get", "deployment,statefulset,service,secret", "--namespace", f"{PREFIX}-{name}", "--output=name") == ""


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize(
    "mistake", [{"imagee": "a:1"}, {"ports": [{"containerPort": 70000}]}, {"volumeMounts": [{"name": "other", "mountPath": "/a"}]}]
)
def test_the_api_server_refuses_an_example_with_a_mistake(mistake: dict[str, object], tmp_path: Path) -> None:
    manifests = manifests_of("engines_for_another_controller", tmp_path)
    (workload,) = workloads(manifests)
    pod_of(workload)["containers"][0] |= mistake
    with pytest.raises(CommandError, match="guests-worker"):
        tried(manifests)
