"""Where people reach a cluster: from its Services, its Ingress or HTTPRoute, and the nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..spec import ClusterSpec
from .api import Object
from .snapshot import Entrances

LOCAL_SSH, LOCAL_JUPYTER = 2222, 8888


@dataclass(frozen=True)
class Address:
    """One way to reach the cluster.

    Attributes:
        what: ``ssh`` or ``jupyter``.
        address: host and port, or a URL; None while Kubernetes has given none.
        command: what to type, USER being a name of a member; empty for a URL.
    """

    what: str
    address: str | None
    command: str


def addresses_of(spec: ClusterSpec, entrances: Entrances) -> list[Address]:
    """Every way that there is."""
    services = {service["metadata"]["name"]: service for service in entrances.services}
    found = []
    if (ssh := services.get(spec.names.ssh)) is not None:
        found.append(_ssh(spec, ssh, entrances.nodes))
    if spec.names.jupyter in services:
        found += _jupyter(spec, entrances)
    return found


def _ssh(spec: ClusterSpec, service: Object, nodes: Iterable[Object]) -> Address:
    kind, (port, *_) = service["spec"].get("type", "ClusterIP"), service["spec"]["ports"]
    if kind == "LoadBalancer":
        hosts = [each.get("hostname") or each.get("ip") for each in service.get("status", {}).get("loadBalancer", {}).get("ingress", ())]
        if hosts:
            return _ssh_at(str(hosts[0]), port["port"])
        return Address("ssh", None, "the load balancer has no address yet; jupyter-cluster status shows it")
    if kind == "NodePort":
        host = next(_node_addresses(nodes), None)
        return _ssh_at(host or "NODE", port["nodePort"])
    forward = f"kubectl -n {spec.namespace} port-forward service/{spec.names.ssh} {LOCAL_SSH}:{port['port']}"
    return Address("ssh", f"localhost:{LOCAL_SSH}", f"{forward} & ssh -p {LOCAL_SSH} USER@localhost")


def _ssh_at(host: str, port: int) -> Address:
    shown = f"[{host}]" if ":" in host else host
    return Address("ssh", f"{shown}:{port}", f"ssh {'' if port == 22 else f'-p {port} '}USER@{host}")


def _node_addresses(nodes: Iterable[Object]) -> Iterator[str]:
    """The nodes' addresses, those from outside first."""
    found = [address for node in nodes for address in node.get("status", {}).get("addresses", ())]
    for kind in ("ExternalIP", "InternalIP"):
        yield from (address["address"] for address in found if address["type"] == kind)


def _jupyter(spec: ClusterSpec, entrances: Entrances) -> Iterator[Address]:
    if spec.jupyter.mode == "off":
        return
    if spec.ingress is not None and any(each["metadata"]["name"] == spec.names.jupyter for each in entrances.ingresses):
        yield Address("jupyter", spec.ingress.url, "")
        return
    command = f"kubectl -n {spec.namespace} port-forward service/{spec.names.jupyter} {LOCAL_JUPYTER}:80"
    yield Address("jupyter", f"http://localhost:{LOCAL_JUPYTER}/{'lab' if spec.jupyter.mode == 'server' else ''}", command)
