"""Conforming meshes of stacks of boxes: walls, baffles and layers on graded tensor-product grids.

Every box of the grid is cut into path simplices (Kuhn's cut: 2 triangles or 6 tetrahedra that share the diagonal from
the lowest to the highest corner).  Path simplices of a box have no obtuse angle, so the P1 Laplacian is an M-matrix on
every such mesh however stretched, and the same cut in all boxes gives neighbouring nodes equal shares of volume and
surface on a uniform grid (an alternating cut makes them differ threefold from node to node).
Source: H. W. Kuhn, IBM J. Res. Dev. 4 (1960) 518, doi:10.1147/rd.45.0518.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from skfem import MeshLine1, MeshTet1, MeshTri1

from cellfem.geometry.grading import Axis

MESHES = {1: MeshLine1, 2: MeshTri1, 3: MeshTet1}


def cut(points: list[np.ndarray]):
    """The simplicial mesh of a tensor-product grid, cell by cell in the order of the boxes (last axis fastest)."""
    dim = len(points)
    shape = [len(x) for x in points]
    p = np.stack([x.ravel() for x in np.meshgrid(*points, indexing="ij")])
    strides = np.array([math.prod(shape[k + 1 :]) for k in range(dim)])
    low = np.zeros([n - 1 for n in shape], dtype=np.int32)
    for k in range(dim):
        low += (np.arange(shape[k] - 1, dtype=np.int32) * strides[k]).reshape([-1 if j == k else 1 for j in range(dim)])
    paths = []
    for order in itertools.permutations(range(dim)):
        path = np.concatenate([[0], np.cumsum(strides[list(order)])])
        if np.linalg.det(np.eye(dim)[list(order)]) < 0:  # keep all cells positively oriented
            path[-2:] = path[[-1, -2]]
        paths.append(path)
    t = low.ravel()[None, :, None] + np.array(paths, dtype=np.int32).T[:, None, :]
    return MESHES[dim](p, np.ascontiguousarray(t.reshape(dim + 1, -1)))


def build(axes: list[Axis], blocks: np.ndarray, regions: tuple[str, ...], *, floor_plates: bool, mouth_at: float):
    """Mesh with named regions and surfaces.

    Parameters
    ----------
    axes : the grid's axes, z last
    blocks : index into `regions` for every block of grid planes, (intervals of axis 0, of axis 1, ...)
    floor_plates : whether the bare floor z = 0 belongs to `host_surface`
    mouth_at : z [m] of the plane `mouth`
    """
    labels = blocks
    for k, axis in enumerate(axes):
        labels = np.repeat(labels, axis.counts, axis=k)
    mesh = cut([axis.points() for axis in axes])
    region = np.repeat(labels.ravel(), math.factorial(len(axes)))
    subdomains = {name: np.flatnonzero(region == k).astype(np.int32) for k, name in enumerate(regions)}
    subdomains = {name: cells for name, cells in subdomains.items() if cells.size}
    host = np.isin(region, [k for k, name in enumerate(regions) if name == "host"])
    # named in place: a copy would find all facets once more
    mesh._subdomains = subdomains
    mesh._boundaries = name_surfaces(mesh, host, floor_plates=floor_plates, mouth_at=mouth_at)
    return mesh


def name_surfaces(mesh, host: np.ndarray, *, floor_plates: bool, mouth_at: float) -> dict[str, np.ndarray]:
    """Named facets of a mesh of which the cells `host` (cells,) [bool] are solid."""
    z = mesh.p[-1][mesh.facets]
    first, second = mesh.f2t
    outer = second < 0
    floor = outer & (z == 0).all(axis=0)
    solid_first, solid_second = host[first], np.where(outer, False, host[second])
    active = ~outer & (solid_first != solid_second)
    if floor_plates:
        active |= floor & ~solid_first
    fluid = ~solid_first | (~outer & ~solid_second)
    named = {
        "collector": floor,
        "counter": outer & (z == mesh.p[-1].max()).all(axis=0),
        "host_surface": active,
        "mouth": (z == mouth_at).all(axis=0) & fluid,
    }
    return {name: np.flatnonzero(facets).astype(np.int32) for name, facets in named.items() if facets.any()}
