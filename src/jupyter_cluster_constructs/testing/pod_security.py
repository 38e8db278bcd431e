"""The Pod Security level of a pod, by the published standard.

https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..labels import POD_SECURITY_ENFORCE, POD_SECURITY_LEVELS, PodSecurityLevel
from .manifests import Manifest, all_of, identity, pod_of, workloads

Level = PodSecurityLevel
"""How little a pod may do, the least first."""

CAPABILITIES = {
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
}
SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
}
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"}
SECCOMP = ("RuntimeDefault", "Localhost")


def pod_security_level(pod: Manifest) -> Level:
    """The strictest level that takes a pod.

    Args:
        pod: a pod's spec, as `pod_of(workload)` gives it.
    """
    if _above_baseline(pod):
        return "privileged"
    return "baseline" if _above_restricted(pod) else "restricted"


def pod_security_violations(pod: Manifest, level: Level) -> list[str]:
    """What a level forbids of a pod.

    Args:
        pod: a pod's spec, as `pod_of(workload)` gives it.
        level: ``restricted``, ``baseline`` or ``privileged``, which forbids nothing.

    Returns:
        A line for each, which begins with the place in the pod.
    """
    if level == "privileged":
        return []
    return _above_baseline(pod) + (_above_restricted(pod) if level == "restricted" else [])


def pod_security_problems(manifests: Iterable[Manifest], levels: Mapping[str, Level] | Level | None = None) -> list[str]:
    """Find pods that need more than they are said to need, or than their Namespace, if it is there, enforces.

    Args:
        manifests: all objects.
        levels: what each workload's pods need at most, by the workload's name, or what all of them do. Default: only what Namespaces
            among the manifests enforce.

    Returns:
        A line for each problem, also for a name that no workload has, and for pods that need less than is said of them.
    """
    there = list(manifests)
    enforced = {n["metadata"]["name"]: n["metadata"].get("labels", {}).get(POD_SECURITY_ENFORCE) for n in all_of(there, "Namespace")}
    made = workloads(there)
    found = []
    for workload in made:
        pod, where = pod_of(workload), identity(workload)
        if level := enforced.get(workload["metadata"].get("namespace", "")):
            found += [f"{where}: {text}, which its Namespace's level {level} forbids" for text in pod_security_violations(pod, level)]
        said = levels.get(workload["metadata"]["name"]) if isinstance(levels, Mapping) else levels
        if said is not None:
            found += [f"{where}: {text}, which the level {said} forbids" for text in pod_security_violations(pod, said)]
            needed = pod_security_level(pod)
            if isinstance(levels, Mapping) and POD_SECURITY_LEVELS.index(needed) < POD_SECURITY_LEVELS.index(said):
                found.append(f"{where}: its pods need no more than {needed}, and {said} is said of them")
    if isinstance(levels, Mapping):
        found += [
            f"{name}: a level is given, and no workload has this name" for name in sorted(levels.keys() - {w["metadata"]["name"] for w in made})
        ]
    return found


def _contexts(pod: Manifest) -> Iterator[tuple[str, Manifest]]:
    """The pod's security context and those of its containers, with a place for messages."""
    yield "spec", pod.get("securityContext", {})
    for place, container in _containers(pod):
        yield place, container.get("securityContext", {})


def _containers(pod: Manifest) -> Iterator[tuple[str, Manifest]]:
    for key in ("initContainers", "containers", "ephemeralContainers"):
        for container in pod.get(key, ()):
            yield f"container {container['name']}", container


def _above_baseline(pod: Manifest) -> list[str]:
    found = [f"spec has {key}" for key in ("hostNetwork", "hostPID", "hostIPC") if pod.get(key)]
    found += [f"volume {volume['name']} is a hostPath" for volume in pod.get("volumes", ()) if "hostPath" in volume]
    found += [f"spec sets the sysctl {s['name']}" for s in pod.get("securityContext", {}).get("sysctls", ()) if s["name"] not in SYSCTLS]
    for where, context in _contexts(pod):
        added = context.get("capabilities", {}).get("add", ())
        found += [f"{where} adds {name}" for name in sorted({*added} - CAPABILITIES)]
        selinux = context.get("seLinuxOptions", {})
        unconfined = [key for key in ("seccompProfile", "appArmorProfile") if context.get(key, {}).get("type") == "Unconfined"]
        rules = {
            "is privileged": context.get("privileged"),
            "is a HostProcess": context.get("windowsOptions", {}).get("hostProcess"),
            "is unconfined": unconfined,
            "has SELinux options": selinux.get("type", "") not in SELINUX_TYPES or selinux.get("user") or selinux.get("role"),
            "has a procMount": context.get("procMount", "Default") != "Default",
        }
        found += [f"{where} {text}" for text, forbidden in rules.items() if forbidden]
    for where, container in _containers(pod):
        found += [f"{where} has a hostPort" for port in container.get("ports", ()) if port.get("hostPort")]
        found += [f"{where} has a host in its {key}" for key in _with_host(container)]
    return found


def _with_host(container: Manifest) -> Iterator[str]:
    """Probes and hooks that ask another host than their pod (since Kubernetes 1.34)."""
    actions = {key: container.get(key, {}) for key in ("livenessProbe", "readinessProbe", "startupProbe")}
    for key, action in (actions | container.get("lifecycle", {})).items():
        if isinstance(action, dict) and any(action.get(way, {}).get("host") for way in ("httpGet", "tcpSocket")):
            yield key


def _above_restricted(pod: Manifest) -> list[str]:
    # https://kubernetes.io/docs/concepts/security/pod-security-standards/#os-specific-policy-controls
    is_windows = pod.get("os", {}).get("name") == "windows"
    found = [
        f"volume {volume['name']} is of a kind that is not allowed"
        for volume in pod.get("volumes", ())
        if not VOLUMES & volume.keys() and volume.keys() != {"name"}
    ]
    own = pod.get("securityContext", {})
    if own.get("runAsUser") == 0:
        found.append("spec runs as root")
    for where, container in _containers(pod):
        context = container.get("securityContext", {})
        capabilities = context.get("capabilities", {})
        profile = context.get("seccompProfile", own.get("seccompProfile", {})).get("type")
        of_linux = {
            "may escalate its rights": context.get("allowPrivilegeEscalation") is not False,
            "keeps capabilities": "ALL" not in capabilities.get("drop", ()),
            "adds capabilities": {*capabilities.get("add", ())} - {"NET_BIND_SERVICE"},
            "has no seccomp profile": profile not in SECCOMP,
        }
        of_all = {
            "may be root": context.get("runAsNonRoot", own.get("runAsNonRoot")) is not True,
            "runs as root": context.get("runAsUser") == 0,
        }
        found += [f"{where} {text}" for text, forbidden in (of_all if is_windows else of_linux | of_all).items() if forbidden]
    return found
