"""Edits of a YAML text that leave every other character alone: comments, order, quotes, indentation.

ruamel.yaml says where things are; what it would write itself is laid out in its own way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Path = Sequence[str | int]
# Texts to ruamel.yaml, which knows YAML 1.2, and truth values to programs that know 1.1.
YAML_1_1_BOOLEANS = re.compile("y|yes|n|no|on|off", re.IGNORECASE)


def loaded(text: str) -> Any:
    """What a YAML text holds."""
    return YAML(typ="safe", pure=True).load(text)


def with_entry(text: str, path: Path, entry: Any) -> str:
    """Add an entry to the end of a list, which is made where there is none."""
    *around, key = path
    entries = _found(text, path)
    if isinstance(entries, SequenceNode) and entries.value and not entries.flow_style:
        at = _entry_end(text, entries.value[-1], entries.start_mark.column)
        return f"{text[:at]}\n{_block_entry(entry, entries.start_mark.column)}{text[at:]}"
    if isinstance(entries, SequenceNode) and (entries.value or around or _root(text).flow_style):
        at = entries.value[-1].end_mark.index if entries.value else entries.start_mark.index + 1
        return f"{text[:at]}{', ' if entries.value else ''}{flow(entry)}{text[at:]}"
    if entries is None:
        return with_value(text, around, str(key), [entry])
    colon = _colon(text, _root(text), str(key))
    empty = text[colon : max(colon, entries.end_mark.index)] if isinstance(entries, SequenceNode) or entries.value else ""
    rest = text[colon + len(empty) :]
    line, newline, below = rest.partition("\n")
    return f"{text[:colon]}{line.rstrip()}\n{_block_entry(entry, _root(text).start_mark.column + 2)}{newline}{below}"


def without_entry(text: str, path: Path, position: int) -> str:
    """Take an entry out of a list."""
    entries = _found(text, path)
    if entries.flow_style:
        return _without_flow_part(text, [(e.start_mark.index, e.end_mark.index) for e in entries.value], position)
    start, end = _dash_line(text, entries, position), _entry_end(text, entries.value[position], entries.start_mark.column)
    if len(entries.value) > 1:
        return text[:start] + text[end + 1 :]
    colon = _colon(text, _found(text, path[:-1]), str(path[-1]))
    return f"{text[:colon]} []{text[colon:start]}{text[end + 1 :]}"


def with_value(text: str, path: Path, key: str, value: Any) -> str:
    """Set a key of a mapping to a value, in place of the one it had or after the last key."""
    around = _found(text, path)
    for key_node, value_node in around.value:
        if key_node.value == key:
            colon = text.index(":", key_node.end_mark.index) + 1
            end = max(colon, _end(text, value_node)) if value_node.value else colon
            return f"{text[:colon]} {flow(value)}{text[end:]}"
    if around.flow_style:
        at = _end(text, around.value[-1][1])
        return f"{text[:at]}, {key}: {flow(value)}{text[at:]}"
    at = _line_end(text, _end(text, around))
    return f"{text[:at]}\n{_block_key(key, value, around.start_mark.column)}{text[at:]}"


def without_key(text: str, path: Path, key: str) -> str:
    """Take a key and its value out of a mapping of more than one."""
    around = _found(text, path)
    position = next(i for i, (key_node, _) in enumerate(around.value) if key_node.value == key)
    if around.flow_style:
        return _without_flow_part(text, [(k.start_mark.index, _end(text, v)) for k, v in around.value], position)
    key_node, value_node = around.value[position]
    start = text.rfind("\n", 0, key_node.start_mark.index) + 1
    if text[start : key_node.start_mark.index].strip():
        # Behind the dash, where the next key moves to.
        return text[: key_node.start_mark.index] + text[around.value[position + 1][0].start_mark.index :]
    return text[:start] + text[_line_end(text, max(_end(text, value_node), key_node.end_mark.index)) + 1 :]


def with_line_before(text: str, key: str, line: str) -> str:
    """Put a line, such as a comment, before a key of the outermost level, or at the end where keys have no lines of their own."""
    for key_node, _ in () if _root(text).flow_style else _root(text).value:
        if key_node.value == key:
            at = key_node.start_mark.index - key_node.start_mark.column
            return f"{text[:at]}{' ' * key_node.start_mark.column}{line}\n{text[at:]}"
    return f"{text}{'' if text.endswith(chr(10)) else chr(10)}{line}\n"


def flow(value: Any) -> str:
    """A value in one line, with quotes where YAML needs them."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{flow(key)}: {flow(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(flow, value))}]"
    if not isinstance(value, str):
        return json.dumps(value)
    try:
        is_plain = loaded(f"- [{value}]\n- k: {value}") == [[value], {"k": value}] and not YAML_1_1_BOOLEANS.fullmatch(value)
    except YAMLError:
        is_plain = False
    return value if is_plain and "\n" not in value else json.dumps(value, ensure_ascii=False)


