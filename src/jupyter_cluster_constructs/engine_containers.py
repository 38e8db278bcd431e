"""The containers of an engine's pod: what waits for the controller, and the engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cdk8s_plus_27 import k8s

from . import paths
from .cluster_pod import INIT_RESOURCES, Pod, Probes
from .nfs import Nfs
from .objects import exec_probe, mount
from .spec import ExternalController, WorkerGroup

EXTERNAL_VOLUME = "controller"
STARTUP_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Where engines find how to reach their controller.

    Attributes:
        file: the connection file.
        mark: a file that shows in each container that its engine is registered; None where the controller's own list does.
        mount: the mount that it is on.
        volumes: the volumes that the pod has for it alone.
        is_registered: a command that says whether this container's engine is among the controller's.
    """

    file: str
    mark: str | None
    mount: k8s.VolumeMount
    volumes: Sequence[k8s.Volume]
    is_registered: Sequence[str]


def own_controller(nfs: Nfs) -> Connection:
    """The cluster's own controller, whose files are in the shared directory."""
    # An empty id would be found in any list.
    listed = f'id=$(cat /tmp/engine-id) && test -n "$id" && grep -qF "$id" {paths.REGISTERED_ENGINES}'
    return Connection(file=paths.ENGINE_CONNECTION_FILE, mark=None, mount=nfs.shared_mount(), volumes=(), is_registered=("sh", "-c", listed))


def external_controller(controller: ExternalController) -> Connection:
    """A controller that somebody else runs, whose connection file is in a Secret."""
    return Connection(
        file=f"{paths.EXTERNAL_CONTROLLER}/{paths.ENGINE_CONNECTION_FILE_NAME}",
        mark=paths.REGISTRATION_MARK,
        mount=mount(EXTERNAL_VOLUME, paths.EXTERNAL_CONTROLLER, read_only=True),
        volumes=[k8s.Volume(name=EXTERNAL_VOLUME, secret=k8s.SecretVolumeSource(secret_name=controller.connection_secret))],
        is_registered=("test", "-e", paths.REGISTRATION_MARK),
    )


def wait_for_controller(pod: Pod, connection: Connection) -> k8s.Container:
    """An init container that ends when every mount of the cluster's own NFS server was used and the controller answers."""
    used = pod.nfs_mounts()
    command = pod.python("wait_for_controller.py", *(f"--use={m.mount_path}" for m in used), connection.file)
    return pod.container("wait-for-controller", command, resources=INIT_RESOURCES, mounts=_with(connection.mount, used))


def engine_container(pod: Pod, group: WorkerGroup, number: int, connection: Connection) -> k8s.Container:
    """One of a pod's engines, ready while it is registered."""
    name = "engine" if number == 1 else f"engine-{number}"
    # One engine a CPU: threads of numerical libraries would only be in each other's way.
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    # One configuration file is every group's: what differs is an argument.
    arguments = [connection.file, str(group.nanny), *([connection.mark] if connection.mark else [])]
    # Many that start together would otherwise be in each other's way by their probes.
    startup = max(3, group.engines_per_pod // 8)
    return pod.container(
        name,
        # A signal reaches the engine too, not its shell alone.
        ["tini", "-g", "--", *pod.shell("start_engine.sh", *arguments)],
        resources=group,
        extra_resources={group.gpu_resource: str(group.gpu)} if group.gpu else None,
        environment={"HOME": paths.JUPYTER_HOME} | threads | group.env,
        working_directory=pod.working_directory,
        mounts=_with(connection.mount, pod.jupyter_mounts(name)),
        probes=Probes(
            # None is registered before its imports are done; and a node has a hundred engines.
            startup=exec_probe(connection.is_registered, first=3, period=startup, failures=STARTUP_SECONDS // startup),
            readiness=exec_probe(connection.is_registered, period=20, failures=2),
            # Long enough for a controller that comes back to take its engines in again, with their memory.
            liveness=exec_probe(connection.is_registered, period=60, failures=3),
        ),
        # It needs the image's packages.
        before_stop=["python3", "-E", f"{paths.CONFIG}/leave_controller.py", connection.file],
    )


def _with(wanted: k8s.VolumeMount, mounts: Sequence[k8s.VolumeMount]) -> list[k8s.VolumeMount]:
    """Mounts and one more, where it is not among them."""
    return [*mounts] if wanted.mount_path in {m.mount_path for m in mounts} else [*mounts, wanted]
