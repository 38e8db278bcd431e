"""jupyter-cluster init, against the cluster of the current KUBECONFIG."""

from __future__ import annotations

import ipaddress
import subprocess
import sys
from pathlib import Path

from jupyter_cluster_constructs.settings_file import load_cluster

from .conftest import NAMESPACE, make_namespace
from .kube import items, kubectl

SCRIPT = Path(sys.executable).parent / "jupyter-cluster"


def init(directory: Path) -> str:
    """Write a settings file as a script would, and read the address of the NFS Service in it."""
    command = [str(SCRIPT), "init", "--namespace", NAMESPACE, "--name", "from-init"]
    subprocess.run(command, cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    local = load_cluster(directory / "cluster.yaml").storage.local
    assert local is not None
    assert local.cluster_ip is not None
    return local.cluster_ip


def make_service(address: str) -> None:
    kubectl("create", "service", "clusterip", "from-init-probe", f"--clusterip={address}", "--tcp=2049", f"--namespace={NAMESPACE}")


def test_the_address_is_in_the_service_network_and_free_until_it_is_used(tmp_path: Path) -> None:
    make_namespace()
    address = init(tmp_path)
    used = {service["spec"]["clusterIP"] for service in items("services", "--all-namespaces")}
    assert address not in used
    try:
        # The API server itself says whether it is in the network and free.
        make_service(address)
        (tmp_path / "second").mkdir()
        assert init(tmp_path / "second") != address
    finally:
        kubectl("delete", "service", "from-init-probe", f"--namespace={NAMESPACE}", "--ignore-not-found")


def test_the_nodes_addresses_are_told(tmp_path: Path) -> None:
    init(tmp_path)
    text = (tmp_path / "cluster.yaml").read_text()
    for node in items("nodes"):
        for address in node["status"]["addresses"]:
            if address["type"] == "InternalIP":
                assert str(ipaddress.ip_network(address["address"])) in text
