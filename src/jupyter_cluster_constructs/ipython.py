"""Configuration of the controller, the engines and every IPython, as the files that traitlets reads.

https://ipyparallel.readthedocs.io/en/latest/reference/details.html
"""

from __future__ import annotations

from collections.abc import Mapping

from . import paths
from .spec import Controller

# An engine's keepalives notice a controller that moved within 25 s, and it is back within 3 s more (measured: 12 s in all).
RECONNECT_SECONDS = 28
# Each of an engine's sockets tries anew every 2 s (reconnecting_sockets): when its heart is heard, the last may still be on its way.
SETTLE_SECONDS = 2.5
# Engines outlive a controller that is away: this many missed heartbeats, each a period and half a second.
ENGINE_PATIENCE_SECONDS = 600

IPYTHON_CONFIG = """\
c = get_config()
# SQLite locks on NFS, and homes are on NFS.
c.HistoryManager.hist_file = ":memory:"
"""

# Of kernels alone: a member's pages, and everybody else's, answer while cells compute.
MEMBERS_KERNEL_CONFIG = """\
import os

if "JUPYTERHUB_USER" in os.environ:
    # A kernel that another one starts has it already; to take less needs a right.
    os.nice(max(0, 5 - os.nice(0)))
"""


def _assignments(values: Mapping[str, object]) -> str:
    return "".join(f"c.{name} = {value!r}\n" for name, value in values.items())


def controller_config(controller: Controller, location: str, *, engines: int, clients: int, metrics: bool = False) -> str:
    """Render ipcontroller_config.py.

    Args:
        controller: the controller's settings.
        location: DNS name that engines and clients reach it by.
        engines: the group that may read the engines' connection file.
        clients: the group that may read the clients' connection file.
        metrics: whether the metrics' container asks it what it knows. Default: nobody asks.
    """
    values: dict[str, object] = {
        # `ip` would publish the monitor too; these two leave it and the internal sockets on loopback.
        "IPController.engine_ip": "0.0.0.0",
        "IPController.client_ip": "0.0.0.0",
        "IPController.location": location,
        "IPController.engine_ports": list(controller.engine_ports),
        "IPController.client_ports": list(controller.client_ports),
        "IPController.ports": list(controller.internal_ports),
        # Changing it changes how many ports are needed; 0 makes coalescing broadcasts hang.
        "IPController.broadcast_scheduler_depth": 1,
        "IPController.client_json_file": paths.CLIENT_CONNECTION_FILE,
        "IPController.engine_json_file": paths.ENGINE_CONNECTION_FILE,
        "IPController.reuse_files": True,
        "IPController.restore_engines": True,
        "IPController.registration_timeout": 300,
        "IPController.db_class": {"none": "NoDB", "memory": "DictDB"}[controller.task_database],
        "HeartMonitor.period": controller.heartbeat_period,
        "HeartMonitor.max_heartmonitor_misses": controller.heartbeat_misses,
        "TaskScheduler.scheme_name": controller.scheduler,
        "TaskScheduler.hwm": controller.hwm,
        # traitlets has DEBUG and lets the handler choose, so that each message makes records for nobody.
        "IPController.logging_config": {"loggers": {"IPController": {"level": "INFO"}}},
    }
    return f"""\
import sys

c = get_config()
{_assignments(values)}
sys.path.insert(0, {paths.CONFIG!r})
{_encryption(controller)}\
import connection_files

connection_files.write(c, engines={engines}, clients={clients})

import finished_tasks
import prompt_hearts
import restored_engines
import scheduler_streams
import unlogged_tasks
import unrecorded_tasks
import watched_schedulers
from ipyparallel.controller.hub import Hub

finished_tasks.install()
prompt_hearts.install()
restored_engines.install(grace_seconds={RECONNECT_SECONDS + 2 * controller.heartbeat_period / 1000:g}, settle_seconds={SETTLE_SECONDS})
scheduler_streams.install()
unlogged_tasks.install(Hub)
unrecorded_tasks.install()
watched_schedulers.install()
{_counters() if metrics else ""}"""


def _counters() -> str:
    return f"import controller_counters\n\ncontroller_counters.install({paths.METRICS_SOCKET!r})\n"


def _encryption(controller: Controller) -> str:
    if not controller.encryption:
        return ""
    pair = f"pair_in({paths.CURVE_SECRET!r})" if controller.curve_secret else "kept_pair()"
    return f"""\
import curve_keys

c.IPController.enable_curve = True
c.IPController.curve_publickey, c.IPController.curve_secretkey = curve_keys.{pair}
"""


def engine_config(controller: Controller) -> str:
    """Render ipengine_config.py."""
    values: dict[str, object] = {
        "IPEngine.wait_for_url_file": 300,
        "IPEngine.timeout": 60,
        "IPEngine.logging_config": {"loggers": {"IPEngine": {"level": "INFO"}}},
        "IPEngine.out_stream_factory": "written_streams.WrittenStream",
        "IPEngine.max_heartbeat_misses": ENGINE_PATIENCE_SECONDS * 1000 // (controller.heartbeat_period + 500),
    }
    return f"""\
import sys

c = get_config()
{_assignments(values)}
sys.path.insert(0, {paths.CONFIG!r})
import direct_stream
import engine_kernel
import reconnecting_sockets
import unlogged_tasks
from ipyparallel.engine import app

direct_stream.install(app)
engine_kernel.install()
reconnecting_sockets.install()
unlogged_tasks.install(engine_kernel.EngineKernel)
"""
