"""The wheel in an empty environment of each supported Python that is at hand, far from the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ROOT
from wheel_building import build_wheel

from jupyter_cluster_constructs import __version__

SUPPORTED = ("3.11", "3.12", "3.13")
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
PASSWORDS = {"ADA_PASSWORD": "of ada", "BOB_PASSWORD": "of bob"}


def candidates(version: str) -> Iterator[str]:
    """Programs that may be a Python: the running one, by name on PATH, and pyenv's."""
    if version == RUNNING:
        yield sys.executable
    if on_path := shutil.which(f"python{version}"):
        yield on_path
    if shutil.which("pyenv"):
        root = Path(subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=True).stdout.strip())
        yield from map(str, sorted((root / "versions").glob(f"{version}.*/bin/python")))


def makes_environments(python: str, version: str) -> bool:
    # pyenv's shims are on PATH for versions that nobody chose, and Debian's Python may lack the module.
    program = "import ensurepip, sys, venv; print('.'.join(map(str, sys.version_info[:2])))"
    answer = subprocess.run([python, "-c", program], capture_output=True, text=True)
    return answer.stdout.strip() == version


def at_hand() -> dict[str, str]:
    """A Python of each supported version that there is."""
    found = {version: [python for python in candidates(version) if makes_environments(python, version)] for version in SUPPORTED}
    return {version: pythons[0] for version, pythons in found.items() if pythons}


PYTHONS = at_hand()


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("built"))


def run(command: list[str | Path], directory: Path, **environment: str) -> str:
    """What a program prints that knows neither the repository nor its environment."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=directory, env=inherited | environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session", params=PYTHONS)
def environment(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment with the wheel, and Node from its extra; with the command, too, where the tests run."""
    directory = tmp_path_factory.mktemp(f"python{request.param}")
    extras = "cli,node" if request.param == RUNNING else "node"
    run([PYTHONS[request.param], "-m", "venv", directory / "venv"], directory)
    programs = directory / "venv" / "bin"
    run([programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"{wheel}[{extras}]"], directory)
    return programs


def synthesized(python: Path, app: Path, **environment: str) -> dict[str, bytes]:
    """The manifests that an app writes where nothing but this Python is on PATH."""
    run([python, app], app.parent, CDK8S_OUTDIR=str(app.parent / "dist"), **environment, **PASSWORDS)
    return {file.name: file.read_bytes() for file in (app.parent / "dist").iterdir()}


def copied(directory: Path, *files: Path) -> Path:
    """Files in a directory outside the repository; the first is the app."""
    directory.mkdir()
    for file in files:
        shutil.copy(file, directory)
    return directory / files[0].name


def test_the_running_python_is_among_those_that_are_tried() -> None:
    assert RUNNING in PYTHONS


def test_it_is_imported_from_the_environment(environment: Path, tmp_path: Path) -> None:
    program = "import jupyter_cluster_constructs as library; print(library.__version__, library.__file__)"
    version, file = run([environment / "python", "-c", program], tmp_path).split()
    assert version == __version__
    assert Path(file).is_relative_to(environment.parent)


def test_a_cluster_outside_the_repository_has_the_same_bytes_as_in_it(environment: Path, tmp_path: Path) -> None:
    files = (ROOT / "app.py", ROOT / "cluster.yaml")
    outside = synthesized(environment / "python", copied(tmp_path / "outside", *files), PATH=str(environment))
    inside = synthesized(Path(sys.executable), copied(tmp_path / "inside", *files))
    assert len(outside) >= 5
    assert outside == inside


@pytest.mark.parametrize("example", sorted(path.parent.name for path in ROOT.glob("examples/*/app.py")))
def test_an_example_outside_the_repository_has_the_same_bytes_as_in_it(environment: Path, tmp_path: Path, example: str) -> None:
    files = [file for file in (ROOT / "examples" / example).iterdir() if file.is_file()]
    files.sort(key=lambda file: file.name != "app.py")
    outside = synthesized(environment / "python", copied(tmp_path / "outside", *files), PATH=str(environment))
    inside = synthesized(Path(sys.executable), copied(tmp_path / "inside", *files))
    assert outside
    assert outside == inside


def test_the_command_tells_its_version_or_what_it_needs(environment: Path, tmp_path: Path) -> None:
    has_extra = any((environment.parent / "lib").glob("python*/site-packages/typer"))
    done = subprocess.run([environment / "jupyter-cluster", "--version"], cwd=tmp_path, capture_output=True, text=True)
    if has_extra:
        assert (done.returncode, done.stdout.strip().split()[-1]) == (0, __version__), done.stderr
    else:
        assert done.returncode == 2
        assert "pip install 'jupyter-cluster-constructs[cli]'" in done.stderr
        assert "Traceback" not in done.stderr
