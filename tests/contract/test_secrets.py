"""Secrets that the settings lead to are in Secrets of dist/ and nowhere else: not in what is printed, in an error or in a `repr`."""

from __future__ import annotations

import base64
import io
import textwrap
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from support import Manifest, all_of, decoded, read

from jupyter_cluster_constructs import ClusterSpec
from jupyter_cluster_constructs.schema import schema
from jupyter_cluster_constructs.settings_file import SettingsFileError, load_cluster

from .outputs import run_app

BY_VARIABLE, BY_FILE = "marker-of-ada-4711", "marker-of-bob-4712"
PLAIN = (BY_VARIABLE, BY_FILE)
# Of no password that anybody knows.
SHADOW_HASH = f"$6$markersalt$./{'m4RKEr' * 14}"
JUPYTER_HASH = "sha256:4b5f77085f35:da520263ef776316d68e4bc657241f9ab8ec81596bcf816270e65cf5f0cab328"
HASHES = (SHADOW_HASH, JUPYTER_HASH)
SETTINGS = f"""\
name: lab
users:
  - name: ada
    uid: 1001
    password_env: ADA_PASSWORD
  - name: bob
    uid: 1002
    password_file: bob.txt
  - name: eve
    uid: 1003
    password_hash: {SHADOW_HASH}
jupyter:
  mode: server
  password_hash: {JUPYTER_HASH}
"""
ENVIRONMENT = {"ADA_PASSWORD": BY_VARIABLE}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("secrets")
    (made / "bob.txt").write_text(f"{BY_FILE}\n")
    (made / "cluster.yaml").write_text(SETTINGS)
    return made


@pytest.fixture(scope="module")
def spec(directory: Path) -> ClusterSpec:
    return load_cluster(directory / "cluster.yaml", environment=ENVIRONMENT)


@pytest.fixture(scope="module")
def printed(directory: Path) -> str:
    """Everything that two runs print, of which the second tells what changed."""
    texts = []
    for settings in (SETTINGS, SETTINGS.replace("eve", "kim")):
        (directory / "cluster.yaml").write_text(settings)
        done = run_app(directory, ENVIRONMENT)
        assert done.returncode == 0, done.stderr
        texts += [done.stdout, done.stderr]
    (directory / "cluster.yaml").write_text(SETTINGS)
    return "\n".join(texts)


@pytest.fixture(scope="module")
def written(directory: Path, printed: str) -> list[Manifest]:
    assert "restarts" in printed
    return read(*sorted((directory / "dist").iterdir()))


def shadow_hashes(spec: ClusterSpec) -> list[str]:
    """The hashes that were made of the plain passwords."""
    return [user.password_hash for user in spec.users if user.password_hash]


def forms(secret: str) -> set[str]:
    """A text, and what it looks like in a Secret or in a part of one, wherever it begins."""
    data = secret.encode()
    return {secret} | {base64.b64encode(b"\0" * skip + data).decode()[4:].rstrip("=")[:-2] for skip in (0, 1, 2)}


def test_hashes_are_in_secrets_and_nowhere_else(written: list[Manifest], spec: ClusterSpec) -> None:
    hashes = {*shadow_hashes(spec), JUPYTER_HASH}
    assert len(hashes) == 4
    kept = "\n".join(text for secret in all_of(written, "Secret") for text in decoded(secret).values())
    elsewhere = str([manifest for manifest in written if manifest["kind"] != "Secret"])
    for each in hashes:
        assert each in kept
        assert not any(form in elsewhere for form in forms(each))


def test_plain_passwords_are_nowhere(directory: Path, written: list[Manifest]) -> None:
    texts = [file.read_text() for file in (directory / "dist").iterdir()]
    texts += [text for secret in all_of(written, "Secret") for text in decoded(secret).values()]
    for password in PLAIN:
        assert not any(form in text for text in texts for form in forms(password))


