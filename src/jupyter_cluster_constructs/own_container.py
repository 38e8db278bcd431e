"""The frontend's init container that gives the homes and the shared directory to their owners."""

from __future__ import annotations

from cdk8s_plus_27 import k8s

from . import paths
from .cluster_pod import INIT_RESOURCES, ClusterPod
from .objects import mount, security_context

# A kubelet brings a changed list of directories to the pod that makes them within 90 seconds or so.
OWN_DISK_SECONDS = 120


def own_container(pod: ClusterPod) -> k8s.Container:
    """An init container that gives all directories their owners and modes, once they are there and the cluster's own server answers."""
    nfs = pod.nfs
    # The cluster's own disk has them made; an external server may let root put them right, which takes these two capabilities.
    by_root = security_context("CHOWN", "FOWNER", uid=0)
    root, listed = nfs.root_mount(), nfs.directories_volume()
    if root is not None and listed is not None:
        arguments = ["--listed-in", f"{paths.DIRECTORIES}/{listed.name}", "--root", root.mount_path]
        mounts = [root, mount(listed.name, paths.DIRECTORIES, read_only=True)]
        used = [root.mount_path]
        if nfs.server is not None:
            mounts.append(nfs.shared_mount())
            used.append(nfs.shared.path)
    else:
        arguments = [f"{d.path}:{d.spec}" for d in nfs.directories]
        mounts = nfs.mounts()
        used = [m.mount_path for m in mounts]
    seconds = 0 if nfs.is_external else OWN_DISK_SECONDS
    waits = [f"--use={path}" for path in used] if nfs.server is not None else []
    return pod.container(
        "own-homes",
        pod.python("own_directories.py", "--wait", str(seconds), *waits, *arguments),
        resources=INIT_RESOURCES,
        security=by_root if nfs.is_external else None,
        mounts=mounts,
    )
