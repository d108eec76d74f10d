"""Effective tensors of periodic cells: which parts connect with their own images, and the fluctuation problem."""

from __future__ import annotations

from collections import deque

import numpy as np
from scipy.sparse.csgraph import connected_components

from cellfem.geometry.graph import components
from cellfem.geometry.periodic import Pairing
from cellfem.numerics.linear import LinearSolver
from cellfem.numerics.operators import CellOperators

DIRECT_3D = 8_000  # unknowns in 3-D beyond which multigrid is faster than LU


def percolating(mesh, cells: np.ndarray, pairing: Pairing) -> tuple[np.ndarray, np.ndarray]:
    """(whether each of `cells` connects with an image of itself, (loops, lattice vectors) the steps to such images)."""
    label = components(mesh, cells)  # within the cell: offsets between images have to be told apart
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
        seen[start], part, queue, found = np.zeros(pairing.steps.shape[1], dtype=int), {start}, deque([start]), []
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
    return np.isin(label, sorted(good)), np.array(loops, dtype=float).reshape(-1, pairing.steps.shape[1])


def efficiency(mesh, cells: np.ndarray, local: np.ndarray, periods: np.ndarray, pairing: Pairing,
               box: float) -> np.ndarray:
    """The effective tensor (d, d) of `cells`, of local tensor (d, d, mesh cells), in a periodic cell of volume `box`.

        e_j . B e_k = (1/V) int (e_j + grad chi_j) . B (e_k + grad chi_k),    chi_k periodic, of least energy for e_k

    Directions along which nothing connects have B = 0 exactly, and so have those that do not repeat, where `periods`
    (m, d) spans fewer axes than the mesh has; its other sides are mirrors.
    """
    d = mesh.dim()
    good, loops = percolating(mesh, cells, pairing)
    cells = cells[good]
    if len(cells) == 0:
        return np.zeros((d, d))
    B = local[..., cells]
    ops = CellOperators.compile(mesh, cells, B, with_drift=False, images=pairing.images(mesh.nvertices))
    K = ops.pattern.matrix(ops.diffusion @ np.ones(len(cells)))
    count = K.shape[0]
    _, part = connected_components(K, directed=False)
    free = np.setdiff1d(np.arange(count), np.unique(part, return_index=True)[1])  # one node of each part is held
    loads = np.stack([ops.div @ B[:, k].ravel() for k in range(d)])
    direct = False if d == 3 and len(free) > DIRECT_3D else None
    chi, solver, inner = np.zeros((d, count)), LinearSolver(0, direct=direct), K[free][:, free].tocsr()
    for k in np.flatnonzero(np.any(periods != 0, axis=0)) if len(free) else ():
        if np.abs(loads[k]).max() > 1e-12 * np.abs(loads).max():
            chi[k, free] = solver.solve(inner, -loads[k, free], 1e-11)
    mean = np.einsum("jkc,c->jk", B, ops.volume)
    tensor = (mean + loads @ chi.T + chi @ loads.T + chi @ (K @ chi.T)) / box
    _, size, directions = np.linalg.svd(loops @ periods, full_matrices=False)
    directions = directions[size > 1e-9 * size[0]]
    along = directions.T @ directions
    return along @ ((tensor + tensor.T) / 2) @ along
