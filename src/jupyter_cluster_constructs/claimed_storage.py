"""Storage on a ReadWriteMany claim: the pod that makes its directories, and the claim itself where a class is named."""

from __future__ import annotations

from cdk8s_plus_27 import k8s
from constructs import Construct

from . import paths
from .directories import DIRECTORIES_KEY, STORAGE_VOLUME, claimed_by
from .directory_maker import DirectoryMaker
from .labels import Component, pod_labels, selector
from .names import Names, checked_statefulset_name
from .objects import claim_retention, claim_template, claim_volume, metadata, mount, pod_security_context, service_account
from .pod_assembly import pod_spec, pod_template
from .pod_extras import PodExtras
from .policies import network_policy
from .spec import Images, Network, Storage

GRACE_SECONDS = 5


class ClaimedStorage(Construct):
    """A StatefulSet of one pod that makes homes and the shared directory on a ReadWriteMany claim, and follows their list.

    With ``storage_class`` the claim comes from the StatefulSet's template, so that it outlives ``kubectl delete -f dist/``.
    https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-storage

    Args:
        scope: where the construct belongs, a Chart or a construct in one.
        id: name of the construct in its scope.
        names: names of the cluster's resources.
        storage: the claim, or the class and size that it is made of.
        images: where the image comes from.
        network: whether a NetworkPolicy is made.
        config_map_name: the ConfigMap with the list of directories.
        annotations: annotations of the pod, which is replaced when they change.
        extras: what is added to its pod. Default: nothing.

    Attributes:
        service: the Service, for patches.
        stateful_set: the StatefulSet, for patches.
        service_account: its ServiceAccount, for patches; None where the extras name another.
        network_policy: its NetworkPolicy, for patches; None where the settings want none.

    Raises:
        ValueError: the cluster's name is too long for a StatefulSet of this name.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        storage: Storage,
        images: Images,
        network: Network,
        config_map_name: str,
        annotations: dict[str, str] | None,
        extras: PodExtras | None = None,
    ) -> None:
        super().__init__(scope, id)
        name = checked_statefulset_name(names.storage)
        labels = pod_labels(names.cluster, Component.STORAGE)
        extras = extras or PodExtras()
        self.service_account = service_account(self, names, name, Component.STORAGE, in_its_place=extras.service_account_name)
        self.network_policy = network_policy(self, names=names, name=name, component=Component.STORAGE, network=network)
        self.service = k8s.KubeService(
            self,
            "Service",
            metadata=metadata(names, name, Component.STORAGE),
            # A StatefulSet has to name one; nothing connects to this pod.
            spec=k8s.ServiceSpec(cluster_ip="None", selector=selector(names.cluster, Component.STORAGE)),
        )
        self.stateful_set = k8s.KubeStatefulSet(
            self,
            "StatefulSet",
            metadata=metadata(names, name, Component.STORAGE),
            spec=k8s.StatefulSetSpec(
                service_name=name,
                replicas=1,
                selector=k8s.LabelSelector(match_labels=selector(names.cluster, Component.STORAGE)),
                persistent_volume_claim_retention_policy=claim_retention(storage),
                template=pod_template(labels=labels, annotations=annotations, spec=_pod(names, storage, images, config_map_name), extras=extras),
                volume_claim_templates=[
                    claim_template(names, STORAGE_VOLUME, Component.STORAGE, "ReadWriteMany", storage.storage_class, storage.claim_size)
                ]
                if storage.storage_class
                else None,
            ),
        )


def _pod(names: Names, storage: Storage, images: Images, config_map_name: str) -> k8s.PodSpec:
    maker = DirectoryMaker(
        images=images,
        root=paths.STORAGE,
        mounts=[mount(STORAGE_VOLUME, paths.STORAGE), mount(DIRECTORIES_KEY, paths.DIRECTORIES, read_only=True)],
        listed_in=f"{paths.DIRECTORIES}/{DIRECTORIES_KEY}",
    )
    volumes = [k8s.Volume(name=DIRECTORIES_KEY, config_map=k8s.ConfigMapVolumeSource(name=config_map_name))]
    if storage.claim is not None:
        volumes.append(claim_volume(STORAGE_VOLUME, claimed_by(names, storage)))
    return pod_spec(
        service_account=names.storage,
        images=images,
        security=pod_security_context(),
        grace_seconds=GRACE_SECONDS,
        init_containers=[maker.init_container()],
        containers=[maker.follower()],
        volumes=volumes,
    )
