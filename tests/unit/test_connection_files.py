"""The controller's connection files, written by the real program for the real controller."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from ipyparallel.controller.app import IPController
from traitlets.config.loader import PyFileConfigLoader

from jupyter_cluster_constructs import ipython
from jupyter_cluster_constructs.runtime import connection_files
from jupyter_cluster_constructs.spec import Controller

HOST = "lab-frontend.default.svc"


class Storage:
    """The directory that the controller keeps its files in."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / ".ipython"
        self.config = directory / "ipcontroller_config.py"
        self.profile = self.directory / "profile_default"
        self.engine_file = self.profile / "security" / "ipcontroller-engine.json"
        self.client_file = self.directory / "ipcontroller-client.json"

    @property
    def engine(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.engine_file.read_text())
        return content

    @property
    def client(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.client_file.read_text())
        return content


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, untouched_ipyparallel: None) -> Storage:
    found = Storage(tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(found.directory))
    monkeypatch.setattr(sys, "argv", ["connection_files.py", str(found.config)])
    monkeypatch.syspath_prepend("/nonexistent")
    return found


def write(storage: Storage, controller: Controller | None = None, host: str = HOST) -> None:
    storage.config.write_text(ipython.controller_config(controller or Controller(), host))
    connection_files.main()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_clients_read_their_file_and_nobody_else_reads_the_engines(storage: Storage) -> None:
    write(storage)
    assert mode(storage.client_file) == 0o644
    assert mode(storage.directory) == 0o755
    assert mode(storage.engine_file) == 0o600
    assert mode(storage.engine_file.parent) == 0o700


def test_modes_do_not_depend_on_the_umask(storage: Storage) -> None:
    before = os.umask(0o077)
    try:
        write(storage)
    finally:
        os.umask(before)
    assert (mode(storage.client_file), mode(storage.directory), mode(storage.engine_file)) == (0o644, 0o755, 0o600)


def test_both_files_hold_address_ports_and_one_key(storage: Storage) -> None:
    controller = Controller(first_port=20000)
    write(storage, controller)
    engine, client = storage.engine, storage.client
    assert engine["location"] == client["location"] == HOST
    assert engine["key"] == client["key"]
    assert len(engine["key"]) == 64
    assert engine["registration"] == client["registration"] == 20000
    ports = [engine[channel] for channel in ("registration", "control", "mux", "task", "iopub", "hb_ping", "hb_pong")]
    assert [*ports, *engine["broadcast"]] == list(controller.engine_ports)
    assert sorted(client[channel] for channel in ("control", "mux", "task", "iopub", "notification", "broadcast")) == list(controller.client_ports)


def test_the_real_controller_takes_the_files_as_its_own(storage: Storage) -> None:
    write(storage)
    config = PyFileConfigLoader(storage.config.name, path=str(storage.config.parent)).load_config()
    config.IPController.client_json_file = str(storage.client_file)
    config.ProfileDir.location = str(storage.profile)
    controller = IPController(config=config)
    controller.init_profile_dir()
    controller.load_secondary_config()
    # It would write its own where they don't agree with it, closed to the members.
    assert controller.write_connection_files is False
    assert controller.engine_info["registration"] == 10101
    assert controller.config.Session.key == storage.engine["key"].encode()


def test_a_second_run_keeps_the_key_and_leaves_the_files_alone(storage: Storage, capsys: pytest.CaptureFixture[str]) -> None:
    write(storage)
    before = [(file.read_text(), file.stat().st_ino, file.stat().st_mtime_ns) for file in (storage.engine_file, storage.client_file)]
    capsys.readouterr()
    write(storage)
    assert [(file.read_text(), file.stat().st_ino, file.stat().st_mtime_ns) for file in (storage.engine_file, storage.client_file)] == before
    assert capsys.readouterr().out == ""


def test_a_changed_port_rewrites_both_files_and_keeps_the_key(storage: Storage) -> None:
    write(storage)
    key = storage.engine["key"]
    write(storage, Controller(first_port=20000))
    assert (storage.engine["registration"], storage.client["registration"]) == (20000, 20000)
    assert (storage.engine["key"], storage.client["key"]) == (key, key)


def test_a_changed_address_rewrites_both_files(storage: Storage) -> None:
    write(storage)
    write(storage, host="lab2-frontend.default.svc")
    assert storage.engine["location"] == storage.client["location"] == "lab2-frontend.default.svc"


@pytest.mark.parametrize("damaged", ["", "{", '{"key": "0123"}', '{"key": 5}', "{}", "[]", "null", "\x00", '{"key": ""}'])
def test_a_damaged_file_gives_a_new_key_to_both(storage: Storage, damaged: str) -> None:
    write(storage)
    old = storage.engine["key"]
    storage.engine_file.write_text(damaged)
    write(storage)
    assert len(storage.engine["key"]) == 64
    assert storage.engine["key"] == storage.client["key"] != old


def test_a_lost_clients_file_is_written_again_with_the_same_key(storage: Storage) -> None:
    write(storage)
    key = storage.engine["key"]
    storage.client_file.unlink()
    write(storage)
    assert storage.client["key"] == key


def test_a_mode_that_was_changed_is_put_right(storage: Storage) -> None:
    write(storage)
    storage.client_file.chmod(0o600)
    storage.engine_file.chmod(0o644)
    write(storage)
    assert (mode(storage.client_file), mode(storage.engine_file)) == (0o644, 0o600)


def test_a_planted_link_is_replaced_and_not_followed(storage: Storage, tmp_path: Path) -> None:
    # The shared directory belongs to everybody.
    target = tmp_path / "other"
    target.write_text("untouched")
    write(storage)
    storage.client_file.unlink()
    storage.client_file.symlink_to(target)
    storage.client_file.with_name(f".{storage.client_file.name}.new").symlink_to(target)
    write(storage)
    assert target.read_text() == "untouched"
    assert not storage.client_file.is_symlink()
    assert storage.client["location"] == HOST


def test_two_storages_have_two_keys(storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(storage)
    other = tmp_path / "other"
    monkeypatch.setenv("IPYTHONDIR", str(other))
    connection_files.main()
    assert json.loads((other / "ipcontroller-client.json").read_text())["key"] != storage.engine["key"]
