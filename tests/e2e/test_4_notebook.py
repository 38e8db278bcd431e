"""A new member's JupyterLab knows the cluster: the example runs, the panel lists the engines, cells run on them, and kernels behave."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .cluster import Cluster
from .conftest import HIDDEN
from .hub import HubSession, printed
from .kube import wait_until
from .others import own_namespace, small_settings
from .ssh import Person, login

ENGINES = 2
MEMORY = {"controller": "512Mi", "hub": "320Mi", "jupyter": "1Gi", "proxy": "128Mi", "sshd": "128Mi"}
NEW_HOME = {"ipyparallel.ipynb", "shared"}
SECONDS = 120


@dataclass(frozen=True)
class Site:
    """A cluster, and ada at her JupyterLab, where she has never been before.

    Attributes:
        cluster: the cluster.
        ada: logged in; her server runs.
        grace: has a key for SSH, and has never logged in.
        kernel: one of ada's.
    """

    cluster: Cluster
    ada: HubSession
    grace: Person
    kernel: Any


@pytest.fixture(scope="module")
def site(directory: Path, pytestconfig: pytest.Config) -> Iterator[Site]:
    password = secrets.token_urlsafe(16)
    pytestconfig.stash[HIDDEN].append(password)
    grace = Person.with_new_key("grace", directory)
    settings = small_settings("notebook", ssh_key=grace.public_key)
    settings["users"] = [{"name": "ada", "uid": 1001, "password_env": "PASSWORD"}, {"name": "grace", "uid": 1002, "ssh_keys": [grace.public_key]}]
    settings["frontend"] = {name: {"cpu": "10m", "memory": size} for name, size in MEMORY.items()}
    settings["workers"] = [{"replicas": ENGINES, "cpu": "10m", "memory": "256Mi"}]
    cluster = Cluster.synthesized(settings, directory / "notebook", {"PASSWORD": password})
    with own_namespace(cluster), ExitStack() as stack:
        cluster.apply()
        cluster.wait_until_frontend_is_ready()
        cluster.wait_until_engines_are_ready()
        ada = HubSession.log_in(f"http://127.0.0.1:{stack.enter_context(cluster.forward('jupyter', 80))}", "ada", password)
        ada.start_server()
        yield Site(cluster, ada, grace, stack.enter_context(ada.kernel()))


def executed(kernel: Any, code: str) -> list[dict[str, Any]]:
    """The outputs of code, which must not fail."""
    reply = kernel.execute(code, timeout=SECONDS)
    assert reply["status"] == "ok", reply["outputs"]
    outputs: list[dict[str, Any]] = reply["outputs"]
    return outputs


def failure(kernel: Any, code: str) -> str:
    """What code says that fails."""
    reply = kernel.execute(code, timeout=SECONDS)
    assert reply["status"] == "error", reply["outputs"]
    return str(reply["outputs"][-1]["evalue"])


def names(member: HubSession, path: str = "") -> set[str]:
    return {entry["name"] for entry in member.get(f"/api/contents/{path}")["content"]}


# The home


def test_jupyterlab_shows_a_new_member_the_example_and_the_shared_directory(site: Site) -> None:
    assert names(site.ada) == NEW_HOME

    printed(site.kernel, "open('/home/jupyter/shared/from-ada.txt', 'w').close()")

    assert "from-ada.txt" in names(site.ada, "shared")


def test_ssh_shows_a_new_member_the_same_and_finds_the_cluster(site: Site) -> None:
    with login(site.cluster, "grace", key=site.grace.key) as grace:
        assert set(grace.run("ls").split()) == NEW_HOME
        assert grace.run("python3 -c 'import ipyparallel as ipp; print(len(ipp.Client()))'").split() == [str(ENGINES)]
        grace.run("rm ipyparallel.ipynb")
    with login(site.cluster, "grace", key=site.grace.key) as grace:
        assert set(grace.run("ls").split()) == NEW_HOME - {"ipyparallel.ipynb"}


def test_the_file_browser_does_not_remove_the_shared_directory(site: Site) -> None:
    printed(site.kernel, "open('/home/jupyter/shared/kept.txt', 'w').close()")

    reply = site.ada.ask("DELETE", f"{site.ada.base}/api/contents/shared")

    assert (reply.status_code, "not empty" in reply.json()["message"]) == (400, True)
    assert "kept.txt" in names(site.ada, "shared")


# The cluster in JupyterLab


def panel(member: HubSession) -> dict[str, Any]:
    """The only cluster in ipyparallel's panel."""
    (listed,) = member.get("/ipyparallel/clusters")
    return dict(listed)


def test_the_panel_lists_the_cluster_with_its_engines(site: Site) -> None:
    listed = panel(site.ada)

    assert (listed["controller"]["state"]["state"], listed["engines"]["n"]) == ("running", ENGINES)


def test_the_code_that_the_panel_inserts_connects(site: Site) -> None:
    # As the extension's JavaScript has it.
    file = panel(site.ada)["cluster_file"]
    (output,) = executed(
        site.kernel, f'import ipyparallel as ipp\n\ncluster = ipp.Cluster.from_file("{file}")\nrc = cluster.connect_client_sync()\nrc'
    )

    assert "Client" in output["data"]["text/plain"]
    assert printed(site.kernel, "print(rc[:].apply_sync(sum, [1, 2]))").split("\n")[0] == str([3] * ENGINES)