def _block_entry(entry: Any, column: int) -> str:
    if not isinstance(entry, Mapping):
        return f"{' ' * column}- {flow(entry)}"
    keys = "\n".join(_block_key(key, value, column + 2) for key, value in entry.items())
    return f"{' ' * column}- {keys.lstrip()}"


def _block_key(key: str, value: Any, column: int) -> str:
    if isinstance(value, list) and any(isinstance(each, Mapping) or len(str(each)) > 40 for each in value):
        return "\n".join([f"{' ' * column}{key}:", *(_block_entry(each, column + 2) for each in value)])
    return f"{' ' * column}{key}: {flow(value)}"


def _root(text: str) -> MappingNode:
    node: MappingNode = YAML(typ="rt", pure=True).compose(text)
    return node


def _found(text: str, path: Path) -> Any:
    """The node at a place; None where there is nothing."""
    node: Node | None = _root(text)
    for part in path:
        if isinstance(node, SequenceNode):
            node = node.value[int(part)]
        elif isinstance(node, MappingNode):
            node = next((value for key, value in node.value if key.value == part), None)
    return node


def _end(text: str, node: Any) -> int:
    """Where the text of a node ends, without what stands below it."""
    if isinstance(node, ScalarNode) or node.flow_style or not node.value:
        return len(text[: node.end_mark.index].rstrip()) if isinstance(node, ScalarNode) else int(node.end_mark.index)
    if isinstance(node, MappingNode):
        key, value = node.value[-1]
        return max(_end(text, value), text.index(":", key.end_mark.index) + 1) if value.value else text.index(":", key.end_mark.index) + 1
    return _end(text, node.value[-1])


def _colon(text: str, mapping: MappingNode, key: str) -> int:
    """Where the value of a key may begin."""
    (node,) = (key_node for key_node, _ in mapping.value if key_node.value == key)
    return text.index(":", node.end_mark.index) + 1


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _entry_end(text: str, entry: Node, column: int) -> int:
    """The end of an entry's last line, which may be a comment: one that is further in than the dash."""
    end = _line_end(text, _end(text, entry))
    while comment := re.compile(rf"\n {{{column + 1},}}#.*").match(text, end):
        end = comment.end()
    return end


def _dash_line(text: str, entries: SequenceNode, position: int) -> int:
    """The start of the line with the dash of an entry."""
    start = text.rfind("\n", 0, entries.value[position].start_mark.index) + 1
    while not text.startswith("-", start + entries.start_mark.column):
        start = text.rfind("\n", 0, start - 1) + 1
    return start


def _without_flow_part(text: str, parts: Sequence[tuple[int, int]], position: int) -> str:
    start, end = parts[position]
    if position + 1 < len(parts):
        return text[:start] + text[parts[position + 1][0] :]
    return text[: parts[position - 1][1] if position else start] + text[end:]
