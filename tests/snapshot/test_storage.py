"""Frontend and workers on every kind of storage: the same homes in the same places, and what a user more changes."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from constructs import Construct
from support import Manifest, all_containers, containers, mounted_volumes, one, pod_of, volumes, workloads

from jupyter_cluster_constructs import Frontend, Names, Nfs, Users, Workers
from jupyter_cluster_constructs.changes import changes

from .charts import ADA, GRACE, NAMES, PER_USER, PHYSICS, SINGLE, STORAGES, manifests, new_chart, parts, whole

GRACE_ALONE = GRACE.model_copy(update={"groups": ()})
# The claim of each kind that homes are on, and the one of the shared directory.
CLAIMS = {
    "local single": ("lab-homes", "lab-shared"),
    "external single": ("lab-homes", "lab-shared"),
    "claim": ("files", "files"),
    "claim single": ("files", "files"),
    "class": ("storage-lab-storage-0", "storage-lab-storage-0"),
    "class single": ("storage-lab-storage-0", "storage-lab-storage-0"),
}
SEEING_HOMES = {"jupyter", "sshd", "engine"}


@pytest.fixture(scope="module", params=STORAGES)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of storage."""
    return str(request.param)


@pytest.fixture(scope="module")
def cluster(kind: str) -> list[Manifest]:
    """A cluster of two users on each kind of storage."""
    return whole(users=(ADA, GRACE_ALONE), storage=STORAGES[kind])


def above(path: str, mounts: list[Manifest]) -> Manifest | None:
    """The mount of a container that a path is in."""
    around = [m for m in mounts if m["mountPath"] == path or PurePosixPath(m["mountPath"]) in PurePosixPath(path).parents]
    return max(around, key=lambda m: len(m["mountPath"]), default=None)


def place(workload: Manifest, container: str, path: str) -> tuple[str, str]:
    """The claim, and the directory on it, that a container sees at a path."""
    mounted = above(path, containers(workload)[container]["volumeMounts"])
    assert mounted is not None
    claim = volumes(workload)[mounted["name"]]["persistentVolumeClaim"]["claimName"]
    return claim, str(PurePosixPath(mounted.get("subPath", "")) / PurePosixPath(path).relative_to(mounted["mountPath"]))


def seeing_homes(cluster: list[Manifest]) -> list[tuple[Manifest, str]]:
    found = [(workload, name) for workload in workloads(cluster) for name in containers(workload) if name in SEEING_HOMES]
    assert {name for _, name in found} == SEEING_HOMES
    return found


def test_every_container_sees_the_same_homes_and_the_same_shared_directory(cluster: list[Manifest], kind: str) -> None:
    homes, shared = CLAIMS.get(kind, (None, "lab-shared"))
    sub_path = "jupyter_shared" if STORAGES[kind].is_claimed else "."
    assert place(one(cluster, "Deployment", "lab-frontend"), "controller", "/home/jupyter/shared") == (shared, sub_path)
    for workload, name in seeing_homes(cluster):
        assert place(workload, name, "/home/jupyter/shared") == (shared, sub_path), name
        for user, number in (("ada", 1001), ("grace", 7)):
            # In a single volume a link leads from the name to the home.
            on_claim = user if kind in SINGLE else f"user_home_dir_{number}" if STORAGES[kind].is_claimed else "."
            assert place(workload, name, f"/home/{user}") == (homes or f"lab-home-{number}", on_claim), name


def test_single_homes_are_one_mount_however_many_users_there_are(cluster: list[Manifest], kind: str) -> None:
    for workload, name in seeing_homes(cluster):
        below = {path for path in mounted_volumes(workload, name) if path.startswith("/home") and not path.startswith("/home/jupyter")}
        assert below == ({"/home"} if kind in SINGLE else {"/home/ada", "/home/grace"}), name


def directories(cluster: list[Manifest]) -> list[str]:
    """The lines of the list of directories."""
    lines: list[str] = one(cluster, "ConfigMap", "lab-nfs")["data"]["directories"].splitlines()
    return lines


