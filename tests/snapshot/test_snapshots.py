"""Snapshots that people can review."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import read

FILES = sorted((Path(__file__).parent / "__snapshots__").rglob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.stem))
def test_a_snapshot_is_small(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 150


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.stem))
def test_a_snapshot_is_yaml_without_machine_paths(file: Path) -> None:
    assert read(file)
    assert "/tmp/pytest" not in file.read_text()
