"""How long the manifests take: those of the example, and of more and more users and worker groups, as `make synth` writes them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from systems import Bench
from table import Row, interleaved

# Before anything of jsii, as in the library: the empty app runs on the same Node.
from jupyter_cluster_constructs import _node as _node

TITLE = "Manifests"
KEY = "synth"
HERE = Path(__file__).parent
EXAMPLE, EMPTY = HERE.parent / "cluster.yaml", "an empty cdk8s-plus app"
HASH = f"$6$0123456789abcdef${'a' * 86}"
FIRST_UID = 10_000
NOTE = (
    "Whole processes, each into a directory of its own, with compiled Python (both with -O, as `make synth`, without jsii's checks of types) "
    "and users whose passwords are hashes already. CPU is that of Python "
    "and Node together. An app is Python's and Node's start and cdk8s-plus' 7 MB first; what is above it is this library's."
)
Homes = Literal["single", "per-user"]


@dataclass(frozen=True)
class Taken:
    """What a process took, in seconds."""

    wall: float
    cpu: float


def measure(bench: Bench) -> Iterator[Row]:
    """The example, then how it grows with users and worker groups, then a plain password's hash."""
    with tempfile.TemporaryDirectory() as name:
        apps = Apps(Path(name))
        rounds = 2 if bench.quick else 3
        # Python compiles what it imports, and jsii unpacks what it runs, once for all runs.
        apps.empty()
        apps.ours(EXAMPLE)
        yield from _example(apps, rounds)
        # A user of one volume takes so little that fewer than 500 more cannot be told from none.
        yield from _users(apps, "single", (10, 1_000) if bench.quick else (10, 100, 500, 1_000), 1 if bench.quick else 3)
        yield from _users(apps, "per-user", (10, 100) if bench.quick else (10, 100, 1_000), 1 if bench.quick else 2)
        yield from _groups(apps, (1, 10) if bench.quick else (1, 10, 50), 1 if bench.quick else 2)
        yield from _passwords(apps, 1 if bench.quick else 2)


