"""What studies are asked with: cells, currents and bounds, checked where they enter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real

import numpy as np

from cellfem.errors import expect, explain, shown
from cellfem.model.cell import Cell
from cellfem.model.solution import Solution


def need_cell(where: str, cell) -> None:
    """Refuse what is no Cell."""
    expect(isinstance(cell, Cell), where, cell, "a cf.Cell",
           "Build it from the mesh: cf.Cell(mesh, metal=..., electrolyte=..., ...).")


def need_cells(where: str, cells) -> None:
    """Refuse what is no mapping of names to Cells, with one of them at least."""
    if not (isinstance(cells, Mapping) and cells and all(isinstance(cell, Cell) for cell in cells.values())):
        raise ValueError(explain(where, f"found {shown(cells)}", "cells by name are needed, at least one",
                                 'Write {"VGA": cell, "HGA": other}, say.'))


def need_run(where: str, run, moments: int = 0) -> None:
    """Refuse what is no Solution, or has not so many moments."""
    expect(isinstance(run, Solution), where, run, "a run, a cf.Solution,", "Give what cf.solve returns.")
    if len(run.times) < moments:
        raise ValueError(explain(where, f"found a run without a moment ({run.outcome.message})", "a run that was solved"
                                 " is needed", "Look at run.outcome first."))


def need_runs(where: str, runs) -> None:
    """Refuse what is no mapping of names to Solutions, with one of them at least."""
    expect(isinstance(runs, Mapping) and runs and all(isinstance(run, Solution) for run in runs.values()), where, runs,
           "a dict of names and runs, at least one,", 'Write {"VGA": run}, say, with what cf.solve returns.')


def need_number(where: str, value, what: str, high: float = math.inf, do: str = "Mind the unit (SI).") -> None:
    """Refuse what is no real number above 0 and below infinity, or up to a finite `high`."""
    expect(isinstance(value, Real) and not isinstance(value, bool) and 0 < value < math.inf and value <= high, where,
           value, what, do)


def plating_currents(where: str, currents) -> list[float]:
    """The different currents [A/m2], from low to high; refuses what is no list of numbers above 0."""
    values = np.atleast_1d(np.asarray(currents)) if isinstance(currents, Real | Sequence | np.ndarray) else None
    if values is None or values.ndim != 1 or values.dtype.kind not in "iuf" or not len(values):
        raise ValueError(explain(where, f"found {shown(currents)}", "a list of plating currents is needed",
                                 "Currents are superficial, in A/m2: [10 * mA / cm**2, 20 * mA / cm**2]."))
    bad = [float(value) for value in values if not (math.isfinite(value) and value > 0)]
    if bad:
        raise ValueError(explain(where, f"found {bad[0]:g}", "plating currents (finite, > 0) are needed",
                                 "Currents are superficial, in A/m2: 2 mA/cm2 is 2 * mA / cm**2."))
    return sorted({float(value) for value in values})
