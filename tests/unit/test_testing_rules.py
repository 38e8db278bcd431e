"""Each check of manifests finds the mistake that is planted for it, says where it is, and nothing in what is fine."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import Manifest, one

from jupyter_cluster_constructs.testing import (
    check,
    duplicate_problems,
    image_problems,
    mount_problems,
    problems,
    reference_problems,
    scope_problems,
    selector_problems,
)

from .planted import EXISTING, app, planted


def test_nothing_is_found_in_what_is_fine() -> None:
    assert problems(app(), existing=EXISTING, custom_kinds=["HTTPRoute"]) == []
    check(app(), existing=EXISTING, custom_kinds=["HTTPRoute"])


REFERENCES = {
    "a ConfigMap of a volume": ("Deployment/web POD.volumes.0.projected.sources.0.configMap.name", "other", "ConfigMap shop/other is not there"),
    "a key of a ConfigMap": (
        "Deployment/web POD.volumes.0.projected.sources.0.configMap.items.0.key",
        "shop.conf",
        "ConfigMap shop/settings has no shop.conf, only shop.ini, color",
    ),
    "a Secret of a volume": ("Deployment/web POD.volumes.0.projected.sources.1.secret.name", "other", "Secret shop/other is not there"),
    "a claim": ("Deployment/web POD.volumes.1.persistentVolumeClaim.claimName", "file", "PersistentVolumeClaim shop/file is not there"),
    "a ServiceAccount": ("Deployment/web POD.serviceAccountName", "wen", "ServiceAccount shop/wen is not there"),
    "a PriorityClass": ("Deployment/web POD.priorityClassName", "high", "PriorityClass high is not there"),
    "a RuntimeClass": ("Deployment/web POD.runtimeClassName", "gvisor", "RuntimeClass gvisor is not there"),
    "an image's Secret": ("Deployment/web POD.imagePullSecrets.0.name", "other", "Secret shop/other is not there"),
    "a variable's key": ("Deployment/web POD.containers.0.env.1.valueFrom.configMapKeyRef.key", "size", "ConfigMap shop/settings has no size"),
    "a variable's Secret": ("Deployment/web POD.containers.0.env.2.valueFrom.secretKeyRef.name", "other", "Secret shop/other is not there"),
    "variables of a ConfigMap": ("Deployment/web POD.containers.0.envFrom.0.configMapRef.name", "other", "ConfigMap shop/other is not there"),
    "a probe's port": (
        "Deployment/web POD.containers.0.readinessProbe.httpGet.port",
        "web",
        "container web/server: its readinessProbe asks the port web",
    ),
    "a StatefulSet's Service": ("StatefulSet/db spec.serviceName", "data", "Service shop/data is not there"),
    "a template's class": ("StatefulSet/db spec.volumeClaimTemplates.0.spec.storageClassName", "fast", "StorageClass fast is not there"),
    "a claim's volume": ("PersistentVolumeClaim/files spec.volumeName", "files", "PersistentVolume files is not there"),
    "a claim's class": ("PersistentVolumeClaim/files spec.storageClassName", "fast", "StorageClass fast is not there"),
    "a volume's claim": ("PersistentVolume/shop.files spec.claimRef.name", "file", "PersistentVolumeClaim shop/file is not there"),
    "a volume's claim in another namespace": (
        "PersistentVolume/shop.files spec.claimRef.namespace",
        "other",
        "PersistentVolumeClaim other/files is not there",
    ),
    "a Service's selector": ("Service/web spec.selector.app", "wen", "Service shop/web: no pod has the labels of its selector"),
    "a Service's port": ("Service/web spec.ports.0.targetPort", "https", "Service shop/web: Deployment shop/web has no port named https"),
    "an Ingress's Service": ("Ingress/web spec.rules.0.http.paths.0.backend.service.name", "wen", "Service shop/wen is not there"),
    "an Ingress's port": ("Ingress/web spec.rules.0.http.paths.0.backend.service.port.name", "web", "Service shop/web has no web, only http, 80"),
    "an Ingress's class": ("Ingress/web spec.ingressClassName", "nginx", "IngressClass nginx is not there"),
    "an Ingress's certificate": ("Ingress/web spec.tls.0.secretName", "tls", "Secret shop/tls is not there"),
    "a route's Service": ("HTTPRoute/web spec.rules.0.backendRefs.0.name", "wen", "Service shop/wen is not there"),
    "a route's port": ("HTTPRoute/web spec.rules.0.backendRefs.0.port", 81, "Service shop/web has no 81"),
    "a route's Gateway": ("HTTPRoute/web spec.parentRefs.+", {"name": "own"}, "Gateway shop/own is not there"),
    "a role": ("RoleBinding/web roleRef.name", "writer", "Role shop/writer is not there"),
    "who has a role": ("RoleBinding/web subjects.0.name", "wen", "ServiceAccount shop/wen is not there"),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_a_name_that_nothing_has_is_found(name: str) -> None:
    where, value, message = REFERENCES[name]
    (found,) = reference_problems(planted(where, value), existing=EXISTING)
    assert message in found
    kind, _, named = where.partition(" ")[0].partition("/")
    assert found.startswith((f"{kind} shop/{named}: ", f"{kind} {named}: ", f"container {named}/"))


def test_what_is_said_to_exist_is_not_missed_and_has_to_be_used() -> None:
    made = planted("Ingress/web spec.tls.0.secretName", "tls")
    (found,) = reference_problems(made, existing=EXISTING)
    assert found.endswith("if it exists already, name Secret/tls in existing")
    assert reference_problems(made, existing=[*EXISTING, "Secret/tls"]) == []
    assert reference_problems(made, existing=[*EXISTING, "Secret/shop/tls"]) == []
    assert reference_problems(made, existing=[*EXISTING, "Secret/tls", "Secret/old"]) == ["Secret/old: nothing refers to it; take it out of existing"]
    assert len(reference_problems(made, existing=[*EXISTING, "Secret/other/tls"])) == 2


def test_what_is_optional_need_not_be_there() -> None:
    value = {"name": "COLOR", "valueFrom": {"configMapKeyRef": {"name": "other", "key": "color", "optional": True}}}
    assert reference_problems(planted("Deployment/web POD.containers.0.env.1", value), existing=EXISTING) == []


def test_a_claim_that_a_statefulset_makes_is_there() -> None:
    made = planted("Deployment/web POD.volumes.1.persistentVolumeClaim.claimName", "disk-db-0")
    assert reference_problems(made, existing=EXISTING) == []


def test_an_object_that_is_there_twice_is_found() -> None:
    assert duplicate_problems([*app(), one(app(), "ConfigMap")]) == ["ConfigMap shop/settings: it is there 2 times"]


def test_objects_of_one_name_in_two_groups_or_namespaces_are_two() -> None:
    config = one(app(), "ConfigMap")
    there = [*app(), config | {"apiVersion": "example.org/v1"}, config | {"metadata": {"name": "settings", "namespace": "other"}}]
    assert duplicate_problems(there) == []


def test_an_object_of_two_versions_of_its_group_is_there_twice() -> None:
    route = one(app(), "HTTPRoute")
    assert len(duplicate_problems([*app(), route | {"apiVersion": "gateway.networking.k8s.io/v1beta1"}])) == 1


def test_two_services_that_ask_for_one_address_or_node_port_are_found() -> None:
    def service(name: str, **spec: object) -> Manifest:
        return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "other"}, "spec": spec}

    assert duplicate_problems([*app(), service("a", clusterIP="10.96.0.7")]) == [
        "Service shop/web and Service other/a: each asks for the clusterIP 10.96.0.7"
    ]
    assert duplicate_problems([*app(), service("a", ports=[{"port": 1, "nodePort": 30080}])]) == [
        "Service shop/web and Service other/a: each asks for the nodePort 30080"
    ]
    # No address at all, and a port of another protocol, are nobody's.
    udp = [{"port": 1, "nodePort": 30080, "protocol": "UDP"}]
    assert duplicate_problems([*app(), service("a", clusterIP="None", ports=udp)]) == []


def test_an_object_of_the_whole_cluster_with_a_namespace_is_found() -> None:
    assert scope_problems(planted("PersistentVolume/shop.files metadata.namespace", "shop")) == [
        "PersistentVolume shop/shop.files: a PersistentVolume is in no namespace"
    ]
    assert scope_problems(planted("HTTPRoute/web metadata.namespace", "shop"), cluster_scoped=["HTTPRoute"]) != []


def test_an_object_without_a_namespace_among_others_with_one_is_found() -> None:
    assert scope_problems(planted("ConfigMap/settings metadata.namespace", None)) == ["ConfigMap settings: it says no namespace, and others do"]
    assert scope_problems([m | {"metadata": {"name": "x"}} for m in app()]) == []


def test_a_selector_that_its_pods_do_not_have_is_found() -> None:
    assert selector_problems(planted("Deployment/web spec.selector.matchLabels.tier", "front")) == [
        "Deployment shop/web: its selector wants {'tier': 'front'}, which its pods don't have"
    ]


def test_a_selector_of_another_workloads_pods_is_found() -> None:
    made = planted("StatefulSet/db spec.template.metadata.labels.app", "web")
    assert "Deployment shop/web: its selector selects the pods of StatefulSet shop/db too" in selector_problems(made)
    for manifest in made:
        if manifest["kind"] == "StatefulSet":
            manifest["metadata"]["namespace"] = "other"
    assert not any("too" in found for found in selector_problems(made))


def test_a_workload_without_a_selector_is_found() -> None:
    assert selector_problems(planted("Deployment/web spec.selector", {})) == ["Deployment shop/web: it has no selector"]


@pytest.mark.parametrize("image", ["shop/web", "shop/web:latest", "registry.example.org:5000/shop/web", "shop/web:main"])
def test_an_image_that_is_another_one_tomorrow_is_found(image: str) -> None:
    assert image_problems(planted("Deployment/web POD.containers.0.image", image)) == [
        f"Deployment shop/web: container server has the image {image}; give it a tag that stays, or a digest"
    ]


@pytest.mark.parametrize("image", ["", "shop/web:a b", "shop/web@sha256:12"])
def test_what_is_no_image_is_found(image: str) -> None:
    (found,) = image_problems(planted("Deployment/web POD.initContainers.0.image", image))
    assert found == f"Deployment shop/web: container prepare has the image {image!r}, which is no name of one"


def test_a_moving_tag_with_a_digest_stays() -> None:
    assert image_problems(planted("Deployment/web POD.containers.0.image", f"shop/web:latest@sha256:{'0' * 64}")) == []


def test_a_mount_without_its_volume_is_found() -> None:
    assert mount_problems(planted("Deployment/web POD.containers.0.volumeMounts.0.name", "other")) == [
        "Deployment shop/web: container server mounts other, which is no volume of its pod"
    ]


@pytest.mark.parametrize(
    ("where", "value", "what"),
    [
        ("POD.volumes.+", {"name": "files", "emptyDir": {}}, "volume files"),
        ("POD.containers.+", {"name": "server", "image": "shop/web:1.2"}, "container server"),
        ("POD.containers.0.volumeMounts.+", {"name": "files", "mountPath": "/srv"}, "container server: mount /srv"),
        ("POD.containers.0.env.+", {"name": "COLOR", "value": "red"}, "container server: variable COLOR"),
        ("POD.containers.0.ports.+", {"name": "http", "containerPort": 81}, "container server: port http"),
    ],
)
def test_a_name_that_is_twice_in_a_pod_is_found(where: str, value: object, what: str) -> None:
    assert mount_problems(planted(f"Deployment/web {where}", value)) == [f"Deployment shop/web: {what} is there 2 times"]


EVERY_RULE = {
    "schemas": ("Deployment/web spec.replica", 2, "'replica' was unexpected"),
    "duplicates": ("ConfigMap/settings metadata.name", "login", "not there"),
    "scopes": ("ConfigMap/settings metadata.namespace", None, "it says no namespace"),
    "references": ("Ingress/web spec.tls.0.secretName", "tls", "Secret shop/tls is not there"),
    "selectors": ("Deployment/web spec.selector.matchLabels.tier", "front", "its selector wants"),
    "mounts": ("Deployment/web POD.volumes.+", {"name": "files", "emptyDir": {}}, "volume files is there 2 times"),
    "images": ("Deployment/web POD.containers.0.image", "shop/web", "give it a tag that stays"),
    "Pod Security": ("Deployment/web POD.hostNetwork", True, "spec has hostNetwork, which its Namespace's level restricted forbids"),
}


@pytest.mark.parametrize("rule", EVERY_RULE)
def test_check_fails_with_what_each_rule_finds(rule: str) -> None:
    where, value, message = EVERY_RULE[rule]
    with pytest.raises(AssertionError, match=r"problems? with the manifests") as failure:
        check(planted(where, value), versions=["1.31"], existing=EXISTING, custom_kinds=["HTTPRoute"])
    assert message in str(failure.value)


def test_check_says_every_problem_in_a_line_of_its_own() -> None:
    made = [*planted("Deployment/web POD.containers.0.image", "shop/web"), one(app(), "ConfigMap")]
    with pytest.raises(AssertionError) as failure:
        check(made, versions=["1.31"], existing=EXISTING, custom_kinds=["HTTPRoute"])
    assert str(failure.value).splitlines()[0] == "2 problems with the manifests:"
    assert len(str(failure.value).splitlines()) == 3


def test_check_fails_where_there_is_nothing_to_check() -> None:
    with pytest.raises(AssertionError, match="no manifests"):
        check([])


def test_checks_that_are_missing_say_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from jupyter_cluster_constructs.testing import read, schemas

    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    (tmp_path / "a.yaml").touch()
    with pytest.raises(ImportError, match=r"needs yaml, .*pip install 'jupyter-cluster-constructs\[testing\]'"):
        read(tmp_path / "a.yaml")
    monkeypatch.setitem(__import__("sys").modules, "kubernetes_validate.utils", None)
    with pytest.raises(ImportError, match=r"kubernetes_validate.*pip install"):
        schemas.kubernetes_versions()
