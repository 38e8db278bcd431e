"""What `lint-imports` cannot say of the layers in pyproject.toml: that each module is in one, and what importing the lower ones loads."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from support import ROOT, SOURCE

PACKAGE = "jupyter_cluster_constructs"
(CONTRACT,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
LAYERS: list[list[str]] = [re.findall(r"[\w.]+", layer) for layer in CONTRACT["layers"]]
# What costs time, or is not there without an extra.
HEAVY = {"cdk8s", "cdk8s_plus_27", "constructs", "jsii", "kubernetes", "rich", "typer"}


def test_every_module_is_in_one_layer() -> None:
    modules = {file.stem for file in SOURCE.iterdir() if file.suffix == ".py" or (file / "__init__.py").exists()} - {"__init__"}
    placed = [name.removeprefix(f"{PACKAGE}.") for layer in LAYERS for name in layer if name.startswith(PACKAGE)]
    assert sorted(placed) == sorted(modules | {"imports"})


def test_importing_settings_and_renderers_loads_no_jsii_and_nothing_of_an_extra() -> None:
    # jsii starts a Node process, which costs more than all of these tests.
    (cdk8s,) = (number for number, layer in enumerate(LAYERS) if "cdk8s" in layer)
    below = [name for layer in LAYERS[cdk8s + 1 : -1] for name in layer]
    assert {f"{PACKAGE}.{name}" for name in ("spec", "settings_file", "accounts", "summary")} <= {*below}
    program = f"import sys; {'; '.join(f'import {name}' for name in below)}; print(sorted({HEAVY!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_an_import_from_a_higher_layer_is_found(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(SOURCE, tmp_path / PACKAGE, ignore=shutil.ignore_patterns("imports", "__pycache__"))
    planted = {
        "spec.planted": ("import cdk8s", "cdk8s"),
        "ganesha": ("from .frontend import Frontend", f"{PACKAGE}.frontend"),
        "nfs": ("def later():\n    from .cli import app", f"{PACKAGE}.cli"),
        "live.planted": ("from .. import testing", f"{PACKAGE}.testing"),
        "runtime.planted": (f"from {PACKAGE} import paths", f"{PACKAGE}.paths"),
    }
    for module, (line, _) in planted.items():
        with (tmp_path / PACKAGE / f"{module.replace('.', '/')}.py").open("a") as file:
            file.write(f"\n{line}\n")

    linter = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run([linter, "--no-cache"], cwd=tmp_path, capture_output=True, text=True)

    assert found.returncode == 1
    for module, (_, imported) in planted.items():
        assert re.search(rf"{PACKAGE}\.{module} -> {imported}\b", found.stdout), f"{module}: {found.stdout}"
