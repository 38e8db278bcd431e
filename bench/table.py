"""Rows of the table: two things measured side by side, their ratio and its spread, as Markdown and as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measurement of this product, beside that of something else in the same run.

    Attributes:
        question: the key of the question that it answers.
        what: what was measured.
        unit: the unit of the values, such as "ms" or "tasks/s".
        values: what was measured of this product, one for each round.
        against: what it is compared with; empty where it stands alone.
        base: what was measured of that, in the same rounds; empty where it stands alone.
        more_is_better: whether a larger value is the better one.
        aim: the ratio to reach, at least where more is better, at most elsewhere; None where the ratio has none.
        limit: the value to reach, likewise; None where the value has none.
        series: rows of one series are one line of the plot.
        x: where the row stands on that line, such as the number of engines; None where there is no line.
        note: what has to be known to read it.
    """

    question: str
    what: str
    unit: str
    values: tuple[float, ...]
    against: str = ""
    base: tuple[float, ...] = ()
    more_is_better: bool = False
    aim: float | None = None
    limit: float | None = None
    series: str = ""
    x: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if not self.values or (self.base and len(self.base) != len(self.values)):
            raise ValueError(f"{self.what}: received {len(self.values)} values and {len(self.base)} to compare them with")
        if bool(self.base) != bool(self.against) or (self.aim is not None and not self.base):
            raise ValueError(f"{self.what}: a ratio needs both what it is compared with and its values")

    @property
    def value(self) -> float:
        """The median of the values."""
        return statistics.median(self.values)

    @property
    def ratios(self) -> tuple[float, ...]:
        """By round, this product's value for one of the other; empty where it stands alone."""
        return tuple(mine / other for mine, other in zip(self.values, self.base, strict=True)) if self.base else ()

    @property
    def ratio(self) -> float | None:
        """The median of the ratios."""
        return statistics.median(self.ratios) if self.ratios else None

    @property
    def is_met(self) -> bool | None:
        """Whether aim and limit are reached; None where there is neither."""
        wanted = [(self.ratio, self.aim), (self.value, self.limit)]
        met = [value >= bound if self.more_is_better else value <= bound for value, bound in wanted if value is not None and bound is not None]
        return all(met) if met else None


def interleaved(systems: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, tuple[float, ...]]:
    """Measure each system once a round, each round from another one on, so that none is always first.

    Args:
        systems: by name, what measures once.
        rounds: how often.
    """
    names = list(systems)
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            found[name].append(systems[name]())
    return {name: tuple(values) for name, values in found.items()}


def markdown(title: str, rows: Sequence[Row]) -> str:
    """The rows of one question as a table."""
    lines = [f"### {title}", "", "| measured | this product | against | that | ratio (spread) | aim |", "|---|---|---|---|---|---|"]
    for row in rows:
        other = _number(statistics.median(row.base), row.unit) if row.base else ""
        lines.append(f"| {row.what} | {_number(row.value, row.unit)} | {row.against} | {other} | {_ratio(row)} | {_aim(row)} |")
    notes = dict.fromkeys(row.note for row in rows if row.note)
    return "\n".join([*lines, *(line for note in notes for line in ("", note)), ""])


def as_json(row: Row) -> dict[str, Any]:
    """A row with what follows from it, for json.dump."""
    return {**asdict(row), "value": row.value, "ratio": row.ratio, "is_met": row.is_met}


def _ratio(row: Row) -> str:
    if row.ratio is None:
        return ""
    spread = f" ({min(row.ratios):.2f} to {max(row.ratios):.2f})" if len(row.ratios) > 1 else ""
    return f"{row.ratio:.2f}{spread}"


def _aim(row: Row) -> str:
    sign, met = "≥" if row.more_is_better else "≤", {True: "reached", False: "**missed**", None: ""}[row.is_met]
    wanted = [f"{sign} {row.aim:g} ×"] if row.aim is not None else []
    wanted += [f"{sign} {_number(row.limit, row.unit)}"] if row.limit is not None else []
    return f"{' and '.join(wanted)}: {met}" if wanted else ""


def _number(value: float, unit: str) -> str:
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".strip()
