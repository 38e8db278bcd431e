"""Which changes of one JupyterLab for all replace which pods."""

from __future__ import annotations

import pytest

from .restarts import FRONTEND, JUPYTER_HASHES, NONE, SERVER, Change, changed, cluster, restarted, settings

SERVER_CHANGES = {
    # The server knows its own address.
    "an Ingress": Change("ingress", {"host": "jupyter.example.org"}, {FRONTEND}),
    "its password": Change("jupyter.password_hash", JUPYTER_HASHES[1], {FRONTEND}),
    "a Secret": Change("jupyter", {"mode": "server", "secret": "my-login"}, {FRONTEND}),
    "its further names": Change("jupyter.host_names", ["own.example.org"], {FRONTEND}),
    "its terminals": Change("jupyter.terminals", True, {FRONTEND}),
    "who may reach it": Change("jupyter.allowed_from", [{"namespace": "gateways"}], NONE),
    "a JupyterLab each": Change("jupyter", {"mode": "hub"}, {FRONTEND}),
}


@pytest.mark.parametrize("name", SERVER_CHANGES)
def test_a_change_of_one_jupyterlab_for_all_replaces_no_other_pods(name: str) -> None:
    change, before = SERVER_CHANGES[name], settings() | {"jupyter": SERVER}
    assert restarted(cluster(before), cluster(changed(before, change.path, change.value))) == change.restarts
