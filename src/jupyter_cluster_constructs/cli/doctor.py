"""`jupyter-cluster doctor`: what of the cluster, its nodes and the images would make the settings fail."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, NoReturn

import typer
from rich.text import Text

from ..live.api import Cluster
from ..live.doctor.examination import examined
from ..live.doctor.finding import Finding, Level
from .connection import api_errors, connected
from .console import ExitCode, print_json, stdout
from .made import manifests
from .options import DEFAULT_CONFIG, ConfigOption, ContextOption, JsonOption, TimeoutOption

SIGNS = {Level.OK: ("✓", "green"), Level.WARNING: ("!", "yellow"), Level.FAILURE: ("✗", "red")}


def doctor(
    config: ConfigOption = DEFAULT_CONFIG,
    context: ContextOption = None,
    probe: Annotated[
        bool,
        typer.Option("--probe", help="Try images, NFS mounts and NetworkPolicies too, by small pods in the namespace, which are gone afterwards."),
    ] = False,
    timeout: TimeoutOption = 120,
    json_output: JsonOption = False,
) -> None:
    """Check what would make the settings fail on this cluster, and say what to do. Exits with 1 if something would."""
    spec, made = manifests(config)
    cluster = Cluster(connected(context))
    found: list[Finding] = []
    with api_errors("the cluster is examined"), _terminated_as_interrupted():
        for finding in examined(cluster, spec, made, probe=probe, seconds=timeout):
            found.append(finding)
            if not json_output:
                _print(finding)
    failed = [finding for finding in found if finding.level is Level.FAILURE]
    if json_output:
        print_json({"ok": not failed, "checks": [asdict(finding) for finding in found]})
    else:
        warned = sum(finding.level is Level.WARNING for finding in found)
        stdout.print(f"{len(found)} checks: {len(failed)} failed, {warned} to look at")
    if failed:
        raise typer.Exit(ExitCode.FAILED)


def _print(finding: Finding) -> None:
    sign, style = SIGNS[finding.level]
    stdout.print(Text.assemble((sign, style), f" {finding.check}: {finding.found}"))
    if finding.advice:
        stdout.print(f"    {finding.advice}")


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM lets probes clean up, as Ctrl-C does."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
