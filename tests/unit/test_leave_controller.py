"""An engine that leaves tells the controller: ipyparallel's real Hub behind a real socket, and the program as the pods run it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq
from ipyparallel.controller.dictdb import NoDB
from ipyparallel.controller.hub import Hub
from jupyter_client.session import Session
from tornado.ioloop import IOLoop
from zmq.eventloop.zmqstream import ZMQStream

from jupyter_cluster_constructs.runtime import leave_controller, restored_engines

UUID = "1f0c8a52-2f0e-4e2c-9a53-0d3b9c6f8a11"
OTHER = "7d1de2a6-5f38-4b7c-8d53-6b9a0a1c2e33"
KEY = "key"


@pytest.fixture
def state_file(tmp_path: Path) -> Path:
    return tmp_path / "engines.json"


@pytest.fixture(params=["encrypted", "signed"])
def hub(state_file: Path, untouched_ipyparallel: None, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A Hub of two engines that serves in a thread; `hub.port` is where it registers engines, `hub.keys` what its file holds of keys."""
    public, secret = zmq.curve_keypair()
    is_encrypted = request.param == "encrypted"
    keys = {"key": "", "curve_serverkey": public.decode()} if is_encrypted else {"key": KEY, "curve_serverkey": None}
    restored_engines.install(grace_seconds=60, settle_seconds=60)
    ready, stop = threading.Event(), threading.Event()
    made: list[Any] = []

    async def serve() -> None:
        context = zmq.Context()
        streams = {name: ZMQStream(context.socket(zmq.ROUTER)) for name in ("query", "monitor", "notifier", "resubmit")}
        if is_encrypted:
            streams["query"].socket.curve_server = True
            streams["query"].socket.curve_secretkey = secret
        port = streams["query"].socket.bind_to_random_port("tcp://127.0.0.1")
        session = Session(key=str(keys["key"]).encode())
        hub = Hub(loop=IOLoop.current(), session=session, db=NoDB(), engine_state_file=str(state_file), registration_timeout=300, **streams)
        for uuid in (OTHER, UUID):
            hub.register_engine(b"identity", {"content": {"uuid": uuid}})
            hub.handle_new_heart(uuid.encode())
        object.__setattr__(hub, "port", port)
        object.__setattr__(hub, "keys", keys)
        made.append(hub)
        ready.set()
        while not stop.is_set():
            await asyncio.sleep(0.005)
        for stream in streams.values():
            stream.close(linger=0)
        context.term()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(5)
    yield made[0]
    stop.set()
    thread.join()


