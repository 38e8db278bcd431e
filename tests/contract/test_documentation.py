"""What README and docs say is what the library does."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_cluster_constructs.schema import settings_table
from jupyter_cluster_constructs.spec import ClusterSpec, Storage

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def blocks(language: str) -> list[str]:
    return [text for kind, text in re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL) if kind == language]


def test_the_table_of_all_settings_is_current() -> None:
    assert (ROOT / "docs" / "settings.md").read_text() == settings_table()


@pytest.mark.parametrize("key", ClusterSpec.model_fields)
def test_every_group_of_settings_is_in_the_table_of_readme(key: str) -> None:
    rows = [line for line in README.splitlines() if line.startswith("| `")]
    assert any(f"`{key}" in row.split("|")[1] for row in rows)


@pytest.mark.parametrize("key", Storage.model_fields)
def test_every_setting_of_the_storage_is_in_the_table_of_readme(key: str) -> None:
    assert any(f"`{key}`" in row or f"`storage.{key}`" in row for row in README.splitlines() if row.startswith("| `storage"))


def test_readme_shows_what_make_synth_prints(tmp_path: Path) -> None:
    environment = os.environ | {"CONFIG": str(ROOT / "cluster.yaml"), "CDK8S_OUTDIR": "dist"}
    printed = subprocess.run([sys.executable, ROOT / "app.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert printed in blocks("")


def test_the_app_of_readme_writes_one_file_with_the_whole_cluster(tmp_path: Path) -> None:
    (app,) = (block for block in blocks("python") if "cdk8s.App" in block)
    environment = os.environ | {"ADA_PASSWORD": "only for this test"}
    subprocess.run([sys.executable, "-c", app], cwd=tmp_path, env=environment, check=True)
    (written,) = (tmp_path / "dist").glob("*.k8s.yaml")
    kinds = re.findall(r"^kind: (\w+)$", written.read_text(), re.MULTILINE)
    of_pods = {"StatefulSet", "Deployment", "Service", "ServiceAccount", "NetworkPolicy"}
    assert of_pods | {"Secret", "ConfigMap", "PersistentVolume", "PersistentVolumeClaim"} == set(kinds)


def test_every_make_target_that_readme_names_exists() -> None:
    named = set(re.findall(r"(?:`|^)make ([a-z0-9_]+)", README, re.MULTILINE))
    assert named
    assert named <= set(re.findall(r"^([a-z0-9_]+):", MAKEFILE, re.MULTILINE))


def test_every_document_that_is_referred_to_exists() -> None:
    texts = [*(ROOT / "src").rglob("*.py"), ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    named = {name for file in texts for name in re.findall(r"\bdocs/[\w/-]+\.md", file.read_text(encoding="utf-8"))}
    assert "docs/operations.md" in named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
