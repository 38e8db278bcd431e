"""What mkdocs does by the way: the script of the pictures, the list of decisions, pages that are made of something outside docs/."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
# What draws the mermaid blocks; the theme would load it from another host.
MERMAID = ROOT / "node_modules" / "@mermaid-js" / "tiny" / "dist" / "mermaid.tiny.js"
# What the wheel and GitHub want at the top of the tree, and its page here.
CHANGELOG, CHANGELOG_PAGE = ROOT / "CHANGELOG.md", "changelog.md"
COMMAND_PAGE = "reference/command.md"


def on_config(config: MkDocsConfig) -> None:
    """List every decision in the navigation, in the order of their numbers."""
    decisions = [f"decisions/{file.name}" for file in sorted((Path(config.docs_dir) / "decisions").glob("*.md"))]
    _fill(config.nav or [], "Decisions", decisions)


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add what is not in docs/."""
    if not MERMAID.exists():
        raise PluginError(f"{MERMAID} is missing; `make node_modules` installs it, and `make docs` does that first")
    files.append(File.generated(config, "javascripts/mermaid.js", abs_src_path=str(MERMAID)))
    files.append(File.generated(config, COMMAND_PAGE, content=_command()))
    text = CHANGELOG.read_text(encoding="utf-8")
    files.append(File.generated(config, CHANGELOG_PAGE, content=text.replace("](docs/", "](")))


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Lead links to the changelog, which is outside docs/, to its page."""
    up = "../" * page.file.src_uri.count("/")
    return markdown.replace(f"]({up}../{CHANGELOG.name}", f"]({up}{CHANGELOG_PAGE}")


def _command() -> str:
    """What the command says of itself, as typer writes it for Markdown."""
    module, title = "jupyter_cluster_constructs.cli.app", "Options of jupyter-cluster"
    program = [sys.executable, "-m", "typer", module, "utils", "docs", "--name", "jupyter-cluster", "--title", title]
    done = subprocess.run(program, env=os.environ | {"COLUMNS": "200"}, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise PluginError(f"{' '.join(program)}: {done.stderr}")
    # Brackets are escaped for rich, which writes nothing here.
    return done.stdout.replace("\\[", "[").replace("\\]", "]")


def _fill(entries: list[Any], title: str, pages: list[str]) -> None:
    for entry in entries:
        for key, value in entry.items() if isinstance(entry, dict) else ():
            if key == title:
                entry[key] = pages
            elif isinstance(value, list):
                _fill(value, title, pages)
