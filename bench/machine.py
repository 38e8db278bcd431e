"""Where and with what something was measured."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from e2e.kube import items

KIBIBYTES_A_GIBIBYTE = 1024 * 1024


def node() -> dict[str, str]:
    """The node of the current KUBECONFIG, or the first of several."""
    nodes = items("nodes")
    info, capacity = nodes[0]["status"]["nodeInfo"], nodes[0]["status"]["capacity"]
    memory = int(capacity["memory"].removesuffix("Ki")) // KIBIBYTES_A_GIBIBYTE
    return {
        "nodes": f"{len(nodes)}, of {capacity['cpu']} CPUs and {memory} GiB, {info['osImage']}, kernel {info['kernelVersion']}",
        "Kubernetes": info["kubeletVersion"],
        "containers": info["containerRuntimeVersion"],
    }


def here() -> dict[str, str]:
    """The machine that this program runs on."""
    names = (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    return {"CPU": next(names, "unknown"), "cdk8s": version("cdk8s"), "jupyter-cluster-constructs": version("jupyter-cluster-constructs")}
