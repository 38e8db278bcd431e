"""Settings that change while the cluster runs: what they take effect on, and whom they disturb."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import paramiko
import pytest
from jupyter_kernel_client import JupyterKernelClient

from .cluster import ROOT, Cluster
from .conftest import Lab, lab_settings
from .kube import CommandError, items, run, wait_until
from .ssh import Person, login
from .web import HOST

SYNC_SECONDS = 90
SECOND_TAG = "e2e-second"
NEW_PASSWORD = "a new password, for a test alone"
Change = Callable[[Any], None]


class ChangingLab:
    """The example's cluster, whose settings are changed one after the other."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.settings = lab_settings(lab.ada, lab.grace)
        self.environment = {"ADA_PASSWORD": str(lab.ada.password)}

    def synthesize(self) -> Cluster:
        """Make the manifests in place of the former ones, as a person does."""
        return Cluster.synthesized(self.settings, self.lab.cluster.dist.parent, self.environment)

    def pods(self) -> dict[str, set[str]]:
        """The pods of each component, by their uids, with how often their containers were restarted."""
        components: dict[str, set[str]] = {}
        for pod in self.lab.cluster.pods():
            if "deletionTimestamp" not in pod["metadata"]:
                restarts = sum(status["restartCount"] for status in pod["status"].get("containerStatuses", ()))
                component = pod["metadata"]["labels"]["app.kubernetes.io/component"]
                components.setdefault(component, set()).add(f"{pod['metadata']['uid']} {restarts}")
        return components

    def wait_until_rolled_out(self) -> None:
        self.lab.cluster.wait_for_rollouts("statefulset/nfs", "deployment/frontend", "deployment/worker")


@pytest.fixture(scope="module")
def changing(lab: Lab) -> Iterator[ChangingLab]:
    """The cluster, which gets its own settings back in the end."""
    yield ChangingLab(lab)
    cluster = ChangingLab(lab).synthesize()
    cluster.apply()
    ChangingLab(lab).wait_until_rolled_out()
    lab.cluster.wait_for_engines_of_pods(60)
    _, _, clean_up = cluster.summary.partition("no longer among the files: ")
    if clean_up:
        run(clean_up.splitlines()[0].split())


def can_log_in(lab: Lab, user: str, **secret: Any) -> str | None:
    """The groups of somebody whom sshd lets in."""
    try:
        with login(lab.cluster, user, **secret) as session:
            return session.run("id -Gn")
    except (paramiko.AuthenticationException, CommandError):
        return None


def test_a_password_a_key_and_a_group_work_within_90_seconds_and_disturb_nobody(
    changing: ChangingLab, tmp_path: Path, note: Callable[[str], None]
) -> None:
    lab, settings, new = changing.lab, changing.settings, Person.with_new_key("grace", tmp_path)
    users = {user["name"]: user for user in settings["users"]}
    users["grace"]["ssh_keys"] = [new.public_key]
    users["ada"]["groups"] = ["physics", "chemistry"]
    settings["groups"].append({"name": "chemistry", "gid": 2002})
    changing.environment["ADA_PASSWORD"] = NEW_PASSWORD
    with (
        lab.cluster.forward("jupyter", 80) as port,
        JupyterKernelClient(server_url=f"http://{HOST}:{port}", token=lab.token) as kernel,
        login(lab.cluster, "ada", key=lab.ada.key) as session,
    ):
        kernel.execute("kept = 42", timeout=30)
        pods, start = changing.pods(), time.monotonic()

        cluster = changing.synthesize()
        cluster.apply()

        for what, works in {
            "new password": lambda: can_log_in(lab, "ada", password=NEW_PASSWORD),
            "new key": lambda: can_log_in(lab, "grace", key=new.key),
            "new group": lambda: "chemistry" in (can_log_in(lab, "ada", key=lab.ada.key) or ""),
        }.items():
            wait_until(what, works, seconds=SYNC_SECONDS)
            note(f"{what} works {time.monotonic() - start:.1f} s after the synth and apply")
        assert time.monotonic() - start < SYNC_SECONDS
        assert can_log_in(lab, "ada", password=lab.ada.password) is None
        assert can_log_in(lab, "grace", key=lab.grace.key) is None
        assert session.run("echo still here") == "still here\n"
        assert kernel.execute("assert kept == 42", timeout=30)["status"] == "ok"
    assert changing.pods() == pods
    assert "kubectl apply restarts no pod" in cluster.summary


