"""The controller's keys and connection files, written by the real program for the real controller."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zmq
from ipyparallel.controller.app import IPController
from jupyter_client.session import Session
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from jupyter_cluster_constructs import ipython, paths
from jupyter_cluster_constructs.controller_container import NOT_WITHOUT_CONFIGURATION
from jupyter_cluster_constructs.spec import Controller

HOST = "lab-frontend.default.svc"
# A process gives its files to its own groups alone, unless it is root.
ENGINES, CLIENTS = (4711, 4712) if os.geteuid() == 0 else (os.getgid(), os.getgid())
PLAIN = Controller(encryption=False)


class Storage:
    """The directory that the controller keeps its files in."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / ".controller"
        self.config = directory / "ipcontroller_config.py"
        self.profile = self.directory / "profile_default"
        self.engine_file = self.directory / "ipcontroller-engine.json"
        self.client_file = self.directory / "ipcontroller-client.json"
        self.curve_file = self.profile / "security" / "curve.json"

    @property
    def secret_key(self) -> str:
        return str(json.loads(self.curve_file.read_text())["secretkey"])

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
    monkeypatch.syspath_prepend("/nonexistent")
    return found


def write(storage: Storage, controller: Controller | None = None, host: str = HOST) -> None:
    storage.config.write_text(ipython.controller_config(controller or Controller(), host, engines=ENGINES, clients=CLIENTS))
    load(storage)


def load(storage: Storage) -> Config:
    """The configuration as the controller reads it, which writes the files."""
    config: Config = PyFileConfigLoader(storage.config.name, path=str(storage.config.parent)).load_config()
    return config


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def access(path: Path) -> tuple[int, int]:
    return path.stat().st_gid, stat.S_IMODE(path.stat().st_mode)


def test_members_read_the_clients_file_jupyter_the_engines_and_nobody_else_either(storage: Storage) -> None:
    write(storage)
    assert access(storage.client_file) == (CLIENTS, 0o640)
    assert access(storage.engine_file) == (ENGINES, 0o640)
    assert mode(storage.directory) == 0o755


def test_the_secret_key_is_the_controllers_alone(storage: Storage) -> None:
    write(storage)
    assert mode(storage.curve_file) == 0o600
    assert mode(storage.curve_file.parent) == 0o700
    for file in (storage.engine_file, storage.client_file, storage.config):
        assert storage.secret_key not in file.read_text()


def test_modes_do_not_depend_on_the_umask(storage: Storage) -> None:
    before = os.umask(0o077)
    try:
        write(storage)
    finally:
        os.umask(before)
    files = (storage.client_file, storage.directory, storage.engine_file, storage.curve_file)
    assert [mode(file) for file in files] == [0o640, 0o755, 0o640, 0o600]


def test_both_files_hold_the_controllers_public_key_and_no_other(storage: Storage) -> None:
    write(storage)
    public = zmq.curve_public(storage.secret_key.encode()).decode()
    assert storage.engine["curve_serverkey"] == storage.client["curve_serverkey"] == public
    assert storage.engine["key"] == storage.client["key"] == ""


def test_without_encryption_both_files_hold_a_key_that_signs(storage: Storage) -> None:
    write(storage, PLAIN)
    assert storage.engine["curve_serverkey"] is storage.client["curve_serverkey"] is None
    assert len(storage.engine["key"]) == 64
    assert storage.engine["key"] == storage.client["key"]
    assert not storage.curve_file.exists()


def test_messages_are_packed_by_the_fastest_that_is_there(storage: Storage) -> None:
    write(storage)
    for file in (storage.engine, storage.client):
        session = Session(packer=file["pack"], unpacker=file["unpack"])
        assert (session.pack, session.unpack) == (Session().pack, Session().unpack)


def test_a_restarted_controller_has_the_same_keys(storage: Storage) -> None:
    write(storage)
    before = (storage.secret_key, storage.engine, storage.client)
    write(storage)
    assert (storage.secret_key, storage.engine, storage.client) == before


