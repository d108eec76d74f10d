"""Open-cell foam: round struts along the edges of Voronoi cells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import QhullError, Voronoi

from cellfem.errors import GeometryError, explain
from cellfem.geometry import by_depth, crowds, filling
from cellfem.geometry.by_depth import Graded
from cellfem.geometry.copies import MOST_PARTS
from cellfem.geometry.distance import Body


def open_foam(size: Sequence[float], *, pore: float, seed: int, porosity: Graded | None = None,
              strut: Graded | None = None, irregularity: float = 0.3, stretch: float = 1.0, periodic: bool = False,
              where: str = "foam") -> Body:
    """Struts along the edges of the Voronoi cells of a disturbed body-centred lattice (undisturbed: Kelvin's foam).

    Parameters
    ----------
    pore : [m] diameter of the sphere as large as the mean cell
    porosity : reached by the struts' diameter; or else
    strut : [m] diameter of the struts
    irregularity : standard deviation of the cells' centres beside their lattice, as a share of `pore`
    stretch : cells are this much longer along z
    periodic : repeat at the sides in place of being cut
    """
    if (porosity is None) == (strut is None):
        raise GeometryError(explain(f"{where}.porosity", "found " + ("nothing" if porosity is None else "it beside"
                                    " strut_um"), "a porosity or the struts' diameter is needed",
                                    "Give one of porosity and strut_um."))
    size = np.asarray(size, dtype=float)
    starts, ends = edges(size, pore, seed, irregularity, stretch, periodic, where)
    bars = crowds.bars(starts, ends, 0.0, spacing=pore / 50)
    key = f"{where}.{'strut_um' if porosity is None else 'porosity'}"
    grown = by_depth.scaled(strut, 0.5, 0.0, size[2]) if porosity is None else filling.growth(bars, size, porosity, key)
    if by_depth.most(grown) > pore / 2:
        raise GeometryError(explain(key, f"found struts {2e6 * by_depth.most(grown):.3g} um thick",
                                    f"less than the pores, {pore / 1e-6:.3g} um, is needed",
                                    "Thin the struts, raise the porosity or widen the pores."))
    return by_depth.grown(bars, grown, size[2], key)


def edges(size: np.ndarray, pore: float, seed: int, irregularity: float, stretch: float,
          periodic: bool, where: str = "foam") -> tuple[np.ndarray, np.ndarray]:
    """Ends (n, 3) [m] of all struts that come near the box; every corner of a cell is the same point for all."""
    rng = np.random.default_rng(seed)
    edge = pore * (np.pi / 3) ** (1 / 3) * np.array([1.0, 1.0, stretch])  # cubic cell of two pores
    if periodic:
        edge[:2] = size[:2] / np.maximum(np.round(size[:2] / edge[:2]), 1)
    counts = np.ceil(size / edge).astype(int)
    if 2.0 * (counts + 4.0).prod() > MOST_PARTS:
        raise GeometryError(explain(f"{where}.pore_um", f"found so little that {2.0 * counts.prod():.3g} pores fill the"
                                    " box", f"at most {MOST_PARTS // 2} can be made", "Mesh a smaller, representative"
                                    " box (size_um)."))
    seeds = _lattice(rng, counts, edge, irregularity * pore, periodic)
    try:
        cells = Voronoi(seeds / edge * edge.min())  # stretched cells are Voronoi cells of the compressed centres
    except QhullError as error:
        raise GeometryError(explain(f"{where}.irregularity", f"found {irregularity:.6g}, with which no cells can be"
                                    " made", "0 to 1 is meant", "Lower it, or change the seed.")) from error
    corners = cells.vertices * edge / edge.min()
    pairs = set()
    for face in cells.ridge_vertices:
        if -1 not in face:
            pairs.update((min(a, b), max(a, b)) for a, b in zip(face, face[1:] + face[:1], strict=True))
    pairs = np.array(sorted(pairs))
    starts, ends = corners[pairs[:, 0]], corners[pairs[:, 1]]
    near = (np.minimum(starts, ends) < size + 0.6 * pore).all(axis=1) \
        & (np.maximum(starts, ends) > -0.6 * pore).all(axis=1) & (np.linalg.norm(ends - starts, axis=1) < 5 * pore)
    return starts[near], ends[near]


def _lattice(rng, counts: np.ndarray, edge: np.ndarray, spread: float, periodic: bool) -> np.ndarray:
    """Disturbed body-centred centres (n, 3) [m] with two layers of cells around the box."""
    ring = [np.arange(-2, count + 2) for count in counts]
    index = np.stack(np.meshgrid(*ring, indexing="ij"), axis=-1).reshape(-1, 3)
    shift = rng.standard_normal((2, *(counts + 4), 3)) * spread
    where = index % np.where([periodic, periodic, False], counts, counts + 4)
    moved = [shift[k][tuple(where.T)] for k in (0, 1)]
    return np.concatenate([(index + 0.25) * edge + moved[0], (index + 0.75) * edge + moved[1]])
