"""What only a pod can find out: whether images come, NFS mounts, policies hold. The pods meet Pod Security's baseline, and are gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import get_args

from ...spec import ClusterSpec
from ...spec.pods import ImageName
from ..api import EVENT, NAMESPACE, NODE, Kubernetes, Object
from ..reasons import NFS_CLIENT_ADVICE, PULL, PULL_ADVICE, events_of, mount_advice, one_line, pod_reasons
from ..snapshot import allowed
from ..waiting import wait_until
from .finding import Finding, failure, ok, warning
from .probe_objects import Probes, probe_objects

IMAGES: tuple[str, ...] = get_args(ImageName)
SMALL, PYTHON = "nfs-server", "debian-ipython-wn"
MOST_NODES = 20
PORT = 8080
# A mount that fails for want of a client fails at once; one that waits for a server has a client.
MOUNT_SECONDS = 12
# What a network plugin may take to enforce a policy.
POLICY_SECONDS = 20

SERVER = f"""
import socket
server = socket.create_server(("", {PORT}))
while True:
    server.accept()[0].close()
"""
CLIENT = """
import socket, sys, time
said = None
while True:
    try:
        socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2).close()
        now = "open"
    except OSError:
        now = "closed"
    if now != said:
        print(now, flush=True)
        said = now
    time.sleep(0.5)
