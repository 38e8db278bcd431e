"""A Kubernetes API as far as `jupyter-cluster init` asks for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any


@dataclass
class Api:
    """What the API answers.

    Attributes:
        network: the Services' network, which it tells those who ask for an address outside of it.
        services: addresses by namespace/name.
        cidrs: of its ServiceCIDR; none is an API that has no such objects.
        version: that of the ServiceCIDR objects.
        nodes: each node's status addresses, pod networks and annotations.
        forbidden: paths that may not be read.
        changes: requests that would change something.
    """

    network: str = "10.43.0.0/16"
    services: dict[str, str] = field(default_factory=lambda: {"default/kubernetes": "10.43.0.1", "kube-system/kube-dns": "10.43.0.10"})
    cidrs: tuple[str, ...] = ()
    version: str = "v1"
    nodes: dict[str, dict[str, Any]] = field(default_factory=lambda: {"one": {"address": "172.18.0.2", "podCIDRs": ["10.42.0.0/24"]}})
    forbidden: tuple[str, ...] = ()
    changes: list[str] = field(default_factory=list)

    def answer(self, path: str) -> Any:
        if path == "/api/v1/services":
            return {"items": [self._service(name) for name in self.services]}
        if path.startswith("/api/v1/namespaces/"):
            _, _, _, _, namespace, _, name = path.split("/")
            return self._service(f"{namespace}/{name}")
        if path == "/api/v1/nodes":
            return {"items": [self._node(name, **node) for name, node in self.nodes.items()]}
        if self.cidrs and path == f"/apis/networking.k8s.io/{self.version}/servicecidrs":
            return {"items": [{"metadata": {"name": "kubernetes"}, "spec": {"cidrs": list(self.cidrs)}}]}
        return None

    def refusal(self, service: Any) -> str | None:
        address = service["spec"]["clusterIP"]
        if ip_address(address) not in ip_network(self.network):
            return f"the provided IP ({address}) is not in the valid range. The range of valid IPs is {self.network}"
        return f"provided IP ({address}) is already allocated" if address in self.services.values() else None

    def _service(self, place: str) -> Any:
        namespace, name = place.split("/")
        return {"metadata": {"namespace": namespace, "name": name}, "spec": {"clusterIP": self.services[place]}}

    def _node(self, name: str, *, address: str, podCIDRs: list[str], annotations: dict[str, str] | None = None) -> Any:  # noqa: N803
        return {
            "metadata": {"name": name, "annotations": annotations or {}},
            "spec": {"podCIDRs": podCIDRs},
            "status": {"addresses": [{"type": "Hostname", "address": name}, {"type": "InternalIP", "address": address}]},
        }


@contextmanager
def served(api: Api, directory: Path) -> Iterator[Path]:
    """The API at a port of this machine, and a kubeconfig for it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path in api.forbidden:
                self.reply(403, {"kind": "Status", "message": "is forbidden"})
            else:
                found = api.answer(path)
                self.reply(404 if found is None else 200, found or {"kind": "Status", "message": "not found"})

        def do_POST(self) -> None:
            if "dryRun=All" not in self.path:
                api.changes.append(self.path)
            service = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if "POST" in api.forbidden:
                self.reply(403, {"kind": "Status", "message": "services is forbidden"})
                return
            refusal = api.refusal(service)
            self.reply(422 if refusal else 201, {"kind": "Status", "message": refusal} if refusal else service)

        def reply(self, status: int, body: Any) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kubeconfig = directory / "kubeconfig"
    kubeconfig.write_text(kubeconfig_text(f"http://127.0.0.1:{server.server_port}"))
    try:
        yield kubeconfig
    finally:
        server.shutdown()
        server.server_close()


def kubeconfig_text(server: str) -> str:
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "clusters": [{"name": "here", "cluster": {"server": server}}],
            "users": [{"name": "me", "user": {}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
        }
    )
