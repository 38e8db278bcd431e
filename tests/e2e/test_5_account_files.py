"""pwck and grpck of the image take every account file that generated settings make."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from generated import configurations, loaded, with_passwords

from jupyter_cluster_constructs import accounts
from jupyter_cluster_constructs.settings_file import SettingsFileError, load_cluster
from jupyter_cluster_constructs.spec import ClusterSpec, Images

from .cluster import ROOT
from .conftest import NAMESPACE
from .kube import kubectl
from .remote import call

NAMESPACE_NAME, POD = f"e2e-account-files-{NAMESPACE}", "account-files"
MANIFEST: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": POD, "namespace": NAMESPACE_NAME},
    "spec": {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 0,
        "containers": [
            {
                "name": "checks",
                "image": Images().named("debian-ipython-fn"),
                "command": ["sleep", "600"],
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 1000,
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}},
                # Where libnss-extrausers reads them, since both programs ask it who the members of groups are.
                "volumeMounts": [{"name": "files", "mountPath": "/var/lib/extrausers"}, {"name": "homes", "mountPath": "/home"}],
            }
        ],
        "volumes": [{"name": "files", "emptyDir": {}}, {"name": "homes", "emptyDir": {}}],
    },
}

Files = dict[str, str]


@pytest.fixture(scope="module")
def pod() -> Iterator[None]:
    kubectl("delete", "namespace", NAMESPACE_NAME, "--ignore-not-found", "--timeout=60s", seconds=70)
    kubectl("create", "namespace", NAMESPACE_NAME)
    try:
        kubectl("apply", "--filename=-", stdin=json.dumps(MANIFEST))
        kubectl("--namespace", NAMESPACE_NAME, "wait", "--for=condition=Ready", f"pod/{POD}", "--timeout=60s", seconds=70)
        yield
    finally:
        kubectl("delete", "namespace", NAMESPACE_NAME, "--wait=false")


@pytest.fixture(scope="module")
def generated_specs(tmp_path_factory: pytest.TempPathFactory) -> list[ClusterSpec]:
    """The settings that the contract tests' generated files have, where they are not refused."""
    directory, found = tmp_path_factory.mktemp("generated"), []
    with with_passwords(directory):
        for configuration in configurations():
            try:
                found.append(loaded(configuration, directory))
            except SettingsFileError:
                continue
    return found


def account_files(spec: ClusterSpec) -> Files:
    made = spec.shadow_secret is None
    return {
        "passwd": accounts.passwd(spec.users),
        "group": accounts.group(spec.users, spec.groups, shadow_is_made=made),
        "shadow": accounts.shadow(spec.users),
        "gshadow": accounts.gshadow(spec.users, spec.groups, shadow_is_made=made),
    }


def complaints(cases: list[dict[str, str]]) -> list[list[str]]:
    """What pwck and grpck say of each case."""
    import os
    import subprocess

    directory, found = "/var/lib/extrausers", []
    for files in cases:
        for name, text in files.items():
            with open(f"{directory}/{name}", "w") as file:
                file.write(text)
        for line in files["passwd"].splitlines():
            home = line.split(":")[5] if line.count(":") == 6 else "/"
            if home.startswith("/home/"):
                os.makedirs(home, exist_ok=True)
        said = []
        for program, *names in (("pwck", "passwd", "shadow"), ("grpck", "group", "gshadow")):
            done = subprocess.run([f"/usr/sbin/{program}", "-r", *names], cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            said += [f"{program}: exit code {done.returncode}"] * bool(done.returncode) + (done.stdout + done.stderr).splitlines()
        found.append(said)
    return found


def in_the_image(cases: list[Files]) -> list[list[str]]:
    """Their complaints, in the image."""
    found: list[list[str]] = call(
        lambda program: kubectl("--namespace", NAMESPACE_NAME, "exec", "--stdin", POD, "--", "python3", "-", stdin=program, seconds=180),
        complaints,
        cases,
    )
    assert len(found) == len(cases)
    return found


@pytest.mark.usefixtures("pod")
def test_account_files_of_generated_settings_are_in_order(generated_specs: list[ClusterSpec]) -> None:
    cases = [account_files(spec) for spec in generated_specs]
    assert len(cases) > 150
    assert [(said, files) for files, said in zip(cases, in_the_image(cases), strict=True) if said] == []


@pytest.mark.usefixtures("pod")
def test_account_files_of_the_example_are_in_order() -> None:
    assert in_the_image([account_files(load_cluster(Path(ROOT / "cluster.yaml")))]) == [[]]


@pytest.mark.usefixtures("pod")
@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("passwd", "eve:x:0:0::/root:/bin/bash"),
        ("passwd", "root::0:0:root:/root:/bin/bash"),
        ("passwd", "ada:x:0:0::/root:/bin/bash"),
        ("passwd", "no fields"),
        ("shadow", "eve::::::::"),
        ("shadow", "ada::::::::"),
        ("group", "sudo:x:27:ada"),
        ("group", "physics:x:0:ada"),
        ("gshadow", "sudo:!::ada"),
    ],
)
def test_an_injected_line_would_be_found(file: str, line: str) -> None:
    files = account_files(load_cluster(Path(ROOT / "cluster.yaml")))
    (said,) = in_the_image([files | {file: f"{files[file]}{line}\n"}])
    assert any("exit code" in complaint for complaint in said)


def own_accounts() -> dict[str, list[str]]:
    """The names and numbers of the accounts and groups that the image has itself."""
    found: dict[str, list[str]] = {}
    for name in ("passwd", "group"):
        with open(f"/etc/{name}") as file:
            rows = [line.split(":") for line in file]
        found[name] = [row[0] for row in rows] + [row[2] for row in rows]
    return found


@pytest.mark.usefixtures("pod")
def test_no_account_has_the_name_or_the_number_of_one_of_the_images(generated_specs: list[ClusterSpec]) -> None:
    own: dict[str, list[str]] = call(
        lambda program: kubectl("--namespace", NAMESPACE_NAME, "exec", "--stdin", POD, "--", "python3", "-", stdin=program), own_accounts
    )
    assert "root" in own["passwd"]
    assert "0" in own["group"]
    for spec in generated_specs:
        for name, text in account_files(spec).items():
            if name in own:
                rows = [line.split(":") for line in text.splitlines()]
                assert not {*own[name]} & {field for row in rows for field in (row[0], row[2])}
