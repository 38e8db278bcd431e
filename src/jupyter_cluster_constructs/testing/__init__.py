"""For the tests of your own app: its manifests as dicts, what is in them, and checks that every set of manifests has to pass.

```python
from jupyter_cluster_constructs.testing import check, one, synth

manifests = synth("cluster.yaml")  # or your cdk8s App, a Chart, a ClusterSpec
check(manifests, existing=["Secret/jupyter-tls"])
assert one(manifests, "Deployment", "lab-worker")["spec"]["replicas"] == 4
```

The extra `testing` has what checks and snapshots need: ``pip install 'jupyter-cluster-constructs[testing]'``. Snapshots are in
`jupyter_cluster_constructs.testing.snapshots`.
"""

from .checks import check, problems
from .manifests import (
    Manifest,
    all_containers,
    all_of,
    containers,
    decoded,
    environment,
    identity,
    mounted_volumes,
    one,
    pod_metadata,
    pod_of,
    read,
    secret_names,
    volumes,
    without_containers,
    workloads,
)
from .pod_security import Level, pod_security_level, pod_security_problems, pod_security_violations
from .references import Reference, claims_of_templates, references
from .rules import duplicate_problems, image_problems, mount_problems, reference_problems, scope_problems, selector_problems
from .schemas import kubernetes_versions, schema_problems
from .synthesis import Source, changing_files, run_app, synth, synth_charts

__all__ = [
    "Level",
    "Manifest",
    "Reference",
    "Source",
    "all_containers",
    "all_of",
    "changing_files",
    "check",
    "claims_of_templates",
    "containers",
    "decoded",
    "duplicate_problems",
    "environment",
    "identity",
    "image_problems",
    "kubernetes_versions",
    "mount_problems",
    "mounted_volumes",
    "one",
    "pod_metadata",
    "pod_of",
    "pod_security_level",
    "pod_security_problems",
    "pod_security_violations",
    "problems",
    "read",
    "reference_problems",
    "references",
    "run_app",
    "schema_problems",
    "scope_problems",
    "secret_names",
    "selector_problems",
    "synth",
    "synth_charts",
    "volumes",
    "without_containers",
    "workloads",
]
