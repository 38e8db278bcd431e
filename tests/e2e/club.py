"""A cluster with JupyterHub and some members, one of whom has a kernel and an SSH session to attack the others from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import requests

from .cluster import Cluster
from .hub import HubSession, printed
from .others import own_namespace, small_settings
from .remote import call
from .ssh import Person, Session, login

USERS = {"ada": 1001, "grace": 1002, "locked": 1003, "linus": 1004, "keyed": 1005}


@dataclass(frozen=True)
class Club:
    """A cluster with a hub and its members.

    Attributes:
        cluster: the cluster.
        origin: where the hub is.
        ada: logged in, as the others; her server runs, and so does that of grace.
        grace: another member.
        linus: an admin of the hub.
        in_kernel: runs a function in a kernel of ada's.
        in_graces_kernel: runs one in a kernel of grace's.
        session: ada by SSH.
        password: everybody's who has one.
    """

    cluster: Cluster
    origin: str
    ada: HubSession
    grace: HubSession
    linus: HubSession
    in_kernel: Callable[..., Any]
    in_graces_kernel: Callable[..., Any]
    session: Session
    password: str = field(repr=False)


def run_in(kernel: Any, function: Callable[..., object], *arguments: object) -> Any:
    """What a function returns in a kernel."""
    return call(lambda text: printed(kernel, text), function, *arguments)


@contextmanager
def kernel_of(member: HubSession) -> Iterator[Any]:
    """A kernel that a test may take away, with its server or the way to it."""
    with ExitStack() as stack:
        yield stack.enter_context(member.kernel())
        closing = stack.pop_all()
    with suppress(requests.RequestException):
        closing.close()


@contextmanager
def new_club(directory: Path, password: str) -> Iterator[Club]:
    """Apply it, and log in."""
    keyed = Person.with_new_key("keyed", directory)
    settings = small_settings("hub", ssh_key=keyed.public_key)
    logins = {"keyed": {"ssh_keys": [keyed.public_key]}, "locked": {}}
    settings["users"] = [{"name": name, "uid": uid} | logins.get(name, {"password_env": "PASSWORD"}) for name, uid in USERS.items()]
    settings["jupyter"] = {"mode": "hub", "hub": {"admins": ["linus"]}}
    memory = {"controller": "768Mi", "hub": "320Mi", "jupyter": "1Gi", "proxy": "128Mi", "sshd": "384Mi"}
    settings["frontend"] = {name: {"cpu": "20m", "memory": size} for name, size in memory.items()}
    settings["workers"][0]["memory"] = "384Mi"
    cluster = Cluster.synthesized(settings, directory / "hub", {"PASSWORD": password})
    with own_namespace(cluster), ExitStack() as stack:
        cluster.apply()
        cluster.wait_until_frontend_is_ready()
        cluster.wait_until_engines_are_ready()
        origin = f"http://127.0.0.1:{stack.enter_context(cluster.forward('jupyter', 80))}"
        ada, grace, linus = (HubSession.log_in(origin, name, password) for name in ("ada", "grace", "linus"))
        for each in (ada, grace):
            each.start_server()
        kernels = [stack.enter_context(kernel_of(each)) for each in (ada, grace)]
        in_kernel, in_graces = (partial(run_in, kernel) for kernel in kernels)
        session = stack.enter_context(login(cluster, "ada", password=password))
        yield Club(cluster, origin, ada, grace, linus, in_kernel, in_graces, session, password)