def test_what_is_printed_has_no_secret(printed: str, spec: ClusterSpec) -> None:
    for secret in (*PLAIN, *shadow_hashes(spec), JUPYTER_HASH):
        assert secret not in printed
        assert secret.rpartition("$")[2] not in printed


def test_no_settings_show_a_hash_in_a_traceback(spec: ClusterSpec) -> None:
    for shown in (repr(spec), str(spec), repr(spec.users), f"{spec.jupyter}", repr({"spec": spec})):
        for each in (*shadow_hashes(spec), JUPYTER_HASH):
            assert each not in shown


# Beside the secrets, in the same file


def places() -> list[str]:
    """Every setting of the whole cluster, of a user and of JupyterLab."""
    own = schema()
    parts = {"": own, "users.2": own["$defs"]["User"], "jupyter": own["$defs"]["Jupyter"]}
    return [f"{part}.{name}".lstrip(".") for part, of in parts.items() for name in (*of["properties"], "unknown_key")]


def broken(place: str, value: object) -> str:
    """The settings with something impossible at a place."""
    settings = YAML(typ="safe").load(SETTINGS)
    at: Any = settings
    *parents, last = place.split(".")
    for key in parents:
        at = at[int(key) if isinstance(at, list) else key]
    at[last] = value
    return dumped(settings)


def dumped(settings: object) -> str:
    text = io.StringIO()
    YAML(typ="safe").dump(settings, text)
    return text.getvalue()


@pytest.mark.parametrize("value", [["x"], {"x": 1}, -1, "?!", None], ids=["a list", "keys", "a number", "a text", "nothing"])
@pytest.mark.parametrize("place", places())
def test_a_mistake_anywhere_shows_no_secret_of_its_neighbours(directory: Path, place: str, value: object) -> None:
    assert_shows_nothing(directory, broken(place, value))


@pytest.mark.parametrize(
    "mistake",
    [
        SETTINGS.replace("uid: 1003", "uid: 1001"),
        SETTINGS.replace("name: eve", "name: ada"),
        SETTINGS.replace("name: eve", "name: root"),
        SETTINGS.replace("password_hash: $6", "password_env: X\n    password_hash: $6"),
        SETTINGS + "  secret: login\n",
        SETTINGS + "shadow_secret: shadow\n",
        SETTINGS.replace("password_hash: sha256", "password: sha256"),
        SETTINGS.replace("password_hash: $6$", "password_hash: $9$"),
        SETTINGS.replace("    password_hash: $6", "   password_hash: $6"),
        SETTINGS.replace("password_hash: $6", "password_hash: &a $6") + "ssh: *b\n",
        SETTINGS.replace("password_hash: $6", "password_hash: [$6"),
        SETTINGS.replace("password_hash: $6", "password_hash: '$6"),
        SETTINGS.replace("password_hash: $6", "password_hash: !secret $6"),
        SETTINGS.replace("password_hash: $6", "password_hash: $6$: $6"),
        SETTINGS.replace("password_hash: $6", "password_hash:\t$6"),
        textwrap.dedent(SETTINGS).replace("password_hash: $6", "password_hash $6"),
        f"name: lab\nusers: {SHADOW_HASH}\n",
        f"name: lab\n{JUPYTER_HASH}: x\n",
        JUPYTER_HASH,
    ],
)
def test_a_mistake_in_the_file_shows_none(directory: Path, mistake: str) -> None:
    assert mistake != SETTINGS
    assert_shows_nothing(directory, mistake)


def assert_shows_nothing(directory: Path, text: str) -> None:
    file = directory / "mistake.yaml"
    file.write_text(text)
    error = ""
    try:
        load_cluster(file, environment=ENVIRONMENT)
    except SettingsFileError as raised:
        error = str(raised)
    for secret in (*PLAIN, *HASHES):
        # A part of it would do for guessing, too.
        assert secret[:24] not in error
        assert secret[-24:] not in error
