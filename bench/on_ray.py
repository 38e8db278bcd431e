"""The work of workloads.py for Ray, as a user of Ray writes it: functions that run in the head's pod by remote.call.

Each imports for itself, is a driver of its own, and raises where what it measured is not right.
A driver's worker processes start with its first tasks: those that hold a CPU make sure that there is one on each worker.
"""

# Only the image has Ray.
# pyright: reportMissingImports=false

from __future__ import annotations


def first_map(workers: int) -> bool:
    """Whether a map is right, after so many workers are there."""
    import time

    import ray

    def connect() -> None:
        deadline = time.monotonic() + 120
        while True:
            try:
                ray.init(address="auto", log_to_driver=False)
                return
            except ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    connect()
    deadline = time.monotonic() + 120
    while ray.cluster_resources().get("CPU", 0) < workers:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{workers} workers are not there: {ray.cluster_resources()}")
        time.sleep(0.1)

    def square(number: int) -> int:
        return number * number

    square_task = ray.remote(square)

    return bool(ray.get([square_task.remote(number) for number in range(100)]) == [number * number for number in range(100)])


def versions() -> dict[str, str]:
    """What is measured."""
    import ray

    return {"ray": ray.__version__}


def round_trip(tasks: int) -> float:
    """How long one task takes that is waited for, in ms: the median of so many."""
    import statistics
    import time

    import ray

    def same(number: int) -> int:
        return number

    same_task = ray.remote(same)

    ray.init(address="auto", log_to_driver=False)
    found = []
    for number in range(-20, tasks):
        start = time.perf_counter()
        assert ray.get(same_task.remote(number)) == number
        found.append(time.perf_counter() - start)
    return 1000 * statistics.median(found[20:])


def single_tasks(tasks: int) -> float:
    """How many tasks that do nothing are done a second, of which each is submitted alone."""
    import time

    import ray

    def same(number: int) -> int:
        return number

    same_task = ray.remote(same)

    def hold() -> None:
        time.sleep(0.2)

    hold_task = ray.remote(hold)

    ray.init(address="auto", log_to_driver=False)
    ray.get([hold_task.remote() for _ in range(2 * int(ray.cluster_resources()["CPU"]))])
    ray.get([same_task.remote(number) for number in range(100)])
    start = time.perf_counter()
    found = ray.get([same_task.remote(number) for number in range(tasks)])
    seconds = time.perf_counter() - start
    assert found == list(range(tasks))
    return tasks / seconds


def chunked_map(items: int) -> float:
    """How many items a second a map in one chunk for each worker does."""
    import time

    import ray

    def squares(numbers: range) -> list[int]:
        return [number * number for number in numbers]

    squares_task = ray.remote(squares)

    def mapped(workers: int, numbers: range) -> list[int]:
        size = -(-len(numbers) // workers)
        chunks = [numbers[first : first + size] for first in range(0, len(numbers), size)]
        return [square for chunk in ray.get([squares_task.remote(chunk) for chunk in chunks]) for square in chunk]

    def hold() -> None:
        time.sleep(0.2)

    hold_task = ray.remote(hold)

    ray.init(address="auto", log_to_driver=False)
    workers = int(ray.cluster_resources()["CPU"])
    ray.get([hold_task.remote() for _ in range(2 * workers)])
    mapped(workers, range(items // 10))
    start = time.perf_counter()
    found = mapped(workers, range(items))
    seconds = time.perf_counter() - start
    assert found == [number * number for number in range(items)]
    return items / seconds


def broadcast(calls: int) -> float:
    """How long one call on an actor of each worker takes, in ms: the median of so many."""
    import statistics
    import time

    import ray

    class Actor:
        def where(self) -> str:
            return str(ray.get_runtime_context().get_node_id())

        def number(self) -> int:
            return 0

    ray.init(address="auto", log_to_driver=False)
    workers = int(ray.cluster_resources()["CPU"])
    actor_type = ray.remote(num_cpus=1)(Actor)
    actors = [actor_type.remote() for _ in range(workers)]
    assert len(set(ray.get([actor.where.remote() for actor in actors]))) == workers
    found = []
    for _ in range(calls + 3):
        start = time.perf_counter()
        assert ray.get([actor.number.remote() for actor in actors]) == [0] * workers
        found.append(time.perf_counter() - start)
    return 1000 * statistics.median(found[3:])


def array_out_and_back(megabytes: int, repeats: int) -> float:
    """How many MB of an array go to a worker and come back a second: the median of so many times."""
    import statistics
    import time

    import numpy
    import ray

    def same(array: object) -> object:
        return array

    same_task = ray.remote(same)

    array = numpy.random.default_rng(1).random(megabytes * 125_000)
    ray.init(address="auto", log_to_driver=False)
    ray.get(same_task.remote(array[:1000]))
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        back = ray.get(same_task.remote(array))
        found.append(2 * megabytes / (time.perf_counter() - start))
        assert numpy.array_equal(back, array)
        # It is a view of Ray's memory, which has room again once nothing looks at it.
        del back
    return statistics.median(found)