@pytest.mark.parametrize("kind", SINGLE, indirect=True)
def test_whatever_is_mounted_inside_the_volume_of_all_homes_has_its_place_in_it(cluster: list[Manifest]) -> None:
    # A container runtime makes a place that is missing, which a server that squashes root refuses.
    made = {line.partition(":")[0] for line in directories(cluster) if " -> " not in line}
    inside = set()
    for _, container in all_containers(cluster):
        mounts = container["volumeMounts"]
        for mounted in mounts:
            around = above(mounted["mountPath"], [m for m in mounts if m is not mounted])
            if around is not None and around["mountPath"] == "/home":
                inside.add(str(PurePosixPath(mounted["mountPath"]).relative_to("/home")))
    assert {"jupyter", "jupyter/shared", "jupyter/config"} <= inside
    assert inside <= made


# Who looks after the directories before anything starts


def owner(cluster: list[Manifest]) -> Manifest:
    found: Manifest = containers(one(cluster, "Deployment", "lab-frontend"))["own-homes"]
    return found


def test_owners_and_modes_are_checked_one_by_one_or_by_the_list(cluster: list[Manifest], kind: str) -> None:
    command = owner(cluster)["command"]
    if kind in ("local", "external"):
        assert [word.partition(":")[0] for word in command[-3:]] == ["/home/jupyter/shared", "/home/ada", "/home/grace"]
    else:
        assert command[-4:] == ["--listed-in", "/run/directories/directories", "--root", "/run/storage"]


@pytest.mark.parametrize("kind", [kind for kind in STORAGES if kind not in ("local", "external")], indirect=True)
def test_who_checks_a_list_has_it_and_the_whole_storage(cluster: list[Manifest], kind: str) -> None:
    frontend = one(cluster, "Deployment", "lab-frontend")
    there = mounted_volumes(frontend, "own-homes")
    assert there["/run/directories"]["configMap"] == {"name": "lab-nfs", "items": [{"key": "directories", "path": "directories"}]}
    assert place(frontend, "own-homes", "/run/storage") == (CLAIMS[kind][0], ".")


def test_what_the_cluster_makes_is_waited_for_and_what_somebody_else_makes_is_not(cluster: list[Manifest], kind: str) -> None:
    command = owner(cluster)["command"]
    assert (command[command.index("--wait") + 1] == "0") is (STORAGES[kind].external is not None)


def test_only_on_somebody_elses_server_are_owners_put_right_by_root(cluster: list[Manifest], kind: str) -> None:
    assert (owner(cluster)["securityContext"]["runAsUser"] == 0) is (STORAGES[kind].external is not None)


def test_a_server_is_waited_for_only_where_the_cluster_has_one(cluster: list[Manifest], kind: str) -> None:
    is_local = STORAGES[kind].local is not None
    used = [word.removeprefix("--use=") for word in owner(cluster)["command"] if word.startswith("--use=")]
    # Each mount of its own: a client that connects later could not leave once the server's Service is gone.
    assert set(used) == (
        set(mounted_volumes(one(cluster, "Deployment", "lab-frontend"), "own-homes")) - {"/home/jupyter/config", "/run/directories"}
        if is_local
        else set()
    )
    waits = containers(one(cluster, "Deployment", "lab-worker"))["wait-for-controller"]["command"]
    assert any(word.startswith("--use=") for word in waits) is is_local


# A user more


def pods(cluster: list[Manifest]) -> dict[str, Manifest]:
    return {f"{w['kind'].lower()}/{w['metadata']['name']}": w["spec"]["template"] for w in workloads(cluster)}


@pytest.mark.parametrize("before", [(), (ADA,)], ids=["the first one", "another one"])
@pytest.mark.parametrize("kind", SINGLE, indirect=True)
def test_with_single_homes_a_user_more_changes_no_pod_and_only_the_list(cluster: list[Manifest], kind: str, before: tuple[object, ...]) -> None:
    there = whole(users=(ADA,) if before else (), storage=STORAGES[kind])
    assert pods(there) == pods(cluster)
    changed = [new["metadata"]["name"] for old, new in zip(there, cluster, strict=True) if old != new]
    assert changed == ["lab-users", "lab-users", "lab-nfs"]
    # The mount points stay, and so do the homes.
    assert set(directories(there)) < set(directories(cluster))
    found = changes(there, cluster)
    assert found is not None
    assert (found.restarted, found.left_over) == ((), ())


