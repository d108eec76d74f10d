"""Linear fields on triangles as pixels: exact at every pixel's centre, without the seams of drawn triangles."""

from __future__ import annotations

import numpy as np


def raster(points: np.ndarray, triangles: np.ndarray, values: np.ndarray, low: np.ndarray, high: np.ndarray,
           shape: tuple[int, int]) -> np.ndarray:
    """Values (rows, columns) of P1 values (n,) on triangles (m, 3) of points (n, 2), NaN outside all triangles.

    The pixels divide the box from `low` to `high`; row 0 is the lowest.
    """
    rows, columns = shape
    image = np.full(shape, np.nan)
    # In pixels, so that the centre of pixel i is at i.
    xy = (points - low) / (high - low) * (columns, rows) - 0.5
    corners = xy[triangles]  # (m, 3, 2)
    first = np.maximum(np.ceil(corners.min(axis=1) - 1e-9), 0).astype(int)
    last = np.minimum(np.floor(corners.max(axis=1) + 1e-9), (columns - 1, rows - 1)).astype(int)
    spans = np.maximum(last - first + 1, 0)
    count = spans.prod(axis=1)
    # Every pixel of every triangle's bounding box: its triangle, its place in the box, its barycentric coordinates.
    triangle = np.repeat(np.arange(len(triangles)), count)
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    column = first[triangle, 0] + place % spans[triangle, 0]
    row = first[triangle, 1] + place // spans[triangle, 0]
    origin, u, v = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):  # a sliver without area holds no pixel
        dx, dy = column - origin[triangle, 0], row - origin[triangle, 1]
        b = (dx * v[triangle, 1] - dy * v[triangle, 0]) / area[triangle]
        c = (dy * u[triangle, 0] - dx * u[triangle, 1]) / area[triangle]
        inside = (b >= -1e-6) & (c >= -1e-6) & (b + c <= 1 + 1e-6)
    triangle, b, c = triangle[inside], b[inside], c[inside]
    at = values[triangles[triangle]]
    image[row[inside], column[inside]] = at[:, 0] * (1 - b - c) + at[:, 1] * b + at[:, 2] * c
    return image


def tiled(image: np.ndarray, copies: int) -> np.ndarray:
    """The image continued to the right, every second copy reflected."""
    return np.concatenate([image if j % 2 == 0 else image[:, ::-1] for j in range(copies)], axis=1)
