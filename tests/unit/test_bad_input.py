"""Bad input: one clear error each, with file, line and path, what was received and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_cluster_constructs.settings_file import SettingsFileError, load_cluster

from .bad_input import HERE, SUBJECTS, Bad, error_of
from .examples import settings_file


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "empty.txt").write_text("\n")
    return tmp_path


@pytest.mark.parametrize("bad", [pytest.param(bad, id=name) for subject in SUBJECTS for name, bad in subject.items()])
def test_bad_input_is_one_error_with_its_place(directory: Path, bad: Bad) -> None:
    file = settings_file(directory, bad.text)
    line = next(number for number, text in enumerate(bad.text.splitlines(), 1) if HERE in text)
    error = error_of(file)
    assert len(error.splitlines()) == 1, error
    assert error.startswith(f"{file}:{line}: {bad.path}{': ' if bad.path else ''}"), error
    assert [words for words in bad.says if words not in error] == [], error


def test_an_empty_file_says_what_is_needed(tmp_path: Path) -> None:
    for text in ("", "\n", "# only a comment\n", "---\n"):
        file = settings_file(tmp_path, text)
        assert error_of(file) == f"{file}: is empty; at least `name: …` is needed"


def test_a_missing_file_names_it_and_the_variable(tmp_path: Path) -> None:
    assert error_of(tmp_path / "none.yaml") == f"{tmp_path}/none.yaml: there is no such file; CONFIG or --config names another one"


def test_a_directory_is_no_settings_file(tmp_path: Path) -> None:
    assert error_of(tmp_path) == f"{tmp_path}: cannot be read: Is a directory"


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_bytes(b"name: l\xe4b\n")
    assert error_of(file) == f"{file}: is not UTF-8 text"


def test_control_characters_are_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_bytes(b"name: lab\x00\n")
    error = error_of(file)
    assert len(error.splitlines()) == 1
    assert error.startswith(f"{file}: is not YAML: ")


def test_two_documents_are_refused(tmp_path: Path) -> None:
    error = error_of(settings_file(tmp_path, "name: lab\n---\nname: lab2\n"))
    assert "is not YAML" in error or "one document" in error


def test_a_password_of_other_bytes_than_utf8_is_refused(tmp_path: Path) -> None:
    file = settings_file(tmp_path, "name: lab\nusers: [{name: ada, uid: 1001, password_env: ADA}]")
    with pytest.raises(SettingsFileError, match="the environment variable ADA holds no password of one line in UTF-8"):
        load_cluster(file, environment={"ADA": "caf\udce9"})


@pytest.mark.parametrize("name", ["gpu", "kubernetes.io/gpu", "nvidia.com/"])
def test_a_gpu_without_the_domain_of_its_plugin_is_refused(tmp_path: Path, name: str) -> None:
    file = settings_file(tmp_path, f"name: lab\nworkers: [{{gpu: 1, gpu_resource: {name}}}]")
    assert "workers[0].gpu_resource: received" in error_of(file)
