"""Graded one-dimensional grids: fine at planes where fields bend sharply, coarse between them.

The wanted cell size is a function of place that grows linearly away from every plane,

    h(x) = min(h_max, min_k (s_k + GROWTH |x - x_k|)),

so that neighbouring cells differ by a factor of about exp(GROWTH) = 1.5 at most, and points are placed at equal steps
of int dx/h.  Halving all sizes halves every cell exactly: the finer grid contains the coarser one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

GROWTH = math.log(1.5)
LEAST_CELLS = 2  # across every gap, sheet and layer


@dataclass(frozen=True)
class Axis:
    """One axis of a tensor-product grid: its planes and, per interval between them, sizes at the ends and cells."""

    planes: tuple[float, ...]  # [m] increasing; planes of the grid
    sizes: tuple[float, ...]  # [m] wanted cell size at each plane
    largest: float  # [m] wanted cell size away from the planes
    counts: tuple[int, ...]  # cells per interval

    @property
    def cells(self) -> int:
        return sum(self.counts)

    def points(self) -> np.ndarray:
        """Grid points [m], (cells + 1,); the planes are met exactly."""
        parts = [np.array(self.planes[:1])]
        for k, count in enumerate(self.counts):
            a, b = self.planes[k : k + 2]
            steps = np.arange(1, count) / count
            parts.append(a + _places(steps, b - a, self.sizes[k], self.sizes[k + 1], self.largest))
            parts.append(np.array([b]))
        return np.concatenate(parts)


def graded(planes, surfaces, *, largest: float, surface: float, coarsen: float = 1.0) -> Axis:
    """The axis with the given planes [m], fine (`surface` [m]) at those for which `surfaces` is true.

    Next to a thin interval the size falls to half the interval, so that its two cells have neighbours of like size.
    """
    gaps = np.diff(planes)
    wanted = np.where(surfaces, min(surface, largest), largest)
    sizes = [min(wanted[k], *(gaps[max(k - 1, 0) : k + 1] / LEAST_CELLS)) for k in range(len(planes))]
    for k in range(1, len(planes)):
        sizes[k] = min(sizes[k], sizes[k - 1] + GROWTH * gaps[k - 1])
    for k in range(len(planes) - 2, -1, -1):
        sizes[k] = min(sizes[k], sizes[k + 1] + GROWTH * gaps[k])
    cells = [max(LEAST_CELLS, math.ceil(_work(gap, sizes[k], sizes[k + 1], largest) - 0.1))
             for k, gap in enumerate(gaps)]
    counts = tuple(max(LEAST_CELLS, int(n / coarsen + 0.5)) for n in cells)
    return Axis(tuple(map(float, planes)), tuple(map(float, sizes)), largest, counts)


def uniform(length: float, coarsen: float = 1.0) -> Axis:
    """The axis of a direction in which nothing changes: two cells."""
    count = max(1, int(LEAST_CELLS / coarsen + 0.5))
    return Axis((0.0, length), (length, length), length, (count,))


def _ramps(length: float, s_a: float, s_b: float, largest: float) -> tuple[float, float, float]:
    """Peak of h(x) on an interval and the lengths of the rising and the falling ramp [m]."""
    rise, fall = (largest - s_a) / GROWTH, (largest - s_b) / GROWTH
    if rise + fall > length:
        rise = min(max((length + (s_b - s_a) / GROWTH) / 2, 0.0), length)
        fall = length - rise
    return min(largest, s_a + GROWTH * rise), rise, fall


def _work(length: float, s_a: float, s_b: float, largest: float) -> float:
    """int dx/h over an interval: the number of cells that it takes [-]."""
    peak, rise, fall = _ramps(length, s_a, s_b, largest)
    return (math.log(peak / s_a) + math.log(peak / s_b)) / GROWTH + (length - rise - fall) / peak


def _places(shares: np.ndarray, length: float, s_a: float, s_b: float, largest: float) -> np.ndarray:
    """Where int_0^x dx/h has the given shares of its value over the whole interval [m]."""
    peak, rise, fall = _ramps(length, s_a, s_b, largest)
    up, down = math.log(peak / s_a) / GROWTH, math.log(peak / s_b) / GROWTH
    work = shares * (up + down + (length - rise - fall) / peak)
    rest = work[-1:] * 0 + _work(length, s_a, s_b, largest) - work if work.size else work
    rising = s_a * np.expm1(GROWTH * np.minimum(work, up)) / GROWTH
    falling = length - s_b * np.expm1(GROWTH * np.minimum(rest, down)) / GROWTH
    flat = rise + (work - up) * peak
    return np.where(work <= up, rising, np.where(rest <= down, falling, flat))
