"""Why a pod, a claim or a workload is not as it should be, and what to do: from objects and events, without asking anybody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .api import Object

PULL = {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "RegistryUnavailable"}
STARTING = {"ContainerCreating", "PodInitializing"}
# The last lines of containers' logs, by pod and container.
LastLines = Mapping[tuple[str, str], str]

PULL_ADVICE = "load the image onto the nodes, or set images.registry, images.tag and images.pull_secrets"
NFS_CLIENT_ADVICE = "install an NFS client on the node: nfs-common on Debian and Ubuntu, nfs-utils on Fedora, RHEL and Amazon Linux"
NFS_ADVICE = "the NFS server is not reached from the node, or has no such directory: see network.node_cidrs in docs/operations.md"
# What a mount says, in small letters, and what helps.
MOUNTS = (
    ("helper program", NFS_CLIENT_ADVICE),
    ("unknown filesystem type", NFS_CLIENT_ADVICE),
    ("mount.nfs: not found", NFS_CLIENT_ADVICE),
    ("connection timed out", NFS_ADVICE),
    ("connection refused", NFS_ADVICE),
    ("no such file or directory", NFS_ADVICE),
    ("access denied", "the NFS server refuses the node: let it in, for a local one by network.node_cidrs"),
    ("secret", "make the Secret in the namespace, or take it out of the settings"),
    ("configmap", "apply the settings again: a ConfigMap is missing"),
)


@dataclass(frozen=True)
class Reason:
    """Why something waits.

    Attributes:
        about: what waits, as kind/name, with the container where it is one.
        text: what Kubernetes or the container says of it.
        advice: what to do; empty where waiting helps or the text says it.
        is_final: whether waiting can't help.
    """

    about: str
    text: str
    advice: str = ""
    is_final: bool = False

    def __str__(self) -> str:
        """All of it in a line."""
        return f"{self.about}: {self.text}" + (f" ({self.advice})" if self.advice else "")


def one_line(text: str, most: int = 300) -> str:
    """A text without line breaks, cut where it is too long to be read."""
    joined = " ".join(text.split())
    return joined if len(joined) <= most else f"{joined[:most]}…"


def events_of(item: Object, events: Iterable[Object], *names: str) -> list[Object]:
    """The events of these names (`reason`) about an object, the newest last."""
    found = [e for e in events if e.get("reason") in names and _is_about(e.get("involvedObject", {}), item)]
    return sorted(found, key=lambda e: str(e.get("lastTimestamp") or e.get("eventTime") or e["metadata"].get("creationTimestamp") or ""))


def _is_about(involved: Object, item: Object) -> bool:
    if involved.get("uid") and item["metadata"].get("uid"):
        return bool(involved["uid"] == item["metadata"]["uid"])
    return (involved.get("kind"), involved.get("name")) == (item.get("kind"), item["metadata"]["name"])


def pod_reasons(pod: Object, events: Sequence[Object], last_lines: LastLines) -> Iterator[Reason]:
    """Why a pod is not ready; nothing for one that is."""
    name, status = pod["metadata"]["name"], pod.get("status", {})
    about = f"pod/{name}"
    if pod["metadata"].get("deletionTimestamp"):
        yield Reason(about, "is ending")
        return
    for condition in status.get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            advice = "free or add nodes, or lower cpu and memory in the settings" if "Insufficient" in condition.get("message", "") else ""
            yield Reason(about, f"{condition.get('reason')}: {one_line(condition.get('message', ''))}", advice)
            return
    if status.get("phase") == "Failed":
        yield Reason(about, one_line(f"{status.get('reason', 'Failed')}: {status.get('message', 'all containers ended')}"))
        return
    mounting = [e.get("message", "") for e in events_of(pod, events, "FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox")]
    for container in (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())):
        is_init = container in status.get("initContainerStatuses", ())
        found = list(_container_reasons(pod, container, is_init, events, last_lines))
        if _is_starting(container) and mounting:
            yield Reason(about, one_line(mounting[-1]), mount_advice(mounting[-1]))
            return
        yield from found
        if is_init and not _is_done(container):
            # Nothing else starts before it is done.
            return


def mount_advice(message: str) -> str:
    """What helps when a volume cannot be mounted."""
    low = message.lower()
    return next((advice for text, advice in MOUNTS if text in low), "")


def _is_starting(container: Object) -> bool:
    return bool(container["state"].get("waiting", {}).get("reason") in STARTING)


def _is_done(container: Object) -> bool:
    return bool(container["state"].get("terminated", {}).get("exitCode") == 0 or container.get("ready"))


def _container_reasons(pod: Object, container: Object, is_init: bool, events: Sequence[Object], last_lines: LastLines) -> Iterator[Reason]:
    name = container["name"]
    about = f"pod/{pod['metadata']['name']} {name}"
    waiting, state = container["state"].get("waiting", {}), container["state"]
    last_line = last_lines.get((pod["metadata"]["name"], name), "")
    why = waiting.get("reason", "")
    if why in PULL:
        texts = [e.get("message", "") for e in events_of(pod, events, "Failed", "InspectFailed") if container["image"] in e.get("message", "")]
        message = texts[-1] if texts else waiting.get("message", "")
        yield Reason(about, one_line(f"{why}: the image {container['image']} can't be had: {message}"), PULL_ADVICE, why == "InvalidImageName")
    elif why == "CrashLoopBackOff":
        yield Reason(about, f"CrashLoopBackOff: it ended {container['restartCount']} times, {_ended(container)}{_says(last_line)}")
    elif why and why not in STARTING:
        yield Reason(about, one_line(f"{why}: {waiting.get('message', '')}"), mount_advice(waiting.get("message", "")))
    elif "running" in state and is_init and not container.get("ready"):
        yield Reason(about, f"runs before the pod's containers start{_says(last_line)}")
    elif state.get("terminated", {}).get("exitCode"):
        yield Reason(about, f"ended {_ended(container)}{_says(last_line)}")
    elif "running" in state and not is_init and not container.get("ready"):
        probes = [e.get("message", "") for e in events_of(pod, events, "Unhealthy") if name_in_path(e, name)]
        restarts = f"; it ended {container['restartCount']} times, {_ended(container)}" if container.get("restartCount") else ""
        yield Reason(about, f"runs, and is not ready yet{restarts}{f'; {one_line(probes[-1])}' if probes else ''}")


def name_in_path(event: Object, container: str) -> bool:
    """Whether an event of a pod is about one of its containers."""
    return f"{{{container}}}" in event.get("involvedObject", {}).get("fieldPath", "")


def _says(line: str) -> str:
    return f"; it says: {one_line(line)}" if line.strip() else ""


def _ended(container: Object) -> str:
    ended = container["state"].get("terminated") or container.get("lastState", {}).get("terminated") or {}
    why = ended.get("reason", "Error")
    return "because it needed more memory than it may have" if why == "OOMKilled" else f"with exit code {ended.get('exitCode', '?')}"


def wants_last_line(container: Object, is_init: bool) -> bool:
    """Whether what a container said last tells why its pod waits."""
    state = container["state"]
    crashed = state.get("waiting", {}).get("reason") == "CrashLoopBackOff" or bool(state.get("terminated", {}).get("exitCode"))
    return crashed or (is_init and "running" in state and not container.get("ready"))


def creation_reasons(workload: Object, replica_sets: Iterable[Object], events: Sequence[Object]) -> Iterator[Reason]:
    """Why a workload's pods can't even be made: quotas, Pod Security, a missing ServiceAccount."""
    makers = [workload, *(r for r in replica_sets if _owner(r) == workload["metadata"].get("uid", workload["metadata"]["name"]))]
    conditions = [
        c for maker in makers for c in maker.get("status", {}).get("conditions", ()) if c["type"] == "ReplicaFailure" and c["status"] == "True"
    ]
    messages = [c.get("message", "") for c in conditions]
    if not messages and workload["kind"] == "StatefulSet" and workload.get("status", {}).get("replicas", 0) < workload["spec"].get("replicas", 1):
        messages = [e.get("message", "") for e in events_of(workload, events, "FailedCreate")][-1:]
    for message in dict.fromkeys(messages):
        advice, is_final = "", False
        if "exceeded quota" in message or "failed quota" in message:
            advice = "raise the ResourceQuota of the namespace, or lower replicas, cpu and memory in the settings"
        elif "violates PodSecurity" in message:
            advice, is_final = "label the namespace with the level that docs/security.md names", True
        yield Reason(f"{workload['kind'].lower()}/{workload['metadata']['name']}", one_line(message, 500), advice, is_final)


def _owner(item: Object) -> str | None:
    return next((owner.get("uid", owner["name"]) for owner in item["metadata"].get("ownerReferences", ())), None)


def claim_reasons(claim: Object, events: Sequence[Object]) -> Iterator[Reason]:
    """Why a claim is not bound; nothing for one that is."""
    phase = claim.get("status", {}).get("phase", "Pending")
    if phase == "Bound":
        return
    about = f"persistentvolumeclaim/{claim['metadata']['name']}"
    if phase == "Lost":
        yield Reason(about, "its PersistentVolume was deleted", "delete the claim, and apply again", is_final=True)
        return
    failures = events_of(claim, events, "ProvisioningFailed", "FailedBinding", "VolumeMismatch", "WaitForPodScheduled", "WaitForFirstConsumer")
    message = failures[-1].get("message", "") if failures else "is not bound yet"
    yield Reason(about, one_line(message), "see storage in docs/settings.md" if "not found" in message else "")
