"""Homes and the shared directory as NFS volumes, and the server of them where there is none."""

from __future__ import annotations

from dataclasses import dataclass

from cdk8s_plus_27 import k8s
from constructs import Construct

from . import paths
from .accounts import JUPYTER
from .labels import Component, object_labels
from .names import Names
from .nfs_server import NfsServer
from .objects import metadata, mount, without_namespace
from .spec import Images, LocalStorage, Storage, User, default_cluster_ip
from .users import Users

SHARED_DIRECTORY = "jupyter_shared"
SHARED_MODE = "1777"


@dataclass(frozen=True)
class Directory:
    """A directory of the NFS server and how pods see it.

    Attributes:
        name: its name on the server.
        path: where pods mount it.
        owner: number of the user that it belongs to.
        mode: its mode, in octal.
        volume_name: its PersistentVolume.
        claim_name: its PersistentVolumeClaim.
        size: what is written on both; NFS does not enforce it.
        is_shared: whether it is the shared directory, not somebody's home.
    """

    name: str
    path: str
    owner: int
    mode: str
    volume_name: str
    claim_name: str
    size: str
    is_shared: bool = False

    @property
    def pod_volume_name(self) -> str:
        """Its name among a pod's volumes."""
        return "shared" if self.is_shared else self.name.replace("user_home_dir_", "home-")


class Nfs(Construct):
    """A PersistentVolume and a PersistentVolumeClaim for each home and for the shared directory, and a server if local.

    Volumes and claims name each other, so that no other claim is ever bound, and volumes are retained.
    https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reserving-a-persistentvolume

    Args:
        scope: where the construct belongs, a Chart or a construct in one.
        id: name of the construct in its scope.
        users: the users whose homes these are.
        storage: local or external, modes, sizes, mount options. Default: a local server.
        images: where the server's image comes from. Default: the library's own names.

    Attributes:
        names: names of the cluster's resources.
        homes: the homes' directories, in the order of the users.
        shared: the shared directory.
        address: the server, as nodes and pods reach it.
        server: the server's construct; None with external storage.
    """

    def __init__(self, scope: Construct, id: str, *, users: Users, storage: Storage | None = None, images: Images | None = None) -> None:
        super().__init__(scope, id)
        self.names = users.names
        self._storage = storage or Storage(local=LocalStorage())
        self.homes = tuple(home_directory(user, self.names, self._storage) for user in users.users)
        self.shared = shared_directory(self.names, self._storage)
        self.server: NfsServer | None = None
        if self._storage.external is not None:
            self.address, exported = self._storage.external.server, self._storage.external.path.rstrip("/")
        else:
            local = self._storage.local or LocalStorage()
            self.address, exported = local.cluster_ip or default_cluster_ip(self.names.namespace, self.names.cluster), paths.EXPORT
            self.server = NfsServer(
                self,
                "Server",
                names=self.names,
                address=self.address,
                local=local,
                images=images or Images(),
                directories=[f"{d.name}:{d.owner}:{JUPYTER.uid}:{d.mode}" for d in self.directories],
            )
        for directory in self.directories:
            self._volume(directory, f"{exported}/{directory.name}")

    @property
    def directories(self) -> tuple[Directory, ...]:
        """The shared directory and all homes."""
        return (self.shared, *self.homes)

    def home_of(self, user: str) -> Directory:
        """The home of a user.

        Raises:
            KeyError: there is no such user.
        """
        return {home.path: home for home in self.homes}[paths.home(user)]

    def pod_volumes(self) -> list[k8s.Volume]:
        """The volumes of a pod that has all homes and the shared directory."""
        return [
            k8s.Volume(name=d.pod_volume_name, persistent_volume_claim=k8s.PersistentVolumeClaimVolumeSource(claim_name=d.claim_name))
            for d in self.directories
        ]

    def mounts(self) -> list[k8s.VolumeMount]:
        """The mounts of those volumes."""
        return [mount(d.pod_volume_name, d.path) for d in self.directories]

    def shared_mount(self) -> k8s.VolumeMount:
        """The mount of the shared directory alone."""
        return mount(self.shared.pod_volume_name, self.shared.path)

    def _volume(self, directory: Directory, path: str) -> None:
        labels = object_labels(self.names.cluster, Component.NFS)
        capacity = {"storage": k8s.Quantity.from_string(directory.size)}
        part = "Shared" if directory.is_shared else directory.pod_volume_name
        volume = k8s.KubePersistentVolume(
            self,
            f"Volume-{part}",
            metadata=k8s.ObjectMeta(name=directory.volume_name, labels=labels),
            spec=k8s.PersistentVolumeSpec(
                capacity=capacity,
                access_modes=["ReadWriteMany"],
                persistent_volume_reclaim_policy="Retain",
                storage_class_name="",
                claim_ref=k8s.ObjectReference(
                    api_version="v1", kind="PersistentVolumeClaim", namespace=self.names.namespace, name=directory.claim_name
                ),
                mount_options=list(self._storage.mount_options) or None,
                nfs=k8s.NfsVolumeSource(server=self.address, path=path),
            ),
        )
        without_namespace(volume)
        k8s.KubePersistentVolumeClaim(
            self,
            f"Claim-{part}",
            metadata=metadata(self.names, directory.claim_name, Component.NFS),
            spec=k8s.PersistentVolumeClaimSpec(
                access_modes=["ReadWriteMany"],
                storage_class_name="",
                volume_name=directory.volume_name,
                resources=k8s.ResourceRequirements(requests=capacity),
            ),
        )


def home_directory(user: User, names: Names, storage: Storage) -> Directory:
    """The home of a user, of group jupyter so that engines can be let in."""
    return Directory(
        name=f"user_home_dir_{user.home}",
        path=paths.home(user.name),
        owner=user.uid,
        mode=storage.home_mode.rjust(4, "0"),
        volume_name=names.home_volume(user.home),
        claim_name=names.home_claim(user.home),
        size=storage.home_size,
    )


def shared_directory(names: Names, storage: Storage) -> Directory:
    """The directory that all members and the engines write to, where only owners remove their files."""
    return Directory(
        name=SHARED_DIRECTORY,
        path=paths.SHARED,
        owner=JUPYTER.uid,
        mode=SHARED_MODE,
        volume_name=names.shared_volume,
        claim_name=names.shared_claim,
        size=storage.shared_size,
        is_shared=True,
    )