@pytest.mark.parametrize("damaged", ["", "{", "[]", "null", "{}", '{"secretkey": 5}', '{"secretkey": "short"}', "\x00"])
def test_a_damaged_secret_key_is_replaced(storage: Storage, damaged: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(storage)
    old = storage.secret_key
    storage.curve_file.write_text(damaged)
    write(storage)
    assert "holds no key" in capsys.readouterr().out
    assert storage.secret_key != old
    assert storage.client["curve_serverkey"] == zmq.curve_public(storage.secret_key.encode()).decode()


def test_the_key_of_a_secret_is_used_and_none_is_made(storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    public, secret = zmq.curve_keypair()
    (tmp_path / "secretkey").write_text(f"{secret.decode()}\n")
    monkeypatch.setattr(paths, "CURVE_SECRET", str(tmp_path))
    write(storage, Controller(curve_secret="curve"))
    assert storage.client["curve_serverkey"] == storage.engine["curve_serverkey"] == public.decode()
    assert not storage.curve_file.exists()


@pytest.mark.parametrize("content", [None, "", "not-a-key", "x" * 41, "\x00" * 40])
def test_a_secret_without_a_usable_key_is_told_without_showing_it(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "secretkey").write_text(content)
    monkeypatch.setattr(paths, "CURVE_SECRET", str(tmp_path))
    with pytest.raises(SystemExit, match=r"controller\.curve_secret has no usable key secretkey") as ended:
        write(storage, Controller(curve_secret="curve"))
    assert not content or content not in str(ended.value)


def test_a_directory_that_somebody_else_made_is_not_used(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    storage.directory.symlink_to(tmp_path / "theirs")
    with pytest.raises(SystemExit, match="belongs to somebody else"):
        write(storage)
    assert list((tmp_path / "theirs").iterdir()) == []


def test_both_files_hold_address_and_ports(storage: Storage) -> None:
    controller = Controller(first_port=20000)
    write(storage, controller)
    engine, client = storage.engine, storage.client
    assert engine["location"] == client["location"] == HOST
    assert engine["registration"] == client["registration"] == 20000
    ports = [engine[channel] for channel in ("registration", "control", "mux", "task", "iopub", "hb_ping", "hb_pong")]
    assert [*ports, *engine["broadcast"]] == list(controller.engine_ports)
    assert sorted(client[channel] for channel in ("control", "mux", "task", "iopub", "notification", "broadcast")) == list(controller.client_ports)


def test_the_real_controller_takes_the_files_as_its_own(storage: Storage) -> None:
    write(storage)
    config = load(storage)
    config.IPController.client_json_file = str(storage.client_file)
    config.IPController.engine_json_file = str(storage.engine_file)
    config.ProfileDir.location = str(storage.profile)
    controller = IPController(config=config)
    controller.init_profile_dir()
    controller.load_secondary_config()
    # It would write its own where they don't agree with it, closed to the members.
    assert controller.write_connection_files is False
    assert controller.engine_info["registration"] == 10101
    assert controller.config.Session.key == b""
    assert controller.enable_curve is True
    assert controller.curve_secretkey == storage.secret_key.encode()


def test_a_second_run_leaves_the_files_alone(storage: Storage, capsys: pytest.CaptureFixture[str]) -> None:
    write(storage)
    before = [(file.read_text(), file.stat().st_ino, file.stat().st_mtime_ns) for file in (storage.engine_file, storage.client_file)]
    capsys.readouterr()
    write(storage)
    assert [(file.read_text(), file.stat().st_ino, file.stat().st_mtime_ns) for file in (storage.engine_file, storage.client_file)] == before
    assert capsys.readouterr().out == ""


def test_a_changed_port_rewrites_both_files_and_keeps_the_key(storage: Storage) -> None:
    write(storage)
    key = storage.secret_key
    write(storage, Controller(first_port=20000))
    assert (storage.engine["registration"], storage.client["registration"]) == (20000, 20000)
    assert storage.secret_key == key


def test_a_changed_address_rewrites_both_files(storage: Storage) -> None:
    write(storage)
    write(storage, host="lab2-frontend.default.svc")
    assert storage.engine["location"] == storage.client["location"] == "lab2-frontend.default.svc"


@pytest.mark.parametrize("damaged", ["", "{", '{"key": "0123"}', '{"key": 5}', "{}", "[]", "null", "\x00", '{"key": ""}'])
def test_a_damaged_file_gives_a_new_key_to_both(storage: Storage, damaged: str) -> None:
    write(storage, PLAIN)
    old = storage.engine["key"]
    storage.engine_file.write_text(damaged)
    write(storage, PLAIN)
    assert len(storage.engine["key"]) == 64
    assert storage.engine["key"] == storage.client["key"] != old


def test_a_lost_clients_file_is_written_again_with_the_same_key(storage: Storage) -> None:
    write(storage, PLAIN)
    key = storage.engine["key"]
    storage.client_file.unlink()
    write(storage, PLAIN)
    assert storage.client["key"] == key


def test_a_mode_or_a_group_that_was_changed_is_put_right(storage: Storage) -> None:
    write(storage)
    os.chown(storage.client_file, -1, os.getgid())
    storage.engine_file.chmod(0o644)
    write(storage)
    assert (access(storage.client_file), access(storage.engine_file)) == ((CLIENTS, 0o640), (ENGINES, 0o640))


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
    load(storage)
    assert json.loads((other / "ipcontroller-client.json").read_text())["curve_serverkey"] != storage.client["curve_serverkey"]


def test_a_controller_whose_configuration_fails_does_not_start_with_another(tmp_path: Path) -> None:
    (tmp_path / "profile_default").mkdir()
    (tmp_path / "profile_default" / "ipcontroller_config.py").write_text("raise OSError('no room for the files')")
    environment = os.environ | NOT_WITHOUT_CONFIGURATION | {"IPYTHONDIR": str(tmp_path), "HOME": str(tmp_path)}
    program = [sys.executable, "-m", "ipyparallel.controller"]
    ended = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == "OSError: no room for the files"
    assert not list(tmp_path.rglob("ipcontroller-*.json"))
