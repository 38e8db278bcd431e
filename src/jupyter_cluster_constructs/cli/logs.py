"""`jupyter-cluster logs`: what the cluster's containers print."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from ..live.api import Cluster
from ..live.logs import FOLLOWED, Source, container_names, followed, lines, pods_of_cluster, sources
from ..settings_file import load_cluster
from .connection import api_errors, connected
from .console import CommandError, ExitCode, print_json, stdout
from .options import DEFAULT_CONFIG, ConfigOption, ContextOption, JsonOption


def logs(
    container: Annotated[
        str | None, typer.Argument(help="controller, hub, proxy, jupyter, sshd, engine, nfs-server, or another. Default: all but init containers.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    context: ContextOption = None,
    group: Annotated[str | None, typer.Option("--group", metavar="NAME", help="Engines of this group alone; '' is the group without a name.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines are written.")] = False,
    tail: Annotated[int | None, typer.Option("--tail", min=0, metavar="LINES", help="Last lines of each container. Default: all of them.")] = None,
    previous: Annotated[bool, typer.Option("--previous", "-p", help="Of the container's life before it was restarted.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Print the logs of containers, each line after its pod and container where there are several."""
    if follow and previous:
        raise CommandError("received --follow and --previous, whose container has ended; allowed: one of them")
    spec = load_cluster(config, hash_passwords=False)
    if group is not None and group not in {each.name or "" for each in spec.workers}:
        raise CommandError(f"--group: received {group!r}; allowed: {', '.join(repr(each.name or '') for each in spec.workers)}")
    cluster = Cluster(connected(context))
    with api_errors("the pods are listed"):
        pods = pods_of_cluster(cluster, spec.names)
    wanted = sources(pods, container, group=group, cluster=spec.name, previous=previous)
    if not wanted:
        raise _nothing(container, container_names(pods), previous)
    if follow and len(wanted) > FOLLOWED:
        raise CommandError(f"received --follow of {len(wanted)} containers; allowed: {FOLLOWED}; --group or a container's name makes them fewer")
    with api_errors("logs are read"):
        found = (
            followed(cluster, spec.namespace, wanted, tail=tail) if follow else lines(cluster, spec.namespace, wanted, tail=tail, previous=previous)
        )
        if json_output:
            _print_json(found, follow)
        else:
            for source, line in found:
                stdout.print(f"{source} | {line}" if len(wanted) > 1 else line)


def _print_json(found: Iterable[tuple[Source, str]], follow: bool) -> None:
    if follow:
        raise CommandError("received --follow and --json, which would never be whole; allowed: one of them")
    print_json([{"pod": source.pod, "container": source.container, "line": line} for source, line in found])


def _nothing(container: str | None, there: list[str], previous: bool) -> CommandError:
    if not there:
        return CommandError("the cluster has no pods; jupyter-cluster up makes them", ExitCode.FAILED)
    if container is not None and container not in there and container != "engine":
        return CommandError(f"received {container!r}; allowed: {', '.join(there)}")
    return CommandError(f"no such container has {'ended before' if previous else 'started yet'}; jupyter-cluster status says why", ExitCode.FAILED)
