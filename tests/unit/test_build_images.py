"""The program that builds the images."""

from __future__ import annotations

import importlib.util
import shlex
import sys
from pathlib import Path
from types import ModuleType

import pytest
from support import ROOT


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The program, with commands that only write down how they were called."""
    spec = importlib.util.spec_from_file_location("build_images", ROOT / "docker" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("BUILD", "LOAD"):
        noting = f"import sys; open({str(tmp_path / name)!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')"
        monkeypatch.setenv(f"IMAGE_{name}", shlex.join([sys.executable, "-c", noting, f"--by-{name.lower()}"]))
    return module


def calls(tmp_path: Path, name: str) -> list[list[str]]:
    return [line.split() for line in (tmp_path / name).read_text().splitlines()]


def test_the_frontend_is_built_after_and_from_the_workers_image(build: ModuleType, tmp_path: Path) -> None:
    assert build.main(["--registry", "example.org/lab", "--tag", "7"]) == 0
    built = calls(tmp_path, "BUILD")
    tags = [call[call.index("--tag") + 1] for call in built]
    assert tags == [f"example.org/lab/{name}:7" for name in ("debian-ipython-wn", "debian-ipython-fn", "nfs-server")]
    assert "WORKER_IMAGE=example.org/lab/debian-ipython-wn:7" in built[1]
    assert not (tmp_path / "LOAD").exists()


def test_every_image_says_its_version_and_source(build: ModuleType, tmp_path: Path) -> None:
    build.main(["--registry", "example.org/lab", "--tag", "7"])
    for call in calls(tmp_path, "BUILD"):
        labels = dict(call[i + 1].split("=", 1) for i, word in enumerate(call) if word == "--label")
        assert labels["org.opencontainers.image.version"] == "7"
        assert labels["org.opencontainers.image.source"]


def test_each_image_is_loaded_when_asked_for(build: ModuleType, tmp_path: Path) -> None:
    build.main(["--registry", "example.org/lab", "--tag", "7", "--load"])
    assert [call[-1].rpartition("/")[2] for call in calls(tmp_path, "LOAD")] == ["debian-ipython-wn:7", "debian-ipython-fn:7", "nfs-server:7"]


def test_a_failed_build_ends_it_with_its_exit_code(build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGE_BUILD", shlex.join([sys.executable, "-c", "raise SystemExit(3)"]))
    with pytest.raises(SystemExit) as ended:
        build.main(["--registry", "example.org/lab", "--tag", "7", "--load"])
    assert ended.value.code == 3
    assert not (tmp_path / "LOAD").exists()


@pytest.mark.parametrize(
    ("remote", "public"),
    [
        ("https://ada:secret@example.org/lab.git", "https://example.org/lab.git"),
        ("https://example.org/lab.git", "https://example.org/lab.git"),
        ("ssh://git@example.org:22/lab.git", "ssh://example.org:22/lab.git"),
        ("/home/ada/lab", ""),
        ("../lab", ""),
        ("", ""),
    ],
)
def test_a_label_holds_neither_credentials_nor_a_path_of_this_machine(build: ModuleType, remote: str, public: str) -> None:
    assert build.public_url(remote) == public
