"""Every default is written where people look: in the settings' page, in their descriptions, in the docstrings of what is imported."""

from __future__ import annotations

import inspect
import json
import re
import typing
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from support import ROOT

import jupyter_cluster_constructs
from jupyter_cluster_constructs import ClusterSpec, testing

from .test_schema import ALTERNATIVES, OPTIONS, resolved

ROWS = {
    name: (default, text)
    for name, default, text in re.findall(r"^\| `([^`]+)` \| (.*?) \| (.*) \|$", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)
}


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The settings that a type holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from models(argument)


def defaults(model: type[BaseModel] = ClusterSpec, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each option that is no group, and its default in the code."""
    for name, field in model.model_fields.items():
        inner = next(models(field.annotation), None)
        where = f"{path}{name}"
        if inner is None:
            yield where, field.get_default(call_default_factory=True)
        else:
            yield from defaults(inner, f"{where}[]." if "tuple" in str(field.annotation) else f"{where}.")


DEFAULTS = dict(defaults())


def test_every_option_of_the_schema_is_looked_at() -> None:
    leaves = {path for path, option in OPTIONS.items() if "properties" not in resolved(resolved(option).get("items", option))}
    assert DEFAULTS.keys() == leaves


@pytest.mark.parametrize("path", DEFAULTS)
def test_the_default_of_an_option_is_on_the_settings_page(path: str) -> None:
    default = DEFAULTS[path]
    written, text = next(row for name, row in ROWS.items() if name.removesuffix("[]") == path)
    if default is PydanticUndefined:
        assert written == "*required*"
    elif default is None:
        assert "Default:" in text or path in ALTERNATIVES
    else:
        assert written == f"`{json.dumps(default)}`"


def callables() -> Iterator[tuple[str, Callable[..., Any]]]:
    """What is imported from the library and called, but for settings, which the tests above are about."""
    for module in (jupyter_cluster_constructs, testing):
        for name in module.__all__:
            found = getattr(module, name)
            is_settings = isinstance(found, type) and issubclass(found, BaseModel)
            if callable(found) and not is_settings and getattr(found, "__module__", "").startswith("jupyter_cluster_constructs"):
                yield f"{module.__name__.rpartition('.')[2]}.{name}", found
    for name in jupyter_cluster_constructs.__all__:
        found = getattr(jupyter_cluster_constructs, name)
        if isinstance(found, type) and not issubclass(found, BaseModel):
            for method, function in inspect.getmembers(found, inspect.isfunction):
                if not method.startswith("_") and function.__module__.startswith("jupyter_cluster_constructs"):
                    yield f"{name}.{method}", function


def signature(called: Callable[..., Any]) -> inspect.Signature:
    """Constructs' metaclass takes anything; what they really take is in their `__init__`."""
    return inspect.signature(called.__init__ if isinstance(called, type) and "__init__" in vars(called) else called)  # type: ignore[misc]


CALLABLES = dict(callables())


def documented(doc: str) -> dict[str, str]:
    """What a Google docstring says of each argument."""
    section = re.search(r"^Args:\n(.*?)(?=^\S|\Z)", inspect.cleandoc(doc), re.MULTILINE | re.DOTALL)
    entries = re.split(r"^    (?=\S)", section[1], flags=re.MULTILINE) if section else []
    return {name.lstrip("*"): " ".join(text.split()) for entry in entries if entry.strip() for name, _, text in [entry.partition(":")]}


def undocumented(doc: str | None, parameters: list[inspect.Parameter]) -> list[str]:
    """The arguments of which a docstring says nothing, or not what happens without them."""
    told = documented(doc or "")
    return [p.name for p in parameters if p.name not in told or (p.default is not p.empty and "Default:" not in told[p.name])]


@pytest.mark.parametrize("name", CALLABLES)
def test_every_argument_with_a_default_says_what_it_is(name: str) -> None:
    parameters = [p for p in signature(CALLABLES[name]).parameters.values() if p.name != "self"]
    # One argument alone is what the first line is about.
    if len(parameters) > 1 or any(p.default is not p.empty for p in parameters):
        with_default = [p for p in parameters if p.default is not p.empty]
        doc = CALLABLES[name].__doc__
        assert undocumented(doc, parameters if doc and "Args:" in doc else with_default) == []


def test_constructs_are_among_what_is_looked_at() -> None:
    assert {"jupyter_cluster_constructs.Frontend", "jupyter_cluster_constructs.PodExtras", "testing.check", "Nfs.home_of"} <= CALLABLES.keys()


def test_an_argument_whose_default_nobody_tells_is_found() -> None:
    def example(a: int, b: int = 1, *, c: int = 2, d: int = 3) -> None:
        """Do something.

        Args:
            a: the first.
            b: the second, and more
                of it. Default: one.
            c: the third.
        """

    parameters = list(inspect.signature(example).parameters.values())
    assert undocumented(example.__doc__, parameters) == ["c", "d"]
