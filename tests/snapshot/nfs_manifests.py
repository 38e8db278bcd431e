"""The manifests of the construct Nfs alone."""

from __future__ import annotations

from support import Manifest

from jupyter_cluster_constructs import Nfs, Storage, Users

from .charts import ADA, GRACE, NAMES, PHYSICS, manifests, new_chart


def nfs(storage: Storage, *, namespace: str | None = None, users: bool = True) -> list[Manifest]:
    """The manifests of Nfs, without those of the users that it needs."""
    chart, elsewhere = new_chart(namespace), new_chart()
    accounts = Users(elsewhere, "Users", names=NAMES, users=[ADA, GRACE] if users else [], groups=[PHYSICS])
    Nfs(chart, "Nfs", users=accounts, storage=storage)
    return manifests(chart)
