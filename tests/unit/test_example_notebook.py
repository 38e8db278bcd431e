"""The example notebook of the frontend's image, as it is in the repository; e2e runs it."""

from __future__ import annotations

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from support import ROOT

EXAMPLE = ROOT / "docker/debian-ipython-fn/cluster/examples/ipyparallel.ipynb"
NOTEBOOK = nbformat.read(EXAMPLE, as_version=4)  # type: ignore[no-untyped-call]
CODE = [cell for cell in NOTEBOOK.cells if cell.cell_type == "code"]


def test_it_is_a_notebook_for_the_kernel_that_the_image_has() -> None:
    nbformat.validate(NOTEBOOK)
    assert NOTEBOOK.metadata.kernelspec.name == "python3"


def test_nothing_that_was_computed_is_kept_in_it() -> None:
    assert [(cell.outputs, cell.execution_count) for cell in CODE] == [([], None)] * len(CODE)


def test_every_part_that_computes_is_explained_before_it() -> None:
    kinds = [cell.cell_type for cell in NOTEBOOK.cells]
    assert kinds == ["markdown", *["markdown", "code"] * len(CODE), "markdown"]


def test_each_cell_is_python() -> None:
    for cell in CODE:
        compile(TransformerManager().transform_cell(cell.source), cell.id, "exec")  # type: ignore[no-untyped-call]
