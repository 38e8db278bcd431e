"""Homes and the shared directory as volumes, and what serves or makes them where that is the cluster's own."""

from __future__ import annotations

from functools import cached_property

from cdk8s_plus_27 import k8s
from constructs import Construct

from . import ganesha, paths
from .claimed_storage import ClaimedStorage
from .directories import DIRECTORIES_KEY, HOMES_VOLUME, Directory, home_directory, links, shared_directory, specs
from .errors import InvalidSettingsError
from .labels import Component, object_labels
from .nfs_server import NfsServer
from .objects import checksum, claim_retention, claim_volume, metadata, mount, quantity, without_namespace
from .pod_extras import PodExtras
from .spec import Images, LocalStorage, Network, Storage, User, default_cluster_ip
from .spec.access import node_problems
from .spec.storage import home_problems
from .users import Users


class Nfs(Construct):
    """The storage: volumes and claims of the homes and the shared directory, and a server if it is local.

    On NFS each home has a PersistentVolume and a PersistentVolumeClaim, or all have one together; they name each other,
    so that no other claim is ever bound, and volumes are retained. A ReadWriteMany claim holds everything by itself.
    https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reserving-a-persistentvolume

    Args:
        scope: where the construct belongs, a Chart or a construct in one.
        id: name of the construct in its scope.
        users: the users whose homes these are.
        storage: its kind, modes, sizes, mount options. Default: a local server, a volume for each home.
        network: from where nodes mount a local server. Default: from anywhere, as far as the network plugin lets them.
        images: where the images come from. Default: the library's own names.
        extras: what is added to the pod of the NFS server, or to the one that makes the directories on a claim. Default: nothing.

    Raises:
        InvalidSettingsError: with single homes, a user is called like a directory of the storage; or nodes' networks are given
            for storage that has no server of its own.
        ValueError: the cluster's name is too long for the StatefulSet that ``storage_class`` needs; or extras are given where there is
            no pod, with external storage.

    Attributes:
        names: names of the cluster's resources.
        homes: the homes' directories, in the order of the users.
        shared: the shared directory.
        address: the NFS server, as nodes and pods reach it; None on a ReadWriteMany claim.
        server: the NFS server's construct; None where the cluster has none of its own.
        claimed: the construct that makes the directories on a ReadWriteMany claim; None on NFS.
        volumes: the PersistentVolumes by their names, for patches.
        claims: the PersistentVolumeClaims by their names, for patches.
        config_map: the ConfigMap, for patches; None where none is needed.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        users: Users,
        storage: Storage | None = None,
        network: Network | None = None,
        images: Images | None = None,
        extras: PodExtras | None = None,
    ) -> None:
        super().__init__(scope, id)
        self.names = users.names
        self._storage = storage or Storage(local=LocalStorage())
        self._images, self._network = images or Images(), network or Network()
        if problems := (*home_problems(users.users, self._storage), *node_problems(self._network, self._storage)):
            raise InvalidSettingsError(*problems)
        self.homes = tuple(home_directory(user, self.names, self._storage) for user in users.users)
        self.shared = shared_directory(self.names, self._storage)
        self._extras = extras
        self.server: NfsServer | None = None
        self.claimed: ClaimedStorage | None = None
        self.address: str | None = None
        self.volumes: dict[str, k8s.KubePersistentVolume] = {}
        self.claims: dict[str, k8s.KubePersistentVolumeClaim] = {}
        self.config_map = self._config()
        if self._storage.is_claimed:
            # With single homes nothing restarts when users change: the list is followed.
            annotations = None if self.is_single else {"jupyter-cluster/directories-checksum": checksum(self._list())}
            self.claimed = ClaimedStorage(
                self,
                "Claimed",
                names=self.names,
                storage=self._storage,
                images=self._images,
                network=self._network,
                config_map_name=self.names.nfs,
                annotations=annotations,
                extras=extras,
            )
        elif self._storage.external is not None:
            if extras is not None:
                raise ValueError("received extras with external storage, which has no pod of its own; allowed: none")
            self.address = self._storage.external.server
            self._volumes(self._storage.external.path.rstrip("/"))
        else:
            self._local(self._storage.local or LocalStorage())

    @property
    def is_single(self) -> bool:
        """Whether all homes are in one volume."""
        return self._storage.homes == "single"

    @property
    def is_external(self) -> bool:
        """Whether the directories are somebody else's to make."""
        return self._storage.external is not None

    @property
    def directories(self) -> tuple[Directory, ...]:
        """The shared directory and all homes."""
        return (self.shared, *self.homes)

    def home_of(self, user: User | str) -> Directory:
        """The home of a user: its claim, its place on the claim, its path in the cluster's pods.

        Args:
            user: the user, or its name.

        Raises:
            KeyError: there is no such user.
        """
        name = user if isinstance(user, str) else user.name
        homes = {home.path: home for home in self.homes}
        if paths.home(name) not in homes:
            raise KeyError(f"received user {name!r}; allowed: {', '.join(home.link for home in self.homes)}")
        return homes[paths.home(name)]

    def pod_volumes(self) -> list[k8s.Volume]:
        """The volumes of a pod that has all homes and the shared directory."""
        return list(self._pod_volumes)

    @cached_property
    def _pod_volumes(self) -> tuple[k8s.Volume, ...]:
        claims = {d.pod_volume_name: d.claim_name for d in self.directories}
        if self.is_single and not self._storage.is_claimed:
            # With no users yet, too: the first one restarts nothing.
            claims[HOMES_VOLUME] = self.names.homes_claim
        return tuple(claim_volume(name, claim) for name, claim in claims.items())

    def mounts(self) -> list[k8s.VolumeMount]:
        """The mounts of those volumes: each home and the shared directory where members see them."""
        return list(self._mounts)

    @cached_property
    def _mounts(self) -> tuple[k8s.VolumeMount, ...]:
        # Every container asks for them, and a thousand of them take a while to make.
        if self.is_single:
            return mount(self._homes_volume, paths.HOMES), self.shared_mount()
        return self.shared_mount(), *(mount(d.pod_volume_name, d.path, sub_path=d.sub_path) for d in self.homes)

    def shared_mount(self) -> k8s.VolumeMount:
        """The mount of the shared directory alone."""
        return mount(self.shared.pod_volume_name, self.shared.path, sub_path=self.shared.sub_path)

    def root_mount(self) -> k8s.VolumeMount | None:
        """The mount of the one volume that has every directory, where an init container looks after them; None with a volume a home."""
        return mount(self._homes_volume, paths.STORAGE) if self._has_list else None

    def directories_volume(self) -> k8s.Volume | None:
        """A volume with the list of all directories, which changes while pods run; None with a volume a home."""
        if not self._has_list:
            return None
        items = [k8s.KeyToPath(key=DIRECTORIES_KEY, path=DIRECTORIES_KEY)]
        return k8s.Volume(name=DIRECTORIES_KEY, config_map=k8s.ConfigMapVolumeSource(name=self.names.nfs, items=items))

    @property
    def _has_list(self) -> bool:
        return self.is_single or self._storage.is_claimed

    @property
    def _homes_volume(self) -> str:
        return self.shared.pod_volume_name if self._storage.is_claimed else HOMES_VOLUME

    def _list(self) -> str:
        lines = (*specs(self.shared, self.homes), *(links(self.homes) if self.is_single else ()))
        return "".join(f"{line}\n" for line in lines)

    def _config(self) -> k8s.KubeConfigMap | None:
        files = {"ganesha.conf": ganesha.ganesha_config(self._network.node_cidrs)} if self._storage.local is not None else {}
        if self._has_list:
            files[DIRECTORIES_KEY] = self._list()
        return k8s.KubeConfigMap(self, "ConfigMap", metadata=metadata(self.names, self.names.nfs, Component.NFS), data=files) if files else None

    def _local(self, local: LocalStorage) -> None:
        self.address = local.cluster_ip or default_cluster_ip(self.names.namespace, self.names.cluster)
        self.server = NfsServer(
            self,
            "Server",
            names=self.names,
            address=self.address,
            local=local,
            images=self._images,
            network=self._network,
            directories=None if self.is_single else list(specs(self.shared, self.homes)),
            retention=claim_retention(self._storage),
            extras=self._extras,
        )
        self._volumes(paths.EXPORT)

    def _volumes(self, exported: str) -> None:
        if self.is_single:
            self._volume("Homes", self.names.homes_volume, self.names.homes_claim, exported or "/", self._storage.home_size)
            in_volumes: tuple[Directory, ...] = (self.shared,)
        else:
            in_volumes = self.directories
        for d in in_volumes:
            part = "Shared" if d.is_shared else d.pod_volume_name
            self._volume(part, str(d.volume_name), d.claim_name, f"{exported}/{d.name}", d.size)
        without_namespace(*self.volumes.values())

    def _volume(self, part: str, name: str, claim_name: str, path: str, size: str) -> None:
        capacity = {"storage": quantity(size)}
        self.volumes[name] = k8s.KubePersistentVolume(
            self,
            f"Volume-{part}",
            metadata=k8s.ObjectMeta(name=name, labels=object_labels(self.names.cluster, Component.NFS)),
            spec=k8s.PersistentVolumeSpec(
                capacity=capacity,
                access_modes=["ReadWriteMany"],
                persistent_volume_reclaim_policy="Retain",
                storage_class_name="",
                claim_ref=k8s.ObjectReference(api_version="v1", kind="PersistentVolumeClaim", namespace=self.names.namespace, name=claim_name),
                mount_options=list(self._storage.mount_options) or None,
                nfs=k8s.NfsVolumeSource(server=str(self.address), path=path),
            ),
        )
        self.claims[claim_name] = k8s.KubePersistentVolumeClaim(
            self,
            f"Claim-{part}",
            metadata=metadata(self.names, claim_name, Component.NFS),
            spec=k8s.PersistentVolumeClaimSpec(
                access_modes=["ReadWriteMany"],
                storage_class_name="",
                volume_name=name,
                resources=k8s.ResourceRequirements(requests=capacity),
            ),
        )
