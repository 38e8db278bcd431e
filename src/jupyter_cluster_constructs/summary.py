"""What was written, who can log in and what to do next, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from .spec import ClusterSpec, User


def summary(spec: ClusterSpec, outdir: Path, files: Sequence[Path]) -> str:
    """Describe the manifests of a cluster: files with their objects, users with their logins, the command that comes next."""
    return "\n".join([*_files(files), "", *_logins(spec), "", *_next(spec, outdir)])


def _files(files: Sequence[Path]) -> Iterator[str]:
    for file in files:
        yield str(file)
        objects: list[dict[str, Any]] = [document for document in YAML(typ="safe").load_all(file.read_text(encoding="utf-8")) if document]
        kinds: dict[str, list[str]] = {}
        for each in objects:
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


def _next(spec: ClusterSpec, outdir: Path) -> Iterator[str]:
    if spec.create_namespace:
        yield f"The namespace {spec.namespace} is among the files: deleting it deletes the claim under the homes."
    yield f"Next: kubectl apply -f {outdir}"
