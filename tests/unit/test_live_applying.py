from __future__ import annotations

import json
from typing import Any

from jupyter_cluster_constructs.live.api import Object
from jupyter_cluster_constructs.live.applying import (
    KUBECTL,
    LAST_APPLIED,
    MANAGER,
    MOST_BYTES,
    configuration,
    last_applied,
    merged_managers,
    refusals,
)
from jupyter_cluster_constructs.live.manifests import without_passwords
from jupyter_cluster_constructs.spec import ClusterSpec, User

from .live_objects import Server, item

CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}, "data": {"z": "1", "a": "<ä> & 'x'\u2028"}}


def manager(name: str, operation: str, fields: dict[str, object], **more: str) -> dict[str, object]:
    return {"manager": name, "operation": operation, "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": fields, **more}


def test_what_is_noted_is_what_kubectl_notes_byte_by_byte() -> None:
    # As `kubectl apply view-last-applied --output=json` shows it of the same manifest, but for its indentation.
    assert last_applied(CONFIG_MAP) == (
        '{"apiVersion":"v1","data":{"a":"\\u003cä\\u003e \\u0026 \'x\'\\u2028","z":"1"},"kind":"ConfigMap",'
        '"metadata":{"annotations":{},"name":"a","namespace":"b"}}\n'
    )


def test_the_note_reads_as_the_manifest_with_its_annotations() -> None:
    manifest = {**CONFIG_MAP, "metadata": {"name": "a", "annotations": {"own": "x"}}}

    applied = configuration(manifest)["metadata"]["annotations"]

    assert json.loads(applied[LAST_APPLIED]) == manifest
    assert applied["own"] == "x"


def test_the_manifest_itself_stays_as_it_was() -> None:
    configuration(CONFIG_MAP)

    assert "annotations" not in CONFIG_MAP["metadata"]


def test_a_note_that_no_object_may_have_is_left_out() -> None:
    big = {**CONFIG_MAP, "data": {"a": "x" * MOST_BYTES}}

    assert configuration(big) == big


def test_what_kubectl_set_becomes_ours_together_with_what_was() -> None:
    fields = [
        manager(KUBECTL, "Update", {"f:data": {".": {}, "f:a": {}}}),
        manager(MANAGER, "Apply", {"f:data": {"f:b": {}}}),
        manager("kube-controller-manager", "Update", {"f:status": {}}, subresource="status"),
    ]

    others, ours = merged_managers(fields)

    assert others == fields[2]
    assert (ours["manager"], ours["operation"]) == (MANAGER, "Apply")
    assert ours["fieldsV1"] == {"f:data": {".": {}, "f:a": {}, "f:b": {}}}


def test_what_kubectl_set_alone_becomes_ours() -> None:
    (ours,) = merged_managers([manager(KUBECTL, "Update", {"f:data": {}})])

    assert (ours["manager"], ours["operation"], ours["fieldsV1"]) == (MANAGER, "Apply", {"f:data": {}})


def test_managers_without_kubectl_stay_as_they_are() -> None:
    fields = [manager(MANAGER, "Apply", {"f:data": {}}), manager("kubectl-edit", "Update", {"f:data": {}})]

    assert merged_managers(fields) == fields


def test_a_namespace_that_nobody_makes_is_one_refusal() -> None:
    (refusal,) = refusals(Server(), [item("ConfigMap", "a"), item("ConfigMap", "b")])

    assert refusal.about == "namespace/science"
    assert "kubectl create namespace science" in refusal.message


def test_nothing_is_refused_in_a_namespace_that_is_only_to_be_made() -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "science"}}

    class Willing(Server):
        def send(self, method: str, path: str, body: Any = None, *, content_type: str = "", query: Any = None) -> Object:
            assert (path, query["dryRun"]) == ("/api/v1/namespaces/science", "All")
            return {}

    assert refusals(Willing(), [namespace, item("ConfigMap", "a")]) == []


def test_names_are_made_without_the_variable_of_a_password() -> None:
    spec = ClusterSpec(name="lab", users=(User(name="ada", uid=1001, password_env="NOT_SET"), User(name="grace", uid=1002, password_file="none")))

    found = without_passwords(spec)

    assert [(user.name, user.password_env, user.password_file) for user in found.users] == [("ada", None, None), ("grace", None, None)]
