"""The examples in the JSON Schema, which editors show: each is taken in its place."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, TypeAdapter

from jupyter_cluster_constructs.spec import ClusterSpec

from .test_schema import OPTIONS, resolved


def models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A group of settings and all groups in it."""
    yield model
    for field in model.model_fields.values():
        for inner in models_in(field.annotation):
            yield from models(inner)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (tuple, Union, UnionType) or hasattr(annotation, "__metadata__"):
        for inner in get_args(annotation):
            yield from models_in(inner)


EXAMPLES = [
    pytest.param(model, name, example, id=f"{model.__name__}.{name}-{i}")
    for model in dict.fromkeys(models(ClusterSpec))
    for name in model.model_fields
    for i, example in enumerate(model.model_json_schema()["properties"][name].get("examples", ()))
]


def is_text(option: dict[str, Any]) -> bool:
    """Whether people write a text, a list of texts or names with texts, and no choice says which."""
    inner = resolved(option)
    if inner.get("type") == "array":
        return is_text(inner["items"])
    if inner.get("type") == "object":
        return "properties" not in inner
    return "string" in inner.get("type", ()) and not {"enum", "const"} & inner.keys()


def examples_of(option: dict[str, Any]) -> list[Any]:
    inner = resolved(option)
    found: list[Any] = option.get("examples") or inner.get("examples") or resolved(inner.get("items", {})).get("examples") or []
    return found


@pytest.mark.parametrize(("model", "name", "example"), EXAMPLES)
def test_an_example_is_taken_in_its_place(model: type[BaseModel], name: str, example: Any) -> None:
    field = model.model_fields[name]
    assert field.annotation is not None
    TypeAdapter(field.rebuild_annotation()).validate_python(example)


def test_there_are_examples_of_every_group() -> None:
    assert len(EXAMPLES) > 50


@pytest.mark.parametrize("path", [path for path, option in OPTIONS.items() if is_text(option)])
def test_a_text_without_a_choice_has_an_example(path: str) -> None:
    # Field(examples=[...]) in spec/.
    assert examples_of(OPTIONS[path])


@pytest.mark.parametrize("name", ClusterSpec.model_fields)
def test_a_section_has_an_example_which_init_writes_as_a_comment(name: str) -> None:
    assert ClusterSpec.model_fields[name].examples
