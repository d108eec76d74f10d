"""What a picture draws: triangles of a plane, curves, a surface in space, or a profile, with values at their points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellfem.model.solution import Solution
from cellfem.results.values import (
    ELECTROLYTE_REGIONS,
    HOST_REGIONS,
    cells_of,
    is_site_key,
    node_values,
    place_values,
)

# A mid-plane slice is taken this share of the width off the middle, so that it meets no plane of mesh nodes.
_OFF_CENTRE = 1e-4
_TETRA_EDGES = np.array([(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)])


@dataclass(frozen=True, eq=False)
class Shape:
    """Simplices with values; the number of columns of `points` and `cells` says what it is.

    points (n, 1) [m] with cells (m, 1 or 2): a profile along z; points (n, 2) with cells (m, 3): an area of the x-z
    plane, with (m, 2): curves in it; points (n, 3) with cells (m, 3): a surface in space.
    """

    points: np.ndarray  # (n, dimension) [m], z last
    cells: np.ndarray  # (m, vertices)
    values: np.ndarray  # (n,)
    areas: np.ndarray | None = None  # (n,) [m2] of the sites, where the points are sites of an active surface

    @property
    def kind(self) -> str:
        return {1: "profile", 2: "curves" if self.cells.shape[1] == 2 else "area", 3: "surface"}[self.points.shape[1]]


def shape(solution: Solution, key: str, k: int = -1) -> Shape:
    """The shape on which the field `key` is drawn at time index k, its values in shown units.

    Node fields are drawn over the cells that carry them, 3-D ones on the mid-plane in y; quantities of the active
    surface on that surface, those of a homogenised electrode over its cells.
    """
    mesh, sites = solution.cell.mesh, solution.cell.sites
    if is_site_key(key):
        values, areas = place_values(solution, key, k), sites.patches(sites.area).sum(axis=0)
        if len(sites.facets):
            used, facets = np.unique(sites.facet_sites, return_inverse=True)
            return Shape(sites.x[:, used].T, facets.reshape(sites.facet_sites.shape), values[used], areas[used])
        on_nodes = np.full(mesh.nvertices, np.nan)
        on_nodes[sites.nodes[: len(values)]] = values
        return _over_cells(mesh, cells_of(mesh, ("electrode",)), on_nodes)
    regions = HOST_REGIONS if key == "phi_s" else ELECTROLYTE_REGIONS
    return _over_cells(mesh, cells_of(mesh, regions), node_values(solution, key, k))


def background(solution: Solution) -> Shape | None:
    """The solid host in the x-z plane (mid-plane of a 3-D mesh), to be filled in grey; None where there is none."""
    mesh = solution.cell.mesh
    cells = cells_of(mesh, ("host",))
    if mesh.dim() == 1 or not len(cells):
        return None
    return _over_cells(mesh, cells, np.zeros(mesh.nvertices))


def mirrored(shape: Shape, low: np.ndarray, high: np.ndarray, copies: np.ndarray) -> Shape:
    """The shape continued across its symmetry sides: `copies[i]` boxes along axis i, every second one reflected.

    `low` and `high` are the corners of one symmetry cell in the shape's own axes.
    """
    points, cells, values = shape.points, shape.cells, shape.values
    for axis, n in enumerate(copies):
        width = high[axis] - low[axis]
        images = []
        for j in range(n):
            image = points.copy()
            inward = points[:, axis] - low[axis]
            image[:, axis] = low[axis] + (j * width + inward if j % 2 == 0 else (j + 1) * width - inward)
            images.append(image)
        cells = np.vstack([cells + j * len(points) for j in range(n)])
        points, values = np.vstack(images), np.tile(values, n)
    return Shape(points, cells, values)


def copies_for(low: np.ndarray, high: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
    """Boxes per lateral axis, so that slender symmetry cells become about `shares[i]` of their height wide along i.

    At most 24 in a row; an even number, so that whole periods are shown.
    """
    size = high - low
    copies = np.ones(len(size) - 1, dtype=int)
    for axis, share in zip(range(len(copies)), shares, strict=False):
        n = share * size[-1] / size[axis]
        copies[axis] = 1 if n <= 1 else min(24, 2 * int(np.ceil(n / 2)))
    return copies


def _over_cells(mesh, cells: np.ndarray, values: np.ndarray) -> Shape:
    if mesh.dim() == 3:
        return _slice(mesh.p, mesh.t[:, cells], values)
    nodes, local = np.unique(mesh.t[:, cells], return_inverse=True)
    return Shape(mesh.p[:, nodes].T, local.reshape(mesh.t.shape[0], -1).T, values[nodes])


@dataclass(frozen=True, eq=False)
class Cut:
    """Where a plane of constant y meets tetrahedra: a triangle or a quadrangle in each that it cuts."""

    points: np.ndarray  # (n, 2) [m] x and z, one per mesh edge that is cut
    ends: np.ndarray  # (2, n) nodes of that edge
    weight: np.ndarray  # (n,) of the second of them
    triangles: np.ndarray  # (m, 3) points
    quadrangles: np.ndarray  # (k, 4) points in cyclic order
    cells: np.ndarray  # (m + k,) the tetrahedron of each triangle, then of each quadrangle


def height_at(p: np.ndarray, share: float) -> float:
    """y [m] at a share of the width, moved off it by so little that it is no plane of mesh nodes."""
    low, high = p[1].min(), p[1].max()
    return float(low + (share + _OFF_CENTRE) * (high - low))


def cut(p: np.ndarray, t: np.ndarray, at: float) -> Cut:
    """Tetrahedra t (4, cells) cut by the plane y = at [m], exactly."""
    y = p[1] - at
    above = y[t] > 0
    met = np.flatnonzero(above.any(axis=0) & ~above.all(axis=0))
    t, above = t[:, met], above[:, met]
    a, b = t[_TETRA_EDGES[:, 0]], t[_TETRA_EDGES[:, 1]]  # (6, cut)
    crossed = above[_TETRA_EDGES[:, 0]] != above[_TETRA_EDGES[:, 1]]
    # One point per crossed mesh edge, whichever tetrahedron meets it.
    edges, index = np.unique(np.sort([a[crossed], b[crossed]], axis=0), axis=1, return_inverse=True)
    i, j = edges
    w = y[i] / (y[i] - y[j])
    points = ((1 - w) * p[:, i] + w * p[:, j])[[0, 2]].T
    number = np.full(crossed.shape, -1)
    number[crossed] = index.ravel()
    three = crossed.sum(axis=0) == 3
    triangles = number[:, three].T[crossed[:, three].T].reshape(-1, 3)
    quads = number[:, ~three].T[crossed[:, ~three].T].reshape(-1, 4)
    # In the order of _TETRA_EDGES, the first and the last of four crossed edges are opposite: they share no vertex.
    return Cut(points, edges, w, triangles, quads[:, [0, 1, 3, 2]], np.r_[met[three], met[~three]])


def _slice(p: np.ndarray, t: np.ndarray, values: np.ndarray) -> Shape:
    """The mid-plane in y of P1 values on tetrahedra: exact, one or two triangles per tetrahedron that it cuts."""
    found = cut(p, t, height_at(p, 0.5))
    (i, j), w, quads = found.ends, found.weight, found.quadrangles
    return Shape(found.points, np.vstack([found.triangles, quads[:, [0, 1, 3]], quads[:, [2, 1, 3]]]),
                 (1 - w) * values[i] + w * values[j])
