"""Every example, the root's and README's too: it runs, and what it writes is right."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support import ROOT, workloads
from syrupy.assertion import SnapshotAssertion

from jupyter_cluster_constructs.testing import check, identity

from .examples import DIRECTORIES, EXISTING, NAMES, Example, program_of, run
from .test_output import CRDS


@pytest.fixture(scope="module", params=NAMES)
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Example:
    """Each example."""
    name = str(request.param)
    program = program_of(name, tmp_path_factory.mktemp("example"))
    return Example(name, program, run(program, seed=1))


def test_there_is_an_example_of_each_way_to_compose() -> None:
    assert {
        "engines_for_another_controller",
        "homes_for_another_workload",
        "three_namespaces",
        "two_clusters_in_one_namespace",
    } <= {directory.name for directory in DIRECTORIES}


def test_an_example_passes_every_check(example: Example) -> None:
    check(example.manifests, crds=CRDS, existing=EXISTING.get(example.name, set()))
    assert workloads(example.manifests)


def test_an_example_writes_the_same_bytes_each_time(example: Example) -> None:
    assert run(example.program, seed=2) == example.files


def test_files_and_objects(example: Example, yaml_snapshot: SnapshotAssertion) -> None:
    listed = [{"file": name, "objects": [identity(manifest) for manifest in found]} for name, found in example.documents.items()]
    assert listed == yaml_snapshot


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda directory: str(directory.name))
def test_an_example_says_what_it_is_and_what_runs_it(directory: Path) -> None:
    readme = (directory / "README.md").read_text(encoding="utf-8")
    assert readme.startswith("# ")
    assert "cdk8s synth" in readme or "python app.py" in readme
    assert 5 <= len(readme.splitlines()) <= 30
    assert yaml.safe_load((directory / "cdk8s.yaml").read_text())["app"].endswith("app.py")


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda directory: str(directory.name))
def test_an_examples_directory_holds_nothing_that_was_written(directory: Path) -> None:
    assert {file.name for file in directory.iterdir()} - {"__pycache__"} == {"README.md", "app.py", "cdk8s.yaml"}


def test_what_an_example_needs_is_said_in_its_readme() -> None:
    for name, existing in EXISTING.items():
        readme = (ROOT / "examples" / name / "README.md").read_text(encoding="utf-8")
        assert all(text.rpartition("/")[2] in readme for text in existing)
