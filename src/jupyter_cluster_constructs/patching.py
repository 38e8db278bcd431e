"""Patches: the way out for what no setting says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import cdk8s
import jsonpatch
from constructs import Construct

from .errors import InvalidSettingsError, Problem
from .spec import ObjectPatch, PatchOperation

Document = dict[str, Any]


class PatchError(ValueError):
    """An operation that does not fit its object.

    Attributes:
        position: which operation it is, from 0.
    """

    def __init__(self, position: int, message: str) -> None:
        self.position = position
        super().__init__(message)


def patch_object(api_object: cdk8s.ApiObject, *operations: PatchOperation) -> None:
    """Change an object of a construct after it was made, in any way that Kubernetes takes.

    cdk8s' own ``add_json_patch`` writes into the typed objects of cdk8s-plus, which then drop what Kubernetes 1.27 did not know, and every
    quantity and port that is given as a text. Here the object is replaced by one that is written as it is.
    https://datatracker.ietf.org/doc/html/rfc6902

    Args:
        api_object: the object, such as ``frontend.deployment``.
        *operations: what is changed, one after the other.

    Raises:
        PatchError: there is nothing at such a place in the object; nothing is changed then.
    """
    current = _current(api_object)
    _replace(current, _patched(current, operations))


def apply_patches(scopes: Iterable[Construct], patches: Sequence[ObjectPatch]) -> None:
    """Change the objects that the settings name.

    Args:
        scopes: the constructs with the objects.
        patches: what is changed.

    Raises:
        InvalidSettingsError: there is no such object, or nothing at such a place in it.
    """
    if not patches:
        return
    objects = {(each.kind, each.name): each for scope in scopes for each in scope.node.find_all() if isinstance(each, cdk8s.ApiObject)}
    problems = [problem for i, patch in enumerate(patches) for problem in _problems(i, patch, objects)]
    if problems:
        raise InvalidSettingsError(*problems)


def _problems(position: int, patch: ObjectPatch, objects: dict[tuple[str, str], cdk8s.ApiObject]) -> list[Problem]:
    where = ("patches", position)
    found = objects.get((patch.kind, patch.name))
    if found is None:
        of_kind = sorted(name for kind, name in objects if kind == patch.kind)
        allowed = ", ".join(of_kind) if of_kind else f"a kind of {', '.join(sorted({kind for kind, _ in objects}))}"
        return [Problem((*where, "name" if of_kind else "kind"), f"received {patch.kind} {patch.name!r}, which is not made; allowed: {allowed}")]
    try:
        patch_object(found, *patch.patch)
    except PatchError as error:
        return [Problem((*where, "patch", error.position), str(error))]
    return []


def _patched(api_object: cdk8s.ApiObject, operations: Sequence[PatchOperation]) -> Document:
    document: Document = api_object.to_json()
    for i, operation in enumerate(operations):
        try:
            document = jsonpatch.apply_patch(document, [_as_json(operation)])
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
            received = f"received {operation.op} {operation.path}, which does not fit {api_object.kind} {api_object.name} ({error})"
            raise PatchError(i, f"{received}; allowed: places that it has, and with add new keys in them") from None
    return document


def _as_json(operation: PatchOperation) -> Document:
    return {"op": operation.op, "path": operation.path} | ({} if operation.op == "remove" else {"value": operation.value})


def _current(api_object: cdk8s.ApiObject) -> cdk8s.ApiObject:
    """What an earlier patch put in the object's place."""
    scope = api_object.node.scope
    found = scope.node.try_find_child(api_object.node.id) if scope is not None else None
    return found if isinstance(found, cdk8s.ApiObject) else api_object


def _replace(api_object: cdk8s.ApiObject, document: Document) -> None:
    scope, id = api_object.node.scope, api_object.node.id
    if not isinstance(scope, Construct):
        raise ValueError("received an object that is in no Chart; allowed: one of a construct")
    scope.node.try_remove_child(id)
    plain = cdk8s.ApiObject(
        scope, id, api_version=api_object.api_version, kind=api_object.kind, metadata=cdk8s.ApiObjectMetadata(name=api_object.name)
    )
    for key in document.keys() - {"apiVersion", "kind"}:
        plain.add_json_patch(cdk8s.JsonPatch.add(f"/{key}", document[key]))
    if api_object.kind == "Namespace":
        # It is now the last of the file, and what is in it cannot be applied before it.
        for other in scope.node.children:
            if other.node.id != id:
                other.node.add_dependency(plain)
