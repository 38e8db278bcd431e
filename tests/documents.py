"""The blocks of the documentation: what README and docs/ show, what of it is run, and why the rest is not.

A block is marked by a comment right before it: `<!-- not run: REASON -->`, or `<!-- needs a cluster -->` where
tests/e2e/test_9_tutorial.py runs it; all others are run by tests/contract/test_documentation_blocks.py. One with a title is a file
that the page's other blocks use.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from support import ROOT

EXCUSE = re.compile(r"<!-- not run: (\S.*) -->")
ON_CLUSTER = "<!-- needs a cluster -->"
CODE = frozenset({"python", "sh", "yaml"})
# Shown, not run: pictures, what a command prints, files of other programs.
SHOWN = frozenset({"", "dockerfile", "json", "mermaid", "text"})
# What make leaves beside what it installed.
STAMPS = ("pip", "synth", "dev")
# What a checkout has that blocks use.
PROJECT_FILES = ("Makefile", "README.md", "app.py", "cluster.yaml", "docker", "imports", "package.json", "package-lock.json", "pyproject.toml")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes:
        page: the page's path in the tree.
        line: the line that opens it.
        language: its first word; empty where it has none.
        title: the file that it is; None where it is none.
        text: what is in it.
        heading: the nearest heading above it.
        mark: the comment right before it; empty where there is none.
    """

    page: str
    line: int
    language: str
    title: str | None
    text: str
    heading: str
    mark: str

    @property
    def excuse(self) -> str | None:
        """Why it is not run; None where it is."""
        found = EXCUSE.fullmatch(self.mark)
        return found[1] if found else None

    @property
    def needs_a_cluster(self) -> bool:
        return self.mark == ON_CLUSTER

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """README and everything in docs/."""
    return ["README.md", *sorted(str(file.relative_to(ROOT)) for file in (ROOT / "docs").rglob("*.md"))]


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, in their order."""
    heading = mark = ""
    tokens = MarkdownIt("commonmark").parse((ROOT / page).read_text(encoding="utf-8"))
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "inline" and before is not None and before.type == "heading_open":
            heading = token.content
        if token.type == "fence" and token.map is not None:
            language, _, rest = token.info.strip().partition(" ")
            title = re.search('title="(.*?)"', rest)
            yield Block(page, token.map[0] + 1, language, title[1] if title else None, token.content, heading, mark)
        mark = token.content.strip() if token.type == "html_block" else ""


def project_copy(directory: Path) -> Path:
    """What a reader has after a checkout and `make synth`: with all that make installs, and so that it installs nothing more."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in PROJECT_FILES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, directory / name)
    for name in ("node_modules", "src"):
        (directory / name).symlink_to(ROOT / name)
    environment = directory / ".venv"
    environment.mkdir()
    for entry in Path(sys.prefix).iterdir():
        if entry.name not in STAMPS:
            (environment / entry.name).symlink_to(entry)
    for stamp in STAMPS:
        (environment / stamp).touch()
    for old in ("Makefile", "package-lock.json", "pyproject.toml"):
        os.utime(directory / old, (0, 0))
    return directory


def readers_environment(directory: Path) -> dict[str, str]:
    """A terminal in that directory in which `. .venv/bin/activate` was read."""
    misleading = ("CDK8S_OUTDIR", "CONFIG", "IMAGE_BUILD", "IMAGE_LOAD", "MAKEFLAGS", "MAKELEVEL", "OUT", "PYTHONHASHSEED")
    ours = {key: value for key, value in os.environ.items() if key not in misleading}
    return ours | {"PATH": f"{directory / '.venv' / 'bin'}:{ours['PATH']}"}
