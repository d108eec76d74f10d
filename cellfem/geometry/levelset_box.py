"""The box of a body-fitted mesh: how many cubes along each side, and the planes between its layers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cellfem.errors import GeometryError, explain
from cellfem.geometry.levelset_tree import Box
from cellfem.units import um

THIN = 0.7  # [-] of a cube: thinner layers get smaller cubes
MOST_HALVINGS = 6
MOST_CUBES = 4e8  # of the level before the last, one byte each


def box_of(size: Sequence[float], cell_size: float, least: float, *, layers=(), coarsen: float = 1.0,
           periodic: tuple[bool, ...] = (False, False, False)) -> Box:
    """The box of a host of `size` (x, y, z) [m] under `layers`, (region, thickness [m]) each.

    Cubes are as near to `cell_size` as equal shares of the extents allow, and halved down to `least` [m]; `coarsen`
    divides their counts, so that 0.5 halves every cube.  Raises GeometryError where the lattice would be too large or
    a layer too thin for it.
    """
    levels = max(0, round(math.log2(cell_size / least)))
    heights = [size[2], *(thickness for _, thickness in layers)]
    side = _side([*size[:2], *heights], cell_size)
    counts = [max(1, round(max(1, round(length / side)) / coarsen)) for length in size[:2]]
    whole, fine = [], levels
    for k, height in enumerate(heights):
        share = height / side / coarsen
        halvings = max(0, math.ceil(math.log2(THIN / share)))
        if halvings > MOST_HALVINGS:
            name = "host" if k == 0 else layers[k - 1][0]
            raise GeometryError(explain("cell_size_um", f"found {cell_size / um:.4g}, and {height / um:.4g} um of"
                                        f" {name}", f"at most {2**MOST_HALVINGS} times the thinnest layer can be"
                                        " graded", "Lower cell_size_um, or thicken the layer or leave it out."))
        # the host and thick layers as at coarsen = 1, so that halving is exact
        steps = round(max(1, round(height / side)) / coarsen) if height >= THIN * side else 0
        whole.append((max(steps, 0) or max(1, round(share * 2**halvings)), 0 if steps else halvings))
        fine = max(fine, whole[-1][1])
    marks = np.cumsum([0, *(count << (fine - halvings) for count, halvings in whole)])
    counts.append(-(-int(marks[-1]) >> fine))
    _check_size(counts, fine, cell_size)
    planes = np.concatenate([[0.0], np.cumsum(heights)])
    return Box(tuple(counts), fine, (float(size[0]), float(size[1])), tuple(map(int, marks)),
               tuple(map(float, planes)), tuple(periodic))


def _side(lengths: Sequence[float], cell_size: float) -> float:
    """The side near `cell_size` with which equal shares of all lengths are most nearly cubes."""
    sides = cell_size * np.linspace(1.1, 0.8, 61)
    lengths = np.array([length for length in lengths if length > THIN * cell_size] or [cell_size])
    counts = np.maximum(1, np.round(lengths[:, None] / sides))
    real = lengths[:, None] / counts
    uneven = np.log(real.max(axis=0) / real.min(axis=0)) + 0.2 * np.abs(np.log(sides / cell_size))
    return float(sides[np.argmin(uneven)])


def _check_size(counts, levels: int, cell_size: float) -> None:
    cubes = math.prod(counts) * 8.0 ** max(levels - 1, 0)
    if cubes > MOST_CUBES:
        raise GeometryError(explain(
            "cell_size_um", f"found {cell_size / um:.4g}, halved up to {levels} times: {cubes:.2g} cubes to search",
            f"at most {MOST_CUBES:.0g} can be", "Enlarge cell_size_um, surface_cell_size_um or neck_cell_size_um, call"
            " mesh(coarsen=2), or mesh a smaller cell (size_um)."))