class Apps:
    """The two kinds of process."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def empty(self) -> Taken:
        """An empty app."""
        return self._run("empty_app.py", {})

    def ours(self, config: Path, variables: Mapping[str, str] | None = None) -> Taken:
        """The manifests of a settings file."""
        return self._run("../app.py", {"CONFIG": str(config), **(variables or {})})

    def settings(self, users: int, *, homes: Homes = "single", groups: int = 1, **of_user: Any) -> Path:
        """A settings file; JSON is YAML."""
        of_user = of_user or {"password_hash": HASH}
        document = {
            "name": "lab",
            "users": [{"name": f"user-{i}", "uid": FIRST_UID + i, **of_user} for i in range(users)],
            "storage": {"local": {"size": "20Gi"}, "homes": homes},
            "workers": [{"replicas": 2} if groups == 1 else {"name": f"group-{i}", "replicas": 2} for i in range(groups)],
        }
        file = self._directory / f"{users}-{homes}-{groups}-{len(of_user)}-{'-'.join(of_user)}.yaml"
        file.write_text(json.dumps(document, indent=1))
        return file

    def _run(self, program: str, variables: Mapping[str, str]) -> Taken:
        with tempfile.TemporaryDirectory(dir=self._directory) as out:
            compiled = {"PYTHONPYCACHEPREFIX": str(self._directory / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}
            environment = {**os.environ, **compiled, "CDK8S_OUTDIR": f"{out}/dist", **variables}
            start = time.monotonic()
            process = subprocess.Popen([sys.executable, "-O", str(HERE / program)], env=environment, stdout=subprocess.DEVNULL)
            # Of this process and of the Node that it waits for.
            _, status, usage = os.wait4(process.pid, 0)
            taken = Taken(time.monotonic() - start, usage.ru_utime + usage.ru_stime)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise RuntimeError(f"{program} ended with {process.returncode}")
            return taken


def _example(apps: Apps, rounds: int) -> Iterator[Row]:
    both = _side_by_side(apps, {"example": EXAMPLE}, rounds)
    yield _row("the example", both, "example", aim=1.3)
    yield _row("the example, CPU", both, "example", cpu=True)


def _users(apps: Apps, homes: Homes, sizes: tuple[int, ...], rounds: int) -> Iterator[Row]:
    both = _side_by_side(apps, {str(users): apps.settings(users, homes=homes) for users in sizes}, rounds)
    volumes = "one volume" if homes == "single" else "a volume each"
    series = f"users, homes in {volumes}"
    for users in sizes:
        most = users == 1_000
        row = _row(
            f"{users:,} users, homes in {volumes}",
            both,
            str(users),
            aim=1.5 if most and homes == "single" else None,
            limit=5 if most and homes == "per-user" else None,
        )
        yield replace(row, series=series, x=users)
    yield from _linear(both, sizes, f"user with homes in {volumes}")


def _groups(apps: Apps, sizes: tuple[int, ...], rounds: int) -> Iterator[Row]:
    both = _side_by_side(apps, {str(groups): apps.settings(2, groups=groups) for groups in sizes}, rounds)
    for groups in sizes:
        yield replace(_row(f"{groups} worker groups" if groups > 1 else "1 worker group", both, str(groups)), series="worker groups", x=groups)
    yield from _linear(both, sizes, "worker group")


def _linear(both: Mapping[str, tuple[Taken, ...]], sizes: tuple[int, ...], one: str) -> Iterator[Row]:
    """What one more takes among many, against what it takes among few: more than 1 is growth faster than linear."""
    if len(sizes) < 3:
        return
    few, some, many = sizes[0], *sizes[-2:]

    def one_more(fewer: int, more: int) -> tuple[float]:
        # The least of all rounds, since what else happens only adds; never nothing.
        least, most = (min(each.cpu for each in both[str(number)]) for number in (fewer, more))
        return (max((most - least) / (more - fewer) * 1000, 0.01),)

    yield Row(
        question=KEY,
        what=f"one more {one}, between {some:,} and {many:,}, CPU",
        unit="ms",
        values=one_more(some, many),
        against=f"between {few} and {some}",
        base=one_more(few, some),
        aim=1.5,
        note="Growth is linear where one more takes no more among many than among few; up to 1.5 × is what two runs of the same differ by.",
    )


def _passwords(apps: Apps, rounds: int) -> Iterator[Row]:
    users = 10
    plain, hashed = apps.settings(users, password_env="BENCH_PASSWORD"), apps.settings(users)
    found = interleaved(
        {
            "plain": lambda: apps.ours(plain, {"BENCH_PASSWORD": "correct horse"}).cpu,
            "hashed": lambda: apps.ours(hashed).cpu,
        },
        rounds,
    )
    values = tuple((p - h) / users * 1000 for p, h in zip(found["plain"], found["hashed"], strict=True))
    note = "A plain password is hashed with 100,000 rounds of SHA-512 at each run, on purpose; a hash in the settings takes nothing."
    yield Row(question=KEY, what="one more plain password (password_env), CPU", unit="ms", values=values, note=note)


def _side_by_side(apps: Apps, configs: Mapping[str, Path], rounds: int) -> dict[str, tuple[Taken, ...]]:
    """Every app once a round, with the empty one among them under the name of nothing."""
    found: dict[str, list[Taken]] = {name: [] for name in ("", *configs)}

    def run(name: str) -> float:
        found[name].append(apps.ours(configs[name]) if name else apps.empty())
        return found[name][-1].wall

    interleaved({name: partial(run, name) for name in found}, rounds)
    return {name: tuple(taken) for name, taken in found.items()}


def _row(
    what: str, both: Mapping[str, tuple[Taken, ...]], name: str, *, cpu: bool = False, aim: float | None = None, limit: float | None = None
) -> Row:
    def seconds(taken: tuple[Taken, ...]) -> tuple[float, ...]:
        return tuple(each.cpu if cpu else each.wall for each in taken)

    return Row(question=KEY, what=what, unit="s", values=seconds(both[name]), against=EMPTY, base=seconds(both[""]), aim=aim, limit=limit, note=NOTE)
