"""Tetrahedral meshes with their facets found and named, fast: scikit-fem's own search takes half of the whole time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from skfem import MeshTet1

from cellfem.geometry.layered import name_surfaces
from cellfem.geometry.periodic import name_sides

FACETS = np.array([(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)])  # as scikit-fem counts those of a tetrahedron
COATING = "coating:"  # names of labelled parts of the active surface start so


def tetrahedra(p: np.ndarray, t: np.ndarray) -> MeshTet1:
    """The mesh, with `facets`, `t2f` and `f2t` in scikit-fem's own order."""
    mesh = MeshTet1(np.ascontiguousarray(p), np.ascontiguousarray(t, dtype=np.int32), sort_t=False)
    n, cells = p.shape[1], t.shape[1]
    a, b, c = mesh.t[FACETS].transpose(1, 0, 2).reshape(3, -1).astype(np.int64)
    low, high = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
    code = np.stack([low, a + b + c - low - high, high])
    if n < 2_000_000:
        order = np.argsort((code[0] * n + code[1]) * n + code[2], kind="stable")
    else:
        order = np.lexsort((code[2], code[0] * n + code[1]))
    ordered = code[:, order]
    fresh = np.ones(order.size, dtype=bool)
    fresh[1:] = (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)
    number = np.cumsum(fresh) - 1
    t2f = np.empty(order.size, dtype=np.int64)
    t2f[order] = number
    starts = np.flatnonzero(fresh)
    f2t = np.full((2, len(starts)), -1, dtype=np.int32)
    f2t[0] = order[starts] % cells
    twice = np.flatnonzero(np.diff(starts, append=order.size) > 1)
    f2t[1, twice] = order[starts[twice] + 1] % cells
    mesh._facets = np.ascontiguousarray(ordered[:, starts].astype(np.int32))
    mesh._t2f, mesh._f2t = t2f.reshape(4, cells), f2t
    return mesh


def named(mesh: MeshTet1, regions: Mapping[str, np.ndarray], *, height: float, floor_plates: bool,
          labels: Mapping[str, Callable[[np.ndarray], np.ndarray]], periodic=(False, False, False)) -> MeshTet1:
    """`mesh` with its regions (name -> cells) and surfaces named, in place; see `body_fitted`."""
    solid = np.zeros(mesh.nelements, dtype=bool)
    solid[regions.get("host", [])] = True
    mesh._subdomains = {name: np.asarray(cells, dtype=np.int32) for name, cells in regions.items() if len(cells)}
    found = name_surfaces(mesh, solid, floor_plates=floor_plates, mouth_at=height)
    if not solid.any():
        walls = _inner_walls(mesh, found.get("collector", np.zeros(0, dtype=int)), floor_plates)
        found |= {"host_surface": walls} if len(walls) else {}
    active = found.get("host_surface", np.zeros(0, dtype=np.int32))
    middle = mesh.p[:, mesh.facets[:, active]].mean(axis=1)
    for name, covers in labels.items():
        chosen = active[np.asarray(covers(middle), dtype=bool)]
        if len(chosen):
            found[COATING + name] = chosen
    mesh._boundaries = found | name_sides(mesh, periodic)
    return mesh


def _inner_walls(mesh, collector: np.ndarray, floor_plates: bool) -> np.ndarray:
    """Outer facets off the sides of the box, where the host itself is not meshed; and the floor where it plates."""
    outer = np.flatnonzero(mesh.f2t[1] < 0)
    off = np.ones(len(outer), dtype=bool)
    for x in mesh.p:
        at = x[mesh.facets[:, outer]]
        off &= ~((at == x.min()).all(axis=0) | (at == x.max()).all(axis=0))
    walls = outer[off]
    return np.sort(np.concatenate([walls, collector]) if floor_plates else walls).astype(np.int32)
