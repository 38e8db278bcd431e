"""The directories of the storage: whose they are, and how pods see them; no cdk8s."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from . import paths
from .accounts import JUPYTER
from .names import Names
from .spec import Storage, User

SHARED_DIRECTORY = "jupyter_shared"
SHARED_MODE = "1777"
# Where the one volume with all homes is mounted at /home, these are where the pods' own volumes at /home/jupyter go.
MOUNT_POINTS = ("jupyter", "jupyter/config", "jupyter/shared")
# Key of the list of all directories in a ConfigMap, and name of its volume in pods.
DIRECTORIES_KEY = "directories"
STORAGE_VOLUME = "storage"
HOMES_VOLUME = "homes"


@dataclass(frozen=True)
class Directory:
    """A directory of the storage and how pods see it.

    Attributes:
        name: its name on the storage.
        path: where pods see it.
        owner: number of the user that it belongs to.
        mode: its mode, in octal.
        claim_name: the PersistentVolumeClaim that it is on.
        pod_volume_name: that claim's name among a pod's volumes.
        size: what is written on a volume of its own; NFS does not enforce it.
        volume_name: its PersistentVolume; None where it shares one, or Kubernetes names it.
        sub_path: its place on the claim; None where it is all of it.
        is_shared: whether it is the shared directory, not somebody's home.
    """

    name: str
    path: str
    owner: int
    mode: str
    claim_name: str
    pod_volume_name: str
    size: str
    volume_name: str | None = None
    sub_path: str | None = None
    is_shared: bool = False

    @property
    def link(self) -> str:
        """Its user's name, by which a link beside it leads to a home."""
        return self.path.removeprefix(f"{paths.HOMES}/")

    @property
    def spec(self) -> str:
        """What make_directories.py makes of it: NAME:UID:GID:MODE, of group jupyter so that engines can be let in."""
        return f"{self.name}:{self.owner}:{JUPYTER.uid}:{self.mode}"


def home_directory(user: User, names: Names, storage: Storage) -> Directory:
    """The home of a user."""
    name = f"user_home_dir_{user.home}"
    if storage.is_claimed:
        claim, pod_volume, volume, sub_path = claimed_by(names, storage), STORAGE_VOLUME, None, name
    elif storage.homes == "single":
        claim, pod_volume, volume, sub_path = names.homes_claim, HOMES_VOLUME, None, name
    else:
        claim, pod_volume, volume, sub_path = names.home_claim(user.home), f"home-{user.home}", names.home_volume(user.home), None
    return Directory(
        name=name,
        path=paths.home(user.name),
        owner=user.uid,
        mode=storage.home_mode.rjust(4, "0"),
        claim_name=claim,
        pod_volume_name=pod_volume,
        size=storage.home_size,
        volume_name=volume,
        sub_path=sub_path,
    )


def shared_directory(names: Names, storage: Storage) -> Directory:
    """The directory that all members and the engines write to, where only owners remove their files."""
    return Directory(
        name=SHARED_DIRECTORY,
        path=paths.SHARED,
        # A sticky directory's owner renames and removes everybody's files, and members' tasks run as `jupyter`.
        owner=0,
        mode=SHARED_MODE,
        claim_name=claimed_by(names, storage) if storage.is_claimed else names.shared_claim,
        pod_volume_name=STORAGE_VOLUME if storage.is_claimed else "shared",
        size=storage.shared_size,
        volume_name=None if storage.is_claimed else names.shared_volume,
        sub_path=SHARED_DIRECTORY if storage.is_claimed else None,
        is_shared=True,
    )


def claimed_by(names: Names, storage: Storage) -> str:
    """The ReadWriteMany claim that everything is on: one that exists, or what the StatefulSet's template makes."""
    return storage.claim or f"{STORAGE_VOLUME}-{names.storage}-0"


def specs(shared: Directory, homes: Sequence[Directory]) -> Iterator[str]:
    """What make_directories.py makes."""
    yield from (directory.spec for directory in (shared, *homes))


def links(homes: Sequence[Directory]) -> Iterator[str]:
    """What it makes beside them where a volume with all homes is mounted at /home: homes by their users' names, and mount points."""
    yield from (f"{home.link} -> {home.name}" for home in homes)
    yield from (f"{path}:0:0:0755" for path in MOUNT_POINTS)


def commands(shared: Directory, homes: Sequence[Directory], *, links: bool) -> Iterator[str]:
    """What makes the same by hand, for the administrator of a server that exists.

    Args:
        shared: the shared directory.
        homes: the homes.
        links: whether the homes are in one volume.
    """
    yield _command(shared)
    if links:
        yield f"install -d -o 0 -g 0 -m 0755 {' '.join(MOUNT_POINTS)}"
    for home in homes:
        yield _command(home) + (f" && ln -sfn {home.name} {home.link}" if links else "")


def _command(directory: Directory) -> str:
    return f"install -d -o {directory.owner} -g {JUPYTER.uid} -m {directory.mode} {directory.name}"
