"""The Pod Security level of each workload: the one that docs/security.md names, and no more than it needs."""

from __future__ import annotations

import re

import pytest
from support import ROOT, all_of, one, pod_of, workloads

from jupyter_cluster_constructs.labels import POD_SECURITY_LEVELS
from jupyter_cluster_constructs.testing import Level, Manifest, pod_security_level, pod_security_problems, pod_security_violations

from .outputs import Output

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
LEVEL_OF: dict[str, Level] = {"worker": "restricted", "frontend": "baseline", "storage": "baseline", "nfs": "privileged"}


def component(workload: Manifest) -> str:
    return str(workload["metadata"]["labels"]["app.kubernetes.io/component"])


def needed(made: Output) -> Level:
    """What a namespace has to allow for all pods of an output."""
    levels = {pod_security_level(pod_of(workload)) for workload in workloads(made.manifests)}
    return next(level for level in reversed(POD_SECURITY_LEVELS) if level in levels)


def test_every_workload_needs_its_level_and_no_more(made: Output) -> None:
    levels: dict[str, Level] = {workload["metadata"]["name"]: LEVEL_OF[component(workload)] for workload in workloads(made.manifests)}
    assert levels
    assert pod_security_problems(made.manifests, levels) == []


def test_engines_satisfy_the_restricted_pod_security_standard(made: Output) -> None:
    (worker, *_) = (w for w in workloads(made.manifests) if component(w) == "worker")
    assert pod_security_violations(pod_of(worker), "restricted") == []


def test_the_frontend_satisfies_the_baseline_pod_security_standard(made: Output) -> None:
    (frontend,) = (w for w in workloads(made.manifests) if component(w) == "frontend")
    assert pod_security_violations(pod_of(frontend), "baseline") == []


def test_of_the_frontend_all_that_becomes_nobody_else_satisfies_even_the_restricted_one(made: Output) -> None:
    (frontend,) = (w for w in workloads(made.manifests) if component(w) == "frontend")
    above = {text.split()[1] for text in pod_security_violations(pod_of(frontend), "restricted")}
    assert "sshd" in above
    # Of those that run for one JupyterLab for all, none is; of the hub's, the one alone that becomes the member.
    with_hub = {"jupyter"} if "hub" in {container["name"] for container in pod_of(frontend)["containers"]} else set()
    assert with_hub <= above <= {"sshd", "own-homes"} | with_hub


def test_the_pod_that_makes_homes_on_a_claim_satisfies_the_baseline_pod_security_standard(outputs: dict[str, Output]) -> None:
    for name in ("everything claimed", "everything made"):
        assert pod_security_violations(pod_of(one(outputs[name].manifests, "StatefulSet")), "baseline") == []


def test_the_nfs_server_leaves_the_baseline_by_one_capability_alone(outputs: dict[str, Output]) -> None:
    server = one(outputs["example"].manifests, "StatefulSet")
    assert pod_security_violations(pod_of(server), "baseline") == ["container nfs-server adds DAC_READ_SEARCH"]


def test_a_namespace_that_is_made_takes_the_pods_and_nothing_that_they_do_not_need(made: Output) -> None:
    for namespace in all_of(made.manifests, "Namespace"):
        levels = {value for key, value in namespace["metadata"]["labels"].items() if key.startswith("pod-security")}
        assert levels == {needed(made)}


def test_the_page_about_security_names_the_level_that_a_namespace_needs(made: Output) -> None:
    named = {storage: level for level, storage in re.findall(r"enforce=(\w+) +# (.+)$", PAGE, re.MULTILINE)}
    is_local = any(component(workload) == "nfs" for workload in workloads(made.manifests))
    assert named["storage.local" if is_local else "every other kind of storage"] == needed(made)


@pytest.mark.parametrize(
    "words",
    [
        "Workers, controller, the hub, its proxy and the one Jupyter Server for all meet Pod Security `restricted`",
        "which makes a namespace with `storage.local` `privileged`",
    ],
)
def test_the_page_about_security_says_it_in_words(words: str) -> None:
    assert words in " ".join(PAGE.split())
