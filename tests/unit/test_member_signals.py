"""Signals to members' processes: real ones, of real users."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support import SOURCE

from jupyter_cluster_constructs.runtime.member_signals import NO_USER, Signals

from .members import ADA, GRACE, as_root, eventually, running, started

pytestmark = as_root


@pytest.fixture
def signals() -> Iterator[Signals]:
    made = Signals()
    yield made
    for member in (ADA, GRACE):
        made.send(member.uid, signal.SIGKILL)
    made.close()


def sender() -> int:
    """The process that sends them."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    (child,) = [int(child) for child in children if Path(f"/proc/{child}/cmdline").read_bytes() == Path("/proc/self/cmdline").read_bytes()]
    return child


def test_all_of_a_members_processes_are_ended_and_nobody_elses(signals: Signals) -> None:
    adas, graces = [started(ADA, "sleep", "60") for _ in range(3)], started(GRACE, "sleep", "60")
    signals.send(ADA.uid, signal.SIGKILL)
    assert [process.wait(10) for process in adas] == [-signal.SIGKILL] * 3
    assert graces.poll() is None


def test_one_process_is_told_to_end(signals: Signals) -> None:
    first, second = started(ADA, "sleep", "60"), started(ADA, "sleep", "60")
    signals.send(ADA.uid, signal.SIGTERM, first.pid)
    assert first.wait(10) == -signal.SIGTERM
    assert second.poll() is None


def test_a_number_that_is_somebody_elses_process_by_now_is_left_alone(signals: Signals) -> None:
    graces = started(GRACE, "sleep", "60")
    for pid in (graces.pid, os.getpid()):
        signals.send(ADA.uid, signal.SIGKILL, pid)
    assert graces.poll() is None


def test_a_process_that_is_gone_is_no_mistake(signals: Signals) -> None:
    gone = started(ADA, "true")
    gone.wait()
    signals.send(ADA.uid, signal.SIGKILL, gone.pid)
    signals.send(ADA.uid, signal.SIGKILL)


@pytest.mark.parametrize("uid", [0, 33, NO_USER])
def test_root_and_accounts_of_the_system_get_none(signals: Signals, uid: int) -> None:
    with pytest.raises(PermissionError):
        signals.send(uid, signal.SIGKILL)


def test_a_member_who_stops_everything_of_theirs_ends_nevertheless(signals: Signals) -> None:
    # Such as a `kill` that ran under the account: it would never come to send anything. Neither would a process that is started now.
    victim = started(ADA, "sleep", "60")
    stopping = started(ADA, "sh", "-c", "while :; do kill -s STOP -- -1; done")
    eventually(lambda: any(process["status"] == psutil.STATUS_STOPPED for process in running(ADA)))
    signals.send(ADA.uid, signal.SIGKILL)
    assert {stopping.wait(10), victim.wait(10)} == {-signal.SIGKILL}


def test_they_are_still_sent_when_the_launcher_is_told_to_end(signals: Signals) -> None:
    os.kill(sender(), signal.SIGTERM)
    process = started(ADA, "sleep", "60")
    signals.send(ADA.uid, signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL


def test_without_its_sender_the_launcher_ends() -> None:
    signals = Signals()
    os.kill(sender(), signal.SIGKILL)
    with pytest.raises(SystemExit):
        signals.send(ADA.uid, signal.SIGKILL)
    signals.close()


def test_a_sender_ends_with_its_launcher() -> None:
    program = "import member_signals, sys; s = member_signals.Signals(); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program], cwd=SOURCE / "runtime", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.kill()
    eventually(lambda: not Path(f"/proc/{child}").exists() or " Z " in Path(f"/proc/{child}/stat").read_text())
