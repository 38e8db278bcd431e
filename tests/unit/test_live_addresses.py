from __future__ import annotations

from typing import Any

from jupyter_cluster_constructs.live.addresses import Address, addresses_of
from jupyter_cluster_constructs.live.api import Object
from jupyter_cluster_constructs.live.snapshot import Entrances
from jupyter_cluster_constructs.spec import ClusterSpec, IngressSettings, Jupyter, Network

from .live_objects import SPEC, item


def service(name: str, kind: str = "ClusterIP", port: int = 22, node_port: int | None = None, **status: Any) -> Object:
    return item("Service", name, spec={"type": kind, "ports": [{"port": port, "nodePort": node_port}]}, status=status)


def ssh_of(service: Object, *nodes: Object) -> Address:
    (found,) = addresses_of(SPEC, Entrances(services=[service], nodes=list(nodes)))
    return found


def node(**addresses: str) -> Object:
    return item("Node", "n", status={"addresses": [{"type": kind, "address": address} for kind, address in addresses.items()]})


def test_a_load_balancers_address_is_that_of_ssh() -> None:
    found = ssh_of(service("lab-ssh", "LoadBalancer", loadBalancer={"ingress": [{"ip": "203.0.113.5"}]}))

    assert (found.address, found.command) == ("203.0.113.5:22", "ssh USER@203.0.113.5")


def test_a_load_balancer_without_an_address_says_so() -> None:
    found = ssh_of(service("lab-ssh", "LoadBalancer", loadBalancer={}))

    assert found.address is None
    assert "no address yet" in found.command


def test_a_node_port_is_reached_at_a_node_from_outside_if_it_can_be() -> None:
    ssh = service("lab-ssh", "NodePort", node_port=30022)

    assert ssh_of(ssh, node(InternalIP="10.0.0.2")).command == "ssh -p 30022 USER@10.0.0.2"
    assert ssh_of(ssh, node(InternalIP="10.0.0.2", ExternalIP="203.0.113.5")).command == "ssh -p 30022 USER@203.0.113.5"
    assert ssh_of(ssh).command == "ssh -p 30022 USER@NODE"


def test_a_service_inside_is_reached_by_a_forwarded_port() -> None:
    assert "kubectl -n science port-forward service/lab-ssh 2222:22" in ssh_of(service("lab-ssh")).command


def test_jupyterlab_is_at_the_ingress_if_there_is_one() -> None:
    jupyter = Jupyter.model_validate({"allowed_from": [{"namespace": "ingress"}]})
    spec = ClusterSpec(name="lab", namespace="science", ingress=IngressSettings(host="j.example.org"), jupyter=jupyter, network=Network())
    services = [service("lab-jupyter", port=80)]

    (with_it,) = addresses_of(spec, Entrances(services=services, ingresses=[item("Ingress", "lab-jupyter")]))
    (without,) = addresses_of(spec, Entrances(services=services))

    assert with_it == Address("jupyter", "http://j.example.org/", "")
    assert without.command == "kubectl -n science port-forward service/lab-jupyter 8888:80"
