"""The engines, in groups of alike pods."""

from __future__ import annotations

from collections.abc import Sequence

from cdk8s_plus_27 import k8s
from constructs import Construct

from . import paths
from .cluster_pod import INIT_RESOURCES, ClusterPod, Probes
from .config import ClusterConfig
from .labels import Component, pod_labels, selector
from .nfs import Nfs
from .objects import exec_probe, metadata, service_account
from .policies import network_policy, to_component, to_destinations, to_dns
from .spec import Images, Network, WorkerGroup
from .users import Users

IMAGE = "debian-ipython-wn"


class Workers(Construct):
    """A Deployment for each group of engines; every engine is a container of its own, and nobody can connect to it.

    https://kubernetes.io/docs/concepts/workloads/controllers/deployment/

    Args:
        scope: where the construct belongs, a Chart or a construct in one.
        id: name of the construct in its scope.
        users: the account files, for the names of files' owners.
        config: the configuration.
        nfs: homes and shared directory, where the controller's connection file is.
        groups: groups of engines, each with a name of its own. Default: one group of two engines.
        network: what engines may connect to beside their controller. Default: DNS.
        images: where the image comes from. Default: the library's own names.

    Raises:
        ValueError: two groups have the same name.

    Attributes:
        names: names of the cluster's resources.
        deployment_names: the Deployments, in the order of the groups.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        users: Users,
        config: ClusterConfig,
        nfs: Nfs,
        groups: Sequence[WorkerGroup] = (WorkerGroup(),),
        network: Network | None = None,
        images: Images | None = None,
    ) -> None:
        super().__init__(scope, id)
        self.names = users.names
        self._config, self._nfs = config, nfs
        self._pod = ClusterPod(users=users, config=config, nfs=nfs, images=images or Images(), image=IMAGE)
        self.deployment_names = tuple(self.names.worker(group.name) for group in groups)
        if len(set(self.deployment_names)) < len(groups):
            raise ValueError(f"received groups {[group.name for group in groups]}; allowed: each name once, and one group without a name")
        for group in groups:
            self._access(group, network or Network())
            self._deployment(group)

    def _access(self, group: WorkerGroup, network: Network) -> None:
        name = self.names.worker(group.name)
        service_account(self, self.names, name, Component.WORKER, group.name)
        network_policy(
            self,
            names=self.names,
            name=name,
            component=Component.WORKER,
            group=group.name,
            network=network,
            egress=[
                *to_component(self.names, Component.FRONTEND, *self._config.controller.engine_ports),
                *to_dns(network),
                *to_destinations(network.engines),
            ],
        )

    def _deployment(self, group: WorkerGroup) -> None:
        k8s.KubeDeployment(
            self,
            f"Deployment-{group.name}" if group.name else "Deployment",
            metadata=metadata(self.names, self.names.worker(group.name), Component.WORKER, group=group.name),
            spec=k8s.DeploymentSpec(
                replicas=group.replicas,
                # One after the other, and never more than the group's CPUs and GPUs.
                strategy=k8s.DeploymentStrategy(
                    type="RollingUpdate",
                    rolling_update=k8s.RollingUpdateDeployment(
                        max_surge=k8s.IntOrString.from_number(0), max_unavailable=k8s.IntOrString.from_number(1)
                    ),
                ),
                selector=k8s.LabelSelector(match_labels=selector(self.names.cluster, Component.WORKER, group.name)),
                template=k8s.PodTemplateSpec(
                    metadata=k8s.ObjectMeta(
                        labels=pod_labels(self.names.cluster, Component.WORKER, group.name),
                        annotations={"jupyter-cluster/config-checksum": self._config.engine_checksum},
                    ),
                    spec=self._pod.pod_spec(
                        service_account=self.names.worker(group.name),
                        init_containers=[*self._pod.wait_for_nfs(), self._wait_for_controller()],
                        containers=[self._engine(group, number) for number in range(1, group.engines_per_pod + 1)],
                        placement=group,
                    ),
                ),
            ),
        )

    def _wait_for_controller(self) -> k8s.Container:
        return self._pod.container(
            "wait-for-controller",
            self._pod.python("wait_for_controller.py", paths.ENGINE_CONNECTION_FILE),
            resources=INIT_RESOURCES,
            mounts=[self._nfs.shared_mount()],
        )

    def _engine(self, group: WorkerGroup, number: int) -> k8s.Container:
        name = "engine" if number == 1 else f"engine-{number}"
        # An empty id would be found in any list.
        is_registered = ["sh", "-c", f'id=$(cat /tmp/engine-id) && test -n "$id" && grep -qF "$id" {paths.REGISTERED_ENGINES}']
        # One engine a CPU: threads of numerical libraries would only be in each other's way.
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        return self._pod.container(
            name,
            # A signal reaches the engine too, not its shell alone.
            ["tini", "-g", "--", *self._pod.shell("start_engine.sh", paths.ENGINE_CONNECTION_FILE)],
            resources=group,
            extra_resources={group.gpu_resource: str(group.gpu)} if group.gpu else None,
            environment={"HOME": paths.JUPYTER_HOME} | threads | group.env,
            # Relative paths of tasks mean files that members and all engines see.
            working_directory=paths.SHARED,
            mounts=self._pod.jupyter_mounts(name),
            probes=Probes(
                startup=exec_probe(is_registered, period=1, failures=300),
                readiness=exec_probe(is_registered, period=5, failures=2),
                # Long enough for a controller that comes back to take its engines in again, with their memory.
                liveness=exec_probe(is_registered, period=15, failures=12),
            ),
            # It needs the image's packages.
            before_stop=["python3", "-E", f"{paths.CONFIG}/leave_controller.py", paths.ENGINE_CONNECTION_FILE],
        )
