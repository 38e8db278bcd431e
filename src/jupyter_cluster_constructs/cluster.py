"""The whole cluster, from its settings."""

from __future__ import annotations

import cdk8s
from cdk8s_plus_27 import k8s
from constructs import Construct

from .config import ClusterConfig
from .frontend import Frontend
from .labels import pod_security_labels
from .nfs import Nfs
from .objects import without_namespace
from .spec import ClusterSpec
from .users import Users
from .workers import Workers


class JupyterCluster(Construct):
    """Users, configuration, NFS, frontend and workers, wired.

    In a Chart everything goes into that Chart; in an App each of the five becomes a Chart, and so a file, of its own,
    numbered in the order in which they depend on each other.

    Args:
        scope: an App, a Chart or a construct in one.
        id: name of the construct in its scope; in an App it begins the files' names, unless it is ``Default``.
        spec: the settings.

    Attributes:
        users: the account files.
        config: the configuration.
        nfs: homes and shared directory.
        frontend: controller, Jupyter Server and sshd.
        workers: the engines.
    """

    def __init__(self, scope: Construct, id: str, *, spec: ClusterSpec) -> None:
        super().__init__(scope, id)
        self._last: Construct | None = None
        names, images = spec.names, spec.images
        if spec.create_namespace:
            # The local NFS server opens files by handle, with a capability that no stricter level allows.
            labels = pod_security_labels("privileged" if spec.storage.local else "baseline")
            namespace = k8s.KubeNamespace(self._place("namespace"), "Namespace", metadata=k8s.ObjectMeta(name=spec.namespace, labels=labels))
            without_namespace(namespace)
        self.users = Users(self._place("users"), "Users", names=names, users=spec.users, groups=spec.groups, shadow_secret=spec.shadow_secret)
        self.config = ClusterConfig(
            self._place("config"),
            "Config",
            names=names,
            controller=spec.controller,
            jupyter=spec.jupyter,
            ssh=spec.ssh,
            ingress=spec.ingress,
        )
        self.nfs = Nfs(self._place("nfs"), "Nfs", users=self.users, storage=spec.storage, network=spec.network, images=images)
        self.frontend = Frontend(
            self._place("frontend"),
            "Frontend",
            users=self.users,
            config=self.config,
            nfs=self.nfs,
            pod=spec.frontend,
            network=spec.network,
            images=images,
        )
        self.workers = Workers(
            self._place("workers"),
            "Workers",
            users=self.users,
            config=self.config,
            nfs=self.nfs,
            groups=spec.workers,
            network=spec.network,
            images=images,
        )

    def _place(self, part: str) -> Construct:
        if any(isinstance(scope, cdk8s.Chart) for scope in self.node.scopes):
            return self
        # Only a Chart right below the App has a file's name without a hash.
        app = cdk8s.App.of(self)
        chart = cdk8s.Chart(app, part if self.node.id == "Default" else f"{self.node.id}-{part}", disable_resource_name_hashes=True)
        if self._last is not None:
            chart.node.add_dependency(self._last)
        self._last = chart
        return chart
