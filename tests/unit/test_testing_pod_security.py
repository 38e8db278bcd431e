"""Each control of the Pod Security Standards: a pod that breaks it is of the next level, and it is said why."""

from __future__ import annotations

import pytest
from support import Manifest, one, pod_of

from jupyter_cluster_constructs.testing import Level, pod_security_level, pod_security_problems, pod_security_violations

from .planted import app, planted

BASELINE: dict[str, tuple[str, object, str]] = {
    "host network": ("POD.hostNetwork", True, "spec has hostNetwork"),
    "host processes": ("POD.hostPID", True, "spec has hostPID"),
    "host IPC": ("POD.hostIPC", True, "spec has hostIPC"),
    "host path": ("POD.volumes.0", {"name": "settings", "hostPath": {"path": "/"}}, "volume settings is a hostPath"),
    "host port": ("POD.containers.0.ports.0.hostPort", 80, "container server has a hostPort"),
    "host probe": ("POD.containers.0.readinessProbe.httpGet.host", "10.0.0.1", "container server has a host in its readinessProbe"),
    "host hook": (
        "POD.containers.0.lifecycle",
        {"preStop": {"httpGet": {"host": "10.0.0.1", "port": 1}}},
        "container server has a host in its preStop",
    ),
    "privileged": ("POD.containers.0.securityContext.privileged", True, "container server is privileged"),
    "privileged init container": ("POD.initContainers.0.securityContext.privileged", True, "container prepare is privileged"),
    "capability": ("POD.containers.0.securityContext.capabilities.add", ["SYS_ADMIN"], "container server adds SYS_ADMIN"),
    "HostProcess": ("POD.securityContext.windowsOptions", {"hostProcess": True}, "spec is a HostProcess"),
    "AppArmor": ("POD.containers.0.securityContext.appArmorProfile", {"type": "Unconfined"}, "container server is unconfined"),
    "seccomp": ("POD.securityContext.seccompProfile", {"type": "Unconfined"}, "spec is unconfined"),
    "SELinux type": ("POD.containers.0.securityContext.seLinuxOptions", {"type": "spc_t"}, "container server has SELinux options"),
    "SELinux user": ("POD.securityContext.seLinuxOptions", {"user": "system_u"}, "spec has SELinux options"),
    "proc": ("POD.containers.0.securityContext.procMount", "Unmasked", "container server has a procMount"),
    "sysctl": ("POD.securityContext.sysctls", [{"name": "kernel.msgmax", "value": "1"}], "spec sets the sysctl kernel.msgmax"),
}
RESTRICTED: dict[str, tuple[str, object, str]] = {
    "kind of volume": (
        "POD.volumes.0",
        {"name": "settings", "nfs": {"server": "a", "path": "/"}},
        "volume settings is of a kind that is not allowed",
    ),
    "escalation": ("POD.containers.0.securityContext.allowPrivilegeEscalation", None, "container server may escalate its rights"),
    "root": ("POD.securityContext.runAsNonRoot", None, "container prepare may be root"),
    "root of a container": ("POD.containers.0.securityContext.runAsNonRoot", False, "container server may be root"),
    "number of root": ("POD.containers.0.securityContext.runAsUser", 0, "container server runs as root"),
    "number of root of the pod": ("POD.securityContext.runAsUser", 0, "spec runs as root"),
    "seccomp": ("POD.securityContext.seccompProfile", None, "container server has no seccomp profile"),
    "capabilities kept": ("POD.containers.0.securityContext.capabilities", {}, "container server keeps capabilities"),
    "capability": ("POD.containers.0.securityContext.capabilities.add", ["CHOWN"], "container server adds capabilities"),
}


def pod(where: str, value: object) -> Manifest:
    return pod_of(one(planted(f"Deployment/web {where}", value), "Deployment"))


@pytest.mark.parametrize("control", BASELINE)
def test_a_pod_that_leaves_the_baseline_is_privileged(control: str) -> None:
    where, value, message = BASELINE[control]
    assert pod_security_level(pod(where, value)) == "privileged"
    assert message in pod_security_violations(pod(where, value), "baseline")
    assert pod_security_violations(pod(where, value), "privileged") == []


@pytest.mark.parametrize("control", RESTRICTED)
def test_a_pod_that_is_not_restricted_is_of_the_baseline(control: str) -> None:
    where, value, message = RESTRICTED[control]
    assert pod_security_level(pod(where, value)) == "baseline"
    assert pod_security_violations(pod(where, value), "baseline") == []
    assert message in pod_security_violations(pod(where, value), "restricted")


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("POD.securityContext.sysctls", [{"name": "net.ipv4.ping_group_range", "value": "0 1"}]),
        ("POD.containers.0.securityContext.seLinuxOptions", {"type": "container_t", "level": "s0"}),
        ("POD.containers.0.securityContext.seccompProfile", {"type": "Localhost", "localhostProfile": "own.json"}),
        ("POD.containers.0.securityContext.appArmorProfile", {"type": "RuntimeDefault"}),
        ("POD.volumes.0", {"name": "settings", "ephemeral": {}}),
        ("POD.volumes.0", {"name": "settings", "emptyDir": {}}),
    ],
)
def test_what_the_standard_allows_keeps_a_pod_restricted(where: str, value: object) -> None:
    assert pod_security_level(pod(where, value)) == "restricted"


def test_a_windows_pod_needs_nothing_that_only_linux_has() -> None:
    made = pod("POD.os", {"name": "windows"})
    del made["securityContext"]["seccompProfile"]
    for container in (*made["initContainers"], *made["containers"]):
        container["securityContext"] = {}
    assert pod_security_level(made) == "restricted"


@pytest.mark.parametrize("level", ["restricted", "baseline"])
def test_a_pod_that_its_namespace_refuses_is_found(level: Level) -> None:
    made = planted("Deployment/web POD.hostPID", True)
    one(made, "Namespace")["metadata"]["labels"] = {"pod-security.kubernetes.io/enforce": level}
    assert pod_security_problems(made) == [f"Deployment shop/web: spec has hostPID, which its Namespace's level {level} forbids"]
    one(made, "Namespace")["metadata"]["labels"] = {"pod-security.kubernetes.io/enforce": "privileged"}
    assert pod_security_problems(made) == []


def test_a_pod_above_the_level_that_is_said_of_all_is_found() -> None:
    made = [m for m in planted("Deployment/web POD.hostPID", True) if m["kind"] != "Namespace"]
    assert pod_security_problems(made, "baseline") == ["Deployment shop/web: spec has hostPID, which the level baseline forbids"]
    assert pod_security_problems(made, "privileged") == []


def test_more_than_pods_need_and_names_that_no_workload_has_are_found() -> None:
    assert pod_security_problems(app(), {"web": "restricted", "db": "baseline", "cache": "baseline"}) == [
        "StatefulSet shop/db: its pods need no more than restricted, and baseline is said of them",
        "cache: a level is given, and no workload has this name",
    ]
