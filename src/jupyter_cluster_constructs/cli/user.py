"""`jupyter-cluster user`: who has an account, in the settings file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from ruamel.yaml.error import YAMLError

from ..settings_file import load_cluster
from ..spec import ClusterSpec, User
from ..summary import login
from . import ssh_keys, user_edits, yaml_edit
from .console import print_json, print_table, stderr, stdout
from .files import read_settings, write_settings
from .options import DEFAULT_CONFIG, ConfigOption, JsonOption
from .prompts import asked_password_hash, password_hash_from_stdin

user = typer.Typer(no_args_is_help=True, help="Add, remove and list the users of the settings file, which keeps its comments.")


def _names(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """The users' names for the shell's completion; none where the file can't be read."""
    try:
        text = Path(ctx.params.get("config") or os.environ.get("CONFIG") or DEFAULT_CONFIG).read_text(encoding="utf-8")
        names = [str(entry["name"]) for entry in yaml_edit.loaded(text)["users"]]
    except (OSError, ValueError, TypeError, KeyError, YAMLError):
        return
    yield from (name for name in names if name.startswith(incomplete))


NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Login name.")]
UserArgument = Annotated[str, typer.Argument(metavar="NAME", help="Login name of a user of the file.", autocompletion=_names)]
PasswordStdinOption = Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin; its hash alone is kept.")]


@user.command()
def add(
    name: NameArgument,
    uid: Annotated[int | None, typer.Option(metavar="NUMBER", help="User id. Default: the next that no user and no home has or had.")] = None,
    group: Annotated[list[str] | None, typer.Option(metavar="GROUP", help="A group of the file that the user is in; may be given again.")] = None,
    key: Annotated[
        list[str] | None, typer.Option(metavar="FILE|TEXT", help="Public SSH key, or the file with it (id_ed25519.pub); may be given again.")
    ] = None,
    password: Annotated[bool, typer.Option("--password", help="Ask for a password twice; its hash alone is kept.")] = False,
    password_stdin: PasswordStdinOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Add a user, with a home of their own that nobody had before."""
    text, spec = read_settings(config)
    entry: dict[str, Any] = {"name": name, "uid": user_edits.next_uid(spec, user_edits.removed_users(text)) if uid is None else uid}
    if keys := [found for each in key or () for found in ssh_keys.keys_of(each)]:
        entry["ssh_keys"] = keys
    if group:
        entry["groups"] = group
    # All else is looked at before somebody types a password.
    user_edits.with_user(text, spec, entry)
    if password or password_stdin:
        entry["password_hash"] = password_hash_from_stdin() if password_stdin else asked_password_hash(name)
    spec = write_settings(config, user_edits.with_user(text, spec, entry))
    added = spec.users[user_edits.position_of(spec, name)]
    if json:
        print_json(_described(added, spec) | {"restarts": _restarted(spec)})
        return
    stdout.print(f"{config}: added {name}, uid {added.uid}, home user_home_dir_{added.home}; login: {login(added, spec)}")
    for former in user_edits.removed_users(text):
        if former.name == name and former.uid != added.uid:
            stdout.print(f"A removed user {name} had another home: remove this one and add it with --uid {former.uid}, if it is the same person.")
    _print_what_applying_does(spec)


@user.command()
def remove(name: UserArgument, config: ConfigOption = DEFAULT_CONFIG, json: JsonOption = False) -> None:
    """Remove a user; the home stays, and a comment keeps its number from being given to somebody else."""
    text, spec = read_settings(config)
    removed = spec.users[user_edits.position_of(spec, name)]
    new, groups = user_edits.without_user(text, spec, name)
    spec = write_settings(config, new)
    if json:
        print_json({"name": name, "uid": removed.uid, "home_number": removed.home, "removed_from_groups": groups, "restarts": _restarted(spec)})
        return
    stdout.print(f"{config}: removed {name}{f', also from the members of {chr(32).join(groups)}' if groups else ''}")
    stdout.print(f"The files in user_home_dir_{removed.home} stay; a comment in the file keeps uid {removed.uid} and this home from any other user.")
    _print_what_applying_does(spec)


@user.command()
def passwd(name: UserArgument, password_stdin: PasswordStdinOption = False, config: ConfigOption = DEFAULT_CONFIG, json: JsonOption = False) -> None:
    """Give a user another password; the file keeps its hash alone."""
    text, spec = read_settings(config)
    before = spec.users[user_edits.position_of(spec, name)]
    password_hash = password_hash_from_stdin() if password_stdin else asked_password_hash(name)
    spec = write_settings(config, user_edits.with_password(text, spec, name, password_hash))
    if json:
        print_json(_described(spec.users[user_edits.position_of(spec, name)], spec) | {"restarts": []})
        return
    source = "password_env" if before.password_env else "password_file" if before.password_file else None
    stdout.print(f"{config}: {name} has a new password{f', in place of {source}' if source else ''}")
    if not spec.ssh.password_login:
        stderr.print("It opens no SSH while ssh.password_login is false.")
    stdout.print("Applying it restarts nothing, and works within 90 s.")


@user.command(name="list")
def list_users(config: ConfigOption = DEFAULT_CONFIG, json: JsonOption = False) -> None:
    """List the users of the file and how they log in."""
    spec = load_cluster(config, hash_passwords=False)
    if json:
        print_json([_described(each, spec) for each in spec.users])
    elif spec.users:
        rows = [(each.name, str(each.uid), f"user_home_dir_{each.home}", login(each, spec), ", ".join(_groups(each, spec))) for each in spec.users]
        print_table("NAME", "UID", "HOME", "LOGIN", "GROUPS", rows=rows)
    else:
        stderr.print(f"{config} has no users; `jupyter-cluster user add NAME` adds one")


def _groups(each: User, spec: ClusterSpec) -> list[str]:
    """The groups of a user, whichever side names them."""
    return [group.name for group in spec.groups if group.name in each.groups or each.name in group.members]


def _described(each: User, spec: ClusterSpec) -> dict[str, Any]:
    return {
        "name": each.name,
        "uid": each.uid,
        "home_number": each.home,
        "groups": _groups(each, spec),
        "ssh_keys": len(each.ssh_keys),
        "password": each.has_password,
        "login": login(each, spec),
    }


def _restarted(spec: ClusterSpec) -> list[str]:
    """The workloads that have a volume for each home, and restart with another one."""
    if spec.storage.homes == "single":
        return []
    makers = [f"statefulset/{spec.names.nfs}"] if spec.storage.local else [f"statefulset/{spec.names.storage}"] if spec.storage.is_claimed else []
    return [*makers, f"deployment/{spec.names.frontend}", *(f"deployment/{spec.names.worker(group.name)}" for group in spec.workers)]


def _print_what_applying_does(spec: ClusterSpec) -> None:
    if restarted := _restarted(spec):
        stdout.print(f"Applying it restarts {', '.join(restarted)}, since each home is a volume of theirs; `storage.homes: single` would not.")
    else:
        stdout.print("Applying it restarts nothing, since storage.homes is single.")
    stdout.print("Next: jupyter-cluster synth")
