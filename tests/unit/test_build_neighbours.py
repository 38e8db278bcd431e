"""The program that builds the image of what this product is measured against."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType

import pytest
from support import ROOT

CONTEXT = ROOT / "bench" / "neighbours"


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The program, with commands that only write down how they were called."""
    monkeypatch.syspath_prepend(str(ROOT))
    spec = importlib.util.spec_from_file_location("build_neighbours", ROOT / "bench" / "build_neighbours.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    noting = f"import sys; open({str(tmp_path / 'calls')!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')"
    for name in ("BUILD", "LOAD"):
        monkeypatch.setenv(f"IMAGE_{name}", shlex.join([sys.executable, "-c", noting, name]))
    return module


def test_the_image_is_built_from_the_workers_and_then_loaded(build: ModuleType, tmp_path: Path) -> None:
    assert build.main(["--registry", "example.org/lab", "--tag", "7"]) == 0
    built, loaded = [line.split() for line in (tmp_path / "calls").read_text().splitlines()]
    assert built[:3] == ["BUILD", "--tag", "example.org/lab/bench-neighbours:7"]
    assert "WORKER_IMAGE=example.org/lab/debian-ipython-wn:7" in built
    assert loaded == ["LOAD", "example.org/lab/bench-neighbours:7"]


def test_nothing_is_loaded_after_a_failed_build(build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGE_BUILD", shlex.join([sys.executable, "-c", "raise SystemExit(3)"]))
    with pytest.raises(SystemExit) as ended:
        build.main(["--registry", "example.org/lab", "--tag", "7"])
    assert ended.value.code == 3
    assert not (tmp_path / "calls").exists()


def test_the_neighbours_have_the_very_numpy_of_the_workers() -> None:
    def numpy(lock: Path) -> str:
        found = re.search(r"^numpy==(\S+)", lock.read_text(), flags=re.MULTILINE)
        assert found is not None
        return found[1]

    assert numpy(CONTEXT / "requirements.lock") == numpy(ROOT / "docker" / "requirements.lock")
