"""What a mistake in a settings file is, and what is said of it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import NamedTuple

import pytest

from jupyter_cluster_constructs.settings_file import SettingsFileError, load_cluster

HERE = "# <-"
LAB = "name: lab\n"
ADA = "users:\n  - name: ada\n    uid: 1001\n"


class Bad(NamedTuple):
    """A settings file with one mistake.

    Args:
        text: the file; the line that the error has to name ends in `# <-`.
        path: where in the settings the mistake is, as the error has to write it.
        says: what the error has to say of what was received and of what is allowed.
    """

    text: str
    path: str
    says: tuple[str, ...]


def error_of(file: Path) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SettingsFileError) as refused:
            load_cluster(file, environment={"EMPTY": ""})
    return str(refused.value)
