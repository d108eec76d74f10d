"""Sizes and shapes of cells and facets of any simplicial mesh."""

from __future__ import annotations

import math

import numpy as np


def volumes(mesh) -> np.ndarray:
    """(cells,) [m3] (2-D: m2, 1-D: m)."""
    return np.abs(determinants(_edges(mesh))) / math.factorial(mesh.dim())


def determinants(a: np.ndarray) -> np.ndarray:
    """(n,) of matrices (d, d, n), d from 1 to 3; written out, which takes a fifth of the time of a general routine."""
    if len(a) == 1:
        return a[0, 0]
    if len(a) == 2:
        return a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]
    return (a[:, 0] * _cross(a[:, 1], a[:, 2])).sum(axis=0)


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(3, n)."""
    return np.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def facet_areas(mesh, facets: np.ndarray) -> np.ndarray:
    """(facets,) [m2] (2-D: m; 1-D: points of unit area)."""
    x = mesh.p[:, mesh.facets[:, facets]]
    if mesh.dim() == 1:
        return np.ones(len(facets))
    if mesh.dim() == 2:
        return np.linalg.norm(x[:, 1] - x[:, 0], axis=0)
    return np.linalg.norm(np.cross(x[:, 1] - x[:, 0], x[:, 2] - x[:, 0], axis=0), axis=0) / 2


def _edges(mesh) -> np.ndarray:
    """(d, d, cells): column k is the edge from node 0 to node k + 1."""
    x = mesh.p[:, mesh.t]
    return x[:, 1:] - x[:, :1]


def _gradients(mesh) -> list[np.ndarray]:
    """Of the barycentric coordinates of triangles or tetrahedra, (d, cells) each."""
    edges = _edges(mesh)
    size = determinants(edges)
    if mesh.dim() == 2:
        (a, b) = edges[:, 0], edges[:, 1]
        rest = [np.stack([b[1], -b[0]]) / size, np.stack([-a[1], a[0]]) / size]
    else:
        a, b, c = edges[:, 0], edges[:, 1], edges[:, 2]
        rest = [_cross(b, c) / size, _cross(c, a) / size, _cross(a, b) / size]
    return [-sum(rest), *rest]


def shapes(mesh) -> tuple[np.ndarray, np.ndarray]:
    """Least angle [degrees] and aspect ratio [-] of every cell, 2-D and 3-D.

    The angle is between two edges of a triangle or two faces of a tetrahedron (60 and 70.5 in the regular ones); the
    aspect ratio is the longest edge over the least height (1.15 and 1.22).  Both from the gradients of the barycentric
    coordinates: faces i and j meet at acos(-g_i.g_j/|g_i||g_j|), and height i is 1/|g_i|.
    """
    d = mesh.dim()
    g = _gradients(mesh)
    size = [np.sqrt((one**2).sum(axis=0)) for one in g]
    cosine = np.full(mesh.nelements, -1.0)
    longest = np.zeros(mesh.nelements)
    for i in range(d + 1):
        for j in range(i):
            cosine = np.maximum(cosine, -(g[i] * g[j]).sum(axis=0) / (size[i] * size[j]))
            edge = mesh.p[:, mesh.t[i]] - mesh.p[:, mesh.t[j]]
            longest = np.maximum(longest, np.sqrt((edge**2).sum(axis=0)))
    return np.degrees(np.arccos(np.clip(cosine, -1, 1))), longest * np.max(size, axis=0)
