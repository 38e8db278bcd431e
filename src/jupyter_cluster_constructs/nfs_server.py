"""An NFS server in a pod: nfs-ganesha, which needs neither the node's kernel nor a privileged pod."""

from __future__ import annotations

from collections.abc import Sequence

from cdk8s_plus_27 import k8s
from constructs import Construct

from . import ganesha, paths
from .directories import DIRECTORIES_KEY
from .directory_maker import IMAGE, DirectoryMaker
from .labels import Component, pod_labels, selector
from .names import Names
from .objects import (
    checksum,
    claim_template,
    exec_probe,
    metadata,
    mount,
    resource_requirements,
    security_context,
    service_account,
    service_port,
)
from .pod_assembly import pod_spec, pod_template
from .pod_extras import PodExtras
from .policies import from_component, from_peers, network_policy, to_component
from .spec import Images, LocalStorage, Network, Peer, Resources

CAPABILITIES = ("DAC_READ_SEARCH", "SETUID", "SETGID", "CHOWN", "FOWNER", "FSETID", "DAC_OVERRIDE")
CONFIG_DIRECTORY = "/etc/ganesha"
# Longer than a large cluster takes to stop leading clients to a Service that is deleted.
QUIET_SECONDS = 10
# An idle client asks its server every 15 s or so, and notices 10 s later that it is another one.
BACK_SECONDS = 30
RECORD = f"{paths.EXPORT}/.nfs-clients"
# After its clients have left, the server has this long to end by itself.
STOP_SECONDS = 15
SCRATCH = {"run": "/var/run/ganesha", "recovery": "/var/lib/nfs/ganesha", "tmp": paths.TMP}


