"""`jupyter-cluster up`: apply the settings, and wait until everything is ready."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from ..changes import Changes
from ..live.addresses import Address
from ..live.api import Cluster, Object
from ..live.applying import Outcome, apply, planned_changes, refusals, shown
from ..live.overview import as_data, members, overview
from ..live.parts import Part
from ..live.waiting import wait_for_parts
from ..spec import ClusterSpec
from ..summary import jupyter_login
from .connection import api_errors, connected
from .console import CommandError, ExitCode, print_json, stderr, stdout
from .made import manifests
from .options import DEFAULT_CONFIG, ConfigOption, ContextOption, JsonOption, TimeoutOption
from .progress import shown_parts
from .status import print_addresses


def up(
    config: ConfigOption = DEFAULT_CONFIG,
    context: ContextOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIRECTORY", help="Write the manifests there too, such as dist. Default: nowhere.")
    ] = None,
    timeout: TimeoutOption = 600,
    json_output: JsonOption = False,
) -> None:
    """Apply the settings to the cluster, and wait until volumes, NFS, controller, JupyterLab, sshd and engines are ready.

    A second run changes nothing. Exits with 1 when the API server refuses something (then nothing is applied) or when waiting can't help,
    and with 4 when something is not ready in time.
    """
    spec, made = manifests(config, out=out, with_passwords=True)
    cluster = Cluster(connected(context))
    with api_errors("the cluster is asked what is there"):
        planned = planned_changes(cluster, spec.names, made)
        refused = refusals(cluster, made)
    if planned is not None:
        _warn(planned, spec)
    if refused:
        lines = "\n".join(f"  {refusal.about}: {refusal.message}" for refusal in refused)
        raise CommandError(f"The API server refuses, so nothing was applied:\n{lines}", ExitCode.FAILED)
    _apply(cluster, made)
    with api_errors("the cluster is watched"), shown_parts() as show:
        parts = wait_for_parts(cluster, spec, timeout, show)
    if waits := [part for part in parts if not part.is_ready]:
        raise _not_ready(waits, timeout)
    with api_errors("the Services are listed"):
        found = overview(cluster, spec)
    if json_output:
        print_json(as_data(found))
    else:
        _print_end(spec, found.addresses)


def _warn(planned: Changes, spec: ClusterSpec) -> None:
    if planned.restarted:
        stderr.print(f"The pods of {', '.join(planned.restarted)} are replaced: a frontend's end SSH sessions and kernels, a worker's the memory of")
        stderr.print("its engines. No file is lost.")
    if planned.left_over:
        stderr.print(f"No longer in the settings, and left alone: kubectl delete -n {spec.namespace} {' '.join(planned.left_over)}")
    if planned.disks:
        stderr.print(
            f"  That deletes the disk under all homes that {', '.join(planned.disks)} had, since reclaim_policy was Delete: copy them first."
        )


def _apply(cluster: Cluster, made: list[Object]) -> None:
    outcomes: Counter[Outcome] = Counter()

    def report(manifest: Object, outcome: Outcome) -> None:
        outcomes[outcome] += 1
        if outcome != "unchanged":
            stderr.print(f"{outcome} {shown(manifest)}")

    with api_errors("the objects are applied"):
        apply(cluster, made, report)
    stderr.print(", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()))


def _not_ready(parts: list[Part], timeout: float) -> CommandError:
    lines = "\n".join(f"  {part.name} {part.ready}/{part.wanted}: {'; '.join(map(str, part.reasons)) or 'not ready yet'}" for part in parts)
    if any(part.is_hopeless for part in parts):
        return CommandError(f"This does not get better by waiting:\n{lines}", ExitCode.FAILED)
    return CommandError(f"Not ready after {timeout:g} s; it goes on by itself, and jupyter-cluster status shows it:\n{lines}", ExitCode.TIMED_OUT)


def _print_end(spec: ClusterSpec, addresses: tuple[Address, ...]) -> None:
    stdout.print(f"The cluster {spec.name} is ready in the namespace {spec.namespace}.")
    for member in members(spec):
        stdout.print(f"  {member.name}: {member.login}")
    stdout.print(f"  JupyterLab: {jupyter_login(spec)}")
    print_addresses(addresses)