"""


def probed(api: Kubernetes, spec: ClusterSpec, seconds: float) -> Iterator[Finding]:
    """Try all of it, one after the other."""
    if api.get(NAMESPACE, spec.namespace) is None:
        yield warning("probes", f"there is no namespace {spec.namespace} to try them in", f"kubectl create namespace {spec.namespace}, then again")
        return
    with probe_objects(api, spec, seconds) as probes:
        come = list(_images(probes))
        yield from come
        if any(f.level != "ok" for f in come):
            yield warning("NFS client", "not tried, since an image does not come", "run it again once the images come")
            return
        if not spec.storage.is_claimed:
            yield from _nfs(probes)
        if spec.network.policies:
            yield _policies(probes)


def _images(probes: Probes) -> Iterator[Finding]:
    name = probes.pod("images", {image: ["true"] for image in IMAGES})

    def look() -> Object:
        return probes.look(name)

    pod = wait_until(look, lambda pod: pod.get("status", {}).get("phase") in ("Succeeded", "Failed") or is_settled(pod), probes.seconds, pause=0.5)
    yield from image_findings(probes.spec, pod, allowed(probes.api, EVENT, probes.spec.namespace))


def is_settled(pod: Object) -> bool:
    """Whether every container has ended, or its image does not come."""
    states = [s["state"] for s in pod.get("status", {}).get("containerStatuses", ())]
    return bool(states) and all("terminated" in s or s.get("waiting", {}).get("reason") in PULL - {"ErrImagePull"} for s in states)


def image_findings(spec: ClusterSpec, pod: Object, events: Sequence[Object]) -> Iterator[Finding]:
    """What became of the container of each image."""
    statuses = {s["name"]: s["state"] for s in pod.get("status", {}).get("containerStatuses", ())}
    reasons = [str(reason) for reason in pod_reasons(pod, events, {})] if pod else []
    for image in IMAGES:
        check, state = f"image {spec.images.named(image)}", statuses.get(image, {})
        if state.get("terminated", {}).get("exitCode") == 0:
            yield ok(check, "comes, and runs")
        elif "terminated" in state:
            yield failure(check, f"comes, but `true` ended with {state['terminated'].get('exitCode')}", "build it for the nodes' architecture")
        elif state.get("waiting", {}).get("reason") in PULL:
            yield failure(check, one_line(f"{state['waiting']['reason']}: {state['waiting'].get('message', '')}"), PULL_ADVICE)
        else:
            yield warning(check, f"was not tried in time: {'; '.join(reasons) or 'its pod did not start'}", "give it longer by --timeout")


def _nfs(probes: Probes) -> Iterator[Finding]:
    external = probes.spec.storage.external
    nodes = [n for n in probes.api.find(NODE) if not n.get("spec", {}).get("unschedulable")][:MOST_NODES]
    # Without a server there, a client is refused, and tries again; without a client, the mount fails.
    volume = {"server": external.server, "path": external.path} if external else {"server": "127.0.0.1", "path": "/"}
    pods = {
        node["metadata"]["name"]: probes.pod(
            f"nfs-{number}",
            {SMALL: ["true"]},
            nodeName=node["metadata"]["name"],
            tolerations=[{"operator": "Exists"}],
            volumes=[{"name": "nfs", "nfs": volume}],
        )
        for number, node in enumerate(nodes)
    }

    def look() -> dict[str, Finding | None]:
        events = allowed(probes.api, EVENT, probes.spec.namespace)
        return {node: mount_finding(node, probes.look(pod), events, external.server if external else None) for node, pod in pods.items()}

    found = wait_until(look, lambda found: all(found.values()), min(probes.seconds, MOUNT_SECONDS if external is None else probes.seconds), pause=1)
    for node, finding in found.items():
        if finding is not None:
            yield finding
        elif external is None:
            yield ok(f"NFS client of {node}", "tries to mount")
        else:
            yield failure(
                f"NFS client of {node}", f"no answer from {external.server}, port 2049", "let the nodes reach it: firewalls, routes, exports"
            )


def mount_finding(node: str, pod: Object, events: Sequence[Object], server: str | None) -> Finding | None:
    """What a pod with an NFS volume tells of its node; None while it tells nothing yet."""
    check = f"NFS client of {node}"
    if any(s["state"].keys() & {"running", "terminated"} for s in pod.get("status", {}).get("containerStatuses", ())):
        return ok(check, f"mounts {server or 'NFS'}")
    failed = events_of(pod, events, "FailedMount") if pod else []
    if not failed:
        return None
    message = failed[-1].get("message", "")
    advice = mount_advice(message)
    if advice == NFS_CLIENT_ADVICE:
        return failure(check, one_line(message), advice)
    if server is None:
        return ok(check, "is there: it asked for a server")
    return failure(check, one_line(message), advice or "see what it says")


def _policies(probes: Probes) -> Finding:
    check = "NetworkPolicies"
    server = probes.pod("server", {PYTHON: ["python3", "-c", SERVER]})

    def address() -> str:
        status = probes.look(server).get("status", {})
        return str(status.get("podIP", "")) if status.get("phase") == "Running" else ""

    if not (host := wait_until(address, bool, probes.seconds, pause=0.5)):
        return warning(check, "not tried: a pod did not start in time", "give it longer by --timeout")
    client = probes.pod("client", {PYTHON: ["python3", "-c", CLIENT, host, str(PORT)]})

    def said() -> str:
        if probes.look(client).get("status", {}).get("phase") != "Running":
            return ""
        return probes.api.log(client, probes.spec.namespace, PYTHON, tail=1).strip()

    before = wait_until(said, bool, probes.seconds, pause=0.5)
    if not before:
        return warning(check, "not tried: a pod did not start in time", "give it longer by --timeout")
    if before == "closed":
        before = wait_until(said, lambda text: text == "open", POLICY_SECONDS / 2, pause=0.5)
    if before == "closed":
        return ok(check, "pods can't connect to each other even without one: something closes them already")
    probes.closed_policy("server")
    return policy_finding(wait_until(said, lambda text: text == "closed", POLICY_SECONDS, pause=0.5), probes.spec)


def policy_finding(said: str, spec: ClusterSpec) -> Finding:
    """Whether a pod that a policy closes was still reached."""
    if said != "closed":
        found = f"are not enforced: a pod that one closes was still reached after {POLICY_SECONDS} s"
        return warning(
            "NetworkPolicies",
            found,
            "install a network plugin that enforces them (Calico, Cilium); without, every pod reaches NFS and the controller",
        )
    if spec.storage.local is not None and not spec.network.node_cidrs:
        return warning(
            "NetworkPolicies", "are enforced, and network.node_cidrs is not set", "most plugins then filter the nodes' NFS mounts: docs/operations.md"
        )
    return ok("NetworkPolicies", "are enforced")
