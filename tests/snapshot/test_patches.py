"""Patches of the settings: the way out for what no setting says."""

from __future__ import annotations

from typing import Any

import pytest
from support import Manifest, one, pod_of

from jupyter_cluster_constructs import ClusterSpec, InvalidSettingsError, JupyterCluster, PatchError, PatchOperation, patch_object
from jupyter_cluster_constructs.testing import identity

from .charts import app_manifests, manifests, new_app, new_chart

Patch = dict[str, Any]


def patch(kind: str, name: str, *operations: Patch) -> Patch:
    return {"kind": kind, "name": name, "patch": list(operations)}


def made(*patches: Patch) -> list[Manifest]:
    chart = new_chart()
    spec = ClusterSpec.model_validate({"name": "lab", "users": [{"name": "ada", "uid": 1001}], "patches": list(patches)})
    JupyterCluster(chart, "Cluster", spec=spec)
    return manifests(chart)


def refused(*patches: Patch) -> str:
    with pytest.raises(InvalidSettingsError) as error:
        made(*patches)
    return str(error.value)


def test_each_object_of_a_cluster_can_be_patched() -> None:
    objects = [(m["kind"], m["metadata"]["name"]) for m in made()]
    patched = made(*(patch(kind, name, {"op": "add", "path": "/metadata/labels/team", "value": "physics"}) for kind, name in objects))
    assert {(m["kind"], m["metadata"]["name"]): m["metadata"]["labels"]["team"] for m in patched} == dict.fromkeys(objects, "physics")


def test_a_patch_changes_its_object_and_no_other() -> None:
    patched = made(patch("Service", "lab-ssh", {"op": "add", "path": "/spec/sessionAffinity", "value": "ClientIP"}))
    before, after = ({identity(m): m for m in each} for each in (made(), patched))
    assert before.keys() == after.keys()
    (changed,) = [after[name] for name in before if before[name] != after[name]]
    assert changed["spec"].pop("sessionAffinity") == "ClientIP"
    assert changed == one(made(), "Service", "lab-ssh")


def test_operations_follow_each_other() -> None:
    at = "/spec/template/metadata/annotations"
    operations = [{"op": "add", "path": f"{at}/a~1b", "value": "1"}, {"op": "replace", "path": f"{at}/a~1b", "value": "2"}]
    operations += [{"op": "add", "path": f"{at}/c", "value": "3"}, {"op": "remove", "path": f"{at}/c"}]
    annotations = one(made(patch("Deployment", "lab-worker", *operations)), "Deployment", "lab-worker")["spec"]["template"]["metadata"]["annotations"]
    assert annotations["a/b"] == "2"
    assert "c" not in annotations


def test_a_patch_puts_in_what_kubernetes_knows_and_this_library_does_not() -> None:
    gates = [{"name": "example.org/quota"}]
    patched = made(patch("Deployment", "lab-worker", {"op": "add", "path": "/spec/template/spec/schedulingGates", "value": gates}))
    assert one(patched, "Deployment", "lab-worker")["spec"]["template"]["spec"]["schedulingGates"] == gates


def test_quantities_ports_and_what_is_newer_than_cdk8s_plus_stay_as_they_are_given() -> None:
    # The typed objects of cdk8s-plus would drop each of them.
    pod = "/spec/template/spec"
    operations: list[Patch] = [
        {"op": "replace", "path": f"{pod}/containers/0/resources/limits/memory", "value": "9Gi"},
        {"op": "add", "path": f"{pod}/hostnameOverride", "value": "engine"},
        {"op": "add", "path": f"{pod}/containers/0/livenessProbe", "value": {"httpGet": {"path": "/", "port": 8080}}},
    ]
    spec = pod_of(one(made(patch("Deployment", "lab-worker", *operations)), "Deployment", "lab-worker"))
    assert spec["containers"][0]["resources"]["limits"] == {"cpu": "2", "memory": "9Gi"}
    assert spec["containers"][0]["livenessProbe"]["httpGet"]["port"] == 8080
    assert spec["hostnameOverride"] == "engine"
    ssh = one(made(patch("Service", "lab-ssh", {"op": "replace", "path": "/spec/ports/0/targetPort", "value": 2022})), "Service", "lab-ssh")
    assert ssh["spec"]["ports"][0]["targetPort"] == 2022


