from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .cluster import ROOT, Cluster
from .conftest import Lab, lab_settings
from .kube import kubectl


def test_all_engines_are_registered_within_30_seconds_of_the_apply(seconds_to_engines: float) -> None:
    assert seconds_to_engines < 30


def test_a_ready_engine_is_a_registered_one(lab: Lab) -> None:
    engines = lab.cluster.engines()

    assert sorted(engines.values()) == lab.cluster.pod_names("worker")
    assert len(engines) == 2


def test_nothing_differs_after_the_apply(lab: Lab) -> None:
    # It ends with 1 and what differs, if anything does.
    assert kubectl("diff", "--filename", str(lab.cluster.dist)) == ""


@pytest.mark.parametrize(("workload", "container"), [("deployment/frontend", "controller"), ("deployment/worker", "engine")])
def test_an_images_packages_fit_each_other_and_build_no_grammar_when_a_server_starts(lab: Lab, workload: str, container: str) -> None:
    assert lab.cluster.execute(workload, container, "python3", "-m", "pip", "check") == "No broken requirements found.\n"
    program = "import sys, jupyter_events.logger; print('lark' in sys.modules)"
    assert lab.cluster.execute(workload, container, "python3", "-c", program) == "False\n"


def test_the_summary_says_how_each_user_can_log_in(lab: Lab) -> None:
    lines = [line.strip() for line in lab.cluster.summary.splitlines()]

    assert "ada: password or key" in lines
    assert "grace: key" in lines
    assert any(line.startswith("locked: locked") for line in lines)
    assert lines[-1] == f"Next: kubectl apply -f {lab.cluster.dist}"


def test_no_plain_password_is_written(lab: Lab) -> None:
    assert lab.ada.password is not None
    written = [lab.cluster.summary, *(file.read_text() for file in lab.cluster.dist.iterdir())]

    assert len(written) > 5
    assert not any(lab.ada.password in text for text in written)


def tried_with_ingress(lab: Lab, directory: Path, **ingress: object) -> list[str]:
    """What the API server would do with the example's cluster and an ingress."""
    settings = lab_settings(lab.ada, lab.grace)
    settings["ingress"] = ingress
    settings["jupyter"]["allowed_from"] = [{"namespace": "ingress"}]
    variant = Cluster.synthesized(settings, directory, {"ADA_PASSWORD": lab.ada.password or ""})
    return kubectl("apply", "--dry-run=server", "--filename", str(variant.dist)).splitlines()


def test_the_api_server_accepts_an_ingress(lab: Lab, tmp_path: Path) -> None:
    answers = tried_with_ingress(
        lab, tmp_path, host="jupyter.example.org", class_name="example", tls_secret="jupyter-tls", annotations={"example.org/body-size": "0"}
    )

    assert "ingress.networking.k8s.io/lab-jupyter created (server dry run)" in answers


@pytest.fixture
def gateway_api() -> Iterator[None]:
    """The definition of HTTPRoute: the cluster's own, or the one that the bindings were generated from."""
    name, files = "customresourcedefinition/httproutes.gateway.networking.k8s.io", str(ROOT / "imports" / "crds")
    if kubectl("get", name, "--ignore-not-found", "--output=name"):
        yield
        return
    kubectl("apply", "--filename", files)
    kubectl("wait", "--for=condition=Established", name)
    yield
    kubectl("delete", "--filename", files)


@pytest.mark.usefixtures("gateway_api")
def test_the_api_server_accepts_an_http_route(lab: Lab, tmp_path: Path) -> None:
    gateway = {"name": "public", "namespace": "gateways", "section_name": "https"}

    answers = tried_with_ingress(lab, tmp_path, host="jupyter.example.org", gateway=gateway)

    assert "httproute.gateway.networking.k8s.io/lab-jupyter created (server dry run)" in answers
