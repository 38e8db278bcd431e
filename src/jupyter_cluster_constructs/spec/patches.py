"""The way out for what no setting says: changes of the objects as they are written."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, WithJsonSchema, model_validator

from .base import Settings
from .values import Listed, WholeText

# Others refer to an object by these, and what the settings call it is what `kubectl` is told to restart or delete.
IDENTITY = ("/apiVersion", "/kind", "/metadata/name", "/metadata/namespace")


def _pointer(value: str) -> str:
    if not re.fullmatch(r"(/([^~/]|~[01])*)+", value):
        raise ValueError("allowed: a JSON pointer such as /spec/template/spec/priorityClassName, with ~1 for / and ~0 for ~ inside a key")
    if value in ("/metadata", "/", *IDENTITY) or value.startswith("/status"):
        raise ValueError(f"received {value!r}; allowed: any place but {', '.join(IDENTITY)}, the metadata as a whole and the status")
    return value


class PatchOperation(Settings):
    """One operation of a JSON patch.

    https://datatracker.ietf.org/doc/html/rfc6902
    """

    op: Literal["add", "remove", "replace"] = Field(description="What is done: `add` also replaces a key and inserts into a list, `/-` at its end.")
    path: Annotated[str, AfterValidator(_pointer)] = Field(
        description="Place in the object as a JSON pointer.", examples=["/spec/template/spec/priorityClassName", "/metadata/annotations/team"]
    )
    value: Annotated[JsonValue, WithJsonSchema({})] = Field(
        default=None, description="What is put there, as Kubernetes writes it. Default: nothing, for `remove`."
    )

    @model_validator(mode="after")
    def _value_fits(self) -> Self:
        is_given = self.value is not None
        if is_given == (self.op == "remove"):
            raise ValueError(f"received {'a' if is_given else 'no'} value with op {self.op}; allowed: a value with add and replace, none with remove")
        return self


class ObjectPatch(Settings):
    """Changes of one of the cluster's objects, after the settings made it.

    https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
    """

    kind: WholeText = Field(description="Kind of the object, such as Deployment.", examples=["Deployment", "Service"])
    name: WholeText = Field(description="Name of the object, as `make synth` lists it.", examples=["lab-worker"])
    patch: Annotated[tuple[PatchOperation, ...], Listed] = Field(description="The operations, one after the other; at least one.")

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.patch:
            raise ValueError("received no operation in patch; allowed: at least one")
        return self
