"""Labels and selectors."""

from __future__ import annotations

import itertools

import pytest

from jupyter_cluster_constructs import __version__
from jupyter_cluster_constructs.labels import Component, component_selector, object_labels, pod_labels, selector

PREFIX = "app.kubernetes.io/"
PODS = [
    (cluster, component, group)
    for cluster in ("lab", "lab2")
    for component, groups in ((Component.FRONTEND, [None]), (Component.NFS, [None]), (Component.WORKER, [None, "gpu", "cpu"]))
    for group in groups
]


def test_the_labels_are_those_of_the_contract() -> None:
    assert object_labels("lab", Component.FRONTEND) == {
        f"{PREFIX}name": "jupyter-cluster",
        f"{PREFIX}instance": "lab",
        f"{PREFIX}component": "frontend",
        f"{PREFIX}part-of": "jupyter-cluster",
        f"{PREFIX}managed-by": "cdk8s",
        f"{PREFIX}version": __version__,
    }


@pytest.mark.parametrize(("cluster", "component", "group"), PODS)
def test_pods_have_their_selectors_labels_and_no_version(cluster: str, component: Component, group: str | None) -> None:
    labels = pod_labels(cluster, component, group)
    assert selector(cluster, component, group).items() <= labels.items()
    # A selector is immutable, and a pod is replaced when a label changes.
    assert f"{PREFIX}version" not in labels


def test_a_selector_selects_no_other_workloads_pods() -> None:
    # https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#selector: overlapping ones are not noticed and misbehave.
    overlapping = {(one, other) for one, other in itertools.permutations(PODS, 2) if selector(*one).items() <= pod_labels(*other).items()}
    assert not overlapping


@pytest.mark.parametrize(("cluster", "component"), dict.fromkeys((cluster, component) for cluster, component, _ in PODS))
def test_a_components_selector_selects_the_pods_of_all_its_groups_and_no_others(cluster: str, component: Component) -> None:
    selected = [pod for pod in PODS if component_selector(cluster, component).items() <= pod_labels(*pod).items()]
    assert selected == [pod for pod in PODS if pod[:2] == (cluster, component)]
