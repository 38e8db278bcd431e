"""One cluster in each of three namespaces, made by the same few lines; each namespace is a file."""

from jupyter_cluster_constructs import ClusterSpec, JupyterCluster, User, WorkerGroup  # isort: skip

import cdk8s

ENGINES = {"development": 1, "staging": 2, "production": 16}

app = cdk8s.App()
for namespace, engines in ENGINES.items():
    chart = cdk8s.Chart(app, namespace, namespace=namespace, disable_resource_name_hashes=True)
    JupyterCluster(
        chart,
        "cluster",
        # Without a namespace here the Chart's is taken.
        spec=ClusterSpec(name="lab", create_namespace=True, users=(User(name="ada", uid=1001),), workers=(WorkerGroup(replicas=engines),)),
    )
app.synth()
