"""An NFS server in a pod: nfs-ganesha, which needs neither the node's kernel nor a privileged pod."""

from __future__ import annotations

from collections.abc import Sequence

from cdk8s_plus_27 import k8s
from constructs import Construct

from . import ganesha, paths
from .labels import Component, pod_labels, selector
from .names import Names
from .objects import checksum, exec_probe, metadata, mount, pull_secrets, resource_requirements, security_context, service_port
from .spec import Images, LocalStorage, Resources

IMAGE = "nfs-server"
CAPABILITIES = ("DAC_READ_SEARCH", "SETUID", "SETGID", "CHOWN", "FOWNER", "FSETID", "DAC_OVERRIDE")
CONFIG_DIRECTORY = "/etc/ganesha"
QUIET_SECONDS = 5
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
        directories: what the export holds, each NAME:UID:GID:MODE; made before the server starts.

    Attributes:
        service_name: the Service.
    """

    def __init__(
        self, scope: Construct, id: str, *, names: Names, address: str, local: LocalStorage, images: Images, directories: Sequence[str]
    ) -> None:
        super().__init__(scope, id)
        self._names, self._images, self._local = names, images, local
        self.service_name = names.nfs
        config = ganesha.ganesha_config()
        k8s.KubeConfigMap(self, "ConfigMap", metadata=metadata(names, names.nfs, Component.NFS), data={"ganesha.conf": config})
        k8s.KubeService(
            self,
            "Service",
            metadata=metadata(names, self.service_name, Component.NFS),
            spec=k8s.ServiceSpec(
                cluster_ip=address,
                selector=selector(names.cluster, Component.NFS),
                ports=[service_port("nfs", ganesha.NFS_PORT)],
            ),
        )
        k8s.KubeStatefulSet(
            self,
            "StatefulSet",
            metadata=metadata(names, names.nfs, Component.NFS),
            spec=k8s.StatefulSetSpec(
                service_name=self.service_name,
                replicas=1,
                selector=k8s.LabelSelector(match_labels=selector(names.cluster, Component.NFS)),
                template=k8s.PodTemplateSpec(
                    metadata=k8s.ObjectMeta(
                        labels=pod_labels(names.cluster, Component.NFS), annotations={"jupyter-cluster/config-checksum": checksum(config)}
                    ),
                    spec=self._pod(directories),
                ),
                volume_claim_templates=[self._disk()],
            ),
        )

    def _disk(self) -> k8s.KubePersistentVolumeClaimProps:
        return k8s.KubePersistentVolumeClaimProps(
            metadata=k8s.ObjectMeta(name="export", labels=selector(self._names.cluster, Component.NFS)),
            spec=k8s.PersistentVolumeClaimSpec(
                access_modes=["ReadWriteOnce"],
                storage_class_name=self._local.storage_class,
                resources=k8s.ResourceRequirements(requests={"storage": k8s.Quantity.from_string(self._local.size)}),
            ),
        )

    def _pod(self, directories: Sequence[str]) -> k8s.PodSpec:
        return k8s.PodSpec(
            automount_service_account_token=False,
            enable_service_links=False,
            termination_grace_period_seconds=self._local.leave_seconds + STOP_SECONDS,
            image_pull_secrets=pull_secrets(self._images),
            init_containers=[self._make_directories(directories)],
            containers=[self._server()],
            volumes=[
                k8s.Volume(name="config", config_map=k8s.ConfigMapVolumeSource(name=self._names.nfs)),
                *(k8s.Volume(name=name, empty_dir=k8s.EmptyDirVolumeSource()) for name in SCRATCH),
            ],
        )

    def _make_directories(self, directories: Sequence[str]) -> k8s.Container:
        return k8s.Container(
            name="make-directories",
            image=self._images.named(IMAGE),
            image_pull_policy=self._images.pull_policy,
            command=["make_directories.py", paths.EXPORT, *directories],
            # CHOWN gives homes to their users; FOWNER sets modes of what is then no longer root's.
            security_context=security_context("CHOWN", "FOWNER", uid=0),
            resources=resource_requirements(Resources(cpu="50m", memory="64Mi")),
            volume_mounts=[mount("export", paths.EXPORT)],
        )

    def _server(self) -> k8s.Container:
        answers = ["export_answers.py", paths.EXPORT]
        wait = ["wait_for_clients.py", "--quiet-seconds", str(QUIET_SECONDS), "--at-most", str(self._local.leave_seconds)]
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
            readiness_probe=exec_probe(answers, period=5, failures=3),
            liveness_probe=exec_probe(answers, period=10, failures=12),
            lifecycle=k8s.Lifecycle(pre_stop=k8s.LifecycleHandler(exec=k8s.ExecAction(command=wait))),
            volume_mounts=[
                mount("export", paths.EXPORT),
                mount("config", CONFIG_DIRECTORY, read_only=True),
                *(mount(name, path) for name, path in SCRATCH.items()),
            ],
        )
