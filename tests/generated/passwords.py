"""The passwords that generated settings files name, and what reads both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jupyter_cluster_constructs import passwords
from jupyter_cluster_constructs.settings_file import load_cluster
from jupyter_cluster_constructs.spec import ClusterSpec

from .configurations import Configuration
from .plausible import PASSWORD_ENVIRONMENT, PASSWORD_FILES

PLAIN = (*PASSWORD_ENVIRONMENT.values(), *map(str.strip, PASSWORD_FILES.values()))


@contextmanager
def with_passwords(directory: Path) -> Iterator[None]:
    """Passwords in files of a directory and in variables; hashing them takes no time."""
    for name, content in PASSWORD_FILES.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(content, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "ROUNDS", 1000)
        for variable, value in PASSWORD_ENVIRONMENT.items():
            patch.setenv(variable, value)
        yield


def loaded(configuration: Configuration, directory: Path) -> ClusterSpec:
    """The settings in a generated file, read as the app reads them."""
    file = directory / "cluster.yaml"
    file.write_text(configuration.text, encoding="utf-8")
    return load_cluster(file)
