"""Whether objects are ones of Kubernetes: by its strict schemas, and by the definitions of custom kinds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from .extra import required
from .manifests import Manifest, all_of, identity, read

OLDEST = (1, 27)
"""The oldest Kubernetes that manifests are checked for, unless others are named."""


def kubernetes_versions() -> tuple[str, ...]:
    """The versions that manifests are checked for by default: each from 1.27 to the newest that kubernetes-validate knows.

    Raises:
        ImportError: the extra `testing` is not installed.
    """
    utils = required("kubernetes_validate.utils")
    numbers = {tuple(map(int, utils.major_minor(version).split("."))) for version in utils.all_versions()}
    return tuple(".".join(map(str, version)) for version in sorted(numbers) if version >= OLDEST)


def schema_problems(
    manifests: Iterable[Manifest],
    *,
    versions: Collection[str] | None = None,
    crds: Iterable[Path] = (),
    custom_kinds: Collection[str] = (),
) -> list[str]:
    """Find objects that an API server would refuse, or of which it would drop a key that it does not know.

    Args:
        manifests: the objects; a CustomResourceDefinition among them defines its kind.
        versions: of Kubernetes, such as ``1.31``. Default: all of `kubernetes_versions()`.
        crds: YAML files with CustomResourceDefinitions. Default: none.
        custom_kinds: kinds that nothing defines and nobody checks. Default: none.

    Returns:
        A line for each problem, with the object, the place in it and the versions.

    Raises:
        ImportError: the extra `testing` is not installed.
        ValueError: a version is none that kubernetes-validate has.
    """
    there = list(manifests)
    known = kubernetes_versions()
    checked = known if versions is None else tuple(versions)
    if unknown := sorted({*checked} - {*known}):
        raise ValueError(f"received the versions {', '.join(unknown)}; allowed: {', '.join(known)}")
    defined = dict(_defined(all_of((*there, *read(*crds)), "CustomResourceDefinition")))
    found = []
    for manifest in there:
        kind, api_version = str(manifest.get("kind")), str(manifest.get("apiVersion"))
        if (kind, api_version) in defined:
            own = {key: value for key, value in manifest.items() if key != "metadata"}
            found += [f"{identity(manifest)}: {text} (its CustomResourceDefinition)" for text in _errors(_validator(defined[kind, api_version]), own)]
        elif kind not in custom_kinds:
            found += _of_kubernetes(manifest, kind, api_version, checked)
    return found


def _of_kubernetes(manifest: Manifest, kind: str, api_version: str, versions: Iterable[str]) -> Iterator[str]:
    in_versions: dict[str, list[str]] = {}
    for version in versions:
        validator = _schema(kind, api_version, version)
        unknown = f"no schema of {kind} {api_version}; name the file of its CustomResourceDefinition in crds, or the kind in custom_kinds"
        for text in [unknown] if validator is None else _errors(validator, manifest):
            in_versions.setdefault(text, []).append(version)
    for text, of in in_versions.items():
        yield f"{identity(manifest)}: {text} (Kubernetes {of[0] if len(of) == 1 else f'{of[0]} to {of[-1]}'})"


def _errors(validator: Any, value: Any) -> Iterator[str]:
    for error in sorted(validator.iter_errors(value), key=str):
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".")
        message = error.message if len(error.message) < 300 else f"{error.message[:300]}…"
        yield f"{place}: {message}" if place else message


@cache
def _schema(kind: str, api_version: str, version: str) -> Any:
    """The validator of a kind; None where that Kubernetes has no such kind. kubernetes-validate's own reads all files for each object anew."""
    utils, referencing = required("kubernetes_validate.utils"), required("referencing")
    # As kubernetes-validate names its files: rbac.authorization.k8s.io/v1 is rbac-v1.
    group = re.sub(r"^([^./]*)(?:[.][^/]*)?/", r"\1-", api_version)
    try:
        schema = utils.schema_contents(f"{_directory(version)}/{kind.lower()}-{group}.json", version)
    except FileNotFoundError:
        return None
    own = referencing.Resource.from_contents(schema)
    return _validator(schema, own @ _definitions(version))


@cache
def _definitions(version: str) -> Any:
    utils, referencing = required("kubernetes_validate.utils"), required("referencing")
    definitions = referencing.Resource.from_contents(utils.schema_contents(f"{_directory(version)}/_definitions.json", version))
    return (definitions @ referencing.Registry()).crawl()


def _directory(version: str) -> str:
    utils = required("kubernetes_validate.utils")
    newest = [found for found in utils.all_versions() if utils.major_minor(found) == version][-1]
    return f"kubernetes-json-schema/v{newest}-local-strict"


def _validator(schema: Any, registry: Any = None) -> Any:
    validators = required("jsonschema.validators")
    return validators.Draft202012Validator(schema) if registry is None else validators.Draft202012Validator(schema, registry=registry)


def _defined(crds: Iterable[Manifest]) -> Iterator[tuple[tuple[str, str], Any]]:
    """The schema of each served version of custom kinds, without metadata, which Kubernetes checks."""
    for crd in crds:
        spec = crd["spec"]
        for version in spec["versions"]:
            if version["served"]:
                schema = version["schema"]["openAPIV3Schema"]
                properties = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}} | schema.get("properties", {})
                own = schema | {"type": "object", "properties": {key: value for key, value in properties.items() if key != "metadata"}}
                yield (spec["names"]["kind"], f"{spec['group']}/{version['name']}"), strict(own)


def strict(schema: Any) -> Any:
    """A CRD's schema that refuses keys that it does not name, as `kubectl apply` does."""
    if isinstance(schema, list):
        return [strict(value) for value in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items()}
    is_open = "additionalProperties" in made or schema.get("x-kubernetes-preserve-unknown-fields")
    return made | ({"additionalProperties": False} if isinstance(schema.get("properties"), dict) and not is_open else {})