@pytest.mark.parametrize("kind", PER_USER, indirect=True)
def test_with_a_home_each_a_user_more_restarts_what_is_told_and_that_is_what_mounts_it(cluster: list[Manifest], kind: str) -> None:
    there = whole(users=(ADA,), storage=STORAGES[kind])
    found = changes(there, cluster)
    assert found is not None
    assert {*found.restarted} == {name for name, pod in pods(cluster).items() if pod != pods(there)[name]}
    making = {"local": {"statefulset/lab-nfs"}, "external": set()}.get(kind, {"statefulset/lab-storage"})
    assert {*found.restarted} == {"deployment/lab-frontend", "deployment/lab-worker"} | making
    assert found.left_over == ()


@pytest.mark.parametrize("kind", PER_USER, indirect=True)
def test_with_a_home_each_of_a_user_less_volume_and_claim_are_left_over(cluster: list[Manifest], kind: str) -> None:
    found = changes(cluster, whole(users=(ADA,), storage=STORAGES[kind]))
    assert found is not None
    of_nfs = ("persistentvolume/science.lab.home-7", "persistentvolumeclaim/lab-home-7")
    assert found.left_over == (() if STORAGES[kind].is_claimed else of_nfs)
    assert found.disks == ()


@pytest.mark.parametrize("kind", ["local", "class"])
def test_storage_that_was_to_go_with_the_cluster_is_told_when_it_is_left_over(kind: str) -> None:
    before = whole(storage=STORAGES[kind].model_copy(update={"reclaim_policy": "Delete"}))
    found = changes(before, whole(storage=STORAGES["external"]))
    assert found is not None
    assert found.disks == (("statefulset/lab-nfs",) if kind == "local" else ("statefulset/lab-storage",))


# In somebody's own Chart


@pytest.mark.parametrize("kind", STORAGES)
def test_the_parts_work_alone_on_every_kind_of_storage(kind: str) -> None:
    chart = new_chart(namespace="charts-own")
    Nfs(chart, "Nfs", users=Users(new_chart(), "Users", names=NAMES, users=[ADA, GRACE], groups=[PHYSICS]), storage=STORAGES[kind])
    assert {m["metadata"].get("namespace") for m in manifests(chart) if m["kind"] != "PersistentVolume"} == {"science"}
    for construct, made in ((Frontend, "lab-frontend"), (Workers, "lab-worker")):
        chart = new_chart(namespace="charts-own")
        construct(chart, "It", **parts(new_chart(), storage=STORAGES[kind]).needed)
        deployment = one(manifests(chart), "Deployment")
        assert (deployment["metadata"]["name"], deployment["metadata"]["namespace"]) == (made, "science")
        assert pod_of(deployment)["volumes"]


def identities(cluster: list[Manifest]) -> list[tuple[str, str | None, str]]:
    """Every object, those too that the templates of StatefulSets make."""
    made = [
        ("PersistentVolumeClaim", workload["metadata"]["namespace"], f"{template['metadata']['name']}-{workload['metadata']['name']}-0")
        for workload in workloads(cluster)
        for template in workload["spec"].get("volumeClaimTemplates", ())
    ]
    return [*((m["kind"], m["metadata"].get("namespace"), m["metadata"]["name"]) for m in cluster), *made]


@pytest.mark.parametrize("kind", STORAGES)
def test_two_clusters_in_one_namespace_share_no_object_and_no_pod(kind: str) -> None:
    chart = new_chart()
    for name in ("one", "two"):
        scope = Construct(chart, name)
        needed = parts(scope, names=Names(name, "science"), storage=STORAGES[kind]).needed
        Frontend(scope, "Frontend", **needed)
        Workers(scope, "Workers", **needed)
    there = manifests(chart)
    everything = identities(there)
    assert len({*everything}) == len(everything)
    for workload in workloads(there):
        selector = workload["spec"]["selector"]["matchLabels"].items()
        assert [w for w in workloads(there) if selector <= w["spec"]["template"]["metadata"]["labels"].items()] == [workload]
