"""Names of resources."""

from __future__ import annotations

import itertools
import re

import pytest

from jupyter_cluster_constructs.names import Names, checked_statefulset_name

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?")
LONGEST = "c" * 48
TRICKY = (
    "a",
    "a-home-1",
    "a-homes",
    "a-storage",
    "storage",
    "storage-a",
    "storage-a-storage",
    "export-a",
    "a-workers",
    "aworker",
    "a-jupyter",
    "a-nfs",
    "a-a",
    "b",
    "b-a",
    "lab",
    "lab-2",
)
NAMESPACES = ("a", "b", "a-b", "lab", "a-worker")
GROUPS = (None, "a", "worker", "nfs", "gpu", "worker-a", "frontend")


def namespaced(names: Names) -> set[tuple[str, str]]:
    """Kind and name of everything in the cluster's namespace."""
    return {
        ("ConfigMap", names.users),
        ("Secret", names.users),
        ("ConfigMap", names.config),
        ("Deployment", names.frontend),
        ("Service", names.frontend),
        ("Service", names.ssh),
        ("Service", names.jupyter),
        ("Ingress", names.jupyter),
        ("Secret", names.jupyter),
        ("ConfigMap", names.nfs),
        ("Service", names.nfs),
        ("StatefulSet", names.nfs),
        ("PersistentVolumeClaim", f"export-{names.nfs}-0"),
        ("PersistentVolumeClaim", names.shared_claim),
        ("PersistentVolumeClaim", names.homes_claim),
        *(("PersistentVolumeClaim", names.home_claim(number)) for number in (0, 1, 1001)),
    }


def of_a_claim(names: Names) -> set[tuple[str, str]]:
    """Kind and name of what a cluster has more that keeps everything on a ReadWriteMany claim."""
    return {("Service", names.storage), ("StatefulSet", names.storage), ("PersistentVolumeClaim", f"storage-{names.storage}-0")}


def deployments(names: Names) -> set[tuple[str, str]]:
    return {("Deployment", names.worker(group)) for group in GROUPS}


def cluster_scoped(names: Names) -> set[str]:
    return {names.shared_volume, names.homes_volume, *(names.home_volume(number) for number in (0, 1, 1001))}


def test_the_names_are_those_of_the_contract() -> None:
    names = Names("lab", "science")
    assert (names.frontend, names.ssh, names.jupyter, names.nfs) == ("lab-frontend", "lab-ssh", "lab-jupyter", "lab-nfs")
    assert (names.users, names.config) == ("lab-users", "lab-config")
    assert (names.worker(None), names.worker("gpu")) == ("lab-worker", "lab-worker-gpu")


def test_everything_in_the_namespace_begins_with_the_clusters_name() -> None:
    names = Names("lab", "science")
    made = {name for _, name in namespaced(names) | of_a_claim(names) | deployments(names) if not name.startswith(("export-", "storage-"))}
    assert all(name.startswith("lab-") for name in made)


def test_everything_without_a_namespace_begins_with_namespace_and_name() -> None:
    assert all(re.match("science.lab[.-]", name) for name in cluster_scoped(Names("lab", "science")))


def test_the_longest_name_makes_names_that_kubernetes_takes() -> None:
    names = Names(LONGEST, "n" * 63)
    assert all(DNS_LABEL.fullmatch(name) for _, name in namespaced(names))
    assert all(DNS_SUBDOMAIN.fullmatch(name) for name in cluster_scoped(names))
    # The label controller-revision-hash of a StatefulSet's pods is its name, a dash and ten characters.
    assert len(names.nfs) + 11 <= 63
    # The controller's address is a DNS name: 253 characters, 63 a part.
    assert len(names.controller_host) <= 253
    assert all(len(part) <= 63 for part in names.controller_host.split("."))


def test_a_statefulsets_name_is_one_that_its_pods_labels_hold() -> None:
    longest = Names("c" * 44, "default").storage
    assert checked_statefulset_name(longest) == longest
    assert len(longest) + 11 == 63
    with pytest.raises(ValueError, match=r"of 53 characters; allowed: 52; shorten the cluster's name"):
        checked_statefulset_name(Names("c" * 45, "default").storage)


def test_a_longer_name_is_refused_with_both_lengths() -> None:
    with pytest.raises(ValueError, match=r"of 49 characters.*allowed: at most 48"):
        Names(f"{LONGEST}c", "default")


@pytest.mark.parametrize("cluster", ["lab-worker", "lab-worker-gpu", "a-b-worker-c"])
def test_a_name_that_a_worker_group_of_another_cluster_could_have_is_refused(cluster: str) -> None:
    with pytest.raises(ValueError, match="allowed: a name without -worker"):
        Names(cluster, "default")


@pytest.mark.parametrize("cluster", ["", "Lab", "2lab", "-lab", "lab-", "lab.2", "lab\n"])
def test_a_name_that_kubernetes_would_refuse_is_refused(cluster: str) -> None:
    with pytest.raises(ValueError, match="allowed: small letters, digits and -, a letter first"):
        Names(cluster, "default")


def test_one_cluster_gives_no_name_twice() -> None:
    names = Names("lab", "default")
    numbers = range(1001, 1101)
    claims = [names.shared_claim, names.homes_claim, *map(names.home_claim, numbers)]
    volumes = [names.shared_volume, names.homes_volume, *map(names.home_volume, numbers)]
    assert len({*claims}) == len(claims)
    assert len({*volumes}) == len(volumes)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(TRICKY, 2)))
def test_two_clusters_of_a_namespace_share_no_name(one: str, other: str) -> None:
    first, second = Names(one, "default"), Names(other, "default")
    assert not (namespaced(first) | of_a_claim(first)) & (namespaced(second) | of_a_claim(second))


def test_a_worker_group_has_the_name_of_nothing_else_in_the_namespace() -> None:
    shared = {
        (one, other, name)
        for one, other in itertools.permutations(TRICKY, 2)
        for _, name in deployments(Names(one, "default"))
        & (of_a_claim(Names(other, "default")) | namespaced(Names(other, "default")) | deployments(Names(other, "default")))
    }
    assert not shared


def test_two_clusters_of_a_kubernetes_share_no_volume() -> None:
    clusters = list(itertools.product(TRICKY, NAMESPACES))
    for one, other in itertools.combinations(clusters, 2):
        assert not cluster_scoped(Names(*one)) & cluster_scoped(Names(*other)), (one, other)


def test_a_volume_name_does_not_depend_on_other_users() -> None:
    # A list position would hand one user's home to another when a third is removed.
    assert Names("lab", "science").home_volume(1001) == "science.lab.home-1001"
    assert Names("lab", "science").home_claim(1001) == "lab-home-1001"
