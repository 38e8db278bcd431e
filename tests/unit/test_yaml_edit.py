"""Edits of YAML that change nothing but what they are for."""

from __future__ import annotations

import difflib

import pytest

from jupyter_cluster_constructs.cli.yaml_edit import flow, loaded, with_entry, with_line_before, with_value, without_entry, without_key

EVE = {"name": "eve", "uid": 1003, "groups": ["physics"]}
LAYOUTS = {
    "a block": "name: lab\nusers:\n  - name: ada   # first\n    uid: 1001\n\n# Below.\ngroups: []\n",
    "a block that is not in": "name: lab\nusers:\n- uid: 0x3E9\n  name: 'ada'\n  # hers\n# Below.\ngroups: []\n",
    "a block far in": "name: lab\nusers:\n      -\n          uid: 1001\n          name: ada\n",
    "one line": "name: lab\nusers: [{name: ada, uid: 1001}]  # all\ngroups: []\n",
    "entries in lines": "users:\n  - {name: ada, uid: 1001}  # first\nname: lab\n",
    "JSON": '{"name": "lab", "users": [{"name": "ada", "uid": 1001}], "groups": []}\n',
    "no line end": "name: lab\nusers:\n  - name: ada\n    uid: 1001",
    "a document's start": "---\nname: lab\nusers:\n  - uid: 1001\n    name: ada\n...\n",
    "line ends of Windows": "name: lab\r\nusers:\r\n  - name: ada\r\n    uid: 1001\r\ngroups: []\r\n",
}
EMPTY = ("name: lab\n", "name: lab", "name: lab\nusers: []  # none\ngroups: []\n", "name: lab\nusers:\n\n# Below.\ngroups: []\n", "{name: lab}\n")


def lines_taken(before: str, after: str) -> list[str]:
    """The lines that are no longer there."""
    return [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line.startswith("- ")]


@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_an_entry_comes_last_and_goes_again_without_a_trace(text: str) -> None:
    added = with_entry(text, ("users",), EVE)
    assert loaded(added)["users"] == [*loaded(text)["users"], EVE]
    assert {**loaded(added), "users": 0} == {**loaded(text), "users": 0}
    assert without_entry(added, ("users",), 1).rstrip() == text.rstrip()


@pytest.mark.parametrize("text", [text for name, text in LAYOUTS.items() if name not in ("one line", "JSON")])
def test_an_entry_leaves_every_line_alone(text: str) -> None:
    assert lines_taken(text, with_entry(text, ("users",), EVE)) == []


@pytest.mark.parametrize("text", EMPTY)
def test_a_first_entry_makes_the_list(text: str) -> None:
    added = with_entry(text, ("users",), EVE)
    assert loaded(added) == {**loaded(text), "users": [EVE]}
    assert without_entry(added, ("users",), 0).count("users: []") == 1


@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_a_value_is_set_replaced_and_taken_away(text: str) -> None:
    once = with_value(text, ("users", 0), "password_hash", "$6$one")
    assert loaded(once)["users"] == [{**loaded(text)["users"][0], "password_hash": "$6$one"}]
    twice = with_value(once, ("users", 0), "password_hash", "$6$two")
    assert loaded(twice)["users"] == [{**loaded(text)["users"][0], "password_hash": "$6$two"}]
    assert without_key(twice, ("users", 0), "password_hash").rstrip() == text.rstrip()


def test_a_key_behind_the_dash_makes_room_for_the_next_one() -> None:
    text = "users:\n  - password_env: ADA  # old\n    name: ada\n"
    assert without_key(text, ("users", 0), "password_env") == "users:\n  - name: ada\n"


def test_a_line_goes_before_its_key_or_where_keys_have_no_lines_to_the_end() -> None:
    assert with_line_before("name: lab\nusers: []\n", "users", "# x") == "name: lab\n# x\nusers: []\n"
    assert with_line_before("{name: lab, users: []}", "users", "# x") == "{name: lab, users: []}\n# x\n"


@pytest.mark.parametrize("text", ["yes", "No", "1001", "1e3", "a: b", "a #b", "[x", "", " x", "null", "~", "two\nlines", "*x", "ü", "a, b", '"'])
def test_a_text_comes_back_as_it_was(text: str) -> None:
    for around in (f"key: {flow(text)}", f"[{flow(text)}]", f"{{key: {flow(text)}}}"):
        assert loaded(around) in ({"key": text}, [text])
    assert flow("yes") == '"yes"', "a truth value to parsers of YAML 1.1"
