"""wait_for_clients.py of the NFS server's image: a server that ends outlasts its clients."""

from __future__ import annotations

from pathlib import Path

import pytest

from .nfs4_server import nfs_server
from .nfs_programs import SERVICE, run, wait_for_clients

ALWAYS = (0.0, float("inf"))
Spans = tuple[tuple[float, float], ...]


class Clock:
    """Time that passes when the program sleeps; clients come and go at given moments, and so does the Service."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *present: tuple[float, float], service: Spans = ()) -> None:
        self.now, self.present, self.service = 0.0, present, service
        monkeypatch.setattr(wait_for_clients.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(wait_for_clients.time, "sleep", self.sleep)
        monkeypatch.setattr(wait_for_clients, "current_clients", lambda: {"10.244.0.1": 3} if self.is_in(self.present) else {})
        monkeypatch.setattr(wait_for_clients.export_answers, "why_not", self.why_not)

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def is_in(self, spans: Spans) -> bool:
        return any(start <= self.now < end for start, end in spans)

    def why_not(self, export: str, host: str) -> str | None:
        assert (export, host) == ("/", SERVICE)
        return None if self.is_in(self.service) else "gone"

    def wait(self, *, quiet: float = 5, at_most: float = 60) -> float:
        wait_for_clients.wait(quiet, at_most, SERVICE)
        return self.now


def test_while_the_service_answers_it_is_a_restart_and_nobody_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    # Clients stay mounted for ever, and a replacement comes to the same address.
    assert Clock(monkeypatch, ALWAYS, service=(ALWAYS,)).wait() == pytest.approx(5, abs=0.5)


def test_once_the_service_is_gone_the_clients_that_are_left_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Clock(monkeypatch, (0, 40), service=((0, 3),)).wait() == pytest.approx(45, abs=0.6)


def test_a_service_that_comes_back_makes_a_restart_of_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Clock(monkeypatch, ALWAYS, service=((20, 1000),)).wait() == pytest.approx(25, abs=0.6)


def test_a_service_that_answers_now_and_then_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Clock(monkeypatch, (0, 12), service=((0, 3), (4, 7), (8, 11))).wait() == pytest.approx(17, abs=0.6)


def test_without_clients_it_waits_for_the_quiet_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # A client that is about to connect is not there at first.
    assert Clock(monkeypatch).wait() == pytest.approx(5, abs=0.5)


def test_a_client_that_comes_back_starts_the_quiet_time_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Clock(monkeypatch, (0, 2), (6, 9)).wait() == pytest.approx(14, abs=0.6)


def test_it_waits_no_longer_than_the_limit(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert Clock(monkeypatch, ALWAYS).wait(at_most=30) == pytest.approx(30, abs=0.5)
    assert "gave up after 30 s" in capsys.readouterr().out


def test_a_limit_of_nothing_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Clock(monkeypatch, ALWAYS).wait(at_most=0) <= 0.5


def test_it_says_whom_it_waits_for(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Clock(monkeypatch, (0, 8), service=((0, 2),)).wait()
    assert capsys.readouterr().out.splitlines() == [
        "10.244.0.1 (3); the Service answers",
        "10.244.0.1 (3); the Service does not answer",
        "no client; the Service does not answer",
        "every client has left",
    ]


def test_an_address_where_something_accepts_connections_is_not_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    # Some networks answer for every address that is not theirs.
    with nfs_server(monkeypatch, set(), answer=lambda *_: b"HTTP/1.1 400 Bad Request"):
        assert not wait_for_clients.is_reached("127.0.0.1")
    with nfs_server(monkeypatch, set()):
        assert wait_for_clients.is_reached("127.0.0.1")


HOOK = ("--quiet-seconds", "5", "--at-most", "600", "--service", SERVICE)


@pytest.mark.parametrize(("reached", "seconds"), [(True, 600), (False, wait_for_clients.AT_MOST_UNSURE)])
def test_a_server_that_never_reached_itself_by_the_service_waits_a_minute_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reached: bool, seconds: float
) -> None:
    # Where the network does not lead back, each restart looks like the end.
    clock, marker = Clock(monkeypatch, ALWAYS), tmp_path / "reached"
    if reached:
        marker.touch()
    monkeypatch.setattr(wait_for_clients, "SERVICE_REACHED", marker)
    assert run(wait_for_clients, monkeypatch, *HOOK) == 0
    assert clock.now == pytest.approx(seconds, abs=0.5)
