"""Measured data as a law: linear between points, frozen beyond the ends, with its own derivative."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cellfem.errors import explain


@dataclass(frozen=True)
class Table:
    """Values at concentrations, for use where a law f(c, T) is expected.

    Linear between the points and constant beyond the first and the last; a complex step through it gives the slope of
    the segment that c.real lies in, which is the exact derivative off the points.

    Raises ValueError where c does not increase strictly from c >= 0, or anything is not finite.

    >>> table = Table(c=(0.0, 1000.0), values=(0.0, 0.8))
    >>> float(table(500.0)), round(float(table(500.0 + 1e-30j).imag / 1e-30), 12)
    (0.4, 0.0008)
    """

    c: tuple[float, ...]  # [mol/m3] strictly increasing
    values: tuple[float, ...]  # SI, one per c
    _points: tuple[np.ndarray, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self):
        c, values = np.asarray(self.c, dtype=float), np.asarray(self.values, dtype=float)
        if c.ndim != 1 or c.shape != values.shape or c.size < 2:
            raise ValueError(explain("Table", f"found c of shape {c.shape} and values of shape {values.shape}",
                                     "two equally long lists of at least 2 numbers are needed",
                                     "Give one value per concentration."))
        if not (np.all(np.isfinite(c)) and np.all(np.isfinite(values))):
            raise ValueError(explain("Table", "found a value that is not finite", "numbers are needed",
                                     "Remove the points without data."))
        if c[0] < 0 or np.any(np.diff(c) <= 0):
            raise ValueError(explain("Table.c", "found concentrations that do not increase from >= 0",
                                     "each must exceed the one before", "Sort the points by concentration."))
        slopes = np.append(np.diff(values) / np.diff(c), 0.0)
        slopes = np.append(0.0, slopes)  # frozen on either side
        object.__setattr__(self, "c", tuple(c.tolist()))
        object.__setattr__(self, "values", tuple(values.tolist()))
        object.__setattr__(self, "_points", (c, values, slopes))

    def __call__(self, c, T=None):
        """Values at c [mol/m3], real or complex, of c's shape; the temperature plays no part."""
        nodes, values, slopes = self._points
        c = np.asarray(c)
        segment = np.searchsorted(nodes, c.real, side="right")
        left = np.maximum(segment - 1, 0)
        return (values[left] + slopes[segment] * (c - nodes[left]))[()]
