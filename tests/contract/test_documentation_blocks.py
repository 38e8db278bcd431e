"""Whatever README and docs/ tell a reader to type works as it stands, in a checkout of the reader's own; what can't be run says why."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from documents import CODE, EXCUSE, ON_CLUSTER, SHOWN, Block, blocks, pages, project_copy, readers_environment
from ruamel.yaml import YAML
from support import ROOT

from jupyter_cluster_constructs.settings_file import load_cluster
from jupyter_cluster_constructs.spec.values import EXAMPLE_HASH
from jupyter_cluster_constructs.testing import schema_problems, synth

PAGES = pages()
BLOCKS = [block for page in PAGES for block in blocks(page)]
SETTINGS = [block for block in BLOCKS if block.language == "yaml" and block.excuse is None]
# In place of a key that the page cuts off with an ellipsis, as it does a hash.
KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIF84DP4mh+hP4i0zWte3K1Jzvj2Bj3k2m7d5DDq8W/9l"
PASSWORDS = {"ADA_PASSWORD": "correct horse", "BOB_PASSWORD": "battery staple"}
# Custom resources of other projects, whose schemas are not here.
CUSTOM_KINDS = ("Gateway",)


def is_run_here(block: Block) -> bool:
    return block.language in ("python", "sh") and block.excuse is None and not block.needs_a_cluster


PAGE = """\
# Title

<!-- not run: needs a moon -->
```sh
launch
```

- A list:

  <!-- needs a cluster -->
  ```python title="a.py"
  pass
  ```

<!-- not run: this comment is before a text -->

A text.

```sh
run
```
"""


def test_a_block_has_the_mark_right_before_it_also_in_a_list(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(PAGE)
    excused, on_cluster, plain = blocks(str(tmp_path / "page.md"))
    assert (excused.excuse, excused.needs_a_cluster, excused.heading) == ("needs a moon", False, "Title")
    assert (on_cluster.excuse, on_cluster.needs_a_cluster, on_cluster.title, on_cluster.text) == (None, True, "a.py", "pass\n")
    assert (plain.excuse, is_run_here(plain)) == (None, True)


def test_every_block_says_what_it_is() -> None:
    assert [str(block) for block in BLOCKS if block.language not in CODE | SHOWN] == []


def test_a_comment_before_a_block_is_one_that_the_tests_know() -> None:
    drawn = "docs/picture.py"
    marked = [block for block in BLOCKS if block.mark and drawn not in block.mark]
    assert [f"{block}: {block.mark}" for block in marked if block.mark != ON_CLUSTER and not EXCUSE.fullmatch(block.mark)] == []
    assert [str(block) for block in marked if block.language not in CODE] == []


def test_what_needs_a_cluster_is_typed_into_one() -> None:
    assert [str(block) for block in BLOCKS if block.needs_a_cluster and block.language not in ("python", "sh")] == []


@pytest.mark.parametrize("page", [page for page in PAGES if any(is_run_here(block) for block in blocks(page))])
def test_the_blocks_of_a_page_work_one_after_the_other(page: str, tmp_path: Path) -> None:
    directory = project_copy(tmp_path / "project")
    environment = readers_environment(directory) | PASSWORDS
    there = list(blocks(page))
    printed = None
    for position, block in enumerate(there):
        file = directory / (block.title or f"block{position}.py")
        if block.title or block.language == "python":
            file.write_text(block.text, encoding="utf-8")
        # A file that a later block runs is run by that one.
        if is_run_here(block) and not (block.title and any(block.title in later.text for later in there[position + 1 :])):
            command = ["python", file.name] if block.language == "python" else ["bash", "-euo", "pipefail", "-c", block.text]
            done = subprocess.run(command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            assert done.returncode == 0, f"{block}:\n{block.text}\n{done.stdout}{done.stderr}"
            printed = done.stdout
        elif block.language == "text" and block.title is None and printed is not None:
            # What a page shows next is what was printed.
            assert block.text in printed, f"{block}: it was\n{printed}"
            printed = None
        else:
            printed = None
    # And what the page made of the settings is allowed.
    load_cluster(directory / "cluster.yaml", environment=PASSWORDS)


def in_the_example(part: Any) -> Mapping[str, Any]:
    """The example's settings with a part of them as a page shows it: some keys, or a list of users."""
    example: dict[str, Any] = YAML(typ="safe").load(ROOT / "cluster.yaml")
    return example | ({"users": part} if isinstance(part, list) else part)


@pytest.mark.parametrize("block", SETTINGS, ids=str)
def test_yaml_is_settings_or_objects_that_are_allowed(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PASSWORDS.items():
        monkeypatch.setenv(name, value)
    text = re.sub("AAAA[A-Za-z0-9+/]*…", KEY, block.text).replace("$6$…", EXAMPLE_HASH)
    documents = list(YAML(typ="safe").load_all(text))
    if all("apiVersion" in document for document in documents if isinstance(document, dict)) and isinstance(documents[0], dict):
        assert schema_problems(documents, custom_kinds=CUSTOM_KINDS) == []
        return
    (part,) = documents
    YAML().dump(in_the_example(part), tmp_path / "cluster.yaml")
    assert synth(tmp_path / "cluster.yaml")
