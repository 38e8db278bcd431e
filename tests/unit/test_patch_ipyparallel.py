"""ipyparallel as the images have it: a copy of the real one, patched as theirs is, in a Python of its own."""

from __future__ import annotations

import inspect
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipyparallel
import pytest
from ipyparallel import util
from ipyparallel.client.view import DirectView

SCRIPT = Path(__file__).resolve().parents[2] / "docker/debian-ipython-wn/patch_ipyparallel.py"
STREAM = SCRIPT.with_name("direct_stream.py")
INSTALLED = Path(ipyparallel.__path__[0])
# A client of a pure scheduler that is not connected, without traits, which would want a connection.
CLIENT = """
import types, warnings
from collections import defaultdict
from ipyparallel import Client

class TaskSocket:
    is_closed = False
    def close(self):
        self.is_closed = True

kept = {"_engines": {}, "_ids": [], "_task_scheme": "pure", "outstanding": set(), "_registration_callbacks": [], "results": {}}
client = types.SimpleNamespace(**kept, _outstanding_dict=defaultdict(set), _task_socket=TaskSocket())
for name in ("_update_engines", "_stop_scheduling_tasks", "_unregister_engine", "_handle_stranded_msgs"):
    setattr(client, name, types.MethodType(getattr(Client, name), client))
def unregister(engine):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        client._unregister_engine({"content": {"id": engine, "uuid": f"engine-{engine}"}})
    return [[each.category.__name__, str(each.message)] for each in told]
"""
# One that notes what it unpacks of the messages that come.
LISTENER = """
import types
from concurrent.futures import Future
import zmq
from ipyparallel import Client
from jupyter_client.session import Session

class CountingSession(Session):
    unpacked = 0
    def deserialize(self, *arguments, **options):
        self.unpacked += 1
        return super().deserialize(*arguments, **options)

engine, mine, others = Session(key=b""), CountingSession(key=b""), Session(key=b"")
client = types.SimpleNamespace(session=mine, metadata={}, _futures={}, _output_futures={}, debug=False)
for name in ("_dispatch_iopub", "_dispatch_own_iopub"):
    setattr(client, name, types.MethodType(getattr(Client, name), client))
def hear(of):
    parts = engine.serialize(engine.msg("status", {"execution_state": "idle"}, parent=of), ident=b"engine.0.status")
    client._dispatch_iopub([zmq.Frame(part) for part in parts])
"""


def patch(package: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(SCRIPT), str(package)], capture_output=True, text=True, timeout=60, check=False)


def copied(to: Path) -> Path:
    """A copy of ipyparallel as pip installs it, with what the image puts beside the script."""
    package = to / "ipyparallel"
    shutil.copytree(INSTALLED, package, ignore=shutil.ignore_patterns("__pycache__"))
    return package


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Run a program with the patched package, and read the JSON that it prints."""
    site = tmp_path_factory.mktemp("site")
    done = patch(copied(site))
    assert done.returncode == 0, done.stderr

    def run(program: str) -> Any:
        environment = {**os.environ, "PYTHONPATH": str(site), "IPYTHONDIR": str(site / "ipython")}
        done = subprocess.run(
            [sys.executable, "-W", "error::SyntaxWarning", "-c", f"import json\n{program}"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=environment,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_a_client_whose_first_engines_have_gaps_farms_tasks(run: Callable[[str], Any]) -> None:
    program = 'client._update_engines({"3": "engine-3", "1": "engine-1"})\nprint(json.dumps([client._ids, client._task_socket.is_closed]))'
    assert run(CLIENT + program) == [[1, 3], False]


def test_a_client_farms_tasks_when_an_engine_is_gone_and_another_is_there(run: Callable[[str], Any]) -> None:
    program = """
client._update_engines({"0": "engine-0", "1": "engine-1"})
told = unregister(0)
client._update_engines({"2": "engine-2"})
print(json.dumps([told, client._ids, client._task_socket.is_closed]))
"""
    assert run(CLIENT + program) == [[], [1, 2], False]


def test_a_client_says_once_that_what_the_engine_had_may_be_lost(run: Callable[[str], Any]) -> None:
    program = """
client._update_engines({"0": "engine-0"})
client.outstanding.add("task")
print(json.dumps([unregister(0), client._task_socket.is_closed]))
"""
    ((category, message),), is_closed = run(CLIENT + program)
    assert category == "RuntimeWarning"
    assert "outstanding" in message
    assert not is_closed


def test_a_client_hears_its_own_messages_and_unpacks_no_others(run: Callable[[str], Any]) -> None:
    program = """
