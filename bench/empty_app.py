"""What any cdk8s-plus app takes: one Chart with one typed object."""

import os

import cdk8s
from cdk8s_plus_27 import k8s

app = cdk8s.App(outdir=os.environ["CDK8S_OUTDIR"])
k8s.KubeConfigMap(cdk8s.Chart(app, "empty"), "ConfigMap", data={"key": "value"})
app.synth()
