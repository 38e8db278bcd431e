"""The work of workloads.py for Dask, as a user of Dask writes it: functions that run in the scheduler's pod by remote.call.

Each imports for itself, finds the scheduler by DASK_SCHEDULER_ADDRESS, and raises where what it measured is not right.
"""

# Only the image has Dask.
# pyright: reportMissingImports=false

from __future__ import annotations


def first_map(workers: int) -> bool:
    """Whether a map is right, after so many workers are there."""
    from distributed import Client

    def square(number: int) -> int:
        return number * number

    with Client(timeout=120) as client:
        client.wait_for_workers(workers, timeout=120)
        return bool(client.gather(client.map(square, range(100))) == [number * number for number in range(100)])


def versions() -> dict[str, str]:
    """What is measured."""
    import distributed

    return {"distributed": distributed.__version__}


def round_trip(tasks: int) -> float:
    """How long one task takes that is waited for, in ms: the median of so many."""
    import statistics
    import time

    from distributed import Client

    def same(number: int) -> int:
        return number

    with Client() as client:
        found = []
        for number in range(-20, tasks):
            start = time.perf_counter()
            assert client.submit(same, number, pure=False).result() == number
            found.append(time.perf_counter() - start)
        return 1000 * statistics.median(found[20:])


def single_tasks(tasks: int) -> float:
    """How many tasks that do nothing are done a second, of which each is one of the scheduler's."""
    import time

    from distributed import Client

    def same(number: int) -> int:
        return number

    with Client() as client:
        client.gather(client.map(same, range(100), pure=False))
        start = time.perf_counter()
        found = client.gather(client.map(same, range(tasks), pure=False))
        seconds = time.perf_counter() - start
        assert found == list(range(tasks))
        return tasks / seconds


def chunked_map(items: int) -> float:
    """How many items a second a map in one chunk for each worker does."""
    import time

    from distributed import Client

    # A list comes back, as from the others; Dask takes tens of times as long to send one as an array of NumPy's.
    def squares(numbers: range) -> list[int]:
        return [number * number for number in numbers]

    def mapped(client: Client, numbers: range) -> list[int]:
        size = -(-len(numbers) // len(client.nthreads()))
        chunks = [numbers[first : first + size] for first in range(0, len(numbers), size)]
        return [square for chunk in client.gather(client.map(squares, chunks, pure=False)) for square in chunk]

    with Client() as client:
        mapped(client, range(items // 10))
        start = time.perf_counter()
        found = mapped(client, range(items))
        seconds = time.perf_counter() - start
        assert found == [number * number for number in range(items)]
        return items / seconds


def broadcast(calls: int) -> float:
    """How long one call on all workers takes, in ms: the median of so many."""
    import statistics
    import time

    from distributed import Client

    with Client() as client:
        found, workers = [], len(client.nthreads())
        for _ in range(calls + 3):
            start = time.perf_counter()
            assert list(client.run(int).values()) == [0] * workers
            found.append(time.perf_counter() - start)
        return 1000 * statistics.median(found[3:])


def array_out_and_back(megabytes: int, repeats: int) -> float:
    """How many MB of an array go to a worker and come back a second: the median of so many times."""
    import statistics
    import time

    import numpy
    from distributed import Client

    def same(array: object) -> object:
        return array

    array = numpy.random.default_rng(1).random(megabytes * 125_000)
    with Client() as client:
        client.submit(same, array[:1000], pure=False).result()
        found = []
        for _ in range(repeats):
            start = time.perf_counter()
            # Dask advises against a large argument in the task itself. Without a hash, because it would know the array the second time.
            sent = client.scatter(array, hash=False)
            back = client.submit(same, sent, pure=False).result()
            found.append(2 * megabytes / (time.perf_counter() - start))
            assert numpy.array_equal(back, array)
            del sent
        return statistics.median(found)