def test_no_member_stops_the_cluster_or_starts_another(site: Site) -> None:
    listed = panel(site.ada)
    for method, path in (("DELETE", f"/{listed['id']}"), ("POST", f"/{listed['id']}"), ("POST", "")):
        reply = site.ada.ask(method, f"{site.ada.base}/ipyparallel/clusters{path}", json={"n": 2})
        assert (reply.status_code, "only its admin" in reply.json()["message"]) == (403, True)
    code = f'import ipyparallel as ipp\nipp.Cluster.from_file("{listed["cluster_file"]}").stop_cluster_sync()'

    assert "only its admin" in failure(site.kernel, code)

    assert panel(site.ada) == listed


def test_the_magics_run_cells_on_the_engines(site: Site) -> None:
    executed(site.kernel, "import ipyparallel as ipp\nrc = ipp.Client()")
    executed(site.kernel, "%px one = 1")
    executed(site.kernel, "%%px\ntwo = one + 1")
    executed(site.kernel, "%autopx")
    executed(site.kernel, "three = two + 1")
    executed(site.kernel, "%autopx")

    assert printed(site.kernel, "print(rc[:]['three'], 'three' in globals())").split("\n")[0] == f"{[3] * ENGINES} False"


def test_progress_is_a_widget_without_a_warning(site: Site) -> None:
    outputs = executed(site.kernel, "ipp.Client().load_balanced_view().map_async(abs, range(4)).wait_interactive()")

    assert any("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in outputs), outputs
    assert not [output for output in outputs if output["output_type"] == "stream" and "Warning" in output["text"]]


# Kernels


def test_a_kernel_leaves_nothing_on_nfs_and_talks_by_files_that_are_the_members_alone(site: Site) -> None:
    code = """
import json, os, subprocess
from ipykernel.connect import get_connection_file
file = get_connection_file()
kind = subprocess.check_output(["stat", "-f", "-c", "%T", file], text=True).strip()
print(json.dumps([get_ipython().history_manager.hist_file, json.load(open(file))["transport"], kind, oct(os.stat(os.path.dirname(file)).st_mode)]))
"""
    history, transport, kind, mode = json.loads(printed(site.kernel, code))

    assert (history, transport, mode[-3:]) == (":memory:", "ipc", "700")
    assert "nfs" not in kind
    assert printed(site.kernel, "!find ~ -name '*.sqlite*' -o -name 'kernel-*.json*'").strip() == ""


def test_a_kernel_computes_after_the_server_that_shows_it(site: Site) -> None:
    code = "import os; print(os.getpriority(os.PRIO_PROCESS, 0) - os.getpriority(os.PRIO_PROCESS, os.getppid()))"

    assert printed(site.kernel, code).split() == ["5"]


def answered(kernel: Any, code: str) -> list[str] | None:
    with suppress(TimeoutError):
        return printed(kernel, code, seconds=10).split()
    return None


def test_several_kernels_are_interrupted_and_restarted_each_for_itself(site: Site) -> None:
    printed(site.kernel, "kept = 1")
    with site.ada.kernel() as other:
        printed(other, "lost = 1")
        replies: list[dict[str, Any]] = []

        def compute() -> None:
            replies.append(other.execute("while True: pass", timeout=SECONDS))

        def is_busy() -> bool:
            return bool(site.ada.get(f"/api/kernels/{other.id}")["execution_state"] == "busy")

        cell = threading.Thread(target=compute)
        cell.start()
        wait_until("the cell runs", is_busy, seconds=SECONDS)
        assert printed(site.kernel, "print(kept)").split() == ["1"]
        site.ada.post(f"/api/kernels/{other.id}/interrupt")
        cell.join(SECONDS)
        assert [reply["outputs"][-1].get("ename") for reply in replies] == ["KeyboardInterrupt"]

        site.ada.post(f"/api/kernels/{other.id}/restart")

        # What is sent to a kernel while it starts may be lost.
        assert wait_until("it answers again", lambda: answered(other, "print('lost' in globals())"), seconds=SECONDS) == ["False"]
        assert printed(site.kernel, "print(kept)").split() == ["1"]


# With one engine left


@pytest.fixture(scope="module")
def one_engine(site: Site) -> Site:
    site.cluster.kubectl("scale", f"deployment/{site.cluster.name}-worker", "--replicas=1")
    wait_until("the panel shows one engine", lambda: panel(site.ada)["engines"]["n"] == 1, seconds=SECONDS)
    return site


EXECUTE = """
import json, subprocess
done = subprocess.run(["jupyter", "execute", "ipyparallel.ipynb", "--output=executed"], capture_output=True, text=True)
assert done.returncode == 0, done.stderr
cells = json.load(open("executed.ipynb"))["cells"]
print(json.dumps({cell["id"]: cell["outputs"] for cell in cells if cell["cell_type"] == "code"}))
"""


def test_nbclient_runs_the_example_to_its_picture_with_one_engine_too(one_engine: Site, note: Callable[[str], None]) -> None:
    reply = one_engine.kernel.execute(f"%%time\n{EXECUTE}", timeout=SECONDS)
    assert reply["status"] == "ok", reply["outputs"]
    text = "".join(output["text"] for output in reply["outputs"] if output["output_type"] == "stream")
    outputs = json.loads(next(line for line in text.splitlines() if line.startswith("{")))

    note(f"the example notebook by nbclient: {text.splitlines()[-1]}")
    assert "".join(outputs["client"][0]["text"]).startswith("1 engines: [")
    assert [output["data"]["image/png"][:5] for output in outputs["picture"]] == ["iVBOR"]
    assert not [output for each in outputs.values() for output in each if output.get("name") == "stderr"]
