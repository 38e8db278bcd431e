"""Manifests as they are written, read many times faster than any YAML."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.events import AliasEvent, DocumentStartEvent, MappingEndEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent

# What may begin a number, or is null, a boolean or a key to merge.
BEGINS_A_NUMBER = frozenset("-+.0123456789")
WORDS = frozenset({"", "~", "null", "true", "false", "<<", "="})


class _UnusualError(Exception):
    """What this library's manifests have not: anchors, tags, a key twice, a key that is no text."""


def documents(text: str) -> list[Any]:
    """The documents of a text, as ruamel.yaml's safe loader reads them; a thousand volumes take a quarter of the time.

    Raises:
        YAMLError: the text is not YAML.
        ValueError: a value is not what it says it is.
    """
    try:
        return list(_documents(YAML(typ="safe").parse(text)))
    except _UnusualError:
        return list(YAML(typ="safe").load_all(text))


def _documents(events: Iterator[Any]) -> Iterator[Any]:
    for event in events:
        if isinstance(event, DocumentStartEvent):
            if event.version:
                raise _UnusualError
            yield _value(next(events), events)


def _value(event: Any, events: Iterator[Any]) -> Any:
    if isinstance(event, AliasEvent) or event.anchor is not None or event.tag is not None:
        raise _UnusualError
    if isinstance(event, ScalarEvent):
        return _scalar(event.value) if event.implicit[0] and _may_be_no_text(event.value) else event.value
    if isinstance(event, SequenceStartEvent):
        return list(_values(events, SequenceEndEvent))
    mapping: dict[str, Any] = {}
    keys = _values(events, MappingEndEvent)
    for key in keys:
        if not isinstance(key, str) or key in mapping:
            raise _UnusualError
        mapping[key] = next(keys)
    return mapping


def _values(events: Iterator[Any], end: type) -> Iterator[Any]:
    for event in events:
        if isinstance(event, end):
            return
        yield _value(event, events)


def _may_be_no_text(plain: str) -> bool:
    return plain[:1] in BEGINS_A_NUMBER or plain.lower() in WORDS


@cache
def _scalar(plain: str) -> Any:
    if plain.isascii() and plain.isdigit() and plain[0] != "0":
        return int(plain)
    return {"true": True, "false": False}[plain] if plain in {"true", "false"} else YAML(typ="safe").load(plain)
