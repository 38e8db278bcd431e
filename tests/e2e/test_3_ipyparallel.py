from __future__ import annotations

import hashlib
import secrets

import pytest

from .conftest import Lab
from .programs import apply_through, digests, map_through, versions, write_errors
from .ssh import Session

SHARED = "/home/jupyter/shared"


@pytest.mark.parametrize("view", ["direct", "broadcast", "coalescing broadcast"])
def test_a_call_reaches_every_engine(lab: Lab, ada: Session, view: str) -> None:
    answers = ada.call(apply_through, view)

    assert sorted(answers) == [[144, pod] for pod in lab.cluster.pod_names("worker")]


@pytest.mark.parametrize("view", ["direct", "load-balanced"])
def test_1000_mapped_calls_are_right_and_every_engine_takes_part(lab: Lab, ada: Session, view: str) -> None:
    answers = ada.call(map_through, view, 1000)

    assert [number for number, _ in answers] == [number * number for number in range(1000)]
    assert sorted({pod for _, pod in answers}) == lab.cluster.pod_names("worker")


def test_engines_import_what_the_frontend_has(lab: Lab, ada: Session) -> None:
    modules = ["numpy", "scipy", "pandas", "matplotlib", "ipyparallel"]

    frontend, *engines = ada.call(versions, modules)

    assert list(frontend) == modules
    assert engines == [frontend] * len(lab.cluster.pod_names("worker"))


def test_engines_read_what_sftp_put_into_the_shared_directory(lab: Lab, ada: Session) -> None:
    content = secrets.token_bytes(300_000)
    ada.write(f"{SHARED}/by-sftp", content)

    assert ada.call(digests, f"{SHARED}/by-sftp") == [hashlib.sha256(content).hexdigest()] * len(lab.cluster.pod_names("worker"))


def test_engines_read_a_home_but_do_not_write_to_it(lab: Lab, ada: Session) -> None:
    content = secrets.token_bytes(100)
    ada.write("/home/ada/for-engines", content)
    engines = len(lab.cluster.pod_names("worker"))

    assert ada.call(digests, "/home/ada/for-engines") == [hashlib.sha256(content).hexdigest()] * engines
    assert ada.call(write_errors, "/home/ada/from-engines") == ["EACCES"] * engines
    assert ada.call(write_errors, f"{SHARED}/from-engines") == ["none"] * engines


def test_a_user_without_a_password_has_the_engines_too(lab: Lab, grace: Session) -> None:
    assert sorted(grace.call(apply_through, "direct")) == [[144, pod] for pod in lab.cluster.pod_names("worker")]
