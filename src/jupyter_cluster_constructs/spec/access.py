"""Whether the settings of who may reach what fit together."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Problem
from .jupyter import IngressSettings, Jupyter
from .network import Network
from .ssh import Ssh
from .storage import Storage

FIND_CONTROLLER = "`kubectl get pods --all-namespaces` shows it beside the Ingress or Gateway controller's pods"


def access_problems(network: Network, ssh: Ssh, jupyter: Jupyter, ingress: IngressSettings | None) -> Iterator[Problem]:
    """Find ways in that nothing makes, and an Ingress that would lead to a closed port."""
    if not network.policies:
        for path, settings in (("ssh", ssh), ("jupyter", jupyter)):
            if "allowed_from" in settings.model_fields_set:
                yield Problem((path, "allowed_from"), "received it with network.policies: false, so that everybody is let in; leave it out")
    elif ingress is not None and not jupyter.allowed_from:
        yield Problem(
            ("ingress",),
            "received it without jupyter.allowed_from, so that its controller would not reach JupyterLab; write the controller's namespace,"
            f" such as `jupyter: {{allowed_from: [{{namespace: ingress-nginx}}]}}`; {FIND_CONTROLLER}",
        )


def node_problems(network: Network, storage: Storage) -> Iterator[Problem]:
    """Find networks of nodes that nobody asks for."""
    if network.node_cidrs and storage.local is None:
        yield Problem(("network", "node_cidrs"), "received networks without storage.local, whose NFS server alone reads them; leave it out")
