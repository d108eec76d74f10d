"""Sizes and shapes of cells and facets of any simplicial mesh."""

from __future__ import annotations

import math

import numpy as np


def volumes(mesh) -> np.ndarray:
    """(cells,) [m3] (2-D: m2, 1-D: m)."""
    return np.abs(np.linalg.det(_edges(mesh))) / math.factorial(mesh.dim())


def facet_areas(mesh, facets: np.ndarray) -> np.ndarray:
    """(facets,) [m2] (2-D: m; 1-D: points of unit area)."""
    x = mesh.p[:, mesh.facets[:, facets]]
    if mesh.dim() == 1:
        return np.ones(len(facets))
    if mesh.dim() == 2:
        return np.linalg.norm(x[:, 1] - x[:, 0], axis=0)
    return np.linalg.norm(np.cross(x[:, 1] - x[:, 0], x[:, 2] - x[:, 0], axis=0), axis=0) / 2


def _edges(mesh) -> np.ndarray:
    """(cells, d, d): row k is the edge from node 0 to node k + 1."""
    x = mesh.p[:, mesh.t]
    return np.moveaxis(x[:, 1:] - x[:, :1], (2, 1), (0, 1))


def shapes(mesh) -> tuple[np.ndarray, np.ndarray]:
    """Least angle [degrees] and aspect ratio [-] of every cell, 2-D and 3-D.

    The angle is between two edges of a triangle or two faces of a tetrahedron (60 and 70.5 in the regular ones); the
    aspect ratio is the longest edge over the least height (1.15 and 1.22).  Both from the gradients of the barycentric
    coordinates: faces i and j meet at acos(-g_i.g_j/|g_i||g_j|), and height i is 1/|g_i|.
    """
    d = mesh.dim()
    inverse = np.linalg.inv(_edges(mesh))
    g = np.concatenate([-inverse.sum(axis=2, keepdims=True), inverse], axis=2)
    size = np.linalg.norm(g, axis=1)
    cosine = np.full(mesh.nelements, -1.0)
    longest = np.zeros(mesh.nelements)
    for i in range(d + 1):
        for j in range(i):
            cosine = np.maximum(cosine, -(g[..., i] * g[..., j]).sum(axis=1) / (size[:, i] * size[:, j]))
            edge = mesh.p[:, mesh.t[i]] - mesh.p[:, mesh.t[j]]
            longest = np.maximum(longest, np.linalg.norm(edge, axis=0))
    return np.degrees(np.arccos(np.clip(cosine, -1, 1))), longest * size.max(axis=1)
