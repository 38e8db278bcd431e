"""A plot a question: ratios as bars with their spread, or values as lines where they grow with something."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from table import Row

OURS, OTHER = "tab:blue", "tab:orange"


def plot(title: str, rows: Sequence[Row], file: Path) -> bool:
    """Draw what a question's rows say; False where no row has anything to draw."""
    lines, bars = [row for row in rows if row.series], [row for row in rows if row.ratios and not row.series]
    series = list(dict.fromkeys(row.series for row in lines))
    if not series and not bars:
        return False
    figure, axes = plt.subplots(len(series) + bool(bars), 1, squeeze=False, figsize=(8, 3.2 * len(series) + 0.45 * len(bars) + (1.5 if bars else 0)))
    for axis, name in zip(axes[:, 0], series, strict=False):
        _lines(axis, name, [row for row in lines if row.series == name])
    if bars:
        _bars(axes[-1, 0], bars)
    figure.suptitle(title)
    figure.tight_layout()
    figure.savefig(file)
    plt.close(figure)
    return True


def _lines(axis: Axes, name: str, rows: Sequence[Row]) -> None:
    places = [row.x or 0 for row in rows]
    axis.plot(places, [row.value for row in rows], "o-", color=OURS, label="this product")
    for against in dict.fromkeys(row.against for row in rows if row.against):
        others = [row for row in rows if row.against == against]
        axis.plot([row.x or 0 for row in others], [statistics.median(row.base) for row in others], "s--", label=against)
    axis.set(xscale="log", xlabel=name, ylabel=rows[0].unit, xticks=places, xticklabels=[f"{place:g}" for place in places])
    axis.set_ylim(bottom=0)
    axis.minorticks_off()
    axis.legend()


def _bars(axis: Axes, rows: Sequence[Row]) -> None:
    places = range(len(rows))
    middles = [row.ratio or 0 for row in rows]
    spread = [[middle - min(row.ratios) for middle, row in zip(middles, rows, strict=True)]]
    spread.append([max(row.ratios) - middle for middle, row in zip(middles, rows, strict=True)])
    axis.barh(places, middles, xerr=spread, color=OURS, capsize=3)
    for place, row in zip(places, rows, strict=True):
        if row.aim is not None:
            axis.plot([row.aim, row.aim], [place - 0.4, place + 0.4], color=OTHER, linewidth=3)
    axis.axvline(1, color="black", linewidth=0.8)
    axis.set_yticks(places, [f"{row.what} / {row.against}" for row in rows], fontsize=7)
    axis.invert_yaxis()
    axis.set_xlabel("ratio; orange: the aim")
