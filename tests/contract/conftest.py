"""The outputs of all settings, made once."""

from __future__ import annotations

import pytest

from jupyter_cluster_constructs.testing.snapshots import yaml_snapshot

from .outputs import SETTINGS, Output, output

__all__ = ["made", "outputs", "yaml_snapshot"]


@pytest.fixture(scope="session")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Output]:
    """The output of each settings file by its name."""
    return {name: output(name, tmp_path_factory.mktemp("project")) for name in SETTINGS}


@pytest.fixture(scope="session", params=SETTINGS)
def made(request: pytest.FixtureRequest, outputs: dict[str, Output]) -> Output:
    """Each output."""
    return outputs[request.param]
