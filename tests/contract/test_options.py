"""Every option of the settings changes what is made: one that nothing reads fails here, without being listed anywhere."""

from __future__ import annotations

import copy
import functools
import json
import os
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from cdk8s_plus_27 import k8s
from generated import with_passwords
from generated.plausible import field_values
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from pydantic import BaseModel

from jupyter_cluster_constructs import ClusterSpec, InvalidSettingsError
from jupyter_cluster_constructs.passwords import with_password_hash
from jupyter_cluster_constructs.testing import synth

from .outputs import BOB_PASSWORD, EXAMPLE, SETTINGS
from .test_schema import OPTIONS, resolved, settings

Place = tuple[str | int, ...]
FILES = [file for file in SETTINGS.values() if file != EXAMPLE]
# Options that may change nothing, each with the reason.
WITHOUT_EFFECT: dict[str, str] = {}
# Where no value is plausible but one that the output has.
OTHER_VALUES: dict[str, tuple[str, ...]] = {"patches[].name": ("made-ssh",)}
LEFT_OUT = object()


def is_group(path: str) -> bool:
    """Whether an option only holds others, each of which is looked at."""
    at = resolved(OPTIONS[path])
    return "properties" in (resolved(at["items"]) if "items" in at else at)


LEAVES = [path for path in OPTIONS if not is_group(path)]


def places(value: Any, path: str, at: Place = ()) -> Iterator[Place]:
    """Where a settings file sets an option."""
    if not path:
        yield at
        return
    key, _, rest = path.partition(".")
    name = key.removesuffix("[]")
    if isinstance(value, dict) and name in value:
        if key.endswith("[]"):
            for i, entry in enumerate(value[name]):
                yield from places(entry, rest, (*at, name, i))
        else:
            yield from places(value[name], rest, (*at, name))


def changed(data: Any, place: Place, value: object) -> Any:
    """The settings with another value at a place, or with none."""
    made = copy.deepcopy(data)
    inner = made
    for key in place[:-1]:
        inner = inner[key]
    if value is LEFT_OUT:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return made


def model_of(path: str) -> tuple[type[BaseModel], str]:
    """The model that has an option, and the option's name in it."""
    model: type[BaseModel] = ClusterSpec
    *groups, last = path.replace("[]", "").split(".")
    for name in groups:
        model = next(found for found in _models(model.model_fields[name].annotation))
    return model, last


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models(argument)


class Made:
    """What settings become, each made once, in a directory with the passwords that they name."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.manifests: dict[str, str] = {}

    def spec(self, data: Any) -> ClusterSpec | None:
        """The settings, without passwords but with their hashes; None where they are refused."""
        try:
            spec = ClusterSpec.model_validate(data)
            owner = f"{spec.namespace}/{spec.name}"
            users = [with_password_hash(user, cluster=owner, directory=self.directory, environment=os.environ) for user in spec.users]
        except ValueError:
            return None
        return spec.model_copy(update={"users": tuple(users)})

    def output(self, spec: ClusterSpec) -> str | None:
        """The manifests as text; None where a construct refuses the settings."""
        key = spec.model_dump_json()
        if key not in self.manifests:
            try:
                self.manifests[key] = json.dumps(synth(spec), sort_keys=True)
            except InvalidSettingsError:
                return None
        return self.manifests[key]

    def others(self, path: str, data: Any, place: Place) -> Iterator[ClusterSpec]:
        """The same settings with other values of an option: plausible ones, and its default."""
        own, there = self.spec(data), functools.reduce(lambda inner, key: inner[key], place, data)
        values = st.sampled_from(OTHER_VALUES[path]) if path in OTHER_VALUES else field_values(*model_of(path))
        seen = [there]

        def is_another(value: object) -> bool:
            return value not in seen and self.spec(changed(data, place, value)) not in (None, own)

        for _ in range(3):
            try:
                seen.append(hypothesis.find(values, is_another, settings=ONCE))
            except NoSuchExample:
                break
            found = self.spec(changed(data, place, seen[-1]))
            assert found is not None
            yield found
        without = self.spec(changed(data, place, LEFT_OUT))
        if without not in (None, own):
            assert without is not None
            yield without


ONCE = hypothesis.settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[hypothesis.Phase.generate],
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.filter_too_much, hypothesis.HealthCheck.data_too_large],
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    directory = tmp_path_factory.mktemp("options")
    with with_passwords(directory), pytest.MonkeyPatch.context() as patch:
        (directory / "bob.txt").write_text(BOB_PASSWORD, encoding="utf-8")
        # Half of the time goes into checks of types that mypy has done.
        patch.setattr(typing, "get_type_hints", functools.cache(typing.get_type_hints))
        patch.setitem(k8s.ObjectMeta.__init__.__globals__, "check_type", lambda **_: None)
        yield Made(directory)


def has_effect(made: Made, path: str) -> bool:
    """Whether another value of an option, where a settings file of the tests sets it, makes something else."""
    is_tried = False
    for file in FILES:
        # A patch names objects, which another name of a group of engines makes others.
        data = {key: value for key, value in settings(file).items() if key != "patches" or path.startswith(key)}
        for place in places(data, path):
            own = made.spec(data)
            assert own is not None
            for other in made.others(path, data, place):
                output = made.output(other)
                is_tried |= output is not None
                if output not in (None, made.output(own)):
                    return True
    assert is_tried, f"no other value of {path} is valid where the tests' settings files set it: set it in another file too"
    return False


@pytest.mark.parametrize("path", LEAVES)
def test_every_option_changes_what_is_made(made: Made, path: str) -> None:
    assert has_effect(made, path) is (path not in WITHOUT_EFFECT)


def test_an_option_that_nothing_reads_is_found(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Made, "output", lambda self, spec: json.dumps(len(spec.users)))
    assert not has_effect(made, "images.tag")


def test_every_option_without_effect_is_one_and_has_a_reason() -> None:
    assert WITHOUT_EFFECT.keys() <= {*LEAVES}
    assert all(WITHOUT_EFFECT.values())
