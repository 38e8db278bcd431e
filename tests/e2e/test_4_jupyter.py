from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_kernel_client import JupyterKernelClient

from .conftest import Lab
from .web import HOST, answer

ROUTES = ["/api/contents", "/api/kernels", "/api/kernelspecs", "/api/sessions", "/lab"]
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


@pytest.fixture
def port(lab: Lab) -> Iterator[int]:
    with lab.cluster.forward("jupyter", 80) as port:
        yield port


@pytest.fixture(scope="module")
def kernel(lab: Lab) -> Iterator[Any]:
    """A kernel that was started through Jupyter's own protocol."""
    with (
        lab.cluster.forward("jupyter", 80) as port,
        JupyterKernelClient(server_url=f"http://{HOST}:{port}", token=lab.token) as kernel,
    ):
        yield kernel


def printed(kernel: Any, code: str) -> list[str]:
    """The lines that code prints in a kernel, which must not fail."""
    reply = kernel.execute(code, timeout=60)
    assert reply["status"] == "ok", reply["outputs"]
    texts: list[str] = [output["text"] for output in reply["outputs"] if output["output_type"] == "stream"]
    return "".join(texts).splitlines()


@pytest.mark.parametrize("path", ROUTES)
def test_a_route_is_closed_without_the_token_and_with_a_wrong_one(lab: Lab, port: int, path: str) -> None:
    closed = "403" if path.startswith("/api/") else "302 /login"

    assert answer(port, path) == closed
    assert answer(port, path, token=f"{lab.token}x") == closed
    assert answer(port, path, token=lab.token) == "200"


def test_a_kernels_websocket_is_closed_without_the_token_and_with_a_wrong_one(lab: Lab, port: int, kernel: Any) -> None:
    path = f"/api/kernels/{kernel.id}/channels"

    assert answer(port, path, headers=UPGRADE) == "403"
    assert answer(port, path, token=f"{lab.token}x", headers=UPGRADE) == "403"
    assert answer(port, path, token=lab.token, headers=UPGRADE) == "101"


def test_a_kernel_counts_the_engines(lab: Lab, kernel: Any) -> None:
    assert printed(kernel, "import ipyparallel as ipp\nprint(len(ipp.Client().ids))") == [str(len(lab.cluster.pod_names("worker")))]


def test_a_kernel_runs_cells_on_the_engines(lab: Lab, kernel: Any) -> None:
    printed(kernel, "import ipyparallel as ipp\nrc = ipp.Client()\nrc.activate()")
    printed(kernel, "%px import socket; pod = socket.gethostname()")

    (pods,) = printed(kernel, "import json; print(json.dumps(rc[:]['pod']))")

    assert sorted(json.loads(pods)) == lab.cluster.pod_names("worker")


def test_a_kernel_keeps_its_history_in_memory(lab: Lab, kernel: Any) -> None:
    assert printed(kernel, "print(get_ipython().history_manager.hist_file)") == [":memory:"]
    search = "find /home/jupyter/shared ! -readable -prune -o -name '*.sqlite*' -print"
    assert lab.cluster.execute("deployment/frontend", "jupyter", "sh", "-c", search) == ""


def test_jupyterlab_has_ipyparallels_extension(lab: Lab) -> None:
    listed = lab.cluster.execute("deployment/frontend", "jupyter", "sh", "-c", "jupyter labextension list 2>&1")

    assert re.search(r"ipyparallel\S* v\S+ .*enabled.*OK", listed), listed
