"""Where homes and the shared directory live."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from ..errors import Problem
from .accounts import User
from .base import Settings
from .values import AbsolutePath, DnsSubdomain, HomeMode, Listed, SizeQuantity

SERVER = re.compile(r"[A-Za-z0-9]([-_A-Za-z0-9]*[A-Za-z0-9])?(\.[A-Za-z0-9]([-_A-Za-z0-9]*[A-Za-z0-9])?)*\.?")
KINDS = ("local", "external", "claim", "storage_class")


def _ipv4(value: str) -> str:
    try:
        return str(ipaddress.IPv4Address(value))
    except ValueError:
        raise ValueError("allowed: a free IPv4 address of the cluster's Service network, such as 10.96.0.150") from None


def _server(value: str) -> str:
    allowed = "allowed: an address or a DNS name that the nodes resolve, such as 10.0.0.5 or nfs.example.org"
    if value.removesuffix(".").endswith((".svc", ".cluster.local")):
        raise ValueError(f"nodes do not resolve names of Services; use the Service's clusterIP; {allowed}")
    if not SERVER.fullmatch(value):
        raise ValueError(f"{allowed}, without a path")
    return value


def _mount_option(value: str) -> str:
    if not value or not value.isprintable() or any(c in " ," for c in value):
        raise ValueError("allowed: one option of nfs(5) an entry, such as nfsvers=4.1 or hard")
    return value


class LocalStorage(Settings):
    """An NFS server in a pod of the cluster, its disk a claim of a StorageClass."""

    cluster_ip: Annotated[str, AfterValidator(_ipv4)] | None = Field(
        default=None,
        description="Address of the NFS Service, inside the Service network of the cluster. "
        "Default: one of 10.96.0.100-10.96.0.249, chosen by namespace and name; k3s needs one in 10.43.0.0/16.",
        examples=["10.96.0.150"],
    )
    size: SizeQuantity = Field(default="20Gi", description="Size of the disk under all homes and the shared directory.")
    storage_class: DnsSubdomain | None = Field(
        default=None, description="StorageClass of that disk. Default: the cluster's default class.", examples=["fast"]
    )
    leave_seconds: int = Field(
        # A Namespace's deletion looks again after half of its pods' longest grace period: with 600 s it takes five minutes.
        default=60,
        ge=0,
        le=3600,
        description="Longest time, in seconds, that the NFS server goes on for the clients that are left once its Service is deleted. "
        "While the Service is there, a stopping server ends after 10 s, since the next one takes over.",
    )


class ExternalStorage(Settings):
    """An NFS server that exists, with the directories `user_home_dir_<number>` and `jupyter_shared`."""

    server: Annotated[str, AfterValidator(_server)] = Field(
        description="Address or name of the server, as the nodes resolve it.", examples=["10.0.0.5", "nfs.example.org"]
    )
    path: AbsolutePath = Field(description="Directory of the server that holds user_home_dir_<number> and jupyter_shared.", examples=["/srv/jupyter"])


class Storage(Settings):
    """Homes and the shared directory: on an NFS server that the cluster runs, on one that exists, or on a ReadWriteMany claim."""

    local: LocalStorage | None = Field(default=None, description="An NFS server in the cluster.")
    external: ExternalStorage | None = Field(default=None, description="An NFS server outside the cluster.")
    claim: DnsSubdomain | None = Field(
        default=None,
        description="A ReadWriteMany PersistentVolumeClaim in the namespace that everything is kept on; for this cluster alone, and never deleted. "
        "Default: another kind of storage.",
        examples=["jupyter-files"],
    )
    storage_class: DnsSubdomain | None = Field(
        default=None,
        description="A StorageClass of ReadWriteMany volumes (CephFS, EFS, Filestore, NFS CSI) to make such a claim from. "
        "Default: another kind of storage.",
        examples=["cephfs"],
    )
    claim_size: SizeQuantity = Field(default="20Gi", description="Size of the claim that is made from storage_class.")
    homes: Literal["per-user", "single"] = Field(
        default="per-user",
        description="Homes in a volume each, or all in a single one: then adding or removing a user restarts nothing, "
        "and a thousand homes are one mount.",
    )
    reclaim_policy: Literal["Retain", "Delete"] = Field(
        default="Retain",
        description="Whether `kubectl delete -f dist/` keeps the disk under all homes or deletes it; Delete is for local and storage_class.",
    )
    home_mode: HomeMode = Field(
        default="0750",
        description="Mode of the homes, in quotes. Their group is `jupyter`, so that 0750 lets engines read and 0700 keeps them out.",
        examples=["0700"],
    )
    home_size: SizeQuantity = Field(default="10Gi", description="Size written on each home's volume; NFS does not enforce it.")
    shared_size: SizeQuantity = Field(default="10Gi", description="Size written on the shared directory's volume; NFS does not enforce it.")
    mount_options: Annotated[tuple[Annotated[str, AfterValidator(_mount_option)], ...], Listed] = Field(
        default=("nfsvers=4.1", "hard", "timeo=100", "noresvport"),
        description="Options of the NFS mounts, as nfs(5) lists them.",
        examples=[["nfsvers=4.2", "hard", "noresvport"]],
    )

    @property
    def is_claimed(self) -> bool:
        """Whether everything is on one ReadWriteMany claim."""
        return self.claim is not None or self.storage_class is not None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(
                f"received {' and '.join(given) or 'none of them'}; allowed: one of"
                " `local: {}`, `external: {server: …, path: …}`, `claim: NAME` and `storage_class: NAME`"
            )
        return self

    @model_validator(mode="after")
    def _nothing_is_ignored(self) -> Self:
        unread = {"claim_size"} if self.storage_class is None else set()
        if self.is_claimed:
            unread |= {"home_size", "shared_size", "mount_options"}
        if ignored := sorted(unread & self.model_fields_set):
            kind = next(kind for kind in KINDS if getattr(self, kind) is not None)
            raise ValueError(f"received {' and '.join(ignored)}, which storage of the kind {kind} does not use; leave it out")
        return self

    @model_validator(mode="after")
    def _only_own_disks_are_deleted(self) -> Self:
        if self.reclaim_policy == "Delete" and self.local is None and self.storage_class is None:
            raise ValueError("received reclaim_policy Delete for storage that the cluster does not make; allowed: Retain")
        return self


def home_problems(users: Sequence[User], storage: Storage) -> Iterator[Problem]:
    """Find users whose names are those of directories that their homes' links would be beside."""
    if storage.homes == "single":
        for i, user in enumerate(users):
            if re.fullmatch("jupyter_shared|user_home_dir_[0-9]+", user.name):
                yield Problem(("users", i, "name"), f"received {user.name!r}, a directory of the storage with `homes: single`; choose another name")


def default_cluster_ip(namespace: str, name: str) -> str:
    """Choose the NFS Service's address for a cluster that names none.

    Always the same one for a cluster, in the part of 10.96.0.0/16 (kind, kubeadm, minikube) that Kubernetes hands out last.
    https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/
    """
    digest = hashlib.sha256(f"{namespace}/{name}".encode()).digest()
    return f"10.96.0.{100 + int.from_bytes(digest[:4], 'big') % 150}"
