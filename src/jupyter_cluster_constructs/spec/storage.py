"""Where homes and the shared directory live."""

from __future__ import annotations

import hashlib
import ipaddress
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from .base import Settings
from .values import AbsolutePath, DnsSubdomain, HomeMode, Listed, SizeQuantity


def _ipv4(value: str) -> str:
    try:
        return str(ipaddress.IPv4Address(value))
    except ValueError:
        raise ValueError("allowed: a free IPv4 address of the cluster's Service network, such as 10.96.0.150") from None


def _server(value: str) -> str:
    allowed = "allowed: an address or a DNS name that the nodes resolve, such as 10.0.0.5 or nfs.example.org"
    if value.removesuffix(".").endswith((".svc", ".cluster.local")):
        raise ValueError(f"nodes do not resolve names of Services; use the Service's clusterIP; {allowed}")
    if not value or any(c.isspace() or c in ":/" for c in value):
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
    )
    size: SizeQuantity = Field(default="20Gi", description="Size of the disk under all homes and the shared directory.")
    storage_class: DnsSubdomain | None = Field(default=None, description="StorageClass of that disk. Default: the cluster's default class.")
    leave_seconds: int = Field(
        default=30, ge=0, le=3600, description="Longest time, in seconds, that a stopping NFS server waits for its clients to leave first."
    )


class ExternalStorage(Settings):
    """An NFS server that exists, with the directories `user_home_dir_<number>` and `jupyter_shared`."""

    server: Annotated[str, AfterValidator(_server)] = Field(description="Address or name of the server, as the nodes resolve it.")
    path: AbsolutePath = Field(description="Directory of the server that holds user_home_dir_<number> and jupyter_shared.")


class Storage(Settings):
    """Homes and the shared directory: on an NFS server that the cluster runs, or on one that exists."""

    local: LocalStorage | None = Field(default=None, description="An NFS server in the cluster.")
    external: ExternalStorage | None = Field(default=None, description="An NFS server outside the cluster.")
    home_mode: HomeMode = Field(
        default="0750", description="Mode of the homes, in quotes. Their group is `jupyter`, so that 0750 lets engines read and 0700 keeps them out."
    )
    home_size: SizeQuantity = Field(default="10Gi", description="Size written on each home's volume; NFS does not enforce it.")
    shared_size: SizeQuantity = Field(default="10Gi", description="Size written on the shared directory's volume; NFS does not enforce it.")
    mount_options: Annotated[tuple[Annotated[str, AfterValidator(_mount_option)], ...], Listed] = Field(
        default=("nfsvers=4.1", "hard", "noresvport"), description="Options of the NFS mounts, as nfs(5) lists them."
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.local is None) == (self.external is None):
            received = "neither" if self.local is None else "both"
            raise ValueError(f"received {received}; allowed: either `local: {{}}` or `external: {{server: …, path: …}}`")
        return self


def default_cluster_ip(namespace: str, name: str) -> str:
    """Choose the NFS Service's address for a cluster that names none.

    Always the same one for a cluster, in the part of 10.96.0.0/16 (kind, kubeadm, minikube) that Kubernetes hands out last.
    https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/
    """
    digest = hashlib.sha256(f"{namespace}/{name}".encode()).digest()
    return f"10.96.0.{100 + int.from_bytes(digest[:4], 'big') % 150}"
