"""What settings files become: an error, or settings and manifests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cdk8s
from support import Manifest

from jupyter_cluster_constructs.cluster import JupyterCluster
from jupyter_cluster_constructs.errors import InvalidSettingsError
from jupyter_cluster_constructs.settings_file import SettingsFileError, in_file
from jupyter_cluster_constructs.spec import ClusterSpec

from .configurations import Configuration
from .passwords import loaded


@dataclass(frozen=True)
class Outcome:
    """What a settings file became: an error, or settings and their manifests.

    Args:
        configuration: the settings file.
        spec: its settings.
        manifests: what they became.
        harmless: what the same becomes without hostile texts; empty where there are none.
        error: why it was refused.
    """

    configuration: Configuration
    spec: ClusterSpec | None = None
    manifests: tuple[Manifest, ...] = ()
    harmless: tuple[Manifest, ...] = ()
    error: str = ""


def synthesized(spec: ClusterSpec) -> tuple[Manifest, ...]:
    chart = cdk8s.Chart(cdk8s.App(outdir="dist-of-no-test"), "generated", disable_resource_name_hashes=True)
    JupyterCluster(chart, "cluster", spec=spec)
    return tuple(cdk8s.Testing.synth(chart))


def outcome(configuration: Configuration, directory: Path) -> Outcome:
    try:
        spec = loaded(configuration, directory)
        return Outcome(configuration, spec, synthesized(spec))
    except SettingsFileError as error:
        return Outcome(configuration, error=str(error))
    except InvalidSettingsError as error:
        # What only shows when the objects are made.
        return Outcome(configuration, error=str(in_file(directory / "cluster.yaml", error)))
    except Exception as error:
        return Outcome(configuration, error=f"broken by {error!r}")