class NfsServer(Construct):
    """A StatefulSet with one ganesha, its configuration, its disk and a Service with a pinned address.

    A StatefulSet never runs two servers on one disk, and keeps its claim when it is deleted.
    https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/

    Args:
        scope: where the construct belongs, a Chart or a construct in one.
        id: name of the construct in its scope.
        names: names of the cluster's resources.
        address: the Service's address: nodes mount from it, and do not resolve names of Services.
        local: disk, StorageClass and how long clients may take to leave.
        images: where the image comes from.
        network: from where nodes mount.
        directories: what the export holds, each NAME:UID:GID:MODE, made before the server starts; None where the ConfigMap
            lists it, which is followed.
        retention: what becomes of the disk's claim when the StatefulSet is deleted. Default: it stays.

        extras: what is added to its pod. Default: nothing.

    Attributes:
        service: the Service, for patches.
        stateful_set: the StatefulSet, for patches.
        service_account: its ServiceAccount, for patches; None where the extras name another.
        network_policy: its NetworkPolicy, for patches; None where the settings want none.
        service_name: the Service.
        address: its address.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        address: str,
        local: LocalStorage,
        images: Images,
        network: Network,
        directories: Sequence[str] | None,
        retention: k8s.StatefulSetPersistentVolumeClaimRetentionPolicy | None = None,
        extras: PodExtras | None = None,
    ) -> None:
        super().__init__(scope, id)
        self._names, self._images, self._local = names, images, local
        self.service_name, self.address = names.nfs, address
        extras = extras or PodExtras()
        self.service_account = service_account(self, names, names.nfs, Component.NFS, in_its_place=extras.service_account_name)
        self.network_policy = self._network_policy(network)
        self.service = k8s.KubeService(
            self,
            "Service",
            metadata=metadata(names, self.service_name, Component.NFS),
            spec=k8s.ServiceSpec(
                cluster_ip=address,
                # A server that waits for its clients to come back, or to leave, has to be reached for that.
                publish_not_ready_addresses=True,
                selector=selector(names.cluster, Component.NFS),
                ports=[service_port("nfs", ganesha.NFS_PORT)],
            ),
        )
        self.stateful_set = k8s.KubeStatefulSet(
            self,
            "StatefulSet",
            metadata=metadata(names, names.nfs, Component.NFS),
            spec=k8s.StatefulSetSpec(
                service_name=self.service_name,
                replicas=1,
                selector=k8s.LabelSelector(match_labels=selector(names.cluster, Component.NFS)),
                persistent_volume_claim_retention_policy=retention,
                template=pod_template(
                    labels=pod_labels(names.cluster, Component.NFS),
                    annotations={"jupyter-cluster/config-checksum": checksum(ganesha.ganesha_config(network.node_cidrs))},
                    spec=self._pod(directories),
                    extras=extras,
                ),
                volume_claim_templates=[claim_template(names, "export", Component.NFS, "ReadWriteOnce", local.storage_class, local.size)],
            ),
        )

    def _network_policy(self, network: Network) -> k8s.KubeNetworkPolicy | None:
        return network_policy(
            self,
            names=self._names,
            name=self._names.nfs,
            component=Component.NFS,
            network=network,
            # Itself, by its Service. No other pod: one that speaks NFS says whose files it wants by itself.
            ingress=[
                *from_component(self._names, Component.NFS, ganesha.NFS_PORT),
                *from_peers([Peer(cidr=cidr) for cidr in network.node_cidrs], ganesha.NFS_PORT),
            ],
            egress=to_component(self._names, Component.NFS, ganesha.NFS_PORT),
        )

    def _pod(self, directories: Sequence[str] | None) -> k8s.PodSpec:
        follows = directories is None
        maker = DirectoryMaker(
            images=self._images,
            root=paths.EXPORT,
            mounts=[mount("export", paths.EXPORT), *([mount("config", CONFIG_DIRECTORY, read_only=True)] if follows else [])],
            directories=directories or (),
            listed_in=f"{CONFIG_DIRECTORY}/{DIRECTORIES_KEY}" if follows else None,
        )
        return pod_spec(
            service_account=self._names.nfs,
            images=self._images,
            # No seccomp profile here: it would be the server's too.
            security=k8s.PodSecurityContext(run_as_user=0, run_as_group=0),
            grace_seconds=self._local.leave_seconds + STOP_SECONDS,
            init_containers=[maker.init_container()],
            containers=[self._server(), *([maker.follower()] if follows else [])],
            volumes=[
                k8s.Volume(name="config", config_map=k8s.ConfigMapVolumeSource(name=self._names.nfs)),
                *(k8s.Volume(name=name, empty_dir=k8s.EmptyDirVolumeSource()) for name in SCRATCH),
            ],
        )

    def _server(self) -> k8s.Container:
        answers = ["export_answers.py", paths.EXPORT]
        service = ["--service", self.address]
        back = ["clients_are_back.py", paths.EXPORT, "--record", RECORD, "--at-most", str(BACK_SECONDS), *service]
        wait = ["wait_for_clients.py", "--quiet-seconds", str(QUIET_SECONDS), "--at-most", str(self._local.leave_seconds), *service]
        return k8s.Container(
            name="nfs-server",
            image=self._images.named(IMAGE),
            image_pull_policy=self._images.pull_policy,
            command=["ganesha.nfsd", "-F", "-L", "STDOUT", "-f", f"{CONFIG_DIRECTORY}/ganesha.conf", "-p", f"{SCRATCH['run']}/pid"],
            ports=[k8s.ContainerPort(name="nfs", container_port=ganesha.NFS_PORT, protocol="TCP")],
            # DAC_READ_SEARCH opens files by handle; SETUID and SETGID act as the client's user; CHOWN, FOWNER, FSETID and
            # DAC_OVERRIDE do what that user may. RuntimeDefault of containerd 1.6 blocks name_to_handle_at: no export.
            security_context=security_context(*CAPABILITIES, uid=0, seccomp=False),
            resources=resource_requirements(Resources(cpu="100m", memory="512Mi")),
            startup_probe=exec_probe(answers, period=1, failures=60),
            readiness_probe=exec_probe(back, period=5, failures=3),
            liveness_probe=exec_probe(answers, period=10, failures=12),
            lifecycle=k8s.Lifecycle(pre_stop=k8s.LifecycleHandler(exec=k8s.ExecAction(command=wait))),
            volume_mounts=[
                mount("export", paths.EXPORT),
                mount("config", CONFIG_DIRECTORY, read_only=True),
                *(mount(name, path) for name, path in SCRATCH.items()),
            ],
        )
