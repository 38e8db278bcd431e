"""Manifests in memory: of somebody's App, of a Chart, of settings; and of a program that runs."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import cdk8s
import pytest

from jupyter_cluster_constructs import ClusterSpec, JupyterCluster
from jupyter_cluster_constructs.settings_file import SettingsFileError
from jupyter_cluster_constructs.testing import changing_files, identity, one, run_app, synth, synth_charts

SPEC = ClusterSpec(name="lab")
PROGRAM = """
import cdk8s, os
app = cdk8s.App()
chart = cdk8s.Chart(app, "shop", disable_resource_name_hashes=True)
cdk8s.ApiObject(chart, "config", api_version="v1", kind="ConfigMap", metadata={"name": %s})
app.synth()
"""


@pytest.fixture(autouse=True)
def nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def config(scope: cdk8s.Chart, name: str) -> None:
    cdk8s.ApiObject(scope, name, api_version="v1", kind="ConfigMap", metadata=cdk8s.ApiObjectMetadata(name=name))


def test_settings_and_their_file_become_the_same_manifests_by_charts(tmp_path: Path) -> None:
    (tmp_path / "cluster.yaml").write_text("name: lab\n")
    made = synth_charts(SPEC)
    assert list(made) == ["users", "config", "nfs", "frontend", "workers"]
    assert one(made["workers"], "Deployment")["metadata"]["name"] == "lab-worker"
    assert synth(SPEC) == synth(tmp_path / "cluster.yaml") == synth(str(tmp_path / "cluster.yaml"))
    assert synth(SPEC) == [manifest for manifests in made.values() for manifest in manifests]


def test_a_mistake_in_a_settings_file_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "cluster.yaml").write_text("name: lab\nuser: []\n")
    with pytest.raises(SettingsFileError, match=r"cluster\.yaml:2: user"):
        synth(tmp_path / "cluster.yaml")


def test_charts_of_an_app_come_in_the_order_in_which_they_depend() -> None:
    app = cdk8s.App()
    last, first = cdk8s.Chart(app, "last"), cdk8s.Chart(app, "first")
    config(last, "a")
    config(first, "b")
    last.add_dependency(first)
    assert [(name, identity(made[0])) for name, made in synth_charts(app).items()] == [("first", "ConfigMap b"), ("last", "ConfigMap a")]
    assert synth_charts(last) == {"last": synth(last)}


def test_charts_below_charts_have_their_paths() -> None:
    app = cdk8s.App()
    outer = cdk8s.Chart(app, "outer")
    config(cdk8s.Chart(outer, "inner"), "a")
    assert {name: len(made) for name, made in synth_charts(app).items()} == {"outer/inner": 1, "outer": 0}


def test_an_app_without_charts_has_no_manifests() -> None:
    assert synth(cdk8s.App()) == []


def test_what_an_app_writes_is_what_its_manifests_are(tmp_path: Path) -> None:
    from jupyter_cluster_constructs.testing import read

    app = cdk8s.App(outdir=str(tmp_path / "out"))
    JupyterCluster(app, "Default", spec=SPEC)
    made = synth(app)
    assert not (tmp_path / "out").exists()
    app.synth()
    assert read(*sorted((tmp_path / "out").iterdir())) == made


def test_nothing_is_written_anywhere(tmp_path: Path) -> None:
    def left() -> set[str]:
        return {name for name in os.listdir(tempfile.gettempdir()) if name.startswith("cdk8s.outdir")}

    before = left()
    synth(SPEC)
    assert list(tmp_path.iterdir()) == []
    assert left() == before


def test_a_program_is_run_in_its_directory_and_writes_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "name.txt").write_text("own")
    (tmp_path / "app.py").write_text(PROGRAM % "open('name.txt').read() + os.environ['MORE']")
    files = run_app(tmp_path / "app.py", environment={"MORE": "-1"})
    assert files == {"shop.k8s.yaml": b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: own-1\n"}
    assert {file.name for file in tmp_path.iterdir()} == {"app.py", "name.txt"}


def test_a_program_that_always_writes_the_same_has_no_changing_file(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(PROGRAM % "'same'")
    assert changing_files(tmp_path / "app.py") == []


def test_a_file_that_depends_on_the_order_of_a_set_is_found(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(PROGRAM % "f\"n{hash('text') % 1000}\"")
    assert changing_files(tmp_path / "app.py") == ["shop.k8s.yaml: two runs write different bytes"]


@pytest.mark.parametrize(
    ("program", "message"),
    [("import sys; sys.exit('no settings')", "exit code 1\nno settings"), ("print('done')", "nothing is in CDK8S_OUTDIR; call app.synth()")],
)
def test_a_program_that_fails_or_writes_nothing_is_an_error(tmp_path: Path, program: str, message: str) -> None:
    (tmp_path / "app.py").write_text(program)
    with pytest.raises(RuntimeError) as failure:
        run_app(tmp_path / "app.py")
    assert message in str(failure.value)
