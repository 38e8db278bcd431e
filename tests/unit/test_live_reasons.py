from __future__ import annotations

from typing import Any

import pytest

from jupyter_cluster_constructs.labels import Component
from jupyter_cluster_constructs.live.api import Object
from jupyter_cluster_constructs.live.reasons import Reason, claim_reasons, creation_reasons, mount_advice, pod_reasons

from .live_objects import RUNNING, claim, container, ended, event, pod, replica_set, waiting, workload

NO_CLIENT = "mount: bad option; for several filesystems (e.g. nfs, cifs) you might need a /sbin/mount.<type> helper program."


def reasons(of: Object, *events: Object, **last_lines: str) -> list[Reason]:
    lines = {(of["metadata"]["name"], name.replace("_", "-")): line for name, line in last_lines.items()}
    return list(pod_reasons(of, events, lines))


def only(found: list[Reason]) -> Reason:
    (reason,) = found
    return reason


def test_a_ready_pod_waits_for_nothing() -> None:
    assert reasons(pod("p", container("engine", RUNNING, ready=True))) == []


def test_a_pod_that_no_node_takes_tells_the_schedulers_message() -> None:
    scheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available: 3 Insufficient cpu."}

    reason = only(reasons(pod("p", conditions=(scheduled,))))

    assert reason.text == "Unschedulable: 0/3 nodes are available: 3 Insufficient cpu."
    assert "lower cpu and memory" in reason.advice


@pytest.mark.parametrize("why", ["ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull"])
def test_an_image_that_does_not_come_is_named_with_what_to_do(why: str) -> None:
    of = pod("p", container("engine", waiting(why, "Back-off pulling image")))

    reason = only(reasons(of, event(of, "Failed", "Failed to pull image registry/engine:1: not found")))

    assert why in reason.text
    assert "registry/engine:1" in reason.text
    assert "not found" in reason.text
    assert "images.pull_secrets" in reason.advice
    assert not reason.is_final


def test_an_image_whose_name_is_invalid_does_not_get_better_by_waiting() -> None:
    assert only(reasons(pod("p", container("engine", waiting("InvalidImageName"))))).is_final


def test_a_container_that_crashes_tells_its_last_line() -> None:
    of = pod("p", container("controller", waiting("CrashLoopBackOff"), restarts=4, last=ended(3)))

    reason = only(reasons(of, controller="the port is taken"))

    assert reason.text == "CrashLoopBackOff: it ended 4 times, with exit code 3; it says: the port is taken"


def test_a_container_that_needs_too_much_memory_is_told_so() -> None:
    of = pod("p", container("jupyter", waiting("CrashLoopBackOff"), restarts=1, last=ended(137, "OOMKilled")))

    assert "needed more memory than it may have" in only(reasons(of)).text


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        (NO_CLIENT, "nfs-common"),
        ("mount.nfs: Connection timed out", "network.node_cidrs"),
        ("mount.nfs: mounting 10.96.0.1:/export failed, reason given by server: No such file or directory", "network.node_cidrs"),
        ("mount.nfs: access denied by server while mounting", "refuses the node"),
        ('MountVolume.SetUp failed for volume "login": secret "lab-login" not found', "make the Secret"),
    ],
)
def test_a_volume_that_does_not_mount_tells_why_and_what_to_do(message: str, advice: str) -> None:
    of = pod("p", container("engine", waiting("ContainerCreating")))

    reason = only(reasons(of, event(of, "FailedMount", message)))

    assert reason.text == message
    assert advice in reason.advice


def test_a_mount_that_failed_once_is_no_reason_for_a_container_that_runs() -> None:
    of = pod("p", container("engine", RUNNING))

    assert "runs, and is not ready yet" in only(reasons(of, event(of, "FailedMount", NO_CLIENT))).text


def test_another_pods_event_is_no_reason() -> None:
    of, other = pod("p", container("engine", waiting("ContainerCreating"))), pod("q")

    assert reasons(of, event(other, "FailedMount", NO_CLIENT)) == []


