"""Work for an ipyparallel cluster, as functions that run in a client's container by remote.call: each imports for itself.

BENCH_CLIENT_FILE names the connection file, where `ipp.Client()` alone does not find it. What a function measures is right or it raises.
"""

from __future__ import annotations


def round_trip(tasks: int) -> float:
    """How long one task takes that is waited for, in ms: the median of so many."""
    import os
    import statistics
    import time

    import ipyparallel as ipp

    def same(number: int) -> int:
        return number

    with ipp.Client(os.environ.get("BENCH_CLIENT_FILE")) as client:
        # An engine imports it with its first task. `execute` would wait for outputs, which a client that has just connected may miss.
        client[:].apply_sync(lambda: __import__("numpy").__version__)
        view = client.load_balanced_view()
        found = []
        for number in range(-20, tasks):
            start = time.perf_counter()
            assert view.apply_sync(same, number) == number
            found.append(time.perf_counter() - start)
        return 1000 * statistics.median(found[20:])


def single_tasks(tasks: int) -> float:
    """How many tasks that do nothing are done a second, of which each is a message."""
    import os
    import time

    import ipyparallel as ipp

    def same(number: int) -> int:
        return number

    with ipp.Client(os.environ.get("BENCH_CLIENT_FILE")) as client:
        client[:].apply_sync(lambda: __import__("numpy").__version__)
        view = client.load_balanced_view()
        view.map_async(same, range(100), chunksize=1).get(timeout=60)
        start = time.perf_counter()
        found = view.map_async(same, range(tasks), chunksize=1).get(timeout=600)
        seconds = time.perf_counter() - start
        assert list(found) == list(range(tasks))
        return tasks / seconds


def many_tasks(tasks: int) -> None:
    """Have so many tasks done, of which each is a message, by a client that keeps no results."""
    import os

    import ipyparallel as ipp

    def same(number: int) -> int:
        return number

    with ipp.Client(os.environ.get("BENCH_CLIENT_FILE")) as client:
        view, batch = client.load_balanced_view(), 5_000
        for first in range(0, tasks, batch):
            numbers = range(first, min(first + batch, tasks))
            assert list(view.map_async(same, numbers, chunksize=1).get(timeout=120)) == list(numbers)
            client.purge_local_results("all")


def chunked_map(items: int) -> float:
    """How many items a second a map in one chunk for each engine does."""
    import os
    import time

    import ipyparallel as ipp

    def square(number: int) -> int:
        return number * number

    with ipp.Client(os.environ.get("BENCH_CLIENT_FILE")) as client:
        client[:].apply_sync(lambda: __import__("numpy").__version__)
        view = client[:]
        view.map_sync(square, range(items // 10))
        start = time.perf_counter()
        found = view.map_sync(square, range(items))
        seconds = time.perf_counter() - start
        assert list(found) == [number * number for number in range(items)]
        return items / seconds


def broadcast(calls: int) -> float:
    """How long one call on all engines takes, in ms: the median of so many."""
    import os
    import statistics
    import time

    import ipyparallel as ipp

    with ipp.Client(os.environ.get("BENCH_CLIENT_FILE")) as client:
        client[:].apply_sync(lambda: __import__("numpy").__version__)
        view = client.broadcast_view()
        found = []
        for _ in range(calls + 3):
            start = time.perf_counter()
            assert len(view.apply_sync(int)) == len(client)
            found.append(time.perf_counter() - start)
        return 1000 * statistics.median(found[3:])


def array_out_and_back(megabytes: int, repeats: int) -> float:
    """How many MB of an array go to an engine and come back a second: the median of so many times."""
    import os
    import statistics
    import time

    import ipyparallel as ipp
    import numpy

    def same(array: object) -> object:
        return array

    array = numpy.random.default_rng(1).random(megabytes * 125_000)
    with ipp.Client(os.environ.get("BENCH_CLIENT_FILE")) as client:
        view, found = client[client.ids[0]], []
        view.apply_sync(same, array[:1000])
        for _ in range(repeats):
            start = time.perf_counter()
            back = view.apply_sync(same, array)
            found.append(2 * megabytes / (time.perf_counter() - start))
            assert numpy.array_equal(back, array)
        return statistics.median(found)


def remember(value: int) -> None:
    """Tell each engine something."""
    import os

    import ipyparallel as ipp

    with ipp.Client(os.environ.get("BENCH_CLIENT_FILE")) as client:
        client[:].push({"remembered": value}, block=True)


def wait_until_remembered(value: int, seconds: float) -> None:
    """Wait until a new client hears from all engines what they were told."""
    import os
    import time

    import ipyparallel as ipp

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with ipp.Client(os.environ.get("BENCH_CLIENT_FILE"), timeout=2) as client:
                if client.ids and set(client[:].pull("remembered").get(timeout=2)) == {value}:
                    return
        # Whatever is not there yet says so in its own way.
        except Exception:
            time.sleep(0.2)
    raise TimeoutError("the engines do not answer")


def wait_for_engines(engines: int, seconds: int) -> None:
    """Wait until so many engines are registered and answer."""
    import os

    import ipyparallel as ipp

    with ipp.Client(os.environ.get("BENCH_CLIENT_FILE"), timeout=10) as client:
        client.wait_for_engines(engines, timeout=seconds, interactive=False)
        if client.ids:
            client[:].apply_async(int).get(timeout=60)
