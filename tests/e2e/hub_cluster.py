"""A cluster with JupyterHub that is made to fail: its parts can be killed, and its members found again afterwards."""

from __future__ import annotations

import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from jupyter_kernel_client import JupyterKernelClient

from .cluster import Cluster
from .hub import HubSession, printed
from .kube import CommandError, wait_until
from .others import CPU, own_namespace, small_settings
from .ssh import login

CONTAINERS = ("controller", "hub", "jupyter", "proxy", "sshd")
RUNTIME = "/home/jupyter/config"
BACK_SECONDS = 90
SYNC_SECONDS = 120
MEMBERS = {"ada": 1001, "grace": 1002, "alan": 1003}


@dataclass
class HubCluster:
    """The cluster.

    Attributes:
        name: its name, and that of its namespace.
        directory: where its settings are.
        passwords: everybody's, which may be changed before `apply`.
        settings: the settings, which may be changed too.
    """

    name: str
    directory: Path
    passwords: dict[str, str] = field(repr=False)
    settings: dict[str, Any] = field(init=False)
    cluster: Cluster = field(init=False)

    def __post_init__(self) -> None:
        self.settings = small_settings(self.name, ssh_key="")
        self.settings["storage"] = self.settings["storage"] | {"homes": "single"}
        self.settings["users"] = [{"name": name, "uid": uid, "password_env": name.upper()} for name, uid in MEMBERS.items()]
        self.settings["workers"] = [{"replicas": 0}]
        self.settings["jupyter"] = {"hub": {"max_servers": 2, "process_memory": "600Mi", "idle_minutes": 1}}
        self.settings["frontend"] = {name: {"cpu": CPU} for name in CONTAINERS}
        self.settings["frontend"]["jupyter"]["memory"] = "1Gi"
        self.synthesize()

    def synthesize(self) -> None:
        """Make the manifests from the settings and passwords as they are now."""
        self.cluster = Cluster.synthesized(self.settings, self.directory, {name.upper(): password for name, password in self.passwords.items()})

    @contextmanager
    def origin(self) -> Iterator[str]:
        """Where the hub is; a forwarded port goes when what it leads to does."""
        with self.cluster.forward("jupyter", 80) as port:
            yield f"http://127.0.0.1:{port}"

    @contextmanager
    def session(self, name: str) -> Iterator[HubSession]:
        """Somebody who is logged in and whose server runs."""
        with self.origin() as origin:
            found = HubSession.log_in(origin, name, self.passwords[name])
            found.start_server()
            yield found

    @contextmanager
    def again(self, session: HubSession) -> Iterator[HubSession]:
        """The same browser with its cookies, after its connection was lost."""
        with self.origin() as session.origin:
            yield session

    def kill(self, *containers: str) -> None:
        """Kill all processes of containers that may be killed from inside; their first one then ends."""
        for container in containers:
            with suppress(CommandError):
                self.cluster.execute("deployment/frontend", container, "sh", "-c", "kill -KILL -1")

    def restarts(self) -> dict[str, int]:
        """How often each container of the frontend was restarted."""
        return {name.partition("/")[2]: count for name, count in self.cluster.restarts().items() if "-frontend-" in name}

    def seconds_until(self, what: str, condition: Callable[[], object], seconds: float = BACK_SECONDS) -> float:
        """How long it took until a condition was true; a connection that fails means not yet."""
        start = time.monotonic()

        def is_true() -> bool:
            with suppress(requests.RequestException):
                return bool(condition())
            return False

        wait_until(what, is_true, seconds=seconds)
        return time.monotonic() - start

    def hub_answers(self) -> bool:
        """Whether the hub answers through the proxy, reached anew."""
        with self.origin() as origin:
            return requests.get(f"{origin}/hub/health", timeout=5).status_code == 200

    def seconds_until_ready(self) -> float:
        """How long it took until all containers are ready again."""

        def is_ready() -> bool:
            (pod,) = [pod for pod in self.cluster.pods("frontend") if "deletionTimestamp" not in pod["metadata"]]
            statuses = pod["status"].get("containerStatuses", [])
            return len(statuses) == len(CONTAINERS) and all(status["ready"] for status in statuses)

        took = self.seconds_until("all containers are ready", is_ready)
        return took + self.seconds_until("the hub answers", self.hub_answers)

    def log(self, container: str) -> str:
        """What a container of the frontend printed, in this life or the one before."""
        found = self.cluster.kubectl("logs", f"deployment/{self.cluster.name}-frontend", "--container", container)
        with suppress(CommandError):
            found += self.cluster.kubectl("logs", f"deployment/{self.cluster.name}-frontend", "--container", container, "--previous")
        return found

    def members_processes(self) -> list[str]:
        """The processes of members in the container of their servers, each as its owner and name."""
        found = self.cluster.execute("deployment/frontend", "jupyter", "ps", "-eo", "uid=,user:32=,args=").splitlines()
        return sorted(" ".join(line.split()) for line in found if line.split()[0] in {str(uid) for uid in MEMBERS.values()})

    def execute_silently(self, session: HubSession, code: str) -> None:
        """Have a new kernel compute, and leave it alone."""
        kernel = session.post("/api/kernels", {"name": "python3"})["id"]
        with attached(session, kernel) as client, suppress(TimeoutError):
            client.execute(code, timeout=1)

    @contextmanager
    def culling(self, seconds: int) -> Iterator[None]:
        """Another culler beside the hub's own, with the same token, for tests that don't wait for minutes."""
        script = f"""
import os, pathlib, subprocess, sys
for process in pathlib.Path("/proc").glob("[0-9]*"):
    command = (process / "cmdline").read_bytes().split(b"\\0")
    if any(b"idle_culler.py" in word for word in command):
        environment = dict(line.split(b"=", 1) for line in (process / "environ").read_bytes().split(b"\\0") if line)
        url = next(word for word in command if word.startswith(b"--url="))
        os.execve(sys.executable, [sys.executable, b"{RUNTIME}/idle_culler.py", url, "--timeout={seconds}", "--cull-every=2"], environment)
"""
        command = ["kubectl", "--namespace", self.cluster.namespace, "exec", f"deployment/{self.cluster.name}-frontend", "--container", "hub"]
        with subprocess.Popen([*command, "--", "timeout", "120", "python3", "-c", script], stderr=subprocess.PIPE) as process:
            try:
                yield
            finally:
                process.kill()

    def sync(self) -> None:
        """Have the kubelet bring changed account files at once: it looks at a pod that changed."""
        (name,) = self.cluster.pod_names("frontend")
        self.cluster.kubectl("annotate", "--overwrite", "pod", name, f"e2e/changed={time.time_ns()}")

    def can_log_in_by_ssh(self, name: str) -> float:
        """How long a login took."""
        start = time.monotonic()
        with login(self.cluster, name, password=self.passwords[name]) as session:
            assert session.run("id -un").strip() == name
        return time.monotonic() - start


