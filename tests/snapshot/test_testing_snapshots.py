"""The snapshot that users compare their manifests with: readable, the same after an upgrade, and one that fails when something changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_cluster_constructs import __version__
from jupyter_cluster_constructs.testing.snapshots import without_version

CONFTEST = "from jupyter_cluster_constructs.testing.snapshots import yaml_snapshot\n"
TEST = """
from jupyter_cluster_constructs import ClusterSpec
from jupyter_cluster_constructs.testing import one, synth

def test_engines(yaml_snapshot):
    assert one(synth(ClusterSpec(name="lab", create_namespace=True, namespace="{namespace}")), "Namespace") == yaml_snapshot
"""


def run(directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The tests of somebody else's project."""
    return subprocess.run([sys.executable, "-m", "pytest", "-q", *options], cwd=directory, capture_output=True, text=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_lab.py").write_text(TEST.format(namespace="science"))
    return tmp_path


def test_a_users_test_has_one_readable_file_and_fails_when_a_manifest_changes(project: Path) -> None:
    assert run(project).returncode == 1
    assert run(project, "--snapshot-update").returncode == 0
    (file,) = (project / "__snapshots__").rglob("*.yaml")
    assert file.name == "test_engines.yaml"
    assert file.read_text().startswith("apiVersion: v1\nkind: Namespace\nmetadata:\n")
    assert run(project).returncode == 0
    (project / "test_lab.py").write_text(TEST.format(namespace="physics"))
    changed = run(project)
    assert changed.returncode == 1
    assert "physics" in changed.stdout


def test_the_librarys_version_is_masked_where_it_is_meant_and_nowhere_else() -> None:
    manifest = {
        "metadata": {"labels": {"app.kubernetes.io/version": __version__, "own": __version__}},
        "spec": {"containers": [{"image": f"localhost/a:{__version__}"}, {"image": "postgres:18.1"}], "replicas": 2, "note": f"a:{__version__}"},
    }
    assert without_version([manifest]) == [
        {
            "metadata": {"labels": {"app.kubernetes.io/version": "VERSION", "own": __version__}},
            "spec": {"containers": [{"image": "localhost/a:VERSION"}, {"image": "postgres:18.1"}], "replicas": 2, "note": f"a:{__version__}"},
        }
    ]


def test_a_version_of_ones_own_is_kept() -> None:
    assert without_version({"app.kubernetes.io/version": "18.1"}) == {"app.kubernetes.io/version": "18.1"}


def test_without_the_extra_it_is_said_what_to_install() -> None:
    program = "import sys; sys.modules['syrupy.assertion'] = None; import jupyter_cluster_constructs.testing.snapshots"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "pip install 'jupyter-cluster-constructs[testing]'" in done.stderr.splitlines()[-1]
