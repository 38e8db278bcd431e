"""The programs that wait: for the controller, for the NFS server; and the controller's probe."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq
from support import SOURCE

from jupyter_cluster_constructs.runtime import controller_answers, wait_for_controller, wait_for_nfs, waiting

HOST = "127.0.0.1"


@pytest.fixture
def controller_port() -> Iterator[int]:
    """A port at which a controller answers."""
    with zmq.Context() as context, context.socket(zmq.ROUTER) as controller:
        yield controller.bind_to_random_port(f"tcp://{HOST}")


@pytest.fixture
def closed_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def connection_file(directory: Path, port: int, **more: object) -> Path:
    file = directory / "ipcontroller-engine.json"
    file.write_text(json.dumps({"location": HOST, "registration": port} | more))
    return file


def test_a_controller_that_answers_is_waited_for_no_longer(tmp_path: Path, controller_port: int) -> None:
    assert wait_for_controller.why_not(connection_file(tmp_path, controller_port)) is None


def test_a_file_of_an_earlier_life_is_not_enough(tmp_path: Path, closed_port: int) -> None:
    assert wait_for_controller.why_not(connection_file(tmp_path, closed_port)) == f"no controller answers at {HOST}:{closed_port}"


def test_a_port_that_is_open_without_a_controller_is_not_enough(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as listener:
        listener.settimeout(1)
        threading.Thread(target=lambda: listener.accept()[0].close(), daemon=True).start()
        reason = wait_for_controller.why_not(connection_file(tmp_path, listener.getsockname()[1]))
    assert reason is not None
    assert reason.startswith("no controller answers")


def test_a_missing_file_is_waited_for(tmp_path: Path) -> None:
    assert wait_for_controller.why_not(tmp_path / "none.json") == f"{tmp_path}/none.json is not there yet"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"location": "lab"}'])
def test_a_damaged_file_is_waited_for(tmp_path: Path, text: str) -> None:
    file = tmp_path / "engine.json"
    file.write_text(text)
    assert str(wait_for_controller.why_not(file)).startswith(f"{file} cannot be read: ")


def test_waiting_ends_when_the_controller_answers(
    tmp_path: Path, controller_port: int, closed_port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = connection_file(tmp_path, closed_port)
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        # Each pause is a step in the life of a cluster that starts: at the second one the stale file is replaced.
        pauses.append(seconds)
        if len(pauses) == 2:
            connection_file(tmp_path, controller_port)

    monkeypatch.setattr(time, "sleep", pause)
    monkeypatch.setattr(sys, "argv", ["wait_for_controller.py", str(file)])
    wait_for_controller.main()
    assert capsys.readouterr().out == f"waiting: no controller answers at {HOST}:{closed_port}\nthe controller answers\n"


def test_waiting_says_why_from_time_to_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pauses: list[float] = []

    def enough(seconds: float) -> None:
        pauses.append(seconds)
        # Every ten seconds, however short the pauses are; they add up to a bit less than 50.
        if sum(pauses) > 49.9:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", enough)
    monkeypatch.setattr(sys, "argv", ["wait_for_controller.py", str(tmp_path / "none.json")])
    with pytest.raises(KeyboardInterrupt):
        wait_for_controller.main()
    assert capsys.readouterr().out.count("is not there yet") == 5


class Clock:
    """Time that passes when a program sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: made.now)
    monkeypatch.setattr(time, "sleep", made.sleep)
    return made


@pytest.mark.parametrize("at_most", [0, 3, 10])
def test_waiting_ends_with_the_reason_when_the_time_is_over(clock: Clock, at_most: float) -> None:
    assert waiting.wait(lambda: f"not at {clock.now:g}", at_most=at_most) == f"not at {100 + at_most:g}"


def test_what_comes_at_the_last_moment_is_not_too_late(clock: Clock) -> None:
    assert waiting.wait(lambda: None if clock.now >= 103 else "not yet", at_most=3) is None


def test_what_is_there_is_waited_for_no_time_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("there is nothing to wait for"))
    assert waiting.wait(lambda: None, at_most=0) is None


def test_the_programs_need_nothing_but_the_standard_library() -> None:
    # As the pods run them: without the environment's packages, the file beside its neighbours.
    programs = "controller_answers, own_directories, wait_for_controller, wait_for_nfs, zeromq_peer"
    directory = str(SOURCE / "runtime")
    subprocess.run([sys.executable, "-SE", "-c", f"import sys; sys.path.insert(0, {directory!r}); import {programs}"], check=True)


def test_a_program_runs_as_the_pods_run_it(tmp_path: Path, controller_port: int) -> None:
    command = [sys.executable, "-SE", str(SOURCE / "runtime" / "wait_for_controller.py"), str(connection_file(tmp_path, controller_port))]
    assert subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout == "the controller answers\n"


@pytest.mark.parametrize("program", sorted((SOURCE / "runtime").glob("*.sh")), ids=lambda file: str(file.name))
def test_a_shell_program_is_one_to_every_sh_and_ends_at_its_first_error(program: Path) -> None:
    subprocess.run(["sh", "-n", program], check=True)
    commands = [line for line in program.read_text().splitlines() if line and not line.startswith("#")]
    # A login goes on whatever of a home can't be prepared.
    assert commands[0] == ("set -u" if program.name == "prepare_home.sh" else "set -eu")


def test_every_mount_is_used_before_the_controller_is_waited_for(
    tmp_path: Path, controller_port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    used: list[str] = []
    monkeypatch.setattr(os, "statvfs", used.append)
    file = str(connection_file(tmp_path, controller_port))
    monkeypatch.setattr(sys, "argv", ["wait_for_controller.py", "--use=/home/ada", "--use=/home/jupyter/shared", file])
    wait_for_controller.main()
    # A client may connect only now, and could not leave later if it had never been connected.
    assert used == ["/home/ada", "/home/jupyter/shared"]
    assert capsys.readouterr().out == "the controller answers\n"


def test_waiting_for_nfs_says_which_mount_does_not_answer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    # A mount that is hard keeps who uses it waiting, however long its server is away.
    monkeypatch.setattr(wait_for_nfs, "SECONDS", 0.01)
    monkeypatch.setattr(os, "statvfs", lambda _: time.sleep(0.2))
    wait_for_nfs.use("/home/ada")
    waiting_for = capsys.readouterr().out.splitlines()
    assert {*waiting_for} == {"waiting: no NFS server answers for /home/ada"}
    assert len(waiting_for) > 2


def test_waiting_for_nfs_tries_again_after_an_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    errors = [OSError(errno.ESTALE, "Stale file handle")]

    def statvfs(_: str) -> None:
        if errors:
            raise errors.pop()

    monkeypatch.setattr(os, "statvfs", statvfs)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    wait_for_nfs.use("/home/ada")
    assert capsys.readouterr().out == "waiting: /home/ada: Stale file handle\n"


def test_the_controllers_probe_is_green_when_every_port_answers(controller_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["controller_answers.py", str(controller_port), str(controller_port)])
    controller_answers.main()


def test_the_controllers_probe_names_the_ports_that_do_not_answer(controller_port: int, closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Each scheduler is a process, which can die alone.
    monkeypatch.setattr(sys, "argv", ["controller_answers.py", str(controller_port), str(closed_port)])
    with pytest.raises(SystemExit) as ended:
        controller_answers.main()
    assert ended.value.code == f"no answer at {closed_port}"
