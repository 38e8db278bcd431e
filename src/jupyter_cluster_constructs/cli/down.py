"""`jupyter-cluster down`: take the cluster away in the right order, and keep the homes unless told otherwise."""

from __future__ import annotations

import sys
import time
from typing import Annotated, Any

import typer

from ..live.api import NAMESPACE, Cluster
from ..live.deleting import Found, StuckError, find, retained, run, stages
from ..spec import ClusterSpec
from .connection import api_errors, connected
from .console import CommandError, ExitCode, print_json, stderr, stdout
from .made import manifests
from .options import DEFAULT_CONFIG, ConfigOption, ContextOption, JsonOption, TimeoutOption
from .progress import shown_rest


def down(
    config: ConfigOption = DEFAULT_CONFIG,
    context: ContextOption = None,
    remove_volumes: Annotated[
        bool, typer.Option("--remove-volumes", help="Delete the disk under all homes too, and the namespace if the settings made it. For good.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask before volumes are removed.")] = False,
    timeout: TimeoutOption = 300,
    json_output: JsonOption = False,
) -> None:
    """Delete the cluster: engines, then the frontend, then the storage's server, then the rest. Homes are kept, and `up` finds them again.

    Exits with 4 when something is not gone in time; what waits and why is told, and a second run goes on.
    """
    spec, made = manifests(config)
    cluster = Cluster(connected(context))
    with api_errors("the cluster is asked what is there"):
        found = find(cluster, spec.names, made)
        namespace = remove_volumes and spec.create_namespace and cluster.get(NAMESPACE, spec.namespace) is not None
        kept_volumes = retained(cluster, found.disks)
    if found.is_empty and not (remove_volumes and (found.disks or namespace)):
        if json_output:
            print_json(_data(spec, found, False, []))
            return
        stdout.print(f"There is nothing of the cluster {spec.name} in the namespace {spec.namespace}{_but_disks(found)}.")
        return
    _check_disks(found, remove_volumes)
    if remove_volumes and not yes:
        _ask(spec, found, namespace)
    deadline = time.monotonic() + timeout
    for stage in stages(cluster, spec.names, found, remove_volumes=remove_volumes, remove_namespace=namespace):
        if not stage.objects:
            continue
        try:
            with api_errors(f"{stage.name}: deleting"), shown_rest(stage.name) as show:
                run(cluster, stage, max(0.0, deadline - time.monotonic()), show)
        except StuckError as error:
            raise CommandError(f"Not gone after {timeout:g} s: {error}. Once that is gone, run it again.", ExitCode.TIMED_OUT) from None
        stderr.print(f"gone: {stage.name}")
    if json_output:
        print_json(_data(spec, found, remove_volumes, kept_volumes))
    else:
        _print_end(spec, found, remove_volumes, kept_volumes)


def _data(spec: ClusterSpec, found: Found, remove_volumes: bool, kept_volumes: list[str]) -> dict[str, Any]:
    disks = [disk["metadata"]["name"] for disk in found.disks]
    return {
        "name": spec.name,
        "namespace": spec.namespace,
        "deleted_claims": disks if remove_volumes else [],
        "kept_claims": [] if remove_volumes else disks,
        "kept_volumes": kept_volumes if remove_volumes else [],
    }


def _but_disks(found: Found) -> str:
    return f", but the disk under its homes: {', '.join(d['metadata']['name'] for d in found.disks)}" if found.disks else ""


def _check_disks(found: Found, remove_volumes: bool) -> None:
    if found.disks_that_go and not remove_volumes:
        raise CommandError(
            f"storage.reclaim_policy is Delete, so that deleting {', '.join(found.disks_that_go)} deletes every home; allowed: --remove-volumes,"
            " or reclaim_policy: Retain in the settings and `jupyter-cluster up` before"
        )


def _ask(spec: ClusterSpec, found: Found, namespace: bool) -> None:
    claims = ", ".join(disk["metadata"]["name"] for disk in found.disks) or "no claim of its own"
    stderr.print(
        f"This deletes every home of {spec.name} for good: {claims}{f', and the namespace {spec.namespace} with all in it' if namespace else ''}."
    )
    if not sys.stdin.isatty():
        raise CommandError("--remove-volumes asks for the cluster's name, and there is no terminal; allowed: --yes")
    if typer.prompt("Type the cluster's name to go on", err=True) != spec.name:
        raise CommandError("that is not its name; nothing was deleted")


def _print_end(spec: ClusterSpec, found: Found, remove_volumes: bool, kept_volumes: list[str]) -> None:
    stdout.print(f"The cluster {spec.name} is gone.")
    disks = [disk["metadata"]["name"] for disk in found.disks]
    if remove_volumes:
        if kept_volumes:
            stdout.print(f"Their StorageClass retains the volumes: kubectl delete persistentvolume {' '.join(kept_volumes)}")
    elif disks:
        stdout.print(f"Kept, with every home: persistentvolumeclaim {', '.join(disks)}. `jupyter-cluster up` finds them again,")
        stdout.print("`jupyter-cluster down --remove-volumes` deletes them.")
    if spec.storage.external is not None:
        stdout.print(f"Every home is on {spec.storage.external.server}, in {spec.storage.external.path}, as before.")
    if spec.storage.claim is not None:
        stdout.print(f"Every home is on the claim {spec.storage.claim}, which is never deleted.")
