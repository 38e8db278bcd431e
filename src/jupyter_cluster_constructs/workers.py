"""The engines, in groups of alike pods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cdk8s_plus_27 import k8s
from constructs import Construct

from .cluster_pod import ClusterPod, Pod
from .config import ClusterConfig
from .engine_containers import Connection, engine_container, external_controller, own_controller, wait_for_controller
from .labels import Component, pod_labels, selector
from .nfs import Nfs
from .objects import metadata, service_account
from .pod_assembly import pod_template
from .pod_extras import PodExtras
from .policies import network_policy, to_component, to_destinations, to_dns
from .spec import Egress, ExternalController, Images, Network, WorkerGroup
from .users import Users

IMAGE = "debian-ipython-wn"


class Workers(Construct):
    """A Deployment for each group of engines; every engine is a container of its own, and nobody can connect to it.

    https://kubernetes.io/docs/concepts/workloads/controllers/deployment/

    Args:
        scope: where the construct belongs, a Chart or a construct in one.
        id: name of the construct in its scope.
        config: the configuration.
        users: the account files, for the names of files' owners. Default: none, for engines of an external controller.
        nfs: homes and shared directory, where the controller's connection file is. Default: none, for engines of an external
            controller, which then see no home and start in one that ends with their pod.
        controller: a controller that somebody else runs. Default: the one of the cluster's frontend.
        groups: groups of engines, each with a name of its own. Default: one group of two engines.
        network: what engines may connect to beside their controller. Default: DNS.
        images: where the image comes from. Default: the library's own names.
        extras: what is added to the pods of all groups, or to those of each group by its name. Default: nothing.

    Raises:
        ValueError: two groups have the same name; neither homes nor an external controller are given; or extras of no group.

    Attributes:
        names: names of the cluster's resources.
        deployments: the Deployments, in the order of the groups, for patches.
        service_accounts: the ServiceAccounts of the groups whose extras name no other, for patches.
        network_policies: the NetworkPolicies, in the order of the groups, for patches; none where the settings want none.
        deployment_names: the Deployments, in the order of the groups.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: ClusterConfig,
        users: Users | None = None,
        nfs: Nfs | None = None,
        controller: ExternalController | None = None,
        groups: Sequence[WorkerGroup] = (WorkerGroup(),),
        network: Network | None = None,
        images: Images | None = None,
        extras: PodExtras | Mapping[str | None, PodExtras] | None = None,
    ) -> None:
        super().__init__(scope, id)
        self.names = config.names
        self._config, self._external, self._network = config, controller, network or Network()
        self._pod = _pod(config, users, nfs, images or Images())
        self._connection = _connection(controller, nfs)
        self.deployment_names = tuple(self.names.worker(group.name) for group in groups)
        if len(set(self.deployment_names)) < len(groups):
            raise ValueError(f"received groups {[group.name for group in groups]}; allowed: each name once, and one group without a name")
        all_extras = _extras_by_group(extras, groups)
        accounts = [self._service_account(group, all_extras[group.name]) for group in groups]
        self.service_accounts = tuple(account for account in accounts if account is not None)
        policies = [self._network_policy(group) for group in groups]
        self.network_policies = tuple(policy for policy in policies if policy is not None)
        self.deployments = tuple(self._deployment(group, all_extras[group.name]) for group in groups)

    def _service_account(self, group: WorkerGroup, extras: PodExtras) -> k8s.KubeServiceAccount | None:
        name, instead = self.names.worker(group.name), extras.service_account_name
        return service_account(self, self.names, name, Component.WORKER, group=group.name, in_its_place=instead)

    def _network_policy(self, group: WorkerGroup) -> k8s.KubeNetworkPolicy | None:
        to_controller = (
            to_component(self.names, Component.FRONTEND, *self._config.controller.engine_ports)
            if self._external is None
            else to_destinations(Egress(to=self._external.destinations))
        )
        return network_policy(
            self,
            names=self.names,
            name=self.names.worker(group.name),
            component=Component.WORKER,
            group=group.name,
            network=self._network,
            egress=[*to_controller, *to_dns(self._network), *to_destinations(self._network.engines)],
        )

    def _deployment(self, group: WorkerGroup, extras: PodExtras) -> k8s.KubeDeployment:
        return k8s.KubeDeployment(
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
                template=self._template(group, extras),
            ),
        )

    def _template(self, group: WorkerGroup, extras: PodExtras) -> k8s.PodTemplateSpec:
        return pod_template(
            labels=pod_labels(self.names.cluster, Component.WORKER, group.name),
            annotations={"jupyter-cluster/config-checksum": self._config.engine_checksum},
            spec=self._pod.pod_spec(
                service_account=self.names.worker(group.name),
                init_containers=[wait_for_controller(self._pod, self._connection)],
                containers=[engine_container(self._pod, group, number, self._connection) for number in range(1, group.engines_per_pod + 1)],
                placement=group,
                volumes=self._connection.volumes,
            ),
            extras=extras,
        )


def _pod(config: ClusterConfig, users: Users | None, nfs: Nfs | None, images: Images) -> Pod:
    if users is not None and nfs is not None:
        return ClusterPod(users=users, config=config, nfs=nfs, images=images, image=IMAGE)
    if users is not None or nfs is not None:
        raise ValueError(f"received {'users' if nfs is None else 'nfs'} alone; allowed: users and nfs, or neither with an external controller")
    return Pod(config=config, images=images, image=IMAGE)


def _connection(controller: ExternalController | None, nfs: Nfs | None) -> Connection:
    if controller is not None:
        return external_controller(controller)
    if nfs is None:
        raise ValueError(
            "received neither nfs nor controller; allowed: users and nfs of the cluster whose controller it is, or an ExternalController"
        )
    return own_controller(nfs)


def _extras_by_group(extras: PodExtras | Mapping[str | None, PodExtras] | None, groups: Sequence[WorkerGroup]) -> Mapping[str | None, PodExtras]:
    names = [group.name for group in groups]
    if extras is None or isinstance(extras, PodExtras):
        return dict.fromkeys(names, extras or PodExtras())
    if unknown := extras.keys() - set(names):
        raise ValueError(f"received extras of the groups {sorted(map(str, unknown))}; allowed: {names}")
    return {name: extras.get(name, PodExtras()) for name in names}
