"""Snapshots as the YAML that kubectl would get, one file a test, and one jsii kernel for all."""

from __future__ import annotations

# Before cdk8s, so that jsii runs on the Node that the library brings.
from jupyter_cluster_constructs import __version__  # isort: skip

import re

import cdk8s
import pytest
from support import Manifest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode


class YamlSnapshot(SingleFileSnapshotExtension):
    """One YAML file a test, with a document for each manifest; of labels and images the library's version is left out."""

    file_extension = "yaml"
    _write_mode = WriteMode.TEXT

    def serialize(self, data: list[Manifest], **_: object) -> str:
        """Write manifests as cdk8s does."""
        text: str = cdk8s.Yaml.stringify(*data)
        return re.sub(rf"(version: |:){re.escape(__version__)}$", r"\1VERSION", text, flags=re.MULTILINE)


@pytest.fixture
def yaml_snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(YamlSnapshot)
