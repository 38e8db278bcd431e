"""The table of `make bench`."""

from __future__ import annotations

import json
from typing import Any

import pytest
import table


def row(**changes: Any) -> table.Row:
    return table.Row(
        **{"question": "tasks", "what": "one task", "unit": "ms", "values": (2.0, 4.0, 9.0), "against": "that", "base": (1.0, 4.0, 3.0), **changes}
    )


def test_a_ratio_is_the_median_of_those_of_each_round() -> None:
    assert row().ratios == (2.0, 1.0, 3.0)
    assert row().ratio == 2.0


@pytest.mark.parametrize(
    ("changes", "is_met"),
    [
        ({}, None),
        ({"aim": 2.0}, True),
        ({"aim": 1.9}, False),
        ({"aim": 2.0, "more_is_better": True}, True),
        ({"aim": 2.1, "more_is_better": True}, False),
        ({"limit": 4.0}, True),
        ({"limit": 3.9}, False),
        ({"aim": 2.0, "limit": 3.9}, False),
    ],
)
def test_an_aim_is_of_the_ratio_and_a_limit_of_the_value(changes: dict[str, Any], is_met: bool | None) -> None:
    assert row(**changes).is_met is is_met


@pytest.mark.parametrize("changes", [{"values": ()}, {"base": (1.0,)}, {"against": ""}, {"base": ()}, {"base": (), "against": "", "aim": 1.0}])
def test_a_ratio_of_unlike_things_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="one task"):
        row(**changes)


def test_each_system_is_measured_once_a_round_and_another_one_first_each_time() -> None:
    asked: list[str] = []

    def measured(name: str) -> Any:
        def measure() -> float:
            asked.append(name)
            return len(asked)

        return measure

    found = table.interleaved({"a": measured("a"), "b": measured("b")}, rounds=2)

    assert asked == ["a", "b", "b", "a"]
    assert found == {"a": (1, 4), "b": (2, 3)}


def test_the_table_says_what_was_missed_and_each_note_once() -> None:
    rows = [row(aim=1.5, note="once"), row(what="alone", values=(1234.0,), against="", base=(), limit=2000.0, note="once")]

    assert table.markdown("How long?", rows).splitlines() == [
        "### How long?",
        "",
        "| measured | this product | against | that | ratio (spread) | aim |",
        "|---|---|---|---|---|---|",
        "| one task | 4.00 ms | that | 3.00 ms | 2.00 (1.00 to 3.00) | ≤ 1.5 ×: **missed** |",
        "| alone | 1,234 ms |  |  |  | ≤ 2,000 ms: reached |",
        "",
        "once",
    ]


def test_a_row_travels_as_json() -> None:
    assert json.loads(json.dumps(table.as_json(row(aim=3.0))))["is_met"] is True
