"""Each file is short enough to be read from top to bottom at one sitting."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support import ROOT

LONGEST = 300
# What people write by hand; "" are Dockerfiles and programs without an ending.
WRITTEN = {"", ".css", ".js", ".mjs", ".py", ".sh", ".yaml", ".yml"}
GENERATED = {"__snapshots__", "imports", "LICENSE"}


def written_files() -> list[Path]:
    """The files that are or will be committed, without generated ones."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    files = [Path(name) for name in names if name]
    return [file for file in files if file.suffix in WRITTEN and not GENERATED & {*file.parts} and (ROOT / file).is_file()]


def test_no_file_that_is_written_by_hand_has_more_than_300_lines() -> None:
    lengths = {str(file): len((ROOT / file).read_text().splitlines()) for file in written_files()}
    too_long = {name: length for name, length in lengths.items() if length > LONGEST}
    assert too_long == {}, f"{too_long}; allowed: {LONGEST} lines; split by subject"


def test_sources_tests_images_and_ci_are_looked_at() -> None:
    looked_at = {str(file) for file in written_files()}
    assert {
        "src/jupyter_cluster_constructs/cluster.py",
        "tests/unit/test_sizes.py",
        "docker/nfs-server/Dockerfile",
        ".ci/run",
        "Makefile",
    } <= looked_at
