"""`jupyter-cluster init`: a new settings file that fits the cluster at hand."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from ..settings_file import SettingsFileError, load_cluster
from ..spec import ClusterSpec
from .console import CommandError, print_json, stderr, stdout
from .files import replacement
from .first_answers import Answers, asked_answers
from .found_network import NetworkSettings, network_settings
from .new_users import users_of_options
from .options import DEFAULT_CONFIG, ContextOption, JsonOption
from .prompts import is_interactive
from .schema import SCHEMA_FILE, write_schema
from .settings_template import settings_text


def init(
    file: Annotated[Path, typer.Argument(metavar="[FILE]", help="Settings file that is written.", show_default="cluster.yaml")] = DEFAULT_CONFIG,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Name of the cluster. Default: lab.")] = None,
    namespace: Annotated[str | None, typer.Option("--namespace", "-n", metavar="NAME", help="Namespace. Default: default.")] = None,
    user: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[:UID][=KEY]", help="A user, with a public SSH key or the file with it; may be given again. Default: none."),
    ] = None,
    nfs: Annotated[str | None, typer.Option(metavar="SERVER:/PATH", help="Keep homes on this NFS server. Default: one in the cluster.")] = None,
    claim: Annotated[str | None, typer.Option(metavar="NAME", help="Keep homes on this ReadWriteMany claim.")] = None,
    storage_class: Annotated[str | None, typer.Option(metavar="NAME", help="Keep homes on a claim of this ReadWriteMany StorageClass.")] = None,
    engines: Annotated[int | None, typer.Option(metavar="NUMBER", help="Number of engines. Default: 2.")] = None,
    memory: Annotated[str | None, typer.Option(metavar="SIZE", help="Memory of each engine, such as 4Gi. Default: 1Gi.")] = None,
    cluster_ip: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Address of the NFS Service. Default: a free one.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Look at no cluster.")] = False,
    context: ContextOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: defaults for what no option says.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    json: JsonOption = False,
) -> None:
    """Write a commented settings file, with addresses that fit the cluster of the current kubeconfig.

    It asks for what no option says; without a terminal, or with --yes, it takes defaults.
    """
    _refuse_to_overwrite(file, force=force)
    given = Answers(
        name=name, namespace=namespace, users=users_of_options(user) if user else None, engines=engines, memory=memory,
        storage=_storage(nfs, claim, storage_class),
    )  # fmt: skip
    answers = asked_answers(given) if is_interactive() and not yes else given
    values = CommentedMap(answers.settings())
    network = None
    if "local" in values["storage"]:
        checked = _checked(values)
        network = network_settings(checked.names, cluster_ip=cluster_ip, context=context, offline=offline)
        _fill_in(values, network)
    elif cluster_ip is not None:
        raise CommandError("received --cluster-ip with storage that is not in the cluster, which has no NFS Service; leave one of them out")
    schema_file = file.parent / SCHEMA_FILE
    remarks = {"network": network.remark_on_nodes} if network else {}
    spec = _written(file, settings_text(values, SCHEMA_FILE, remarks), schema_file)
    if json:
        print_json({"file": str(file), "schema": str(schema_file), **(network.described() if network else {})})
        return
    for note in (*network.notes, network.remark_on_nodes) if network else ():
        stderr.print(note, end="\n" if note else "")
    stdout.print(f"{file}: written, and {schema_file} beside it, by which editors complete it")
    _print_next(file, spec)


def _refuse_to_overwrite(file: Path, *, force: bool) -> None:
    if file.is_dir() or not file.parent.is_dir():
        raise CommandError(f"{file}: is a directory; name a file" if file.is_dir() else f"{file}: there is no directory {file.parent}; make it first")
    if file.exists() and not force:
        raise CommandError(f"{file}: is there already, and unchanged; name another file, or overwrite it by --force")


def _storage(nfs: str | None, claim: str | None, storage_class: str | None) -> dict[str, Any] | None:
    given = [option for option, value in (("--nfs", nfs), ("--claim", claim), ("--storage-class", storage_class)) if value is not None]
    if len(given) > 1:
        raise CommandError(f"received {' and '.join(given)}; allowed: one of them, or none for an NFS server in the cluster")
    if nfs is not None:
        server, colon, path = nfs.partition(":")
        if not colon:
            raise CommandError(f"--nfs: received {nfs!r}; allowed: SERVER:/PATH, such as 10.0.0.5:/srv/jupyter")
        return {"external": {"server": server, "path": path}}
    return {"claim": claim} if claim is not None else {"storage_class": storage_class} if storage_class is not None else None


def _checked(values: dict[str, Any]) -> ClusterSpec:
    """The settings without what the cluster is asked for, so that mistakes are told before it is."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "settings"
        file.write_text(settings_text(values, SCHEMA_FILE), encoding="utf-8")
        return _loaded(file)


def _loaded(file: Path) -> ClusterSpec:
    try:
        return load_cluster(file, hash_passwords=False)
    except SettingsFileError as error:
        # Lines of a file that nobody sees.
        raise CommandError(re.sub(rf"^{re.escape(str(file))}:[0-9]+: ", "", str(error), flags=re.MULTILINE) + "\nnothing is written") from None


def _written(file: Path, text: str, schema_file: Path) -> ClusterSpec:
    with replacement(file, text) as new:
        spec = _loaded(new)
        write_schema(schema_file)
        return spec


def _fill_in(values: CommentedMap, network: NetworkSettings) -> None:
    """Write what was found, and what was not, beside it."""
    local = CommentedMap(cluster_ip=network.cluster_ip)
    local.yaml_add_eol_comment(network.remark, "cluster_ip")
    values["storage"] = CommentedMap(local=local)
    if network.node_cidrs:
        cidrs = CommentedSeq(network.node_cidrs)
        for i, node in enumerate(network.node_cidrs.values()):
            cidrs.yaml_add_eol_comment(node, i)
        values["network"] = CommentedMap(node_cidrs=cidrs)


def _print_next(file: Path, spec: ClusterSpec) -> None:
    option = "" if file == DEFAULT_CONFIG else f" --config {file}"
    for each in spec.users:
        if each.is_locked:
            stdout.print(f"{each.name} is locked, without a password and a key: jupyter-cluster user passwd {each.name}{option}")
    if not spec.users:
        stdout.print(f"Nobody has an account yet: jupyter-cluster user add NAME --key FILE{option}")
    stdout.print(f"Next: jupyter-cluster synth{option}")
