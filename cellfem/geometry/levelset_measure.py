"""Volume and area of a body from its signed distance alone, on a grid of points: what a mesh of it is held against.

    V = int H(-f/|grad f|) dV ,    A = int delta(f) |grad f| dV     (coarea formula)

with step and delta smeared over SMEAR grid steps to either side of the surface, and extrapolated from two grids, as the
error is of second order in the step.
Source: B. Engquist, A.-K. Tornberg and R. Tsai, J. Comput. Phys. 207 (2005) 28, doi:10.1016/j.jcp.2004.09.018.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cellfem.geometry.levelset_cut import Distance

POINTS = 2e6
SMEAR = 2.0  # [-] grid steps
SMOOTH = 0.01  # [-] by which differences of the grid may miss the gradient 1 of a distance; else finer ones are taken
SLAB = 300_000  # points at a time


def measure(distance: Distance, size: Sequence[float], points: float = POINTS) -> tuple[float, float]:
    """Volume of the body [m3] and area of its surface [m2] inside the box [0, x] x [0, y] x [0, z].

    Where the body's surface runs along a side of the box, that part is not area.
    """
    fine, coarse = (np.array(_smeared(distance, size, n)) for n in (points, points / 8))
    volume, area = fine + (fine - coarse) / 3
    return float(volume), float(area)


def _smeared(distance: Distance, size: Sequence[float], points: float) -> tuple[float, float]:
    step = (math.prod(size) / points) ** (1 / 3)
    counts = [max(8, round(length / step)) for length in size]
    steps = np.array(size) / counts
    x = [(np.arange(n) + 0.5) * h for n, h in zip(counts, steps, strict=True)]
    value = _tabulated(distance, x)
    element, width = float(np.prod(steps)), SMEAR * float(steps.max())
    near = np.nonzero(np.abs(value) < 2 * width)
    steep = np.sqrt(sum(np.gradient(value, h, axis=k, edge_order=2)[near] ** 2 for k, h in enumerate(steps)))
    creased = np.flatnonzero(np.abs(steep - 1) > SMOOTH)
    at = np.stack([places[index[creased]] for places, index in zip(x, near, strict=True)])
    steep[creased] = np.concatenate([_steepness(distance, at[:, k : k + SLAB], 1e-3 * steps.max())
                                     for k in range(0, len(creased), SLAB)] or [np.zeros(0)])
    share = np.clip(value[near] / np.maximum(steep, 1e-6) / width, -1, 1)
    volume = float(np.sum(value < 0) - np.sum(value[near] < 0))
    volume += float(np.sum(0.5 * (1 - share - np.sin(np.pi * share) / np.pi)))
    return element * volume, element / width * float(np.sum(0.5 * (1 + np.cos(np.pi * share))))


def _steepness(distance: Distance, at: np.ndarray, small: float) -> np.ndarray:
    """(n,) |grad f| at places (3, n), by central differences of `small` [m] to each side."""
    slope = np.stack([distance(at + small * e[:, None]) - distance(at - small * e[:, None]) for e in np.eye(3)])
    return np.linalg.norm(slope, axis=0) / (2 * small)


def _tabulated(distance: Distance, places: Sequence[np.ndarray]) -> np.ndarray:
    """(x, y, z) distances on the grid of the given places along x, y and z."""
    x, y, z = places
    base = np.stack([g.ravel() for g in np.meshgrid(x, y, indexing="ij")])
    value = np.empty((base.shape[1], len(z)))
    rows = max(1, SLAB // base.shape[1])
    for start in range(0, len(z), rows):
        heights = z[start : start + rows]
        at = np.concatenate([np.repeat(base, len(heights), axis=1), np.tile(heights, base.shape[1])[None]])
        value[:, start : start + rows] = distance(at).reshape(base.shape[1], -1)
    return value.reshape(len(x), len(y), len(z))
