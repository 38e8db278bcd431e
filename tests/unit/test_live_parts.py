from __future__ import annotations

from dataclasses import replace

from jupyter_cluster_constructs.labels import Component
from jupyter_cluster_constructs.live.api import Object
from jupyter_cluster_constructs.live.parts import Part, engine_groups, parts_of
from jupyter_cluster_constructs.live.snapshot import Snapshot

from .live_objects import RUNNING, SPEC, claim, container, ended, pod, waiting, whole_cluster, workload


def part(snapshot: Snapshot, name: str) -> Part:
    return next(p for p in parts_of(SPEC, snapshot) if p.name == name)


def with_pods(*pods: Object) -> Snapshot:
    """The whole cluster, with these pods in place of those of their names."""
    names = {p["metadata"]["name"] for p in pods}
    there = whole_cluster()
    return replace(there, pods=[*(p for p in there.pods if p["metadata"]["name"] not in names), *pods])


def test_a_whole_cluster_is_ready_part_by_part() -> None:
    found = [(p.name, p.ready, p.wanted, p.is_ready, p.reasons) for p in parts_of(SPEC, whole_cluster())]

    assert found == [
        ("volumes", 3, 3, True, ()),
        ("nfs", 1, 1, True, ()),
        ("controller", 1, 1, True, ()),
        ("jupyter", 1, 1, True, ()),
        ("sshd", 1, 1, True, ()),
        ("engines", 1, 1, True, ()),
    ]


def test_nothing_of_a_cluster_is_ready_before_it_is_applied() -> None:
    found = parts_of(SPEC, Snapshot())

    assert [p.name for p in found if not p.is_ready] == ["nfs", "controller", "proxy", "hub", "jupyter", "sshd", "engines"]
    assert part(Snapshot(), "engines").wanted == 2
    assert "jupyter-cluster up" in part(Snapshot(), "nfs").reasons[0].advice


def test_volumes_are_counted_and_the_one_that_is_not_bound_tells_why() -> None:
    there = whole_cluster()
    found = part(replace(there, claims=[claim("lab-shared"), claim("lab-home-1001", "Pending")]), "volumes")

    assert (found.ready, found.wanted) == (1, 2)
    assert found.reasons[0].about == "persistentvolumeclaim/lab-home-1001"


def test_a_claim_that_pods_name_and_that_is_not_there_is_missing() -> None:
    there = whole_cluster()
    there.deployments[0]["spec"]["template"]["spec"]["volumes"] = [{"name": "h", "persistentVolumeClaim": {"claimName": "lab-home-1002"}}]

    found = part(there, "volumes")

    assert (found.ready, found.wanted) == (3, 4)
    assert str(found.reasons[0]).startswith("persistentvolumeclaim/lab-home-1002: is not there")


def test_each_container_of_the_frontend_is_a_part_with_its_own_reasons() -> None:
    states = (
        container("controller", RUNNING, ready=True),
        container("jupyter", waiting("CrashLoopBackOff"), last=ended(1)),
        container("sshd", RUNNING),
    )
    there = with_pods(pod("lab-frontend-1-a", *states, component=Component.FRONTEND))

    assert part(there, "controller").is_ready
    assert ["CrashLoopBackOff" in r.text for r in part(there, "jupyter").reasons] == [True]
    assert ["is not ready yet" in r.text for r in part(there, "sshd").reasons] == [True]


def test_what_keeps_the_whole_pod_keeps_each_of_its_containers() -> None:
    scheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no node"}
    there = with_pods(pod("lab-frontend-1-a", component=Component.FRONTEND, conditions=(scheduled,)))

    assert {part(there, name).reasons[0].text for name in ("controller", "jupyter", "sshd")} == {"Unschedulable: no node"}


def test_engines_of_an_older_template_do_not_count() -> None:
    there = with_pods(pod("lab-worker-1-a", container("engine", RUNNING, ready=True), revision="0"))

    found = part(there, "engines")

    assert (found.ready, found.is_ready) == (0, False)


def test_a_change_that_kubernetes_has_not_seen_yet_is_not_ready() -> None:
    there = whole_cluster()
    there.deployments[1]["metadata"]["generation"] = 2

    assert not part(there, "engines").is_ready


def test_a_replaced_pod_waits_for_the_one_that_is_ending() -> None:
    old = pod("lab-frontend-0-a", component=Component.FRONTEND, revision="0", going=True)
    there = whole_cluster()
    there = replace(there, pods=[old])

    assert "waits until lab-frontend-0-a has ended" in part(there, "controller").reasons[0].text


def test_what_keeps_many_engines_is_told_once() -> None:
    pods = [pod(f"lab-worker-1-{n}", container("engine", waiting("ErrImagePull", "not found"))) for n in range(20)]
    there = replace(whole_cluster(), pods=pods)
    there.deployments[1]["spec"]["replicas"] = 20

    assert len(part(there, "engines").reasons) == 1


def test_every_container_of_an_engines_pod_is_an_engine_but_not_a_sidecar() -> None:
    there = whole_cluster()
    there.deployments[1] = workload("Deployment", "lab-worker", Component.WORKER, "engine", "engine-2", "log-shipper", replicas=3)

    assert engine_groups(SPEC, there)[0].part.wanted == 6


def test_a_group_that_is_no_longer_in_the_settings_is_shown_with_its_name() -> None:
    there = whole_cluster()
    old = workload("Deployment", "lab-worker-old", Component.WORKER, "engine")
    old["metadata"]["labels"]["jupyter-cluster/worker-group"] = "old"
    there.deployments.append(old)

    assert [(g.name, g.workload) for g in engine_groups(SPEC, there)] == [(None, "lab-worker"), ("old", "lab-worker-old")]
