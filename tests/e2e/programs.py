"""Functions that run inside the cluster, by remote.call: each imports for itself."""

from __future__ import annotations


def registered_engines(seconds: float = 10) -> dict[int, str]:
    """The engines by id, each with the name of its pod; fails when one does not answer."""
    import socket

    import ipyparallel as ipp

    with ipp.Client(timeout=seconds) as client:
        ids = client.ids
        return dict(zip(ids, client[ids].apply_async(socket.gethostname).get(timeout=seconds), strict=True)) if ids else {}


def apply_through(view: str) -> list[list[object]]:
    """What every engine answers to one call through a view."""
    import ipyparallel as ipp

    def answer(number: int) -> list[object]:
        import socket

        return [number * number, socket.gethostname()]

    rc = ipp.Client()
    chosen = rc[:] if view == "direct" else rc.broadcast_view(is_coalescing=view == "coalescing broadcast")
    return list(chosen.apply_async(answer, 12).get(timeout=30))


def map_through(view: str, calls: int) -> list[list[object]]:
    """The answers to many calls, mapped through a view."""
    import ipyparallel as ipp

    def answer(number: int) -> list[object]:
        import socket

        return [number * number, socket.gethostname()]

    rc = ipp.Client()
    chosen = rc[:] if view == "direct" else rc.load_balanced_view()
    return list(chosen.map_async(answer, range(calls)).get(timeout=60))


def versions(modules: list[str]) -> list[dict[str, str]]:
    """The versions of modules, here and on each engine."""
    import ipyparallel as ipp

    def imported(names: list[str]) -> dict[str, str]:
        from importlib import import_module

        return {name: import_module(name).__version__ for name in names}

    return [imported(modules), *ipp.Client()[:].apply_async(imported, modules).get(timeout=60)]


def digests(path: str) -> list[str]:
    """The digest of a file as each engine reads it."""
    import ipyparallel as ipp

    def digest(path: str) -> str:
        import hashlib
        from pathlib import Path

        return hashlib.sha256(Path(path).read_bytes()).hexdigest()

    return list(ipp.Client()[:].apply_async(digest, path).get(timeout=30))


def write_errors(path: str) -> list[str]:
    """The error that each engine meets when it writes a file."""
    import ipyparallel as ipp

    def error(path: str) -> str:
        from pathlib import Path

        try:
            Path(path).write_text("from an engine")
        except OSError as error:
            return type(error).__name__
        return "none"

    return list(ipp.Client()[:].apply_async(error, path).get(timeout=30))


def push_ids(variable: str) -> None:
    """Set a variable on every engine to the engine's id."""
    import ipyparallel as ipp

    rc = ipp.Client()
    for number in rc.ids:
        rc[number].push({variable: number}, block=True)


def pull(variable: str) -> dict[int, int]:
    """The value of a variable on each engine, by the engine's id."""
    import ipyparallel as ipp

    rc = ipp.Client()
    return {number: rc[number].pull(variable, block=False).get(timeout=20) for number in rc.ids}
