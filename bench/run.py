"""Measure what this product costs and how it compares, and write one table.

    make bench              everything, in under 20 minutes on two cores
    make bench QUICK=1      the same questions with small numbers, in under 3 minutes
    make bench ONLY=synth   some questions alone, by their keys, separated by commas

makes what it needs in a namespace of its own on the cluster of the current KUBECONFIG, with the images of `make images`, and deletes it.
Each row is a ratio of two things that were measured side by side in this run. The table is Markdown and JSON, and each question has a plot.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import machine
import plots
from systems import Bench
from table import Row, as_json, markdown

# In the order in which they are measured; each is a module with a TITLE and a function `measure`.
QUESTIONS = ("synth", "startup", "tasks", "arrays", "memory", "recovery", "files", "growth")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write, delete."""
    options = parse(arguments)
    start, rows, failed = time.monotonic(), dict[str, list[Row]](), dict[str, str]()
    with ExitStack() as stack:
        bench = Bench(quick=options.quick, namespace=options.namespace, stack=stack)
        for key in options.only:
            question = importlib.import_module(key)
            bench.say(question.TITLE)
            rows[key] = []
            try:
                for row in question.measure(bench):
                    rows[key].append(row)
                    bench.say(f"  {row.what}: {row.value:.4g} {row.unit}" + (f", {row.ratio:.2f} of {row.against}" if row.ratio else ""))
            except KeyboardInterrupt:
                failed[key] = "interrupted"
                break
            except Exception as error:
                # What the other questions found is not lost.
                failed[key] = f"{type(error).__name__}: {error}"
                bench.say(f"  FAILED: {failed[key]}")
        found = {**machine.here(), **(machine.node() if bench.cluster_was_used else {}), **bench.versions}
    write(options.output, rows, found, failed, time.monotonic() - start, quick=options.quick)
    return 1 if failed else 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options, checked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small numbers, for a look in under 3 minutes")
    parser.add_argument("--only", default=",".join(QUESTIONS), help="keys of questions, separated by commas (default: all)")
    parser.add_argument("--namespace", default="bench", help="where; it is deleted (default: bench)")
    parser.add_argument("--output", type=Path, default=Path("build/bench"), metavar="DIRECTORY", help="for table and plots (default: build/bench)")
    options = parser.parse_args(arguments)
    options.only = [key for key in options.only.split(",") if key] or list(QUESTIONS)
    if unknown := sorted(set(options.only) - set(QUESTIONS)):
        parser.error(f"received the questions {', '.join(unknown)}; allowed: {', '.join(QUESTIONS)}")
    return options


def write(output: Path, rows: dict[str, list[Row]], found: dict[str, str], failed: dict[str, str], seconds: float, *, quick: bool) -> None:
    """Write table.md, table.json and a plot a question, and print the table."""
    output.mkdir(parents=True, exist_ok=True)
    titles = {key: importlib.import_module(key).TITLE for key in rows}
    parts = [markdown(titles[key], found_rows) + (f"\nNot measured: {failed[key]}\n" if key in failed else "") for key, found_rows in rows.items()]
    where = "; ".join(f"{name}: {value}" for name, value in found.items())
    text = "\n".join([*parts, f"{'Quick run' if quick else 'Run'} of {seconds / 60:.1f} minutes. {where}."]) + "\n"
    (output / "table.md").write_text(text)
    everything: dict[str, Any] = {
        "machine": found,
        "quick": quick,
        "seconds": round(seconds),
        "failed": failed,
        "rows": [as_json(row) for each in rows.values() for row in each],
    }
    (output / "table.json").write_text(json.dumps(everything, indent=2) + "\n")
    for key, found_rows in rows.items():
        plots.plot(titles[key], found_rows, output / f"{key}.svg")
    print(f"\n{text}\n{output}/table.md, table.json and a plot a question", flush=True)


if __name__ == "__main__":
    sys.exit(main())
