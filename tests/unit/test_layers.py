"""Each layer knows only the one before it: what is pure stays pure, and fast."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest
from support import SOURCE

PURE = (
    "accounts",
    "changes",
    "directories",
    "errors",
    "ganesha",
    "ipython",
    "jupyter",
    "labels",
    "names",
    "passwords",
    "paths",
    "schema",
    "settings_file",
    "spec",
    "sshd",
    "summary",
)
JSII = {"cdk8s", "cdk8s_plus_27", "constructs", "jsii"}
CONSTRUCTS = {
    "claimed_storage",
    "cluster",
    "cluster_pod",
    "config",
    "controller_container",
    "directory_maker",
    "entrance",
    "frontend",
    "jupyter_container",
    "nfs",
    "nfs_server",
    "objects",
    "sshd_containers",
    "synthesis",
    "users",
    "workers",
}


def imports_of(module: str) -> set[str]:
    """The top-level packages, and this package's modules, that a module (or a package's modules) imports."""
    directory = SOURCE / module
    found = set()
    for file in directory.glob("*.py") if directory.is_dir() else [SOURCE / f"{module}.py"]:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and (node.level == 0 or node.module):
                # A package's own modules, one dot away, are no other layer.
                if not (directory.is_dir() and node.level == 1):
                    found.add(str(node.module).partition(".")[0])
            elif isinstance(node, ast.ImportFrom):
                found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("module", PURE)
def test_settings_and_renderers_import_neither_cdk8s_nor_a_construct(module: str) -> None:
    assert not imports_of(module) & (JSII | CONSTRUCTS)


def test_the_runtime_programs_import_nothing_of_the_library() -> None:
    # They run in the pods, where the library is not installed.
    for file in (SOURCE / "runtime").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            assert not (isinstance(node, ast.ImportFrom) and (node.level or str(node.module).startswith("jupyter_cluster_constructs"))), file.name


def test_importing_settings_and_renderers_loads_no_jsii() -> None:
    # jsii starts a Node process, which costs more than all of these tests.
    imports = "; ".join(f"import jupyter_cluster_constructs.{module}" for module in PURE)
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys; {imports}; print(sorted({JSII!r} & set(sys.modules)))"], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert loaded == "[]"
