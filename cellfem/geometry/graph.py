"""Cells as a graph: neighbours share a facet."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components


def components(mesh, cells: np.ndarray, links: np.ndarray | None = None) -> np.ndarray:
    """(cells,) label of the connected part, within `cells`, that each of `cells` belongs to.

    `links` (2, n): further pairs of neighbours, across the sides of a periodic cell.
    """
    local = np.full(mesh.nelements, -1)
    local[cells] = np.arange(len(cells))
    first, second = mesh.f2t
    inner = second >= 0
    first, second = local[first[inner]], local[second[inner]]
    if links is not None:
        first, second = np.append(first, local[links[0]]), np.append(second, local[links[1]])
    both = (first >= 0) & (second >= 0)
    graph = coo_matrix((np.ones(both.sum(), dtype=bool), (first[both], second[both])), shape=2 * (len(cells),))
    return connected_components(graph, directed=False)[1]
