"""Engines on Kubernetes for a controller that somebody else runs: on a login node, in another namespace, in another cluster."""

from jupyter_cluster_constructs import ClusterConfig, Destination, ExternalController, Names, PodExtras, WorkerGroup, Workers  # isort: skip

import cdk8s
from cdk8s_plus_27 import k8s

app = cdk8s.App()
chart = cdk8s.Chart(app, "engines", disable_resource_name_hashes=True)
config = ClusterConfig(chart, "Config", names=Names("guests", "science"))
Workers(
    chart,
    "Workers",
    config=config,
    controller=ExternalController(
        # kubectl create secret generic their-controller -n science --from-file=ipcontroller-engine.json
        connection_secret="their-controller",
        destinations=(Destination(pod_labels={"app": "their-controller"}),),
    ),
    groups=(WorkerGroup(replicas=2),),
    # Engines see no homes here; what they need is mounted.
    extras=PodExtras(
        topology_spread_constraints=[
            k8s.TopologySpreadConstraint(
                max_skew=1,
                topology_key="kubernetes.io/hostname",
                when_unsatisfiable="ScheduleAnyway",
                label_selector=k8s.LabelSelector(match_labels={"app.kubernetes.io/instance": "guests"}),
            )
        ]
    ),
)
app.synth()