def ssh_service(settings: Any) -> None:
    settings["ssh"] = {"service_type": "NodePort"}


def more_replicas(settings: Any) -> None:
    settings["workers"][0]["replicas"] += 1


def worker_environment(settings: Any) -> None:
    settings["workers"][0]["env"] = {"LAB": "changed"}


def frontend_memory(settings: Any) -> None:
    settings["frontend"] = {"jupyter": {"memory": "1Gi"}}


def leave_seconds(settings: Any) -> None:
    settings["storage"]["local"]["leave_seconds"] = 500


def heartbeat(settings: Any) -> None:
    settings["controller"] = {"heartbeat_period": 900}


def added_user(settings: Any) -> None:
    settings["users"].append({"name": "lin", "uid": 1004})


def image_tag(settings: Any) -> None:
    settings["images"] = {"tag": SECOND_TAG}


@pytest.mark.parametrize(
    ("change", "restarted"),
    [
        (ssh_service, set()),
        (more_replicas, set()),
        (worker_environment, {"worker"}),
        (frontend_memory, {"frontend"}),
        (leave_seconds, {"nfs"}),
        (heartbeat, {"frontend", "worker"}),
        (added_user, {"nfs", "frontend", "worker"}),
    ],
)
def test_only_what_depends_on_a_setting_restarts_and_the_summary_says_it_before(
    changing: ChangingLab, note: Callable[[str], None], change: Change, restarted: set[str]
) -> None:
    before = changing.pods()
    change(changing.settings)

    cluster = changing.synthesize()
    cluster.apply()
    changing.wait_until_rolled_out()

    after = changing.pods()
    note(f"{change.__name__.replace('_', ' ')} restarts: {', '.join(sorted(restarted)) or 'nothing'}")
    assert {component for component in before if not before[component] <= after[component]} == restarted
    assert announced(cluster.summary) == restarted


def announced(summary: str) -> set[str]:
    """The components whose pods the summary says are restarted."""
    (line,) = (line for line in summary.splitlines() if "kubectl apply restarts" in line)
    return {component for component in ("nfs", "frontend", "worker") if f"lab-{component}" in line}


@pytest.fixture(scope="module")
def second_images(lab: Lab) -> None:
    """The images under a second tag."""
    image: str = lab.cluster.pods("nfs")[0]["spec"]["containers"][0]["image"]
    build = [sys.executable, "docker/build.py", "--load", "--registry", image.rpartition("/")[0], "--tag", SECOND_TAG]
    run(build, directory=ROOT, environment=os.environ, seconds=900)


@pytest.mark.usefixtures("second_images")
def test_a_new_image_tag_rolls_workers_one_by_one_and_restarts_the_frontend_once(changing: ChangingLab, note: Callable[[str], None]) -> None:
    image_tag(changing.settings)
    frontends, start = set(pod_uids(changing.lab.cluster.pods("frontend"))), time.monotonic()

    changing.synthesize().apply()
    while not is_rolled_out(changing.lab.cluster):
        frontends |= set(pod_uids(changing.lab.cluster.pods("frontend")))
        assert time.monotonic() - start < 300
        time.sleep(0.3)

    changing.wait_until_rolled_out()
    note(f"new image tag rolled out after {time.monotonic() - start:.1f} s")
    assert len(frontends) == 2
    workers = sorted(changing.lab.cluster.pods("worker"), key=created)
    assert all(container["image"].endswith(f":{SECOND_TAG}") for pod in workers for container in pod["spec"]["containers"])
    assert all(engine_started(earlier) <= created(later) for earlier, later in pairwise(workers))


def is_rolled_out(cluster: Cluster) -> bool:
    """Whether every Deployment consists of new pods that are ready."""
    deployments = items("deployments", "--namespace", cluster.namespace, "--selector", cluster.selector())
    return all(
        d["status"]["observedGeneration"] == d["metadata"]["generation"]
        and d["status"].get("updatedReplicas") == d["status"].get("availableReplicas") == d["spec"]["replicas"]
        for d in deployments
    )


def pod_uids(pods: list[dict[str, Any]]) -> Iterator[str]:
    return (pod["metadata"]["uid"] for pod in pods)


def created(pod: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(pod["metadata"]["creationTimestamp"])


def engine_started(pod: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"])
