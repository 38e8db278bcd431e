"""The frontend's init containers that give the homes and the shared directory to their owners."""

from __future__ import annotations

from cdk8s_plus_27 import k8s

from . import paths
from .cluster_pod import INIT_RESOURCES, ClusterPod
from .directories import Directory
from .objects import mount, security_context

# A kubelet brings a changed list of directories to the pod that makes them within 90 seconds or so.
OWN_DISK_SECONDS = 120


def own_container(pod: ClusterPod, name: str, *directories: Directory) -> k8s.Container:
    """An init container that gives directories their owners and modes, once they are there."""
    nfs = pod.nfs
    # The cluster's own disk has them made; an external server may let root put them right, which takes these two capabilities.
    by_root = security_context("CHOWN", "FOWNER", uid=0)
    root, listed = nfs.root_mount(), nfs.directories_volume()
    if root is not None and listed is not None:
        which = "--only" if directories == (nfs.shared,) else "--all-but"
        arguments = ["--listed-in", f"{paths.DIRECTORIES}/{listed.name}", which, nfs.shared.name, "--root", root.mount_path]
        mounts = [root, mount(listed.name, paths.DIRECTORIES, read_only=True)]
    else:
        arguments = [f"{d.path}:{d.spec}" for d in directories]
        mounts = [mount(d.pod_volume_name, d.path, sub_path=d.sub_path) for d in directories]
    seconds = 0 if nfs.is_external else OWN_DISK_SECONDS
    return pod.container(
        name,
        pod.python("own_directories.py", "--wait", str(seconds), *arguments),
        resources=INIT_RESOURCES,
        security=by_root if nfs.is_external else None,
        mounts=mounts,
    )
