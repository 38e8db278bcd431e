"""The configuration of controller, engines and IPython, read as traitlets reads it."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ipyparallel.controller.app import IPController
from ipyparallel.engine.app import IPEngine
from traitlets import HasTraits
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from jupyter_cluster_constructs import ipython, paths
from jupyter_cluster_constructs.spec import Controller
from jupyter_cluster_constructs.spec.controller import DEFAULT_HWM

HOST = "lab-frontend.default.svc"
# What an engine takes at most until it has noticed a controller that moved and reached it again (shared/knowledge: 12.2 s).
RECONNECT_SECONDS = 13


@pytest.fixture(autouse=True)
def _restore(untouched_ipyparallel: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "kept"))
    # The files put their directory into sys.path, which this takes out again.
    monkeypatch.syspath_prepend("/nonexistent")


def loaded(directory: Path, text: str) -> Config:
    file = directory / "config.py"
    file.write_text(text)
    config: Config = PyFileConfigLoader(file.name, path=str(directory)).load_config()
    return config


def controller_text(controller: Controller) -> str:
    return ipython.controller_config(controller, HOST, engines=os.getgid(), clients=os.getgid())


def controller_config(directory: Path, controller: Controller | None = None) -> Config:
    return loaded(directory, controller_text(controller or Controller()))


def engine_config(directory: Path, controller: Controller | None = None) -> Config:
    return loaded(directory, ipython.engine_config(controller or Controller()))


def test_the_controller_listens_at_the_ports_of_the_settings(tmp_path: Path) -> None:
    settings = Controller(first_port=20000)
    config = controller_config(tmp_path, settings).IPController
    assert config.engine_ports == list(settings.engine_ports) == list(range(20000, 20009))
    assert config.client_ports == list(settings.client_ports) == list(range(20009, 20015))
    assert config.ports == list(settings.internal_ports) == list(range(20015, 20018))


def test_the_controller_listens_at_every_address_and_its_internal_sockets_at_loopback(tmp_path: Path) -> None:
    config = controller_config(tmp_path)
    assert config.IPController.engine_ip == config.IPController.client_ip == "0.0.0.0"
    assert "ip" not in config.IPController
    assert IPController(config=config).monitor_ip == "127.0.0.1"


def test_the_controller_is_known_by_the_name_of_its_service(tmp_path: Path) -> None:
    assert controller_config(tmp_path).IPController.location == HOST


def test_a_restarted_controller_keeps_its_files_and_gets_its_engines_back(tmp_path: Path) -> None:
    config = controller_config(tmp_path).IPController
    assert config.reuse_files is True
    assert config.restore_engines is True


def test_both_connection_files_are_outside_of_the_directory_that_the_controller_closes(tmp_path: Path) -> None:
    config = controller_config(tmp_path).IPController
    assert (config.client_json_file, config.engine_json_file) == (paths.CLIENT_CONNECTION_FILE, paths.ENGINE_CONNECTION_FILE)
    for file in (config.client_json_file, config.engine_json_file):
        assert Path(file).is_absolute()
        assert "security" not in file


def test_traffic_is_encrypted_unless_the_settings_say_otherwise(tmp_path: Path) -> None:
    config = controller_config(tmp_path).IPController
    assert config.enable_curve is True
    assert (len(config.curve_publickey), len(config.curve_secretkey)) == (40, 40)
    assert "enable_curve" not in controller_config(tmp_path, Controller(encryption=False)).IPController


def test_no_key_is_in_the_file_that_everybody_reads(tmp_path: Path) -> None:
    config = controller_config(tmp_path).IPController
    assert config.curve_secretkey.decode() not in (tmp_path / "config.py").read_text()


@pytest.mark.parametrize(("setting", "database"), [("none", "NoDB"), ("memory", "DictDB")])
def test_finished_tasks_are_kept_where_the_settings_say(tmp_path: Path, setting: str, database: str) -> None:
    settings = Controller.model_validate({"task_database": setting})
    assert controller_config(tmp_path, settings).IPController.db_class == database


def test_the_heartbeat_is_that_of_the_settings(tmp_path: Path) -> None:
    config = controller_config(tmp_path, Controller(heartbeat_period=2500, heartbeat_misses=7)).HeartMonitor
    assert (config.period, config.max_heartmonitor_misses) == (2500, 7)


def test_tasks_are_given_to_engines_as_the_settings_say(tmp_path: Path) -> None:
    by_default = controller_config(tmp_path).TaskScheduler
    assert (by_default.scheme_name, by_default.hwm) == ("leastload", DEFAULT_HWM)
    assert controller_config(tmp_path, Controller(hwm=0)).TaskScheduler.hwm == 0
    assert controller_config(tmp_path, Controller(scheduler="pure")).TaskScheduler.scheme_name == "pure"


def test_broadcasts_need_the_two_ports_that_engines_have_for_them(tmp_path: Path) -> None:
    # A tree of depth 1 has two leaves; of the engines' nine ports seven are others'.
    depth = controller_config(tmp_path).IPController.broadcast_scheduler_depth
    assert depth == 1
    assert len(Controller().engine_ports) - 7 == 2**depth


def test_every_option_of_the_controllers_file_is_one_of_ipyparallel(tmp_path: Path) -> None:
    assert unknown_options(controller_config(tmp_path), IPController) == set()


def test_every_option_of_the_engines_file_is_one_of_ipyparallel(tmp_path: Path) -> None:
    assert unknown_options(engine_config(tmp_path), IPEngine) == set()


def unknown_options(config: Config, program: type[HasTraits]) -> set[str]:
    """Options that no class of a program has: traitlets only warns of them."""
    from ipyparallel.controller.heartmonitor import HeartMonitor
    from ipyparallel.controller.task_scheduler import TaskScheduler

    known = {c.__name__: c.class_trait_names(config=True) for c in (program, HeartMonitor, TaskScheduler)}
    return {f"{section}.{name}" for section, options in config.items() for name in options if name not in known.get(section, ())}


@pytest.mark.parametrize("period", [100, 1000, 60_000])
def test_an_engine_outlives_a_controller_that_is_away_for_minutes(tmp_path: Path, period: int) -> None:
    misses = engine_config(tmp_path, Controller(heartbeat_period=period)).IPEngine.max_heartbeat_misses
    assert isinstance(misses, int)
    assert 300 <= misses * (period + 500) / 1000 <= 900


@pytest.mark.parametrize("period", [100, 1000, 60_000])
def test_a_restored_engine_has_time_to_reconnect_and_for_two_heartbeats_before_it_is_forgotten(period: int) -> None:
    text = controller_text(Controller(heartbeat_period=period))
    found = re.search(r"restored_engines\.install\(grace_seconds=([0-9.]+), settle_seconds=2\.5\)", text)
    assert found
    assert float(found[1]) >= RECONNECT_SECONDS + 2 * period / 1000


def test_loading_the_controllers_file_changes_the_hub(tmp_path: Path) -> None:
    from ipyparallel.controller.hub import Hub

    before = Hub._load_engine_state
    controller_config(tmp_path)
    assert Hub._load_engine_state is not before


def test_loading_the_engines_file_changes_the_sockets(tmp_path: Path) -> None:
    import zmq

    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
    engine_config(tmp_path)
    with context.socket(zmq.DEALER) as socket:
        assert socket.getsockopt(zmq.CONNECT_TIMEOUT) == 2000
        assert socket.getsockopt(zmq.TCP_KEEPALIVE) == 1


def test_loading_the_engines_file_changes_streams_and_kernel(tmp_path: Path) -> None:
    from ipyparallel.engine import app

    before = app.Kernel
    config = engine_config(tmp_path)
    assert app.Kernel is not before
    assert app.zmqstream.ZMQStream.__name__ == "DirectStream"
    # The files import each other as they do in the ConfigMap, without the package.
    assert IPEngine(config=config).out_stream_factory.__name__ == "WrittenStream"


@pytest.mark.parametrize("program", [IPController, IPEngine])
def test_lines_that_nobody_reads_are_not_made(program: type[IPController | IPEngine], tmp_path: Path) -> None:
    config = controller_config(tmp_path) if program is IPController else engine_config(tmp_path)
    log = program(config=config).log
    assert not log.isEnabledFor(logging.DEBUG)
    assert log.isEnabledFor(logging.INFO)
    # Its lines go where they went.
    assert [type(handler).__name__ for handler in log.handlers] == ["StreamHandler"]


def test_ipythons_history_is_not_on_nfs(tmp_path: Path) -> None:
    assert loaded(tmp_path, ipython.IPYTHON_CONFIG).HistoryManager.hist_file == ":memory:"


@pytest.mark.parametrize(("environment", "lower"), [({"JUPYTERHUB_USER": "ada"}, 5), ({}, 0)])
def test_a_kernel_of_a_members_server_has_a_lower_priority_and_others_do_not(environment: dict[str, str], lower: int, tmp_path: Path) -> None:
    (tmp_path / "ipython_kernel_config.py").write_text(ipython.MEMBERS_KERNEL_CONFIG)
    program = """
import os
from ipykernel.kernelapp import IPKernelApp
kernel = IPKernelApp()
kernel.config_file_paths = [os.environ["IPYTHONDIR"]]
kernel.load_config_file()
print(os.getpriority(os.PRIO_PROCESS, 0))
"""
    own = {"HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", program], env=own | environment, capture_output=True, text=True, check=True, timeout=60)

    assert int(done.stdout.splitlines()[-1]) - os.getpriority(os.PRIO_PROCESS, 0) == lower, done.stderr
