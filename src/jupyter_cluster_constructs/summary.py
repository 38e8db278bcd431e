"""What was written, who can log in and what to do next, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .changes import Changes, Manifest, described
from .directories import commands, home_directory, shared_directory
from .spec import ClusterSpec, User

COMMANDS_SHOWN = 12


def summary(spec: ClusterSpec, outdir: Path, files: Mapping[Path, list[Manifest]], found: Changes | None = None) -> str:
    """Describe the manifests of a cluster.

    Args:
        spec: the settings.
        outdir: the directory of the manifests.
        files: the manifests, by their files.
        found: what differs from those that were there before. Default: there were none.

    Returns:
        Files with their objects, users with their logins, what applying changes, the command that comes next.
    """
    difference = ["", *described(found, spec.namespace)] if found else []
    return "\n".join([*_files(files), "", *_logins(spec), *difference, "", *_next(spec, outdir)])


def _files(files: Mapping[Path, list[Manifest]]) -> Iterator[str]:
    for file, manifests in files.items():
        yield str(file)
        kinds: dict[str, list[str]] = {}
        for each in manifests:
            kinds.setdefault(each["kind"], []).append(each["metadata"]["name"])
        for kind, names in kinds.items():
            yield f"  {kind}: {_shortened(names)}"


def _shortened(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 5 else f"{', '.join(names[:4])} and {len(names) - 4} more"


def _logins(spec: ClusterSpec) -> Iterator[str]:
    yield f"Who can log in by SSH (Service {spec.names.ssh}, port {spec.ssh.port}):" if spec.users else "Nobody can log in: there are no users."
    for user in spec.users:
        yield f"  {user.name}: {login(user, spec)}"
    yield f"JupyterLab: {jupyter_login(spec)}{_address(spec)}"


def jupyter_login(spec: ClusterSpec) -> str:
    """Who can log in to JupyterLab, and how, in words."""
    if spec.jupyter.mode == "off":
        return "none, by jupyter.mode: off"
    if spec.jupyter.mode == "hub":
        return _hub_login(spec)
    if spec.jupyter.is_locked:
        return "locked; jupyter.password_hash or jupyter.secret opens it"
    return f"for all, by the Secret {spec.jupyter.secret}" if spec.jupyter.secret else "for all, by the password of jupyter.password_hash"


def _hub_login(spec: ClusterSpec) -> str:
    if (sign_on := spec.jupyter.hub.sign_on) is not None:
        return f"each user's own, by {sign_on.login_service}"
    if spec.shadow_secret is not None:
        return f"each user's own, by the password that the Secret {spec.shadow_secret} says"
    able = [user.name for user in spec.users if user.has_password]
    if not able:
        return "each user's own, by their password; nobody has one"
    return f"each user's own, by their password ({_shortened(able)})"


def login(user: User, spec: ClusterSpec) -> str:
    """How a user of a cluster can log in, in words."""
    ways = []
    if user.ssh_keys:
        ways.append("key" if len(user.ssh_keys) == 1 else f"{len(user.ssh_keys)} keys")
    if spec.ssh.password_login and spec.shadow_secret is not None:
        ways.append(f"password as the Secret {spec.shadow_secret} says")
    elif spec.ssh.password_login and user.has_password:
        ways.insert(0, "password")
    if ways:
        return " or ".join(ways)
    if user.has_password or spec.shadow_secret is not None:
        return "no key in the settings, and passwords are off by ssh.password_login; keys in ~/.ssh/authorized_keys work"
    if (sign_on := spec.jupyter.hub.sign_on) is not None and sign_on.admits(user.name):
        return f"no password and no key in the settings, only {sign_on.login_service} for JupyterLab; keys in ~/.ssh/authorized_keys work"
    return "locked, since there is neither a password nor a key"


def _address(spec: ClusterSpec) -> str:
    return f" at {spec.ingress.url}" if spec.ingress and spec.jupyter.mode != "off" else ""


def _directories(spec: ClusterSpec, path: str) -> Iterator[str]:
    homes = [home_directory(user, spec.names, spec.storage) for user in spec.users]
    needed = list(commands(shared_directory(spec.names, spec.storage), homes, links=spec.storage.homes == "single"))
    yield f"What the administrator of the NFS server has to have made, in {path}:"
    yield from (f"  {command}" for command in needed[:COMMANDS_SHOWN])
    if len(needed) > COMMANDS_SHOWN:
        yield f"  and {len(needed) - COMMANDS_SHOWN} more of the same kind"


def _next(spec: ClusterSpec, outdir: Path) -> Iterator[str]:
    if spec.create_namespace and spec.storage.external is None:
        yield f"The namespace {spec.namespace} is among the files: deleting it deletes the claim under the homes."
    if spec.storage.reclaim_policy == "Delete":
        yield f"kubectl delete -f {outdir} deletes every home: storage.reclaim_policy is Delete."
    if spec.storage.external is not None:
        yield from _directories(spec, spec.storage.external.path)
    if spec.storage.local is not None and spec.network.policies and not spec.network.node_cidrs:
        yield "Where the network plugin enforces NetworkPolicies, NFS may need network.node_cidrs: see docs/operations.md."
    yield f"Next: kubectl apply -f {outdir}"
