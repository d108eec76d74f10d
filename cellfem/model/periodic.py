"""Effective tensors of periodic cells: which parts connect with their own images, and the fluctuation problem."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from cellfem.errors import GeometryError, explain
from cellfem.geometry.checks import near
from cellfem.geometry.graph import components
from cellfem.numerics.linear import LinearSolver
from cellfem.numerics.operators import CellOperators

GRID = 1e6  # places of a period that differ by less than 1/GRID are the same
SHIFT = 0.3137  # keeps round places of a period away from the ties of rounding


@dataclass(frozen=True, eq=False)
class Pairing:
    """Opposite facets of a periodic cell."""

    nodes: np.ndarray  # (2, pairs of nodes) that are images of each other
    cells: np.ndarray  # (2, pairs of facets) the cells that they bound
    steps: np.ndarray  # (pairs of facets, d) from the first to the second cell's own place, in lattice vectors


def pair(mesh, cells: np.ndarray, periods: np.ndarray) -> Pairing:
    """Pairs of facets of the hull of `cells` that are a lattice vector apart.

    Raises GeometryError where a facet has no partner.
    """
    inside = np.append(np.isin(np.arange(mesh.nelements), cells), False)  # the last for "no cell", index -1
    sides = inside[mesh.f2t]
    outer = np.flatnonzero(sides[0] != sides[1])
    at = np.where(sides[0, outer], *mesh.f2t[:, outer])
    place = np.linalg.solve(periods.T, mesh.p)  # in lattice vectors
    keys = (np.round(place * GRID + SHIFT) % GRID).astype(np.int64)
    middle = place[:, mesh.facets[:, outer]].mean(axis=1)
    _, group, count = np.unique((np.round(middle * GRID + SHIFT) % GRID).astype(np.int64), axis=1, return_inverse=True,
                                return_counts=True)
    group = group.ravel()
    if np.any(count != 2):
        lost = outer[np.argmax(count[group] != 2)]
        raise GeometryError(explain("homogenise: periods", f"found {int(np.sum(count != 2))} facets without one partner"
                                    f" (the first {near(mesh.p[:, mesh.facets[:, lost]].mean(axis=1))})",
                                    "opposite sides of a periodic cell are cut alike",
                                    "Mesh opposite sides alike, or leave `periods` out for mirror sides."))
    first, second = np.argsort(group, kind="stable").reshape(-1, 2).T
    steps = np.round(middle[:, first] - middle[:, second]).astype(int).T
    apart = np.any(steps != 0, axis=1)
    first, second, steps = first[apart], second[apart], steps[apart]

    def ordered(which):
        corners = mesh.facets[:, outer[which]]
        code = np.zeros(corners.shape)
        for key in keys:
            code = code * GRID + key[corners]
        return np.take_along_axis(corners, np.argsort(code, axis=0), axis=0).ravel()

    return Pairing(np.stack([ordered(first), ordered(second)]), np.stack([at[first], at[second]]), steps)


def percolating(mesh, cells: np.ndarray, pairing: Pairing) -> tuple[np.ndarray, np.ndarray]:
    """(whether each of `cells` connects with an image of itself, (loops, d) the lattice steps between such images)."""
    label = components(mesh, cells)
    local = np.full(mesh.nelements, -1)
    local[cells] = label
    ends = local[pairing.cells]
    both = (ends >= 0).all(axis=0)
    edges = np.unique(np.column_stack([ends[:, both].T, pairing.steps[both]]), axis=0)
    neighbours: dict[int, list] = {}
    for a, b, *step in edges.tolist():
        neighbours.setdefault(a, []).append((b, np.array(step)))
        neighbours.setdefault(b, []).append((a, -np.array(step)))
    good, loops = set(), []
    seen: dict[int, np.ndarray] = {}
    for start in neighbours:
        if start in seen:
            continue
        seen[start], part, queue, found = np.zeros(mesh.dim(), dtype=int), {start}, deque([start]), []
        while queue:
            a = queue.popleft()
            for b, step in neighbours[a]:
                image = seen[a] + step
                if b not in seen:
                    seen[b] = image
                    part.add(b)
                    queue.append(b)
                elif np.any(image != seen[b]):
                    found.append(image - seen[b])
        if found:
            good |= part
            loops += found
    return np.isin(label, sorted(good)), np.array(loops, dtype=float).reshape(-1, mesh.dim())


def efficiency(mesh, cells: np.ndarray, local: np.ndarray, periods: np.ndarray, pairing: Pairing) -> np.ndarray:
    """The effective tensor (d, d) of `cells`, of local tensor (d, d, mesh cells), in a periodic cell.

        e_j . B e_k = (1/V) int (e_j + grad chi_j) . B (e_k + grad chi_k),    chi_k periodic, of least energy for e_k

    Directions along which nothing connects have B = 0 exactly.
    """
    d = mesh.dim()
    good, loops = percolating(mesh, cells, pairing)
    cells = cells[good]
    if len(cells) == 0:
        return np.zeros((d, d))
    B = local[..., cells]
    ops = CellOperators.compile(mesh, cells, B, with_drift=False)
    nodes = ops.pattern.nodes
    here = np.isin(pairing.nodes, nodes).all(axis=0)
    links = np.searchsorted(nodes, pairing.nodes[:, here])
    count, image = connected_components(sp.coo_matrix((np.ones(links.shape[1]), links), shape=2 * (len(nodes),)),
                                        directed=False)
    merge = sp.csr_matrix((np.ones(len(nodes)), (np.arange(len(nodes)), image)), shape=(len(nodes), count))
    K = ops.pattern.matrix(ops.diffusion @ np.ones(len(cells)))
    K = (merge.T @ K @ merge).tocsr()
    _, part = connected_components(K, directed=False)
    free = np.setdiff1d(np.arange(count), np.unique(part, return_index=True)[1])  # one node of each part is held
    loads = np.stack([merge.T @ (ops.div @ B[:, k].ravel()) for k in range(d)])
    chi, solver, inner = np.zeros((d, count)), LinearSolver(0), K[free][:, free].tocsr()
    for k in range(d if len(free) else 0):
        if np.abs(loads[k]).max() > 1e-12 * np.abs(loads).max():
            chi[k, free] = solver.solve(inner, -loads[k, free], 1e-11)
    mean = np.einsum("jkc,c->jk", B, ops.volume)
    tensor = (mean + loads @ chi.T + chi @ loads.T + chi @ (K @ chi.T)) / abs(np.linalg.det(periods))
    _, size, directions = np.linalg.svd(loops @ periods, full_matrices=False)
    directions = directions[size > 1e-9 * size[0]]
    along = directions.T @ directions
    return along @ ((tensor + tensor.T) / 2) @ along
