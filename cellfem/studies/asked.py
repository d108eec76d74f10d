"""What studies are asked with: cells, currents and bounds, checked where they enter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real

import numpy as np

from cellfem.errors import explain
from cellfem.model.cell import Cell

SHOWN = 60  # characters of what was found


def need_cell(where: str, cell) -> None:
    """Refuse what is no Cell."""
    if not isinstance(cell, Cell):
        raise ValueError(explain(where, f"found {shown(cell)}", "a cf.Cell is needed",
                                 "Build it from the mesh: cf.Cell(mesh, metal=..., electrolyte=..., ...)."))


def need_cells(where: str, cells) -> None:
    """Refuse what is no mapping of names to Cells, with one of them at least."""
    if not (isinstance(cells, Mapping) and cells and all(isinstance(cell, Cell) for cell in cells.values())):
        raise ValueError(explain(where, f"found {shown(cells)}", "cells by name are needed, at least one",
                                 'Write {"VGA": cell, "HGA": other}, say.'))


def need_number(where: str, value, what: str, high: float = math.inf, do: str = "Mind the unit (SI).") -> None:
    """Refuse what is no real number above 0 and below infinity, or up to a finite `high`."""
    if not (isinstance(value, Real) and not isinstance(value, bool) and 0 < value < math.inf and value <= high):
        raise ValueError(explain(where, f"found {shown(value)}", f"{what} is needed", do))


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


def shown(value) -> str:
    """What was found, in few words: a number, text or short list as it stands, else its kind."""
    text = repr(value)
    return text if isinstance(value, Real | str | list | tuple | None) and len(text) <= SHOWN else \
        f"an object of the kind {type(value).__name__}"