def test_patches_of_one_object_add_up() -> None:
    chart = new_chart()
    cluster = JupyterCluster(chart, "Cluster", spec=ClusterSpec(name="lab"))
    for key in ("a", "b"):
        patch_object(cluster.frontend.ssh_service, PatchOperation(op="add", path=f"/metadata/labels/{key}", value="c"))
    assert {"a": "c", "b": "c"}.items() <= one(manifests(chart), "Service", "lab-ssh")["metadata"]["labels"].items()
    assert cluster.frontend.ssh_service.name == "lab-ssh"


def test_a_patch_that_does_not_fit_changes_nothing() -> None:
    chart = new_chart()
    cluster = JupyterCluster(chart, "Cluster", spec=ClusterSpec(name="lab"))
    before = manifests(chart)
    with pytest.raises(PatchError, match="does not fit Service lab-ssh"):
        patch_object(
            cluster.frontend.ssh_service,
            PatchOperation(op="add", path="/metadata/labels/a", value="b"),
            PatchOperation(op="remove", path="/spec/nothing"),
        )
    assert manifests(chart) == before


def test_a_patched_namespace_still_comes_before_what_is_in_it() -> None:
    chart = new_chart("science")
    label = patch("Namespace", "science", {"op": "add", "path": "/metadata/labels/team", "value": "physics"})
    JupyterCluster(chart, "Cluster", spec=ClusterSpec.model_validate({"name": "lab", "create_namespace": True, "patches": [label]}))
    first = manifests(chart)[0]
    assert first["kind"] == "Namespace"
    assert first["metadata"]["labels"]["team"] == "physics"
    assert "namespace" not in first["metadata"]


def test_a_list_is_added_to_at_its_end() -> None:
    variable = {"name": "LAB", "value": "yes"}
    patched = made(patch("Deployment", "lab-worker", {"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": variable}))
    assert one(patched, "Deployment", "lab-worker")["spec"]["template"]["spec"]["containers"][0]["env"][-1] == variable


def test_in_an_app_patches_reach_the_objects_of_every_file() -> None:
    app = new_app()
    spec = {"name": "lab", "patches": [patch("Secret", "lab-users", {"op": "add", "path": "/immutable", "value": True})]}
    JupyterCluster(app, "Default", spec=ClusterSpec.model_validate(spec))
    assert one(app_manifests(app)["users"], "Secret")["immutable"] is True


def test_an_object_that_is_not_made_is_an_error_that_lists_those_that_are() -> None:
    assert refused(patch("Deployment", "lab-workr", {"op": "add", "path": "/spec/paused", "value": True})) == (
        "patches[0].name: received Deployment 'lab-workr', which is not made; allowed: lab-frontend, lab-worker"
    )
    assert "allowed: a kind of ConfigMap, Deployment," in refused(patch("Pod", "lab", {"op": "remove", "path": "/spec"}))


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/spec/paused", "value": True},
        {"op": "remove", "path": "/spec/paused"},
        {"op": "add", "path": "/spec/nothing/here", "value": 1},
        {"op": "add", "path": "/spec/template/spec/containers/7", "value": {}},
        {"op": "add", "path": "/spec/template/spec/containers/first", "value": {}},
    ],
)
def test_a_place_that_is_not_there_is_an_error_before_anything_is_written(operation: Patch) -> None:
    message = refused(patch("Deployment", "lab-worker", {"op": "add", "path": "/metadata/labels/a", "value": "b"}, operation))
    assert message.startswith(f"patches[0].patch[1]: received {operation['op']} {operation['path']}, which does not fit Deployment lab-worker (")


def test_every_wrong_patch_is_told_at_once() -> None:
    wrong = patch("Deployment", "no", {"op": "remove", "path": "/spec"})
    assert len(refused(wrong, wrong).splitlines()) == 2