def connection(port: int, **changed: object) -> dict[str, object]:
    """What a leaving engine needs of its connection file."""
    return {"location": "127.0.0.1", "registration": port, "key": KEY, "signature_scheme": "hmac-sha256", "curve_serverkey": None} | changed


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with zmq.Context() as context, context.socket(zmq.ROUTER) as socket:
        yield socket.bind_to_random_port("tcp://127.0.0.1")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """Runs the program with a connection file, in this process."""
    engine_id = tmp_path / "engine-id"
    engine_id.write_text(f"{UUID}\n")
    monkeypatch.setattr(leave_controller, "ENGINE_ID", engine_id)
    monkeypatch.setattr(leave_controller, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr("signal.alarm", lambda seconds: None)

    def run(info: object) -> None:
        file = tmp_path / "connection.json"
        file.write_text(info if isinstance(info, str) else json.dumps(info))
        monkeypatch.setattr(sys, "argv", ["leave_controller.py", str(file)])
        leave_controller.main()

    return run


def test_an_engine_that_leaves_is_out_of_the_list_and_the_others_stay(hub: Any, run: Callable[[object], None], state_file: Path) -> None:
    run(connection(hub.port, **hub.keys))
    assert json.loads(state_file.read_text())["engines"] == {"0": OTHER}


def test_an_engine_leaves_a_controller_that_does_not_show_it_yet(hub: Any, run: Callable[[object], None], state_file: Path) -> None:
    hub.hidden_hearts = {UUID.encode()}
    run(connection(hub.port, **hub.keys))
    assert json.loads(state_file.read_text())["engines"] == {"0": OTHER}


def test_an_engine_leaves_once(hub: Any, run: Callable[[object], None], tmp_path: Path) -> None:
    run(connection(hub.port, **hub.keys))
    assert not (tmp_path / "engine-id").exists()
    run("there is nothing left to do")


def test_an_engine_that_is_in_no_list_has_nothing_to_do(hub: Any, state_file: Path) -> None:
    before = state_file.read_text()
    assert leave_controller.leave("0b0e8f0c-0000-4000-8000-000000000000", connection(hub.port, **hub.keys))
    assert state_file.read_text() == before


def test_an_engine_gives_up_soon_where_no_controller_answers(nobody: int, run: Callable[[object], None], capsys: pytest.CaptureFixture[str]) -> None:
    start = time.monotonic()
    run(connection(nobody))
    assert time.monotonic() - start < 1
    assert capsys.readouterr().out == f"the controller did not confirm in 0.2 s that engine {UUID} leaves\n"


def test_a_controller_with_another_key_is_asked_in_vain(hub: Any, run: Callable[[object], None], state_file: Path) -> None:
    run(connection(hub.port, **hub.keys | dict(key="another")))
    assert UUID in json.loads(state_file.read_text())["engines"].values()


@pytest.mark.parametrize("damaged", ["", "{", "[]", "null", "{}", '{"key": 7}'])
def test_a_damaged_connection_file_is_one_line(damaged: str, run: Callable[[object], None], capsys: pytest.CaptureFixture[str]) -> None:
    run(damaged)
    out = capsys.readouterr().out
    assert out.startswith(f"engine {UUID} cannot tell the controller that it leaves: ")
    assert out.count("\n") == 1


@pytest.mark.parametrize("content", ["", "../../outside", "x"])
def test_what_is_no_uuid_is_no_engine(content: str, run: Callable[[object], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "engine-id").write_text(content)
    run("{}")
    assert capsys.readouterr().out == ""


START_ENGINE = Path(leave_controller.__file__).with_name("start_engine.sh")


@pytest.mark.parametrize("code", [0, 7, 137])
def test_the_controller_is_told_after_an_engine_ended_and_its_exit_code_stays(code: int, tmp_path: Path) -> None:
    programs = {"ipengine": f'echo ipengine "$@"; exit {code}', "python3": 'echo "$@"; exit 1'}
    done = start_engine(tmp_path, programs)
    out, _ = done.communicate(timeout=5)
    engine, told = out.splitlines()
    started = (
        f"ipengine --IPEngine.url_file=connection --IPEngine.enable_nanny=False --Session.session={(tmp_path / 'engine-id').read_text().strip()}"
    )
    assert engine == started
    assert told == "-E /home/jupyter/config/leave_controller.py connection"
    assert done.returncode == code


def test_the_controller_is_told_once_of_an_engine_whose_container_is_stopped(tmp_path: Path) -> None:
    started = start_engine(tmp_path, {"ipengine": f"rm {tmp_path / 'engine-id'}; exit 143", "python3": "echo told"})
    out, _ = started.communicate(timeout=5)
    assert out == ""
    assert started.returncode == 143


def test_the_shell_outlives_the_signal_that_ends_the_engine(tmp_path: Path) -> None:
    programs = {"ipengine": "echo started; exec sleep 60", "python3": "echo told"}
    started = start_engine(tmp_path, programs)
    assert started.stdout is not None
    assert started.stdout.readline() == "started\n"
    # As `tini -g` does.
    os.killpg(started.pid, signal.SIGTERM)
    out, _ = started.communicate(timeout=5)
    assert out == "told\n"
    assert started.returncode == 128 + 15


def start_engine(directory: Path, programs: dict[str, str]) -> subprocess.Popen[str]:
    """Start the shell program with others in place of the programs that it runs."""
    for name, text in programs.items():
        program = directory / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    script = directory / "start_engine.sh"
    script.write_text(START_ENGINE.read_text().replace("/tmp/engine-id", str(directory / "engine-id")))
    environment = {"PATH": f"{directory}:/usr/bin:/bin", "HOME": str(directory)}
    command = ["sh", str(script), "connection", "False"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True)
