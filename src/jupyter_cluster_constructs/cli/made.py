"""The manifests of a settings file, for the commands that compare them with a cluster."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ..errors import InvalidSettingsError
from ..live.api import Object
from ..live.manifests import manifests_of, without_passwords
from ..settings_file import in_file, load_cluster
from ..spec import ClusterSpec
from .console import CommandError


def manifests(config: Path, *, out: Path | None = None, with_passwords: bool = False) -> tuple[ClusterSpec, list[Object]]:
    """Settings, and what they make.

    Args:
        config: the settings file.
        out: where the manifests are written too. Default: nowhere.
        with_passwords: whether passwords are asked for where the settings say, and hashed; names need none.

    Raises:
        SettingsFileError: the settings, or their patches, are refused.
        CommandError: there is no Node, or the directory can't be written.
    """
    spec = load_cluster(config, hash_passwords=with_passwords)
    if "JSII_NODE" not in os.environ and shutil.which("node") is None:
        raise CommandError("cdk8s runs on Node, and there is none: pip install 'jupyter-cluster-constructs[node]', or put Node 22 or newer on PATH")
    try:
        return spec, manifests_of(spec if with_passwords else without_passwords(spec), out)
    except InvalidSettingsError as error:
        raise in_file(config, error) from None
    except OSError as error:
        if out is None:
            raise CommandError(f"the manifests can't be made: {error.filename}: {error.strerror}") from None
        raise CommandError(f"{out}: cannot be written: {error.strerror}; --out names another directory") from None