@contextmanager
def new_hub(name: str, directory: Path) -> Iterator[HubCluster]:
    """A cluster that nobody has applied yet, in a namespace of its own."""
    made = HubCluster(name, directory / name, {member: secrets.token_urlsafe(16) for member in MEMBERS})
    with own_namespace(made.cluster):
        yield made


def attached(session: HubSession, kernel: str) -> Any:
    """A kernel that runs already, which a ``with`` statement leaves running."""
    headers = {"Authorization": f"Bearer {session.token()}"}
    return JupyterKernelClient(server_url=f"{session.origin}{session.base}", token=None, headers=headers, kernel_id=kernel)


def new_kernel(session: HubSession) -> str:
    """The id of a kernel that remembers something."""
    kernel = str(session.post("/api/kernels", {"name": "python3"})["id"])
    with attached(session, kernel) as client:
        printed(client, "kept = 42")
    return kernel


def remembers(session: HubSession, kernel: str) -> bool:
    with attached(session, kernel) as client:
        return printed(client, "print(kept)") == "42\n"


def save(session: HubSession, name: str) -> None:
    body = {"type": "notebook", "content": {"cells": [], "metadata": {"e2e": name}, "nbformat": 4, "nbformat_minor": 5}}
    assert session.ask("PUT", f"{session.base}/api/contents/{name}.ipynb", json=body).status_code in {200, 201}


def is_saved(session: HubSession, name: str) -> bool:
    return bool(session.get(f"/api/contents/{name}.ipynb")["content"]["metadata"]["e2e"] == name)


def members_with_servers(hub: HubCluster) -> set[str]:
    """Whose servers run: by their processes, since to ask a server would be a use of it."""
    return {line.split()[1] for line in hub.members_processes() if "jupyterhub-singleuser" in line}


def text(reply: requests.Response) -> str:
    return " ".join(reply.text.split())
