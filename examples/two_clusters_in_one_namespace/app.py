"""Two clusters side by side in one namespace: a large one for research, a small one for a course."""

from jupyter_cluster_constructs import ClusterSpec, FrontendPod, JupyterCluster, LocalStorage, Storage, User, WorkerGroup  # isort: skip

import cdk8s

KEYS = {
    "ada": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF84DP4mh+hP4i0zWte3K1Jzvj2Bj3k2m7d5DDq8W/9l ada@laptop",
    "grace": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN3cNb+zRWLbQbtgTPSwQd5TSyFPdAqlvl2NPJ0tYVCX grace@laptop",
}
ADA = User(name="ada", uid=1001, ssh_keys=(KEYS["ada"],))
GRACE = User(name="grace", uid=1002, ssh_keys=(KEYS["grace"],))

app = cdk8s.App()
# The names of all objects begin with the cluster's name, so that they share a namespace.
research = JupyterCluster(
    app,
    "research",
    spec=ClusterSpec(name="research", namespace="science", users=(ADA, GRACE), workers=(WorkerGroup(replicas=8, cpu="2", memory="8Gi"),)),
)
course = JupyterCluster(
    app,
    "course",
    spec=ClusterSpec(
        name="course",
        namespace="science",
        users=(GRACE,),
        storage=Storage(local=LocalStorage(size="5Gi"), homes="single"),
        frontend=FrontendPod(node_selector={"pool": "small"}),
    ),
)
app.synth()
