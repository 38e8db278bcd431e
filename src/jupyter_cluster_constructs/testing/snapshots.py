"""Snapshots as the YAML that `kubectl` would get, one readable file a test.

In the `conftest.py` of your tests: ``from jupyter_cluster_constructs.testing.snapshots import yaml_snapshot``. It needs the extra
`testing`. `pytest --snapshot-update` writes the files (https://syrupy-project.github.io/syrupy/).
"""

from __future__ import annotations

# Before cdk8s, so that jsii runs on the Node that the library brings.
from .._version import __version__  # isort: skip

from typing import TYPE_CHECKING, Any

import cdk8s

from ..labels import VERSION
from .extra import required

if TYPE_CHECKING:
    import pytest
    from syrupy.assertion import SnapshotAssertion
    from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
else:
    pytest = required("pytest")
    SnapshotAssertion = required("syrupy.assertion").SnapshotAssertion
    SingleFileSnapshotExtension = required("syrupy.extensions.single_file").SingleFileSnapshotExtension
    WriteMode = required("syrupy.extensions.single_file").WriteMode

__all__ = ["YamlSnapshot", "without_version", "yaml_snapshot"]

MASK = "VERSION"


def without_version(value: Any) -> Any:
    """A copy of manifests in whose labels and images this library's version is masked, so that an upgrade changes no snapshot."""
    if isinstance(value, list):
        return [without_version(entry) for entry in value]
    if isinstance(value, dict):
        return {key: _masked(key, entry) for key, entry in value.items()}
    return value


def _masked(key: str, value: Any) -> Any:
    if key == VERSION and value == __version__:
        return MASK
    if key == "image" and isinstance(value, str) and value.endswith(f":{__version__}"):
        return value.removesuffix(__version__) + MASK
    return without_version(value)


class YamlSnapshot(SingleFileSnapshotExtension):
    """One YAML file a test, with a document for each manifest; of labels and images the library's version is left out."""

    file_extension = "yaml"
    _write_mode = WriteMode.TEXT

    def serialize(self, data: Any, **_: object) -> str:
        """Write a manifest, or a list of them, as cdk8s does."""
        documents = without_version(data if isinstance(data, list) else [data])
        text: str = cdk8s.Yaml.stringify(*documents)
        return text


@pytest.fixture
def yaml_snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """What a manifest, or a list of them, is compared with: ``assert manifest == yaml_snapshot``."""
    return snapshot.use_extension(YamlSnapshot)
