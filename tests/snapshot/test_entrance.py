"""The construct Entrance: an Ingress, or an HTTPRoute where the settings name a Gateway."""

from __future__ import annotations

import pytest
from support import Manifest, one
from syrupy.assertion import SnapshotAssertion

from jupyter_cluster_constructs import Entrance, Gateway, IngressSettings

from .charts import NAMES, manifests, new_chart

HOST = "jupyter.example.org"


def entrance(ingress: IngressSettings, namespace: str | None = None) -> list[Manifest]:
    chart = new_chart(namespace)
    Entrance(chart, "Entrance", names=NAMES, service_name=NAMES.jupyter, ingress=ingress)
    return manifests(chart)


EVERYTHING = IngressSettings(host=HOST, class_name="nginx", tls_secret="jupyter-tls", annotations={"example.org/timeout": "3600"})
BEHIND_A_GATEWAY = IngressSettings(
    host=HOST, annotations={"example.org/timeout": "3600"}, gateway=Gateway(name="public", namespace="gateways", section_name="https")
)


def test_ingress(yaml_snapshot: SnapshotAssertion) -> None:
    assert entrance(EVERYTHING) == yaml_snapshot


def test_http_route(yaml_snapshot: SnapshotAssertion) -> None:
    assert entrance(BEHIND_A_GATEWAY) == yaml_snapshot


REDIRECTED = IngressSettings(host=HOST, gateway=Gateway(name="public", namespace="gateways", section_name="https", http_section_name="http"))


def test_http_route_with_a_redirect(yaml_snapshot: SnapshotAssertion) -> None:
    assert entrance(REDIRECTED) == yaml_snapshot


@pytest.mark.parametrize(("ingress", "kind"), [(EVERYTHING, "Ingress"), (BEHIND_A_GATEWAY, "HTTPRoute")])
def test_one_object_of_the_clusters_name_and_namespace_is_made(ingress: IngressSettings, kind: str) -> None:
    (made,) = entrance(ingress, namespace="charts-own")
    assert made["kind"] == kind
    assert (made["metadata"]["namespace"], made["metadata"]["name"]) == ("science", "lab-jupyter")
    assert made["metadata"]["annotations"] == {"example.org/timeout": "3600"}


def test_an_ingress_leads_every_path_of_the_host_to_the_service() -> None:
    (rule,) = one(entrance(EVERYTHING), "Ingress")["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert rule["host"] == HOST
    assert (path["path"], path["pathType"]) == ("/", "Prefix")
    assert path["backend"]["service"] == {"name": "lab-jupyter", "port": {"name": "http"}}


def test_tls_is_for_the_host_and_by_the_named_secret() -> None:
    assert one(entrance(EVERYTHING), "Ingress")["spec"]["tls"] == [{"hosts": [HOST], "secretName": "jupyter-tls"}]


def test_without_class_and_secret_the_ingress_names_none() -> None:
    spec = one(entrance(IngressSettings(host=HOST)), "Ingress")["spec"]
    assert set(spec) == {"rules"}


def test_a_route_attaches_to_the_gateway_and_leads_to_the_services_port() -> None:
    spec = one(entrance(BEHIND_A_GATEWAY), "HTTPRoute")["spec"]
    (parent,) = spec["parentRefs"]
    assert {key: parent[key] for key in ("name", "namespace", "sectionName")} == {"name": "public", "namespace": "gateways", "sectionName": "https"}
    assert spec["hostnames"] == [HOST]
    (rule,) = spec["rules"]
    (backend,) = rule["backendRefs"]
    assert (backend["name"], backend["port"]) == ("lab-jupyter", 80)
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/"}}]


def test_a_route_of_a_gateway_in_the_same_namespace_names_no_namespace() -> None:
    spec = one(entrance(IngressSettings(host=HOST, gateway=Gateway(name="public"))), "HTTPRoute")["spec"]
    assert "namespace" not in spec["parentRefs"][0]
    assert "sectionName" not in spec["parentRefs"][0]


def test_the_listener_of_plain_http_leads_to_https_and_nowhere_else() -> None:
    to_service, to_https = (one(entrance(REDIRECTED), "HTTPRoute", name)["spec"] for name in ("lab-jupyter", "lab-jupyter-redirect"))
    assert [route["parentRefs"][0]["sectionName"] for route in (to_service, to_https)] == ["https", "http"]
    assert to_https["hostnames"] == [HOST]
    (rule,) = to_https["rules"]
    assert rule == {"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}]}


def test_without_its_listener_there_is_no_redirect() -> None:
    assert one(entrance(BEHIND_A_GATEWAY), "HTTPRoute")["metadata"]["name"] == "lab-jupyter"
