"""Cells that repeat: which facets and nodes of opposite sides are images of each other.

A mesh names the sides along which it repeats `periodic_x`, `periodic_y`, `periodic_z`; a lattice of any direction is
given by its vectors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from cellfem.errors import GeometryError, explain

SIDE = "periodic_"  # what the names of repeating sides begin with
AXES = {1: "z", 2: "xz", 3: "xyz"}  # those of a mesh, by its dimension
GRID = 1e6  # places of a period that differ by less than 1/GRID are the same
SHIFT = 0.3137  # keeps round places of a period away from the ties of rounding


@dataclass(frozen=True, eq=False)
class Pairing:
    """Opposite facets of a periodic cell."""

    nodes: np.ndarray  # (2, pairs of nodes) that are images of each other
    cells: np.ndarray  # (2, pairs of facets) the cells that they bound
    steps: np.ndarray  # (pairs of facets, lattice vectors) from the first to the second cell's own place

    def images(self, count: int) -> np.ndarray:
        """(count,) of each mesh node, the first of the nodes that are one and the same; itself without an image."""
        links = sp.coo_matrix((np.ones(self.nodes.shape[1], dtype=bool), self.nodes), shape=(count, count))
        _, first, label = np.unique(connected_components(links, directed=False)[1], return_index=True,
                                    return_inverse=True)
        return first[label]


def name_sides(mesh, repeats) -> dict[str, np.ndarray]:
    """name -> facets of the sides along the axes that repeat; `repeats` one bool per axis of the mesh."""
    outer = np.flatnonzero(mesh.f2t[1] < 0)
    found = {}
    for name, x, periodic in zip(AXES[mesh.dim()], mesh.p, repeats, strict=True):
        if periodic:
            at = x[mesh.facets[:, outer]]
            found[SIDE + name] = outer[(at == x.min()).all(axis=0) | (at == x.max()).all(axis=0)].astype(np.int32)
    return found


def periods_of(mesh) -> np.ndarray | None:
    """(m, d) lattice vectors [m] along the axes whose sides the mesh names; None: it does not repeat."""
    axes = [k for k, name in enumerate(AXES[mesh.dim()]) if SIDE + name in (mesh.boundaries or {})]
    return np.diag(np.ptp(mesh.p, axis=1))[axes] if axes else None


def pairing_of(mesh) -> Pairing | None:
    """The paired sides that the mesh names; None: it does not repeat."""
    periods = periods_of(mesh)
    return None if periods is None else pair(mesh, np.arange(mesh.nelements), periods, "mesh")


def images_of(mesh) -> np.ndarray | None:
    """`Pairing.images` of the sides that the mesh names; None: it does not repeat."""
    pairing = pairing_of(mesh)
    return None if pairing is None else pairing.images(mesh.nvertices)


def pair(mesh, cells: np.ndarray, periods: np.ndarray, where: str = "homogenise: periods") -> Pairing:
    """Pairs of facets of the hull of `cells` that are a lattice vector apart.

    `periods` (m, d) spans m whole axes of the mesh.  Raises GeometryError where a facet of a repeating side has no
    partner.
    """
    inside = np.append(np.isin(np.arange(mesh.nelements), cells), False)  # the last for "no cell", index -1
    sides = inside[mesh.f2t]
    outer = np.flatnonzero(sides[0] != sides[1])
    at = np.where(sides[0, outer], *mesh.f2t[:, outer])
    place, repeats = _lattice_places(mesh, cells, periods)
    middle = place[:, mesh.facets[:, outer]].mean(axis=1)
    _, group, count = np.unique(_keys(middle, repeats), axis=1, return_inverse=True, return_counts=True)
    group = group.ravel()
    alone = count[group] != 2
    if not repeats.all():  # the other sides are the hull's own
        alone &= _on_sides(place[:, mesh.facets[:, outer]], repeats)
    if np.any(alone):
        lost = mesh.p[:, mesh.facets[:, outer[np.argmax(alone)]]].mean(axis=1)
        names = AXES[mesh.dim()]
        raise GeometryError(explain(where, f"found {int(np.sum(alone))} facets without one partner (the first near "
                                    + ", ".join(f"{n}={1e6 * v:.3g}" for n, v in zip(names, lost, strict=True))
                                    + " um)", "opposite sides of a periodic cell are cut alike", "Mesh opposite sides"
                                    " alike, or leave the lattice vectors and the names periodic_x, periodic_y out:"
                                    " then sides are mirrors."))
    two = np.flatnonzero(count[group] == 2)
    first, second = two[np.argsort(group[two], kind="stable")].reshape(-1, 2).T
    steps = np.round(middle[:, first] - middle[:, second]).astype(int).T[:, repeats]
    apart = np.any(steps != 0, axis=1)
    first, second, steps = first[apart], second[apart], steps[apart]
    keys = _keys(place, repeats)

    def ordered(which):
        corners = mesh.facets[:, outer[which]]
        return np.take_along_axis(corners, np.lexsort(keys[:, corners], axis=0), axis=0).ravel()

    return Pairing(np.stack([ordered(first), ordered(second)]), np.stack([at[first], at[second]]), steps)


def _lattice_places(mesh, cells: np.ndarray, periods: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """((d, nodes) in lattice vectors, and in extents of `cells` along the other axes; (d,) which of them repeat)."""
    corners = mesh.p[:, np.unique(mesh.t[:, cells])]
    extent = np.maximum(np.ptp(corners, axis=1), 1e-300)
    axes = np.any(periods != 0, axis=0)
    basis = np.diag(extent)
    basis[axes] = periods
    return np.linalg.solve(basis.T, mesh.p - corners.min(axis=1)[:, None]), axes


def _keys(place: np.ndarray, repeats: np.ndarray) -> np.ndarray:
    """Whole numbers that are equal for images."""
    keys = np.round(place * GRID + SHIFT)
    return np.where(repeats[:, None], keys % GRID, keys).astype(np.int64)


def _on_sides(at: np.ndarray, repeats: np.ndarray) -> np.ndarray:
    """(facets,) whether all corners, `at` (d, corners, facets), lie on one of the repeating sides."""
    ends = [np.abs(at[k] - end).max(axis=0) < 1 / GRID for k in np.flatnonzero(repeats)
            for end in (at[k].min(), at[k].max())]
    return np.any(ends, axis=0)