def test_an_init_container_that_waits_tells_what_it_prints_and_hides_what_comes_after_it() -> None:
    of = pod(
        "p",
        container("engine", waiting("PodInitializing")),
        init=(container("wait-for-nfs", ended(0), ready=True), container("wait-for-controller", RUNNING)),
    )

    reason = only(reasons(of, wait_for_controller="waiting: no controller answers at lab-frontend.science.svc:10101"))

    assert reason.about == "pod/p wait-for-controller"
    assert "no controller answers" in reason.text


def test_a_missing_secret_of_a_container_is_told() -> None:
    of = pod("p", container("engine", waiting("CreateContainerConfigError", 'secret "curve" not found')))

    assert only(reasons(of)).advice == mount_advice('secret "curve" not found') != ""


def test_a_failing_probe_is_that_of_the_container() -> None:
    of = pod("p", container("controller", RUNNING), container("sshd", RUNNING, ready=True))
    probe = event(of, "Unhealthy", "Startup probe failed: no answer at 10101", fieldPath="spec.containers{controller}")
    other = event(of, "Unhealthy", "Startup probe failed: of sshd", fieldPath="spec.containers{sshd}")

    assert only(reasons(of, probe, other)).text == "runs, and is not ready yet; Startup probe failed: no answer at 10101"


def test_an_evicted_pod_tells_why() -> None:
    assert "Evicted: low on memory" in only(reasons(pod("p", phase="Failed", reason="Evicted", message="low on memory"))).text


def test_a_pod_that_is_ending_says_nothing_else() -> None:
    assert only(reasons(pod("p", container("engine", waiting("CrashLoopBackOff")), going=True))).text == "is ending"


def failing(message: str) -> dict[str, Any]:
    return {"conditions": [{"type": "ReplicaFailure", "status": "True", "message": message}]}


def test_a_quota_that_is_exceeded_is_told_of_the_deployment() -> None:
    worker = workload("Deployment", "lab-worker", Component.WORKER, "engine")
    failed = replica_set(worker, **failing('pods "x" is forbidden: exceeded quota: small, requested: cpu=1'))

    reason = only(list(creation_reasons(worker, [failed], [])))

    assert reason.about == "deployment/lab-worker"
    assert "exceeded quota: small" in reason.text
    assert "ResourceQuota" in reason.advice
    assert not reason.is_final


def test_a_refusal_of_pod_security_does_not_get_better_by_waiting() -> None:
    nfs = workload("StatefulSet", "lab-nfs", Component.NFS, "nfs-server", replicas=1)
    nfs["status"]["replicas"] = 0
    refused = event(nfs, "FailedCreate", 'create Pod lab-nfs-0 failed: violates PodSecurity "restricted:latest"')

    reason = only(list(creation_reasons(nfs, [], [refused])))

    assert reason.is_final
    assert "docs/security.md" in reason.advice


def test_the_failure_of_another_deployments_pods_is_no_reason() -> None:
    worker, frontend = (workload("Deployment", f"lab-{n}", Component.WORKER) for n in ("worker", "frontend"))

    assert list(creation_reasons(worker, [replica_set(frontend, **failing("exceeded quota"))], [])) == []


def test_a_claim_tells_what_its_provisioner_says() -> None:
    pending = claim("export-lab-nfs-0", "Pending")

    reason = only(list(claim_reasons(pending, [event(pending, "ProvisioningFailed", 'storageclass.storage.k8s.io "x" not found')])))

    assert reason.text == 'storageclass.storage.k8s.io "x" not found'


def test_a_bound_claim_waits_for_nothing() -> None:
    assert list(claim_reasons(claim("lab-shared"), [])) == []


def test_a_claim_whose_volume_is_gone_does_not_get_better_by_waiting() -> None:
    assert only(list(claim_reasons(claim("lab-shared", "Lost"), []))).is_final


def test_a_reason_without_advice_is_told_without_brackets() -> None:
    assert str(Reason("pod/p", "is ending")) == "pod/p: is ending"
