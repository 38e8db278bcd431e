"""Hundreds of settings files, hostile ones among them: each is refused in clear words, or becomes what it would be without what is hostile in it."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import re
import string
import typing
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
from cdk8s_plus_27 import k8s
from generated import COUNT, Configuration, configurations, with_passwords
from generated.hostile import KINDS
from generated.outcomes import Outcome, outcome
from generated.passwords import PLAIN
from kubernetes_validate.utils import latest_version, schema_contents
from ruamel.yaml import YAML
from support import ROOT, Manifest, all_containers, all_of, decoded, pod_of, workloads

from jupyter_cluster_constructs import accounts, synthesis
from jupyter_cluster_constructs.spec.accounts import SYSTEM_NAMES

from .test_output import CUSTOM_KINDS, nodes, strict

FIELDS = {"passwd": 7, "group": 4, "shadow": 9, "gshadow": 4}
INJECTIONS = {"colon", "new line", "parent directory", "YAML", "shell", "option", "look-alike", "space"}
LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
QUALIFIED = rf"({LABEL}(\.{LABEL})*/)?[A-Za-z0-9]([-_.A-Za-z0-9]{{0,61}}[A-Za-z0-9])?"
# https://pkg.go.dev/github.com/distribution/reference
COMPONENT = "[a-z0-9]+((_|__|[.]|-+)[a-z0-9]+)*"
HOST = r"[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?"
IMAGE = re.compile(rf"{HOST}(\.{HOST})*(:[0-9]+)?(/{COMPONENT})+:\w[\w.-]{{0,127}}(@sha256:[0-9a-f]{{64}})?", re.ASCII)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where each of the files is in its turn."""
    made = tmp_path_factory.mktemp("generated")
    with with_passwords(made), pytest.MonkeyPatch.context() as patch:
        # Half of the time goes into checks of types that mypy has done.
        patch.setattr(typing, "get_type_hints", functools.cache(typing.get_type_hints))
        patch.setitem(k8s.ObjectMeta.__init__.__globals__, "check_type", lambda **_: None)
        yield made


@pytest.fixture(scope="module")
def outcomes(directory: Path) -> list[Outcome]:
    made: dict[Configuration, Outcome] = {}
    for configuration in configurations():
        new = outcome(configuration, directory)
        base = made.get(configuration.base) if configuration.base and configuration.hostile is not None else None
        made[configuration] = replace(new, harmless=base.manifests) if base else new
    return [*made.values()]


@pytest.fixture(scope="module")
def accepted(outcomes: list[Outcome]) -> list[Outcome]:
    return [made for made in outcomes if made.spec is not None]


@pytest.fixture(scope="module")
def refused(outcomes: list[Outcome]) -> list[Outcome]:
    return [made for made in outcomes if made.spec is None]


def test_enough_is_accepted_and_every_kind_of_hostile_text_is_tried(outcomes: list[Outcome], accepted: list[Outcome]) -> None:
    assert len({made.configuration.text for made in outcomes}) == COUNT
    assert len(accepted) > COUNT / 3
    assert sum(len(made.spec.users) > 1 and len(made.spec.groups) > 0 for made in accepted if made.spec) > COUNT / 10
    assert {made.configuration.kind for made in outcomes} == {None, *KINDS}
    # Where any text may stand, hostile texts are accepted, and have to stay texts.
    assert {made.configuration.kind for made in accepted if made.harmless} >= INJECTIONS
    storage = Counter(
        kind for made in accepted if made.spec for kind in ("local", "external", "claim", "storage_class") if getattr(made.spec.storage, kind)
    )
    assert min(storage.values()) > 10, storage
    assert len(storage) == 4


def test_nothing_hostile_is_refused_without_reason(outcomes: list[Outcome]) -> None:
    harmless = [made for made in outcomes if made.configuration.kind is None]
    assert sum(made.spec is not None for made in harmless) > 0.9 * len(harmless)


def test_a_refusal_says_the_place_in_each_line(refused: list[Outcome], directory: Path) -> None:
    for made in refused:
        for line in made.error.split("\n"):
            assert re.fullmatch(rf"{re.escape(str(directory))}/cluster\.yaml(:[0-9]+)?: .{{5,}}", line), (line, made.configuration.text)


def test_a_refusal_is_printable_and_shows_no_secret(refused: list[Outcome]) -> None:
    for made in refused:
        assert made.error.replace("\n", "").isprintable(), made.error
        assert "Traceback" not in made.error
        for secret in (*made.configuration.secrets, *PLAIN):
            assert secret not in made.error


