"""`jupyter-cluster status`: what is ready, what engines do, who may log in and where."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Annotated

import typer

from ..live.addresses import Address
from ..live.api import Cluster
from ..live.overview import Overview, as_data, members, overview
from ..live.queues import Queues
from ..settings_file import load_cluster
from ..spec import ClusterSpec
from .connection import api_errors, connected
from .console import ExitCode, print_json, print_table, stdout
from .options import DEFAULT_CONFIG, ConfigOption, ContextOption, JsonOption
from .progress import mark

MOST_ENGINES = 40
WATCH_SECONDS = 3


def status(
    config: ConfigOption = DEFAULT_CONFIG,
    context: ContextOption = None,
    json_output: JsonOption = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help=f"Print it again every {WATCH_SECONDS} s, until interrupted.")] = False,
) -> None:
    """Show parts, engines, tasks, users and addresses. Exits with 1 if something is not ready."""
    spec = load_cluster(config, hash_passwords=False)
    cluster = Cluster(connected(context))
    while True:
        with api_errors("the cluster is looked at"):
            found = overview(cluster, spec)
        if json_output:
            print_json(as_data(found))
        else:
            if watch and stdout.is_terminal:
                stdout.clear()
            _print(found)
        if not watch:
            break
        time.sleep(WATCH_SECONDS)
    if not found.is_ready:
        raise typer.Exit(ExitCode.FAILED)


def _print(found: Overview) -> None:
    spec = found.spec
    stdout.print(f"{spec.name} in the namespace {spec.namespace}: {'ready' if found.is_ready else 'not ready'}\n")
    parts: list[tuple[str, ...]] = [(mark(p)[0], p.name, f"{p.ready}/{p.wanted}", "; ".join(map(str, p.reasons))) for p in found.parts]
    print_table("", "PART", "READY", "WHY NOT", rows=parts)
    stdout.print()
    groups: list[tuple[str, ...]] = [(g.name or "-", g.workload, *map(str, (g.part.wanted, g.running, g.part.ready))) for g in found.groups]
    print_table("ENGINES OF", "DEPLOYMENT", "WANTED", "RUNNING", "REGISTERED", rows=groups)
    stdout.print()
    _print_queues(found.queues)
    stdout.print()
    _print_members(spec)
    stdout.print()
    print_addresses(found.addresses)


def _print_queues(queues: Queues) -> None:
    if queues.problem:
        stdout.print(f"Tasks are not known: {queues.problem}.")
        return
    engines = queues.engines
    rows: list[tuple[str, ...]] = [tuple(map(str, (e.id, e.queued, e.running, e.completed))) for e in engines[:MOST_ENGINES]]
    totals = (sum(e.queued for e in engines), sum(e.running for e in engines), sum(e.completed for e in engines))
    rows.append(("all", *map(str, totals)))
    print_table("ENGINE", "QUEUED", "RUNNING", "COMPLETED", rows=rows)
    if len(engines) > MOST_ENGINES:
        stdout.print(f"{len(engines) - MOST_ENGINES} more engines; --json has them all.")
    stdout.print(f"Tasks that wait for an engine: {queues.unassigned}")


def _print_members(spec: ClusterSpec) -> None:
    rows: list[tuple[str, ...]] = [(m.name, str(m.uid), m.login, m.home_claim) for m in members(spec)]
    print_table("USER", "UID", "LOGS IN BY", "HOME", rows=rows)


def print_addresses(addresses: Iterable[Address]) -> None:
    """Print how the cluster is reached."""
    for address in addresses:
        stdout.print(f"{address.what}: {address.address or 'no address yet'}{f'   ({address.command})' if address.command else ''}")
