"""Objects that an API server would refuse are found by the schemas of each Kubernetes, and by their own definitions."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import ROOT, all_of, one

from jupyter_cluster_constructs.testing import kubernetes_versions, schema_problems

from .planted import app, planted

ROUTES = ROOT / "imports" / "crds" / "httproutes.gateway.networking.k8s.io.yaml"
SOME = ["1.27", kubernetes_versions()[-1]]


def test_what_is_fine_is_fine_in_every_kubernetes() -> None:
    assert schema_problems(app(), crds=[ROUTES]) == []


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        ("Deployment/web POD.containers.0.imag", "a:1", "Deployment shop/web: spec.template.spec.containers[0]: Additional properties are not"),
        ("Deployment/web spec.replicas", "two", "Deployment shop/web: spec.replicas: 'two' is not of type"),
        ("Deployment/web POD.containers", None, "Deployment shop/web: spec.template.spec: 'containers' is a required property"),
        ("Service/web spec.ports.0.port", None, "Service shop/web: spec.ports[0]: 'port' is a required property"),
        ("Deployment/web apiVersion", "apps/v1beta1", "Deployment shop/web: no schema of Deployment apps/v1beta1"),
    ],
)
def test_what_an_api_server_would_refuse_is_found_with_its_place_and_the_versions(where: str, value: object, message: str) -> None:
    (found,) = schema_problems(planted(where, value), versions=SOME, crds=[ROUTES])
    assert found.startswith(message)
    assert found.endswith(f"(Kubernetes 1.27 to {SOME[-1]})")


def test_what_only_older_versions_refuse_is_said_of_those() -> None:
    made = planted("Deployment/web POD.hostnameOverride", "own")
    (found,) = schema_problems(made, crds=[ROUTES])
    assert "'hostnameOverride' was unexpected" in found
    assert "(Kubernetes 1.27 to " in found
    assert schema_problems(made, versions=SOME[-1:], crds=[ROUTES]) == []


def test_a_kind_that_nothing_defines_is_found_unless_it_is_named() -> None:
    (found,) = schema_problems(app(), versions=SOME)
    assert found.startswith("HTTPRoute shop/web: no schema of HTTPRoute gateway.networking.k8s.io/v1; name the file of its CustomResourceDefinition")
    assert schema_problems(app(), versions=SOME, custom_kinds=["HTTPRoute"]) == []


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        ("HTTPRoute/web spec.hostname", "a.example.org", "spec: Additional properties are not allowed ('hostname' was unexpected)"),
        ("HTTPRoute/web spec.rules.0.backendRefs.0.port", "http", "spec.rules[0].backendRefs[0].port: 'http' is not of type 'integer'"),
        ("HTTPRoute/web spec", None, "'spec' is a required property"),
    ],
)
def test_an_object_of_a_custom_kind_is_checked_by_its_definition(where: str, value: object, message: str) -> None:
    (found,) = schema_problems(planted(where, value), versions=SOME[-1:], crds=[ROUTES])
    assert found == f"HTTPRoute shop/web: {message} (its CustomResourceDefinition)"


def test_a_definition_among_the_manifests_defines_its_kind() -> None:
    from jupyter_cluster_constructs.testing import read

    routes = all_of(planted("HTTPRoute/web spec.hostname", "a.example.org"), "HTTPRoute")
    found = schema_problems([*read(ROUTES), *routes], versions=SOME[-1:])
    assert [text for text in found if text.startswith("HTTPRoute")] != []


def test_a_version_of_a_custom_kind_that_is_not_served_is_found() -> None:
    route = one(app(), "HTTPRoute") | {"apiVersion": "gateway.networking.k8s.io/v1alpha1"}
    assert len(schema_problems([route], versions=SOME[-1:], crds=[ROUTES])) == 1


def test_a_version_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match=r"received the versions 1\.99; allowed: 1\.27, "):
        schema_problems(app(), versions=["1.99"])


def test_a_file_of_definitions_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        schema_problems(app(), crds=[Path("/nowhere.yaml")])