def test_a_refusal_writes_nothing(refused: list[Outcome], directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFIG", str(directory / "cluster.yaml"))
    monkeypatch.setenv("CDK8S_OUTDIR", str(directory / "dist"))
    before = sorted(directory.rglob("*"))
    for made in refused:
        (directory / "cluster.yaml").write_text(made.configuration.text, encoding="utf-8")
        with contextlib.redirect_stderr(io.StringIO()) as printed, contextlib.redirect_stdout(printed), pytest.raises(SystemExit) as exit:
            synthesis.main()
        assert exit.value.code == 2
        assert printed.getvalue() == f"{made.error}\n"
    assert sorted(directory.rglob("*")) == before


def account_files(made: Outcome) -> dict[str, str]:
    """The account files among the manifests; shadow may be in a Secret of somebody else's."""
    texts: dict[str, str] = {}
    for manifest in all_of(made.manifests, "ConfigMap"):
        texts |= manifest["data"]
    for manifest in all_of(made.manifests, "Secret"):
        texts |= decoded(manifest)
    return {name: texts[name] for name in FIELDS if name in texts}


def test_account_files_have_one_line_an_account_with_every_field(accepted: list[Outcome]) -> None:
    for made in accepted:
        assert made.spec is not None
        people = [user.name for user in made.spec.users]
        system = [account.name for account in accounts.SYSTEM_ACCOUNTS]
        names = {"passwd": [*system, *people], "shadow": [*system, *people]}
        files = account_files(made)
        assert files.keys() >= {"passwd", "group", "gshadow"}
        for name, text in files.items():
            assert text.endswith("\n")
            rows = [line.split(":") for line in text.removesuffix("\n").split("\n")]
            assert {len(row) for row in rows} == {FIELDS[name]}
            first = [row[0] for row in rows]
            assert len({*first}) == len(first)
            assert {*first} >= {*people, *system}
            assert first == names.get(name, first)
        groups, gshadow = ({line.split(":")[0] for line in files[name].splitlines()} for name in ("group", "gshadow"))
        assert groups == gshadow


def test_account_files_are_printable_ascii(accepted: list[Outcome]) -> None:
    allowed = {*string.printable} - {*"\t\r\x0b\x0c"}
    for made in accepted:
        for text in account_files(made).values():
            assert {*text} <= allowed


def test_nobody_has_the_name_or_the_number_of_a_system_account(accepted: list[Outcome]) -> None:
    for made in accepted:
        assert made.spec is not None
        assert not SYSTEM_NAMES & {*(user.name for user in made.spec.users), *(group.name for group in made.spec.groups)}
        numbers = Counter([*(user.uid for user in made.spec.users), *(group.gid for group in made.spec.groups)])
        assert not numbers or (min(numbers) > 1000 and max(numbers.values()) == 1)
        for line in account_files(made)["passwd"].splitlines():
            name, _, uid, gid, _, home, shell = line.split(":")
            assert (int(uid), int(gid)) != (0, 0)
            assert name in {user.name for user in made.spec.users} or shell == accounts.NOLOGIN
            assert ".." not in home


def texts(manifests: tuple[Manifest, ...], others: tuple[Manifest, ...]) -> Iterator[list[str]]:
    """The lines of each text of each ConfigMap; those come last whose names the others do not have, since a name can be what is hostile."""
    for mine, other in zip(all_of(manifests, "ConfigMap"), all_of(others, "ConfigMap"), strict=True):
        shared = mine["data"].keys() & other["data"].keys()
        yield from (mine["data"][name].split("\n") for name in [*sorted(shared), *sorted(mine["data"].keys() - shared)])


def test_no_hostile_text_adds_a_line_to_a_configuration_file(accepted: list[Outcome]) -> None:
    for made in accepted:
        if made.harmless:
            for text, harmless_text in zip(texts(made.manifests, made.harmless), texts(made.harmless, made.manifests), strict=True):
                assert len(text) == len(harmless_text), made.configuration.text
                changed = [line for line, other in zip(text, harmless_text, strict=True) if line != other]
                assert [line for line in changed if str(made.configuration.hostile) not in line] == []


def commands(manifest: Manifest) -> Iterator[str]:
    """Each word of each command in a manifest: containers', probes', hooks'."""
    for path, value in nodes(manifest):
        if path.endswith(("/command", "/args")) and isinstance(value, list):
            yield from value


def test_no_hostile_text_is_an_option_of_a_command(accepted: list[Outcome]) -> None:
    for made in accepted:
        if made.harmless:
            words, harmless = (Counter(word for m in manifests for word in commands(m)) for manifests in (made.manifests, made.harmless))
            assert [word for word in words - harmless if word.startswith("-")] == [], made.configuration.text


@functools.cache
def schema_file(name: str, version: str) -> Any:
    return schema_contents(name, version)


@pytest.mark.parametrize("version", ["1.27", latest_version()])
def test_manifests_are_those_of_kubernetes(accepted: list[Outcome], monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    # It reads its files anew for each manifest.
    monkeypatch.setattr(kubernetes_validate.utils, "schema_contents", schema_file)
    different = {json.dumps(manifest): manifest for made in accepted for manifest in made.manifests if manifest["kind"] not in CUSTOM_KINDS}
    for manifest in different.values():
        kubernetes_validate.validate(manifest, version, strict=True)
    assert len(all_of(different.values(), "Deployment")) > 100


def test_routes_are_those_of_the_crd(accepted: list[Outcome]) -> None:
    routes = [manifest for made in accepted for manifest in all_of(made.manifests, *CUSTOM_KINDS)]
    for kind, crd in CUSTOM_KINDS.items():
        versions = YAML(typ="safe").load((ROOT / "imports" / "crds" / crd).read_text())["spec"]["versions"]
        of_version = {v["name"]: strict({"required": ["spec"], **v["schema"]["openAPIV3Schema"]}) for v in versions}
        assert all_of(routes, kind)
        for route in all_of(routes, kind):
            schema = of_version[route["apiVersion"].rpartition("/")[2]]
            properties = schema["properties"] | {"metadata": True}
            jsonschema.validate(route, schema | {"properties": properties})


def test_names_are_what_the_api_server_takes_and_each_is_used_once(accepted: list[Outcome]) -> None:
    for made in accepted:
        identities = [(m["kind"], m["metadata"].get("namespace"), m["metadata"]["name"]) for m in made.manifests]
        assert len({*identities}) == len(identities)
        for kind, namespace, name in identities:
            assert re.fullmatch(LABEL if kind == "Service" else rf"{LABEL}(\.{LABEL})*", name), name
            assert len(name) <= 253
            assert namespace is None or re.fullmatch(LABEL, namespace)
        for manifest in made.manifests:
            for path, value in nodes(manifest):
                if path.endswith(("/labels", "/matchLabels", "/nodeSelector")):
                    assert all(re.fullmatch(QUALIFIED, key) for key in value), value
                    assert all(re.fullmatch("([A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?)?", text) for text in value.values()), value
                if path.endswith("/annotations"):
                    assert all(re.fullmatch(QUALIFIED, key) for key in value), value


def test_images_have_names_and_fixed_tags(accepted: list[Outcome]) -> None:
    images = {container["image"] for made in accepted for _, container in all_containers(made.manifests)}
    assert len(images) > 10
    assert [image for image in images if not IMAGE.fullmatch(image)] == []


def test_texts_that_programs_and_people_read_are_whole_ones(accepted: list[Outcome]) -> None:
    for made in accepted:
        for manifest in made.manifests:
            for path, value in nodes(manifest):
                if isinstance(value, str):
                    value.encode()
                    # A program's environment cannot hold it.
                    assert "\0" not in value, (manifest["kind"], path)


def test_no_path_leads_up_or_to_the_node(accepted: list[Outcome]) -> None:
    for made in accepted:
        for manifest in made.manifests:
            for path, value in nodes(manifest):
                key = path.rpartition("/")[2]
                assert key not in ("hostPath", "hostPort", "subPathExpr"), path
                if key in ("mountPath", "subPath", "path") and isinstance(value, str):
                    assert ".." not in value.split("/"), path
                if key in ("mountPath", "subPath"):
                    assert re.fullmatch(r"[-\w./]+", value, re.ASCII), value


def test_no_pod_has_more_rights_than_the_harmless_ones(accepted: list[Outcome]) -> None:
    for made in accepted:
        for workload in workloads(made.manifests):
            pod = pod_of(workload)
            assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
            for container in (*pod.get("initContainers", ()), *pod["containers"]):
                security = container["securityContext"]
                assert not security.get("privileged")
                assert security["allowPrivilegeEscalation"] is False
                assert security["capabilities"]["drop"] == ["ALL"]
        if made.harmless:
            assert rights(made.manifests) == rights(made.harmless)


def rights(manifests: tuple[Manifest, ...]) -> list[Any]:
    """What containers may do and what they mount, in their order."""
    return [(c["securityContext"], len(c["volumeMounts"]), len(c.get("env", ()))) for _, c in all_containers(manifests)]


def test_what_has_to_be_there_once_in_a_container_is(accepted: list[Outcome]) -> None:
    for made in accepted:
        for name, container in all_containers(made.manifests):
            for key, of in (("volumeMounts", "mountPath"), ("env", "name"), ("ports", "name"), ("ports", "containerPort")):
                found = [entry[of] for entry in container.get(key, ())]
                assert len({*found}) == len(found), (name, found)
