"""The whole cluster, from its settings."""

from __future__ import annotations

from collections.abc import Mapping

import cdk8s
from cdk8s_plus_27 import k8s
from constructs import Construct

from .config import ClusterConfig
from .frontend import Frontend
from .labels import pod_security_labels
from .nfs import Nfs
from .objects import without_namespace
from .patching import apply_patches
from .pod_extras import PodExtras
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
        spec: the settings. Where they name no namespace, the Chart's is taken.
        frontend_extras: what is added to the frontend's pod. Default: nothing.
        worker_extras: what is added to the engines' pods, to all of them or by the name of their group. Default: nothing.
        storage_extras: what is added to the pod of the NFS server, or to the one that makes the directories on a claim. Default: nothing.

    Raises:
        InvalidSettingsError: a patch of something that is not made, or that does not fit it.
        ValueError: extras that collide with something of the pod.

    Attributes:
        spec: the settings, with the namespace that is in force.
        namespace: the Namespace, for patches; None where the settings don't make it.
        users: the account files.
        config: the configuration.
        nfs: homes and shared directory.
        frontend: controller, Jupyter Server and sshd.
        workers: the engines.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        spec: ClusterSpec,
        frontend_extras: PodExtras | None = None,
        worker_extras: PodExtras | Mapping[str | None, PodExtras] | None = None,
        storage_extras: PodExtras | None = None,
    ) -> None:
        super().__init__(scope, id)
        self._charts: list[cdk8s.Chart] = []
        self.spec = spec = _in_namespace(spec, self._chart_namespace())
        names, images = spec.names, spec.images
        self.namespace = self._namespace() if spec.create_namespace else None
        self.users = Users(
            self._place("users"),
            "Users",
            names=names,
            users=spec.users,
            groups=spec.groups,
            shadow_secret=spec.shadow_secret,
            sign_on=spec.jupyter.hub.sign_on,
        )
        self.config = ClusterConfig(
            self._place("config"),
            "Config",
            names=names,
            controller=spec.controller,
            jupyter=spec.jupyter,
            ssh=spec.ssh,
            ingress=spec.ingress,
            metrics=spec.metrics,
        )
        self.nfs = Nfs(self._place("nfs"), "Nfs", users=self.users, storage=spec.storage, network=spec.network, images=images, extras=storage_extras)
        self.frontend = Frontend(
            self._place("frontend"),
            "Frontend",
            users=self.users,
            config=self.config,
            nfs=self.nfs,
            pod=spec.frontend,
            network=spec.network,
            images=images,
            extras=frontend_extras,
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
            extras=worker_extras,
        )
        apply_patches((self, *self._charts), spec.patches)

    def _chart_namespace(self) -> str | None:
        charts = [scope for scope in self.node.scopes if isinstance(scope, cdk8s.Chart)]
        return charts[-1].namespace if charts else None

    def _namespace(self) -> k8s.KubeNamespace:
        labels = pod_security_labels(self.spec.pod_security_level)
        namespace = k8s.KubeNamespace(self._place("namespace"), "Namespace", metadata=k8s.ObjectMeta(name=self.spec.namespace, labels=labels))
        without_namespace(namespace)
        return namespace

    def _place(self, part: str) -> Construct:
        if any(isinstance(scope, cdk8s.Chart) for scope in self.node.scopes):
            return self
        # Only a Chart right below the App has a file's name without a hash.
        app = cdk8s.App.of(self)
        chart = cdk8s.Chart(app, part if self.node.id == "Default" else f"{self.node.id}-{part}", disable_resource_name_hashes=True)
        if self._charts:
            chart.node.add_dependency(self._charts[-1])
        self._charts.append(chart)
        return chart


def _in_namespace(spec: ClusterSpec, namespace: str | None) -> ClusterSpec:
    if namespace is None or "namespace" in spec.model_fields_set:
        return spec
    return spec.model_copy(update={"namespace": namespace})
