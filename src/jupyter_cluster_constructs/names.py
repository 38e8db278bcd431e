"""The only place that makes the names of resources."""

from __future__ import annotations

import re
from dataclasses import dataclass

NAME_LIMIT = 63
# The pods of a StatefulSet carry its name and a hash of 11 characters as a label's value.
STATEFULSET_NAME_LIMIT = NAME_LIMIT - 11
CLUSTER_NAME_LIMIT = STATEFULSET_NAME_LIMIT - len("-nfs")


def checked_cluster_name(name: str) -> str:
    """Give a cluster's name back if every name made from it is one that Kubernetes allows and no other cluster's.

    Raises:
        ValueError: it is not allowed.
    """
    if len(name) > CLUSTER_NAME_LIMIT:
        raise ValueError(f"received {name!r} of {len(name)} characters; allowed: at most {CLUSTER_NAME_LIMIT}")
    if not re.fullmatch("[a-z]([-a-z0-9]*[a-z0-9])?", name):
        raise ValueError(f"received {name!r}; allowed: small letters, digits and -, a letter first")
    if re.search("-worker(-|$)", name):
        raise ValueError(
            f"received {name!r}; allowed: a name without -worker, since NAME-worker-GROUP is what a cluster's groups of engines are called"
        )
    return name


def checked_statefulset_name(name: str) -> str:
    """Give a StatefulSet's name back if its pods' labels can hold it.

    Raises:
        ValueError: it is too long.
    """
    if len(name) > STATEFULSET_NAME_LIMIT:
        raise ValueError(f"received the name {name!r} of {len(name)} characters; allowed: {STATEFULSET_NAME_LIMIT}; shorten the cluster's name")
    return name


@dataclass(frozen=True)
class Names:
    """The names of a cluster's resources.

    In the namespace everything begins with the cluster's name; names without a namespace begin with both, joined by
    dots, which neither can contain, so that two clusters never share one.

    Args:
        cluster: name of the cluster, which begins with a letter.
        namespace: namespace of the cluster.

    Raises:
        ValueError: the cluster's name is not allowed.
    """

    cluster: str
    namespace: str

    def __post_init__(self) -> None:
        """Refuse a name that the API server would refuse, or that makes the name of another cluster's resource."""
        checked_cluster_name(self.cluster)

    @property
    def users(self) -> str:
        """ConfigMap and Secret of the account files."""
        return f"{self.cluster}-users"

    @property
    def config(self) -> str:
        """ConfigMap of the configuration."""
        return f"{self.cluster}-config"

    @property
    def frontend(self) -> str:
        """Deployment, ServiceAccount and NetworkPolicy of the frontend, and the Service of its controller."""
        return f"{self.cluster}-frontend"

    @property
    def ssh(self) -> str:
        """Service of sshd."""
        return f"{self.cluster}-ssh"

    @property
    def ssh_host(self) -> str:
        """DNS name of sshd's Service, for every pod of the Kubernetes cluster whatever its domain."""
        return f"{self.ssh}.{self.namespace}.svc"

    @property
    def jupyter(self) -> str:
        """Service, Ingress or HTTPRoute, and Secret of Jupyter Server."""
        return f"{self.cluster}-jupyter"

    @property
    def metrics(self) -> str:
        """PodMonitor of the controller's metrics."""
        return f"{self.cluster}-metrics"

    @property
    def jupyter_redirect(self) -> str:
        """HTTPRoute from http to https."""
        return f"{self.jupyter}-redirect"

    @property
    def jupyter_hosts(self) -> tuple[str, ...]:
        """DNS names of Jupyter Server's Service, the last of them in a Kubernetes cluster of the usual domain."""
        name = self.jupyter
        return name, f"{name}.{self.namespace}", f"{name}.{self.namespace}.svc", f"{name}.{self.namespace}.svc.cluster.local"

    @property
    def nfs(self) -> str:
        """StatefulSet, ConfigMap, Service, ServiceAccount and NetworkPolicy of the NFS server."""
        return f"{self.cluster}-nfs"

    @property
    def shared_claim(self) -> str:
        """PersistentVolumeClaim of the shared directory."""
        return f"{self.cluster}-shared"

    @property
    def shared_volume(self) -> str:
        """PersistentVolume of the shared directory."""
        return self._volume("shared")

    @property
    def homes_claim(self) -> str:
        """PersistentVolumeClaim of all homes, where they are in a single volume."""
        return f"{self.cluster}-homes"

    @property
    def homes_volume(self) -> str:
        """PersistentVolume of all homes, where they are in a single volume."""
        return self._volume("homes")

    @property
    def storage(self) -> str:
        """StatefulSet, Service, ServiceAccount and NetworkPolicy of the pod that makes the directories on a ReadWriteMany claim."""
        return f"{self.cluster}-storage"

    @property
    def controller_host(self) -> str:
        """DNS name of the controller's Service, for every pod of the Kubernetes cluster whatever its domain."""
        return f"{self.frontend}.{self.namespace}.svc"

    def worker(self, group: str | None) -> str:
        """Deployment, ServiceAccount and NetworkPolicy of a group of engines."""
        return f"{self.cluster}-worker-{group}" if group else f"{self.cluster}-worker"

    def home_claim(self, number: int) -> str:
        """PersistentVolumeClaim of a home."""
        return f"{self.cluster}-home-{number}"

    def home_volume(self, number: int) -> str:
        """PersistentVolume of a home."""
        return self._volume(f"home-{number}")

    def _volume(self, part: str) -> str:
        return f"{self.namespace}.{self.cluster}.{part}"
