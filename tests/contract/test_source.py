"""The source: what cdk8s would not notice, what a wheel holds, and what is said in one place alone."""

from __future__ import annotations

import ast
import re
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support import ROOT, SOURCE
from wheel_building import build_wheel

from jupyter_cluster_constructs import __version__

MODULES = sorted(file for file in SOURCE.rglob("*.py") if not file.is_relative_to(SOURCE / "imports"))


def dicts_in_lists(tree: ast.AST) -> Iterator[int]:
    """The lines of dict literals that are entries of a list: cdk8s drops a wrong key of theirs without a word.

    https://github.com/cdk8s-team/cdk8s-core/issues/874
    """
    for node in ast.walk(tree):
        entries: list[ast.expr] = []
        if isinstance(node, (ast.List, ast.Tuple)):
            entries = node.elts
        elif isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            entries = [node.elt]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("append", "insert"):
            entries = node.args
        for entry in entries:
            inner = entry.value if isinstance(entry, ast.Starred) else entry
            choices = [inner.body, inner.orelse] if isinstance(inner, ast.IfExp) else [inner]
            yield from (choice.lineno for choice in choices if isinstance(choice, (ast.Dict, ast.DictComp)))


def uses_cdk8s(tree: ast.AST) -> bool:
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imported += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    return any(name.split(".")[0] in ("cdk8s", "cdk8s_plus_27") for name in imported)


CONSTRUCTS = [file for file in MODULES if uses_cdk8s(ast.parse(file.read_text()))]


@pytest.mark.parametrize("file", CONSTRUCTS, ids=lambda file: str(file.stem))
def test_no_dict_stands_where_a_struct_is_due(file: Path) -> None:
    assert list(dicts_in_lists(ast.parse(file.read_text()))) == []


@pytest.mark.parametrize(
    "mistake",
    [
        'k8s.PodSpec(containers=[{"name": "a"}])',
        'k8s.PodSpec(containers=[k8s.Container(name="a"), {"name": "b"}])',
        'k8s.PodSpec(containers=[{"name": n} for n in names])',
        'k8s.PodSpec(containers=list({"name": n} for n in names))',
        'volumes.append({"name": "a"})',
        'k8s.PodSpec(containers=[{"name": "a"} if a else k8s.Container(name="b")])',
    ],
)
def test_the_search_finds_such_dicts(mistake: str) -> None:
    assert list(dicts_in_lists(ast.parse(mistake))) == [1]


def test_the_search_looks_at_every_module_that_makes_objects() -> None:
    assert {"users", "config", "nfs", "nfs_server", "claimed_storage", "frontend", "workers", "cluster", "cluster_pod", "entrance", "objects"} <= {
        f.stem for f in CONSTRUCTS
    }


def test_nothing_is_checked_by_assert() -> None:
    # `python -O`, which makes cdk8s twice as fast, takes it out.
    for file in MODULES:
        assert not [node.lineno for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Assert)], file.name


def test_only_one_module_makes_names_and_one_makes_labels() -> None:
    # A suffix of a name, or a label, that is written elsewhere would drift.
    for file in CONSTRUCTS:
        assert "app.kubernetes.io/" not in file.read_text(), file.name
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.JoinedStr):
                first = node.values[0]
                formatted = ast.unparse(first.value) if isinstance(first, ast.FormattedValue) else ""
                assert not formatted.endswith((".cluster", ".namespace")) or "/" in ast.unparse(node), f"{file.name}:{node.lineno}"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in a wheel."""
    return set(zipfile.ZipFile(build_wheel(tmp_path_factory.mktemp("built"))).namelist())


def test_a_wheel_holds_every_module(wheel: set[str]) -> None:
    assert {str(Path("jupyter_cluster_constructs") / file.relative_to(SOURCE)) for file in MODULES} <= wheel


def test_a_wheel_holds_what_is_no_module(wheel: set[str]) -> None:
    package = Path("jupyter_cluster_constructs")
    needed = {package / "py.typed", package / "cluster.schema.json"}
    needed |= {package / "runtime" / file.name for file in (SOURCE / "runtime").glob("*.sh")}
    needed |= {package / "imports" / file.relative_to(ROOT / "imports") for file in (ROOT / "imports").rglob("*.tgz")}
    assert any(file.suffix == ".tgz" for file in needed)
    assert sorted(map(str, needed)) == sorted({str(file) for file in needed} & wheel)


def test_a_wheel_holds_nothing_of_the_tests_and_the_images(wheel: set[str]) -> None:
    assert {name.partition("/")[0].partition("-")[0] for name in wheel} == {"jupyter_cluster_constructs"}


# Generated from the version, or a history of it.
TELLING_VERSION = {
    "src/jupyter_cluster_constructs/_version.py",
    "src/jupyter_cluster_constructs/cluster.schema.json",
    "docs/settings.md",
    "CHANGELOG.md",
}


def test_the_version_is_said_in_one_place() -> None:
    files = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\0"
    )
    # An address such as 192.0.2.0/24 is no version.
    version = re.compile(rf"(?<![\d.]){re.escape(__version__)}(?![\d./])".encode())
    written = [Path(name) for name in files if (ROOT / name).is_file() and not name.endswith((".lock", "-lock.json"))]
    assert {str(file) for file in written if version.search((ROOT / file).read_bytes())} <= TELLING_VERSION


def test_the_hooks_run_what_make_check_runs() -> None:
    hooks = [hook for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"] for hook in repository["hooks"]]
    makefile = (ROOT / "Makefile").read_text()
    (recipe,) = re.findall(r"^check: .*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    for hook in hooks:
        assert hook["language"] == "system", hook["id"]
        program, *words = hook["entry"].split()
        if program == "make":
            assert f"\n{words[0]}: " in makefile
        else:
            assert f"$(BIN)/{' '.join([program, *words[: 1 if program == 'ruff' else None]])}" in recipe, hook["id"]
