"""The dashboard of Grafana and the document of the metrics: they are of the metrics that there are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
from support import ROOT

from jupyter_cluster_constructs.runtime import metrics

DASHBOARD: dict[str, Any] = json.loads(resources.files("jupyter_cluster_constructs").joinpath("grafana", "dashboard.json").read_text())
DOCUMENT = (ROOT / "docs" / "metrics.md").read_text()
NAME = re.compile(r"\bipyparallel_\w+")
SNAPSHOT: dict[str, Any] = {"engines": {"0": [1, 1, 1]}, "unassigned": 1, "completed": 1, "missed": 1, "gone": 1, "lost": 1}


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """Every metric that is told, with its labels, as Prometheus names it."""
    monkeypatch.setattr(metrics, "ask", lambda path: SNAPSHOT)
    families = metrics.HubCollector("").collect()
    return {sample.name: {*sample.labels} for family in families for sample in family.samples}


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def queries() -> Iterator[str]:
    for panel in panels():
        yield from (target["expr"] for target in panel["targets"])


def test_every_metric_has_a_panel_and_every_panel_metrics_that_there_are(exported: dict[str, set[str]]) -> None:
    for query in queries():
        assert NAME.search(query), query
    assert {name for query in queries() for name in NAME.findall(query)} == exported.keys()


def test_a_series_is_named_by_labels_that_it_has(exported: dict[str, set[str]]) -> None:
    for panel in panels():
        for target in panel["targets"]:
            for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
                assert all(label in exported[name] for name in NAME.findall(target["expr"])), panel["title"]


def test_counters_are_shown_as_rates(exported: dict[str, set[str]]) -> None:
    for query in queries():
        for name in NAME.findall(query):
            shown_as_rate = re.search(rf"\b(rate|increase)\({name}\{{[^}}]*}}\[", query) is not None
            assert shown_as_rate is name.endswith("_total"), query


def test_every_query_is_of_the_chosen_cluster_alone() -> None:
    for query in queries():
        assert re.findall(r"ipyparallel_\w+(\{[^}]*\})?", query) == ['{namespace="$namespace", app_kubernetes_io_instance="$cluster"}'] * len(
            NAME.findall(query)
        )


def test_grafana_can_be_provisioned_with_the_dashboard() -> None:
    # https://grafana.com/docs/grafana/latest/administration/provisioning/#dashboards
    assert DASHBOARD["id"] is None
    assert re.fullmatch("[a-zA-Z0-9_-]{1,40}", DASHBOARD["uid"])
    assert DASHBOARD["title"]
    assert DASHBOARD["schemaVersion"] >= 36
    # What Grafana asks for when a dashboard is imported by hand, provisioning leaves unanswered.
    assert "__inputs" not in DASHBOARD
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert (variables["datasource"]["type"], variables["datasource"]["query"]) == ("datasource", "prometheus")
    asked = [*panels(), *(target for panel in panels() for target in panel["targets"]), variables["namespace"], variables["cluster"]]
    assert {json.dumps(each["datasource"]) for each in asked} == {'{"type": "prometheus", "uid": "${datasource}"}'}
    assert {name for query in queries() for name in re.findall(r"\$(\w+)", query)} <= variables.keys() | {"__rate_interval"}


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len({*ids}) == len(ids)
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


def test_every_panel_is_explained() -> None:
    for panel in panels():
        assert panel["description"].endswith("."), panel["title"]


def test_every_metric_is_in_the_documents_table_and_no_other(exported: dict[str, set[str]]) -> None:
    rows = re.findall(r"^\| `(ipyparallel_\w+)(?:\{(\w+)\})?` \|", DOCUMENT, re.MULTILINE)
    assert sorted((name, {label} if label else set()) for name, label in rows) == sorted(exported.items())


def test_the_alerts_of_the_document_are_of_metrics_that_there_are(exported: dict[str, set[str]]) -> None:
    alerts = re.findall(r"^ +(?:expr: |  )(.*ipyparallel_.*)$", DOCUMENT, re.MULTILINE)
    assert len(alerts) >= 4
    assert {*NAME.findall(DOCUMENT)} <= exported.keys()
