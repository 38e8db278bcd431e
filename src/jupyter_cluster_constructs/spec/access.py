"""Whether the settings of who may reach what fit together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..errors import Problem
from .accounts import User
from .hub import Hub
from .jupyter import IngressSettings, Jupyter
from .network import Network
from .pods import FrontendPod
from .sign_on import sign_on_problems
from .ssh import Ssh
from .storage import Storage

FIND_CONTROLLER = "`kubectl get pods --all-namespaces` shows it beside the Ingress or Gateway controller's pods"


def access_problems(network: Network, ssh: Ssh, jupyter: Jupyter, ingress: IngressSettings | None) -> Iterator[Problem]:
    """Find ways in that nothing makes, and an Ingress that would lead to a closed port."""
    if not network.policies:
        for path, settings in (("ssh", ssh), ("jupyter", jupyter)):
            if "allowed_from" in settings.model_fields_set:
                yield Problem((path, "allowed_from"), "received it with network.policies: false, so that everybody is let in; leave it out")
    elif ingress is not None and jupyter.mode != "off" and not jupyter.allowed_from:
        yield Problem(
            ("ingress",),
            "received it without jupyter.allowed_from, so that its controller would not reach JupyterLab; write the controller's namespace,"
            f" such as `jupyter: {{allowed_from: [{{namespace: ingress-nginx}}]}}`; {FIND_CONTROLLER}",
        )


def jupyter_problems(jupyter: Jupyter, frontend: FrontendPod, ingress: IngressSettings | None) -> Iterator[Problem]:
    """Find what the mode of JupyterLab has no use for."""
    if ingress is not None and jupyter.mode == "off":
        yield Problem(("ingress",), "received it with jupyter.mode: off, so that it leads nowhere; leave it out, or write jupyter.mode: hub")
    for name, modes in (("jupyter", ("hub", "server")), ("hub", ("hub",)), ("proxy", ("hub",))):
        if name in frontend.model_fields_set and jupyter.mode not in modes:
            yield Problem(("frontend", name), f"received it with jupyter.mode: {jupyter.mode}, which has no such container; leave it out")
    yield from sign_on_problems(jupyter.hub.sign_on, ingress.host if ingress else None)


def admin_problems(hub: Hub, users: Sequence[User]) -> Iterator[Problem]:
    """Find the hub's admins without an account."""
    names = [user.name for user in users]
    for i, admin in enumerate(hub.admins):
        if admin not in names:
            yield Problem(("jupyter", "hub", "admins", i), f"received {admin!r}; allowed: a user of `users`, which are {names}")


def node_problems(network: Network, storage: Storage) -> Iterator[Problem]:
    """Find networks of nodes that nobody asks for."""
    if network.node_cidrs and storage.local is None:
        yield Problem(("network", "node_cidrs"), "received networks without storage.local, whose NFS server alone reads them; leave it out")
