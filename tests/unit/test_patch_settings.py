"""What a patch of the settings may say."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from jupyter_cluster_constructs.spec import PatchOperation
from jupyter_cluster_constructs.spec.patches import ObjectPatch


@pytest.mark.parametrize("path", ["/apiVersion", "/kind", "/metadata", "/metadata/name", "/metadata/namespace", "/status", "/status/replicas"])
def test_what_an_object_is_cannot_be_patched(path: str) -> None:
    with pytest.raises(ValidationError, match="allowed: any place but"):
        PatchOperation(op="replace", path=path, value="other")


@pytest.mark.parametrize("path", ["", "spec", "spec/replicas", "/spec/~2", "/spec~"])
def test_a_path_is_a_json_pointer(path: str) -> None:
    with pytest.raises(ValidationError, match="allowed: a JSON pointer"):
        PatchOperation(op="remove", path=path)


@pytest.mark.parametrize("operation", [{"op": "add"}, {"op": "replace"}, {"op": "remove", "value": 1}])
def test_a_value_is_there_where_one_is_put_and_nowhere_else(operation: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="allowed: a value with add and replace, none with remove"):
        PatchOperation.model_validate({"path": "/spec/replicas", **operation})


@pytest.mark.parametrize("value", [0, False, "", [], {}])
def test_values_that_are_nothing_to_python_are_values(value: object) -> None:
    assert PatchOperation.model_validate({"op": "add", "path": "/spec/x", "value": value}).value == value


def test_a_patch_has_an_operation() -> None:
    with pytest.raises(ValidationError, match="allowed: at least one"):
        ObjectPatch(kind="Service", name="lab-ssh", patch=())
