"""The programs of the NFS server's image, and a way to run their main()."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import pytest
from support import ROOT

PROGRAMS = ROOT / "docker" / "nfs-server" / "usr" / "local" / "bin"
SERVICE = "10.96.0.150"


def program(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name.removesuffix(".py"), PROGRAMS / name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def run(module: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", [f"{module.__name__}.py", *map(str, arguments)])
    code: int = module.main()
    return code


export_answers = program("export_answers.py")
nfs_clients = program("nfs_clients.py")
wait_for_clients = program("wait_for_clients.py")
clients_are_back = program("clients_are_back.py")
make_directories = program("make_directories.py")