of_mine, of_others = mine.msg("apply_request"), others.msg("apply_request")
client.metadata[of_mine["msg_id"]] = {"engine_id": 0}
client._output_futures[of_mine["msg_id"]] = future = Future()
hear(of_others)
before = [mine.unpacked, future.done()]
hear(of_mine)
print(json.dumps([before, [mine.unpacked, future.done()]]))
"""
    assert run(LISTENER + program) == [[0, False], [1, True]]


def test_a_clients_streams_send_at_once(run: Callable[[str], Any]) -> None:
    program = """
from ipyparallel.client import client
from zmq.eventloop.zmqstream import ZMQStream
print(json.dumps([client.ZMQStream.__module__, client.ZMQStream.__name__, issubclass(client.ZMQStream, ZMQStream)]))
"""
    assert run(program) == ["ipyparallel.direct_stream", "DirectStream", True]


@pytest.mark.parametrize(
    "date", ["2026-11-30T01:02:03.000004Z", "2026-11-30T01:02:03.000004+00:00", "2026-11-30T01:02:03+02:00", "2026-11-30T01:02:03+0200"]
)
def test_a_date_is_the_same_as_ipyparallels(date: str, run: Callable[[str], Any]) -> None:
    program = f"from ipyparallel import util\nprint(json.dumps([str(util._parse_date(each)) for each in ({date!r}, 'no date')]))"
    assert run(program) == [str(util._parse_date(date)), "no date"]


def test_what_is_decorated_takes_its_arguments_as_before_and_shows_them(run: Callable[[str], Any]) -> None:
    program = """
import inspect
from ipyparallel.client.view import DirectView, LoadBalancedView
from ipyparallel.client.asyncresult import AsyncResult
found = [DirectView.map, DirectView._really_apply, LoadBalancedView.map, LoadBalancedView._really_apply, AsyncResult.serial_time.fget]
print(json.dumps([[each.__name__, bool(each.__doc__), list(inspect.signature(each).parameters)] for each in found]))
"""
    found = run(program)
    assert [name for name, *_ in found] == ["map", "_really_apply", "map", "_really_apply", "serial_time"]
    assert all(is_documented for _, is_documented, _ in found[:4])
    assert found[1][2] == list(inspect.signature(DirectView._really_apply).parameters)


def test_a_view_keeps_of_its_outstanding_tasks_those_that_the_client_waits_for(run: Callable[[str], Any]) -> None:
    program = """
import types
from ipyparallel.client.view import View
view = types.SimpleNamespace(outstanding={"a", "b", "c"}, client=types.SimpleNamespace(outstanding={"b", "c", "d"}))
View._sync_results(view)
print(json.dumps([sorted(view.outstanding), sorted(view.client.outstanding)]))
"""
    assert run(program) == [["b", "c"], ["b", "c", "d"]]


def test_what_starts_clusters_is_imported_when_it_is_asked_for(run: Callable[[str], Any]) -> None:
    program = """
import sys
import ipyparallel as ipp
# Made, but not connected.
ipp.Client.__new__(ipp.Client)
before = "ipyparallel.cluster.cluster" in sys.modules
from ipyparallel import Cluster
try:
    ipp.Nothing
except AttributeError as error:
    found = str(error)
print(json.dumps([before, Cluster is ipp.cluster.Cluster, ipp.ClusterManager.__name__, found]))
"""
    assert run(program) == [False, True, "ClusterManager", "module 'ipyparallel' has no attribute 'Nothing'"]


def test_another_ipyparallel_fails_the_build_and_stays_as_it_is(tmp_path: Path) -> None:
    package = copied(tmp_path)
    file = package / "client" / "client.py"
    file.write_text(file.read_text().replace("self._task_socket = None\n        msg", "self._task_socket = None\n\n        msg"))
    before = {each: each.read_bytes() for each in package.rglob("*") if each.is_file()}

    done = patch(package)

    assert done.returncode != 0
    assert "client/client.py has 0 times" in done.stderr
    assert {each: each.read_bytes() for each in package.rglob("*") if each.is_file()} == before


def test_the_image_runs_the_patch_on_the_packages_that_it_has() -> None:
    lines = SCRIPT.with_name("Dockerfile").read_text().splitlines()

    installed = next(number for number, line in enumerate(lines) if "pip install" in line)
    assert lines.index(f"RUN python3 /opt/{SCRIPT.name}") > installed
    assert f"COPY debian-ipython-wn/{SCRIPT.name} debian-ipython-wn/{STREAM.name} /opt/" in lines
