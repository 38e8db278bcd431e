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
        yield f"  {user.name}: {_login(user)}"
    if spec.jupyter.is_locked:
        yield "JupyterLab is locked: give jupyter.password_hash or jupyter.secret."
    else:
        way = f"by the Secret {spec.jupyter.secret}" if spec.jupyter.secret else "the password of jupyter.password_hash"
        yield f"JupyterLab: {way}{_address(spec)}"


def _login(user: User) -> str:
    ways = ["password"] if user.has_password else []
    if user.ssh_keys:
        ways.append("key" if len(user.ssh_keys) == 1 else f"{len(user.ssh_keys)} keys")
    return " or ".join(ways) or "locked, since there is neither a password nor a key"


def _address(spec: ClusterSpec) -> str:
    if spec.ingress is None:
        return ""
    scheme = "http" if spec.ingress.tls_secret is None and spec.ingress.gateway is None else "https"
    return f" at {scheme}://{spec.ingress.host}/"


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
    yield f"Next: kubectl apply -f {outdir}"
