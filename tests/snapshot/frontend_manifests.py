"""The manifests of the construct Frontend alone."""

from __future__ import annotations

from support import Manifest, one

from jupyter_cluster_constructs import (
    Controller,
    Frontend,
    FrontendPod,
    Images,
    Jupyter,
    Ssh,
    Storage,
    User,
)

from .charts import ADA, GRACE, LOCAL, PHYSICS, manifests, new_chart, parts


def frontend(
    *,
    storage: Storage = LOCAL,
    controller: Controller | None = None,
    jupyter: Jupyter | None = None,
    users: tuple[User, ...] = (ADA, GRACE),
    pod: FrontendPod | None = None,
    ssh: Ssh | None = None,
    images: Images | None = None,
    shadow_secret: str | None = None,
) -> list[Manifest]:
    """The manifests of Frontend, without those of what it needs."""
    chart = new_chart()
    needed = parts(
        new_chart(), users=users, groups=[PHYSICS], storage=storage, controller=controller, jupyter=jupyter, ssh=ssh, shadow_secret=shadow_secret
    ).needed
    Frontend(chart, "Frontend", pod=pod, images=images, **needed)
    return manifests(chart)


def deployment(there: list[Manifest]) -> Manifest:
    return one(there, "Deployment", "lab-frontend")
