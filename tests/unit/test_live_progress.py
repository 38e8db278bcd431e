from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from jupyter_cluster_constructs.cli import progress
from jupyter_cluster_constructs.live.parts import Part
from jupyter_cluster_constructs.live.reasons import Reason

WAITING = Part("engines", 0, 2, (Reason("pod/p engine", "ImagePullBackOff: [red] i:1", "load it"),))
READY = Part("engines", 2, 2)


def printed(monkeypatch: pytest.MonkeyPatch, *moments: Part, terminal: bool) -> str:
    file = io.StringIO()
    monkeypatch.setattr(progress, "stderr", Console(file=file, force_terminal=terminal, width=120, markup=False, highlight=False))
    with progress.shown_parts() as show:
        for part in moments:
            show([part])
    return file.getvalue()


def test_without_a_terminal_a_part_is_told_when_it_changes_and_not_again(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(monkeypatch, WAITING, WAITING, READY, READY, terminal=False).splitlines()

    assert [re.sub(r"^ *\d+ s  ", "", line) for line in lines] == [
        "engines 0/2  pod/p engine: ImagePullBackOff: [red] i:1 (load it)",
        "engines 2/2",
    ]


def test_on_a_terminal_there_is_a_table_that_changes_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    text = printed(monkeypatch, WAITING, READY, terminal=True)

    # Messages of the cluster are no markup.
    assert "ImagePullBackOff: [red] i:1 (load it)" in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
    assert "✓" in text
    assert "\x1b[2K" in text


def test_a_hopeless_part_has_another_sign_than_one_that_waits() -> None:
    hopeless = Part("nfs", 0, 1, (Reason("statefulset/lab-nfs", "violates PodSecurity", is_final=True),))

    assert [progress.mark(part)[0] for part in (READY, WAITING, hopeless)] == ["✓", "…", "✗"]


def test_a_step_tells_what_it_waits_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    monkeypatch.setattr(progress, "stderr", Console(file=file, width=200, markup=False, highlight=False))

    with progress.shown_rest("storage") as show:
        for left in (["pod/a"], ["pod/a"], [f"pod/{n}" for n in range(7)], []):
            show(left)

    assert file.getvalue().splitlines() == [
        "storage: waiting for pod/a",
        "storage: waiting for pod/0, pod/1, pod/2, pod/3, pod/4 and 2 more",
    ]
