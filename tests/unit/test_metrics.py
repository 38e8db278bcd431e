"""The metrics' program: what it makes of a controller's answers, and of one that gives none."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from wsgiref.simple_server import make_server

import pytest
from prometheus_client.parser import text_string_to_metric_families

from jupyter_cluster_constructs.runtime import metrics

SNAPSHOT = {
    "engines": {"0": [3, 7, 1], "12": [0, 2, 0], "13": [1, 0, 0]},
    "unassigned": 4,
    "completed": 20,
    "missed": 6,
    "gone": 3,
    "lost": 2,
}
Samples = dict[str, float]


@pytest.fixture(autouse=True)
def asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "KEPT_SECONDS", 0)
    monkeypatch.setattr(metrics, "ANSWER_SECONDS", 0.05)


@contextmanager
def controller(path: Path, answer: Callable[[socket.socket], object]) -> Iterator[list[float]]:
    """Somebody who listens at the controller's socket; when it was asked."""
    asked: list[float] = []
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(str(path))
        listening.listen()

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    asked.append(time.monotonic())
                    answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield asked
        finally:
            listening.shutdown(socket.SHUT_RDWR)


def tells(text: str) -> Callable[[socket.socket], object]:
    return lambda connection: connection.sendall(text.encode())


@contextmanager
def served(path: Path) -> Iterator[str]:
    """The program at a port of this machine; its URL."""
    with make_server("127.0.0.1", 0, metrics.application(str(path)), metrics.Server, metrics.Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def scraped(path: Path) -> Samples:
    """All samples of a scrape, as Prometheus reads them."""
    with served(path) as url, urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:
        return samples(answer.read().decode())


def samples(text: str) -> Samples:
    return {
        sample.name + "".join(f"[{value}]" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_every_number_of_the_controller_becomes_a_sample(tmp_path: Path) -> None:
    with controller(tmp_path / "s", tells(json.dumps(SNAPSHOT))):
        found = scraped(tmp_path / "s")
    assert 0 < found.pop("ipyparallel_controller_answer_seconds") < 1
    assert found == {
        "ipyparallel_controller_up": 1,
        "ipyparallel_engines_registered": 3,
        "ipyparallel_engines_unregistered_total": 3,
        "ipyparallel_engines_lost_total": 2,
        "ipyparallel_tasks_unassigned": 4,
        "ipyparallel_tasks_completed_total": 20,
        "ipyparallel_heartbeats_missed_total": 6,
        "ipyparallel_engine_tasks_queued[0]": 2,
        "ipyparallel_engine_tasks_queued[12]": 0,
        "ipyparallel_engine_tasks_queued[13]": 0,
        "ipyparallel_engine_tasks_running[0]": 1,
        "ipyparallel_engine_tasks_running[12]": 0,
        "ipyparallel_engine_tasks_running[13]": 1,
        "ipyparallel_engine_tasks_completed_total[0]": 7,
        "ipyparallel_engine_tasks_completed_total[12]": 2,
        "ipyparallel_engine_tasks_completed_total[13]": 0,
        "ipyparallel_engine_heartbeats_missed_total[0]": 1,
        "ipyparallel_engine_heartbeats_missed_total[12]": 0,
        "ipyparallel_engine_heartbeats_missed_total[13]": 0,
    }


@pytest.mark.parametrize("answer", [tells(""), tells('{"engines": {'), lambda connection: time.sleep(0.2)], ids=["nothing", "half", "hangs"])
def test_a_controller_that_does_not_answer_is_down_and_holds_nobody_up(tmp_path: Path, answer: Callable[[socket.socket], object]) -> None:
    with controller(tmp_path / "s", answer):
        assert scraped(tmp_path / "s") == {"ipyparallel_controller_up": 0}


def test_a_controller_that_answers_bit_by_bit_is_given_no_more_time_than_another(tmp_path: Path) -> None:
    def drip(connection: socket.socket) -> None:
        for character in json.dumps(SNAPSHOT):
            try:
                connection.sendall(character.encode())
            except OSError:
                return
            time.sleep(0.02)

    with controller(tmp_path / "s", drip), pytest.raises(TimeoutError):
        metrics.ask(str(tmp_path / "s"), 0.1)


def test_a_controller_that_is_away_is_down(tmp_path: Path) -> None:
    assert scraped(tmp_path / "s") == {"ipyparallel_controller_up": 0}


def test_a_controller_that_comes_back_is_up_again(tmp_path: Path) -> None:
    with served(tmp_path / "s") as url:
        for there in (False, True, False):
            (tmp_path / "s").unlink(missing_ok=True)
            if there:
                with controller(tmp_path / "s", tells(json.dumps(SNAPSHOT))), urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:
                    assert samples(answer.read().decode())["ipyparallel_controller_up"] == 1
            else:
                with urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:
                    assert samples(answer.read().decode()) == {"ipyparallel_controller_up": 0}


def test_however_many_ask_the_controller_is_asked_once_in_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "KEPT_SECONDS", 60)
    with controller(tmp_path / "s", tells(json.dumps(SNAPSHOT))) as asked:
        collector = metrics.HubCollector(str(tmp_path / "s"))
        for _ in range(20):
            assert len(list(collector.collect())) == 12
        assert len(asked) == 1


def test_it_is_healthy_whatever_the_controller_does_and_has_nothing_else(tmp_path: Path) -> None:
    with controller(tmp_path / "s", tells(json.dumps(SNAPSHOT))) as asked, served(tmp_path / "s") as url:
        with urllib.request.urlopen(f"{url}/healthy", timeout=5) as answer:
            assert answer.status == 200
        for path in ("/", "/metrics/", "/metrics/../healthy", "/favicon.ico"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"{url}{path}", timeout=5)
        assert asked == []


def test_clients_that_say_nothing_are_left_and_others_are_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics.Handler, "timeout", 0.1)
    with served(tmp_path / "s") as url:
        port = int(url.rpartition(":")[2])
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(2 * metrics.MOST_REQUESTS)]
        with urllib.request.urlopen(f"{url}/healthy", timeout=10) as answer:
            assert answer.status == 200
        for connection in silent:
            connection.close()


def test_names_follow_prometheus_rules_and_each_metric_is_explained(tmp_path: Path) -> None:
    with controller(tmp_path / "s", tells(json.dumps(SNAPSHOT))):
        found = list(metrics.HubCollector(str(tmp_path / "s")).collect())
    assert len({family.name for family in found}) == len(found)
    for family in found:
        assert family.name.startswith("ipyparallel_")
        assert family.documentation.endswith(".")
        # Of counters prometheus_client adds _total itself.
        assert not family.name.endswith("_total")
        assert {label for sample in family.samples for label in sample.labels} <= {"engine"}
