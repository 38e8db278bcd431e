"""Constructs in somebody's Chart, and the manifests that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cdk8s
from constructs import Construct

from jupyter_cluster_constructs import (
    ClusterConfig,
    Controller,
    ExternalStorage,
    Frontend,
    Group,
    Images,
    Jupyter,
    LocalStorage,
    Names,
    Nfs,
    Ssh,
    Storage,
    User,
    Users,
    WorkerGroup,
    Workers,
)
from jupyter_cluster_constructs.testing import Manifest, synth, synth_charts

NAMES = Names("lab", "science")
SHA512 = "$6$saltstring$.r0X7ub5wGR2v4Xz7svCIozfnlorFh19V89t8KC9Umd81uGhFgsyTRNyzQDXDIm17fFcR9z3z7oBNdsyYBbtm/"
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF84DP4mh+hP4i0zWte3K1Jzvj2Bj3k2m7d5DDq8W/9l ada@laptop"
ADA = User(name="ada", uid=1001, password_hash=SHA512, ssh_keys=(ED25519,))
GRACE = User(name="grace", uid=1002, groups=("physics",), home_number=7)
PHYSICS = Group(name="physics", gid=2001)
LOCAL = Storage(local=LocalStorage(cluster_ip="10.96.0.150"))
EXTERNAL = Storage(external=ExternalStorage(server="10.0.0.5", path="/srv/jupyter"))
SIGN_ON = {
    "client_id": "lab",
    "secret": "lab-sign-on",
    "authorize_url": "https://id.example.org/authorize",
    "token_url": "https://id.example.org/token",
    "userdata_url": "https://id.example.org/userinfo",
    "callback_url": "https://jupyter.example.org/hub/oauth_callback",
    "usernames": {"7": "ada"},
}
CLAIM = Storage(claim="files")
CLASS = Storage(storage_class="cephfs", claim_size="50Gi")
PER_USER = {"local": LOCAL, "external": EXTERNAL, "claim": CLAIM, "class": CLASS}
SINGLE = {f"{name} single": storage.model_copy(update={"homes": "single"}) for name, storage in PER_USER.items()}
STORAGES = PER_USER | SINGLE
# Never written to: manifests are taken from memory.
NOWHERE = "dist-of-no-test"


def new_app() -> cdk8s.App:
    return cdk8s.App(outdir=NOWHERE)


def new_chart(namespace: str | None = None, app: cdk8s.App | None = None, id: str = "test") -> cdk8s.Chart:
    return cdk8s.Chart(app or new_app(), id, namespace=namespace, disable_resource_name_hashes=True)


def manifests(chart: cdk8s.Chart) -> list[Manifest]:
    """What a Chart becomes."""
    return synth(chart)


def app_manifests(app: cdk8s.App) -> dict[str, list[Manifest]]:
    """What the Charts of an App become, by the Chart's name."""
    return synth_charts(app)


@dataclass(frozen=True)
class Parts:
    """What frontend and workers need of a cluster."""

    users: Users
    config: ClusterConfig
    nfs: Nfs

    @property
    def needed(self) -> dict[str, Any]:
        return {"users": self.users, "config": self.config, "nfs": self.nfs}


def parts(
    scope: Construct,
    *,
    names: Names = NAMES,
    users: Sequence[User] = (ADA,),
    groups: Sequence[Group] = (),
    storage: Storage = LOCAL,
    controller: Controller | None = None,
    jupyter: Jupyter | None = None,
    ssh: Ssh | None = None,
    shadow_secret: str | None = None,
) -> Parts:
    accounts = Users(scope, "Users", names=names, users=users, groups=groups, shadow_secret=shadow_secret)
    config = ClusterConfig(scope, "Config", names=names, controller=controller, jupyter=jupyter, ssh=ssh)
    return Parts(accounts, config, Nfs(scope, "Nfs", users=accounts, storage=storage))


def whole(
    *,
    users: Sequence[User] = (ADA,),
    storage: Storage = LOCAL,
    controller: Controller | None = None,
    jupyter: Jupyter | None = None,
    groups: Sequence[WorkerGroup] = (WorkerGroup(),),
    images: Images | None = None,
    namespace: str | None = None,
) -> list[Manifest]:
    """All manifests of a cluster whose five constructs are in one Chart."""
    chart = new_chart(namespace)
    needed = parts(chart, users=users, storage=storage, controller=controller, jupyter=jupyter).needed
    Frontend(chart, "Frontend", images=images, **needed)
    Workers(chart, "Workers", groups=groups, images=images, **needed)
    return manifests(chart)
