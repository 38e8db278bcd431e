"""The construct tree is a public contract: who imports a construct finds its parts by their ids, and patches objects by their paths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cdk8s
import pytest
from syrupy.assertion import SnapshotAssertion

from jupyter_cluster_constructs import JupyterCluster
from jupyter_cluster_constructs.settings_file import load_cluster

from .outputs import ADA_PASSWORD, BOB_PASSWORD, EXAMPLE, SETTINGS

BROKEN = (
    "The construct tree changed. Ids, paths and names are a public contract, so this is a breaking change: give it a line in CHANGELOG.md under"
    " 'Contract', then write the new tree with: pytest tests/contract/test_tree.py --snapshot-update"
)


def tree(scope: cdk8s.App) -> dict[str, str]:
    """Each construct by its path: its class, or the kind and name of the object that it writes."""
    constructs: Any = scope.node.find_all()
    return {
        each.node.path: f"{each.kind} {each.name}" if isinstance(each, cdk8s.ApiObject) else type(each).__name__
        for each in constructs
        if each.node.path
    }


@pytest.mark.parametrize("name", [name for name, file in SETTINGS.items() if file != EXAMPLE])
def test_ids_paths_and_names_stay(name: str, yaml_snapshot: SnapshotAssertion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADA_PASSWORD", ADA_PASSWORD)
    (tmp_path / "bob.txt").write_text(BOB_PASSWORD)
    (tmp_path / "cluster.yaml").write_text(SETTINGS[name].read_text())
    app = cdk8s.App(outdir="dist-of-no-test")
    JupyterCluster(app, "Default", spec=load_cluster(tmp_path / "cluster.yaml"))
    assert tree(app) == yaml_snapshot, BROKEN


def test_in_a_chart_ids_are_below_the_clusters_own(yaml_snapshot: SnapshotAssertion) -> None:
    app = cdk8s.App(outdir="dist-of-no-test")
    JupyterCluster(cdk8s.Chart(app, "science"), "cluster", spec=load_cluster(EXAMPLE))
    assert tree(app) == yaml_snapshot, BROKEN


def test_another_id_is_found() -> None:
    def of(id: str) -> dict[str, str]:
        app = cdk8s.App(outdir="dist-of-no-test")
        JupyterCluster(cdk8s.Chart(app, "science"), id, spec=load_cluster(EXAMPLE))
        return tree(app)

    assert of("cluster") != of("other")
    assert {path.replace("science/other", "science/cluster"): what for path, what in of("other").items()} == of("cluster")
