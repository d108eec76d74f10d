"""How far a surface is from the one across: the half gap that deposit can fill."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.spatial import cKDTree

from cellfem.geometry.periodic import AXES, SIDE

FACING = -0.4  # [-] cosine between two normals below which the surfaces face each other
ROUNDS = 60


def half_gaps(mesh, facets: np.ndarray) -> np.ndarray:
    """(facets,) radius [m] of the largest ball that touches a facet of the host's surface and one that faces it.

    The centre of that ball lies on the ridge of the distance field, half way across: half the gap between parallel
    sheets, the radius of a round pore.  Sides of the mesh mirror the surface, or go on with that of the opposite side
    where the cell repeats.  inf where nothing faces a facet, and toward a separator.
    """
    out = np.full(len(facets), np.inf)
    normals, open_ = wet_normals(mesh, facets)
    kept = np.flatnonzero(open_)
    if mesh.dim() == 1 or len(kept) == 0:
        return out
    p, n = mesh.p[:, mesh.facets[:, facets[kept]]].mean(axis=1).T, normals[:, kept].T
    q, m = _imaged(mesh, p, n)
    reach = float(np.linalg.norm(np.ptp(mesh.p, axis=1)))
    directions = _directions(mesh.dim())
    nearest = np.argmax(n @ directions.T, axis=1)
    for k in np.unique(nearest):
        own = np.flatnonzero(nearest == k)
        facing = np.flatnonzero(m @ directions[k] < FACING)
        if len(facing):
            out[kept[own]] = _shrunk(p[own], n[own], q[facing], m[facing], reach)
    return out


def _shrunk(p, n, q, m, reach: float) -> np.ndarray:
    """Radius of the ball that touches the plane (p, n) at p and one of the planes (q, m).

    It shrinks until no q is inside.  The last plane touched, not its midpoint, gives the radius: exact between parallel
    planes.
    """
    tree = cKDTree(q)
    r = np.full(len(p), reach)
    hit = np.full(len(p), -1)
    left = np.arange(len(p))
    for _ in range(ROUNDS):
        distance, at = tree.query(p[left] + r[left, None] * n[left])
        inside = distance < r[left] * (1 - 1e-9)
        left, at = left[inside], at[inside]
        if len(left) == 0:
            break
        way = q[at] - p[left]
        r[left] = np.sum(way**2, axis=1) / (2 * np.sum(way * n[left], axis=1))
        hit[left] = at
    found = np.flatnonzero(hit >= 0)
    out = np.full(len(p), np.inf)
    to = hit[found]
    out[found] = np.sum((p[found] - q[to]) * m[to], axis=1) / (1 - np.sum(n[found] * m[to], axis=1))
    return np.where(out > 0, out, np.where(hit >= 0, r, np.inf))


def wet_normals(mesh, facets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit normals (d, facets) into the electrolyte, and whether deposit may grow there (not into a separator)."""
    x = mesh.p[:, mesh.facets[:, facets]]
    d = mesh.dim()
    if d == 1:
        return np.ones((1, len(facets))), np.zeros(len(facets), dtype=bool)
    if d == 2:
        edge = x[:, 1] - x[:, 0]
        normal = np.array([edge[1], -edge[0]])
    else:
        normal = np.cross(x[:, 1] - x[:, 0], x[:, 2] - x[:, 0], axis=0)
    normal = normal / np.linalg.norm(normal, axis=0)
    region = np.zeros(mesh.nelements, dtype=int)
    for k, name in enumerate(("host", "separator"), start=1):
        region[mesh.subdomains.get(name, np.zeros(0, dtype=int))] = k
    sides = mesh.f2t[:, facets]
    wet = np.where((sides[1] >= 0) & (region[sides[0]] == 1), sides[1], sides[0])
    toward = mesh.p[:, mesh.t[:, wet]].mean(axis=1) - x.mean(axis=1)
    normal *= np.where(np.sum(normal * toward, axis=0) < 0, -1.0, 1.0)
    return normal, region[wet] != 2


def _imaged(mesh, p, n) -> tuple[np.ndarray, np.ndarray]:
    """Points and normals with their images at the sides (every axis but z): mirrored, or moved on by a period."""
    low, high = mesh.p.min(axis=1), mesh.p.max(axis=1)
    images = [(p, n)]
    for axis, name in enumerate(AXES[mesh.dim()][:-1]):
        repeats = SIDE + name in (mesh.boundaries or {})
        more = []
        for (a, b), sign in itertools.product(images, (-1, 1)):
            a, b = a.copy(), b.copy()
            if repeats:
                a[:, axis] += sign * (high[axis] - low[axis])
            else:
                a[:, axis], b[:, axis] = 2 * (low, high)[sign > 0][axis] - a[:, axis], -b[:, axis]
            more.append((a, b))
        images += more
    return np.concatenate([a for a, _ in images]), np.concatenate([b for _, b in images])


def _directions(d: int) -> np.ndarray:
    """Unit vectors toward the corners, edges and faces of a cube."""
    grid = np.array([v for v in itertools.product((-1, 0, 1), repeat=d) if any(v)], dtype=float)
    return grid / np.linalg.norm(grid, axis=1)[:, None]
