"""The order in which e2e's tests run on two workers, tried with tests that make no cluster."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
CONFTEST = """
import os, time, pytest

@pytest.fixture(scope="session")
def site():
    yield
    print_line("teardown of the example")

@pytest.fixture(scope="session")
def lab(site): pass

def print_line(text):
    with open(os.environ["TOLD"], "a") as file:
        print(f"{time.time()} {os.environ.get('PYTEST_XDIST_WORKER')} {text}", file=file)

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    print_line(f"begin {item.name}")
    answer = yield
    print_line(f"end {item.name}")
    return answer
"""


@dataclass(frozen=True)
class Run:
    """What a run printed, and which test began and ended when and on which worker, in that order."""

    printed: str
    lines: list[list[str]]

    @property
    def order(self) -> list[str]:
        return [line[3] for line in self.lines if line[2] == "begin"]

    def workers(self, part: str) -> set[str]:
        return {line[1] for line in self.lines if part in line[3]}

    def moment(self, what: str, test: str) -> float:
        (found,) = [float(line[0]) for line in self.lines if line[2:] == [what, test]]
        return found


RunTests = Callable[..., Run]


@pytest.fixture
def run_tests(tmp_path: Path) -> RunTests:
    """Run files of tests with some arguments, of each test a duration in seconds."""

    def run(files: dict[str, str], *arguments: str) -> Run:
        (tmp_path / "conftest.py").write_text(CONFTEST)
        for name, content in files.items():
            (tmp_path / f"test_{name}.py").write_text(f"import pytest, time\n{content}")
        told = tmp_path / "told"
        command = [sys.executable, "-m", "pytest", "-p", "xdist", "-p", "e2e.scheduling", str(tmp_path), *arguments]
        environment = {**os.environ, "PYTHONPATH": str(TESTS), "TOLD": str(told), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        environment = {name: value for name, value in environment.items() if not name.startswith("PYTEST_XDIST")}
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, cwd=tmp_path)
        return Run(done.stdout, [line.split(maxsplit=3) for line in told.read_text().splitlines()])

    return run


def sleepers(prefix: str, count: int, *, fixture: str = "", seconds: float = 0.05) -> str:
    return "".join(f"def test_{prefix}_{number}({fixture}): time.sleep({seconds})\n" for number in range(count))


TWO = "--numprocesses=2"
FILES = {
    "1_lab": sleepers("one", 3, fixture="lab"),
    "2_own": sleepers("two", 3),
    "3_lab": sleepers("three", 3, fixture="lab"),
    "4_node": "pytestmark = pytest.mark.alone\n" + sleepers("four", 2, fixture="lab"),
    "5_own": sleepers("five", 3, seconds=0.3),
    "6_site": sleepers("six", 2) + sleepers("seven", 1, fixture="site"),
}
NAMES = [
    f"test_{prefix}_{number}"
    for prefix, count in zip(("one", "two", "three", "four", "five", "six", "seven"), (3, 3, 3, 2, 3, 2, 1), strict=True)
    for number in range(count)
]


def test_what_uses_the_example_keeps_its_order_on_one_worker_and_what_harms_everything_runs_alone_at_the_end(run_tests: RunTests) -> None:
    run = run_tests(FILES, TWO)

    assert "17 passed" in run.printed
    example = [name for name in NAMES if re.match("test_(one|three|six|seven)", name)]
    (worker,) = run.workers("one") | run.workers("three") | run.workers("six") | run.workers("seven")
    assert [name for name in run.order if name in example] == example
    assert run.workers("two") == run.workers("five") != {worker}
    others = [run.moment("end", name) for name in NAMES if "four" not in name]
    assert max(others) <= run.moment("begin", "test_four_0")
    assert run.workers("four") == run.workers("one")
    # The example's first apply is timed.
    assert run.moment("end", "test_one_0") <= min(run.moment("begin", name) for name in NAMES if name != "test_one_0")


def test_a_worker_that_is_through_with_the_example_takes_other_files(run_tests: RunTests) -> None:
    run = run_tests({"1_lab": sleepers("one", 1, fixture="lab"), **{f"{n}_own": sleepers(f"own{n}", 2, seconds=0.2) for n in range(2, 7)}}, TWO)

    assert "11 passed" in run.printed
    assert run.workers("own") == {"gw0", "gw1"}
    assert all(len(run.workers(f"own{n}")) == 1 for n in range(2, 7))


@pytest.mark.parametrize("files", [FILES, {"4_node": FILES["4_node"]}, {"5_own": FILES["5_own"]}], ids=["all", "what harms", "one file"])
def test_one_worker_runs_everything(run_tests: RunTests, files: dict[str, str]) -> None:
    run = run_tests(files, "--numprocesses=1")

    assert f"{len(run.order)} passed" in run.printed
    assert "test_four_1" not in run.order or run.order[-1] == "test_four_1"


@pytest.mark.parametrize("files", [{"4_node": FILES["4_node"]}, {"5_own": FILES["5_own"]}], ids=["what harms", "one file"])
def test_a_worker_without_anything_to_do_ends(run_tests: RunTests, files: dict[str, str]) -> None:
    run = run_tests(files, TWO)

    assert f"{len(run.order)} passed" in run.printed
    assert len(run.workers("test")) == 1


def test_without_workers_the_order_is_that_of_the_files(run_tests: RunTests) -> None:
    run = run_tests(FILES)

    assert "17 passed" in run.printed
    assert run.order == NAMES


def test_a_run_that_stops_at_the_first_failure_stops_both_workers_soon(run_tests: RunTests) -> None:
    files = {"1_lab": sleepers("one", 40, fixture="lab", seconds=0.2), "2_own": "def test_two(): assert 1 == 2\n" + sleepers("rest", 5)}

    run = run_tests({**files, "3_node": FILES["4_node"]}, TWO, "-x")

    assert "1 failed" in run.printed
    assert len(run.order) < 20
    assert run.workers("four") == set()
    assert "teardown of the example" in " ".join(" ".join(line) for line in run.lines)


def test_a_worker_that_dies_fails_the_run_and_does_not_hang_it(run_tests: RunTests) -> None:
    files = {"1_lab": "import os\n" + sleepers("one", 1, fixture="lab") + "def test_dies(lab): os._exit(1)\n", "2_own": sleepers("two", 2)}

    run = run_tests({**files, "3_node": FILES["4_node"]}, TWO, "--max-worker-restart=0")

    assert "crashed" in run.printed
    assert "1 failed" in run.printed or "2 failed" in run.printed
