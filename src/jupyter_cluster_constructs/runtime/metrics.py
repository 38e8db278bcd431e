"""Prometheus metrics of the controller: GET /metrics asks its Hub by the socket that controller_counters makes.

A Hub that does not answer in time is `ipyparallel_controller_up 0`, and everything else is left out. GET /healthy asks nobody.
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

# Prometheus itself waits for 10 s.
ANSWER_SECONDS = 3.0
# However many ask, the Hub is asked no more often.
KEPT_SECONDS = 0.5
CLIENT_SECONDS = 5
MOST_REQUESTS = 16

Snapshot = dict[str, Any]


def ask(path: str, seconds: float = ANSWER_SECONDS) -> Snapshot:
    """What the controller's Hub knows now.

    Raises:
        OSError: nobody listens, or the answer takes longer.
        ValueError: the answer is cut off.
    """
    deadline, parts = time.monotonic() + seconds, []
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(seconds)
        connection.connect(path)
        while part := connection.recv(1 << 16):
            parts.append(part)
            # Of zero it would not wait at all, and say so by another error.
            connection.settimeout(max(deadline - time.monotonic(), 0.001))
    found: Snapshot = json.loads(b"".join(parts))
    return found


class HubCollector(Collector):
    """Makes metrics of what the Hub tells, anew for each scrape.

    Args:
        path: the controller's socket.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._kept: tuple[Snapshot | None, float] = None, 0.0
        self._until = 0.0

    def collect(self) -> Iterator[Metric]:
        """The metrics of one scrape."""
        found, seconds = self._asked()
        yield _gauge("controller_up", "Whether the controller's Hub answered (1) or not (0).", float(found is not None))
        if found is None:
            return
        yield _gauge("controller_answer_seconds", "Seconds that the controller's Hub took to answer.", seconds)
        yield _gauge("engines_registered", "Engines that are registered with the controller.", len(found["engines"]))
        yield _counter("engines_unregistered", "Engines that are gone: told to stop, killed, or lost.", found["gone"])
        yield _counter("engines_lost", "Engines that were unregistered because their heartbeats were missed.", found["lost"])
        yield _gauge("tasks_unassigned", "Tasks of load-balanced views that wait for an engine.", found["unassigned"])
        yield _counter("tasks_completed", "Tasks that were completed, with or without an error, also by engines that are gone.", found["completed"])
        yield _counter("heartbeats_missed", "Heartbeats that engines missed, also those that are gone.", found["missed"])
        yield from _of_engines(found["engines"])

    def _asked(self) -> tuple[Snapshot | None, float]:
        with self._lock:
            if time.monotonic() >= self._until:
                start = time.monotonic()
                try:
                    snapshot = ask(self._path)
                except (OSError, ValueError) as error:
                    print(f"the controller does not answer: {error!r}", flush=True)
                    snapshot = None
                self._kept = snapshot, time.monotonic() - start
                self._until = time.monotonic() + KEPT_SECONDS
            return self._kept


def _of_engines(engines: dict[str, list[int]]) -> Iterable[Metric]:
    queued = GaugeMetricFamily("ipyparallel_engine_tasks_queued", "Tasks that were sent to the engine and wait there.", labels=["engine"])
    running = GaugeMetricFamily("ipyparallel_engine_tasks_running", "Tasks that the engine runs: 0 or 1.", labels=["engine"])
    completed = CounterMetricFamily("ipyparallel_engine_tasks_completed", "Tasks that the engine completed.", labels=["engine"])
    missed = CounterMetricFamily("ipyparallel_engine_heartbeats_missed", "Heartbeats that the engine missed.", labels=["engine"])
    for engine, (unfinished, done, misses) in engines.items():
        # An engine runs one after the other.
        running.add_metric([engine], min(unfinished, 1))
        queued.add_metric([engine], max(unfinished - 1, 0))
        completed.add_metric([engine], done)
        missed.add_metric([engine], misses)
    return queued, running, completed, missed


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"ipyparallel_{name}", meaning, value=value)


def _counter(name: str, meaning: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(f"ipyparallel_{name}", meaning, value=value)


def application(path: str) -> Callable[..., Iterable[bytes]]:
    """The WSGI application that tells the metrics of the controller behind a socket."""
    registry = CollectorRegistry()
    registry.register(HubCollector(path))
    metrics = make_wsgi_app(registry)

    def answer(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/metrics":
            found: Iterable[bytes] = metrics(environ, start_response)
            return found
        status = "200 OK" if environ["PATH_INFO"] == "/healthy" else "404 Not Found"
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [f"{status}\n".encode()]

    return answer


class Server(WSGIServer):
    """Answers a few requests at a time, each in a thread, at a port that held_port.py holds."""

    allow_reuse_port = True
    request_queue_size = 64
    _free = threading.BoundedSemaphore(MOST_REQUESTS)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Somebody connected; while there are too many, the next ones wait."""
        self._free.acquire()
        threading.Thread(target=self._answer, args=(request, client_address), daemon=True).start()

    def _answer(self, request: Any, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except OSError:
            # The other side went away, or is too slow.
            pass
        finally:
            self.shutdown_request(request)
            self._free.release()


class Handler(WSGIRequestHandler):
    """Does not wait for slow clients, and logs no request."""

    timeout = CLIENT_SECONDS

    def log_message(self, format: str, *arguments: object) -> None:
        """A request was answered."""


def main() -> None:
    """Serve the metrics of the controller behind a socket at a port: metrics.py SOCKET PORT."""
    path, port = sys.argv[1:]
    with make_server("0.0.0.0", int(port), application(path), Server, Handler) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
