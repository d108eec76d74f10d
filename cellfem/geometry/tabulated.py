"""A smooth function from its values on a regular grid: cubic splines, with the gradient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

CHUNK = 60_000  # points at once: 64 coefficients belong to each


def cubic(values: np.ndarray, origin: Sequence[float], spacing: Sequence[float]):
    """The cubic B-spline through `values` (nx, ny, nz), mirrored at the outermost points.

    Returns a function of points (3, n) [m] with values (n,) and gradient (3, n); points outside of the grid see the
    mirrored values.  Fourth order in the spacing.
    """
    coefficients = ndimage.spline_filter(values, order=3, mode="mirror")
    counts = np.array(values.shape)
    origin, spacing = (np.asarray(a, dtype=float).reshape(3, 1) for a in (origin, spacing))
    flat, strides = coefficients.ravel(), np.array([counts[1] * counts[2], counts[2], 1])

    def level(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        f, slope = np.empty(x.shape[1]), np.empty((3, x.shape[1]))
        for begin in range(0, x.shape[1], CHUNK):
            part = slice(begin, begin + CHUNK)
            place = (x[:, part] - origin) / spacing
            first = np.floor(place).astype(np.int64)
            weights, slopes = _basis(place - first)
            index = [_mirrored(first[k] + np.arange(-1, 3)[:, None], counts[k]) * strides[k] for k in range(3)]
            c = flat[index[0][:, None, None] + index[1][None, :, None] + index[2][None, None, :]]
            along_z, d_z = (c * weights[2]).sum(axis=2), (c * slopes[2]).sum(axis=2)
            along_y = (along_z * weights[1]).sum(axis=1)
            f[part] = (along_y * weights[0]).sum(axis=0)
            slope[0, part] = (along_y * slopes[0]).sum(axis=0)
            slope[1, part] = ((along_z * slopes[1]).sum(axis=1) * weights[0]).sum(axis=0)
            slope[2, part] = ((d_z * weights[1]).sum(axis=1) * weights[0]).sum(axis=0)
        return f, slope / spacing

    return level


def _basis(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(3, 4, n) values and slopes of the four B-splines at the shares t (3, n) of a cell."""
    s = 1 - t
    values = np.stack([s**3 / 6, 2 / 3 - t**2 + t**3 / 2, 2 / 3 - s**2 + s**3 / 2, t**3 / 6], axis=1)
    slopes = np.stack([-(s**2) / 2, -2 * t + 1.5 * t**2, 2 * s - 1.5 * s**2, t**2 / 2], axis=1)
    return values, slopes


def _mirrored(index: np.ndarray, count: int) -> np.ndarray:
    if count == 1:
        return np.zeros_like(index)
    period = 2 * (count - 1)
    index = np.abs(index) % period
    return np.minimum(index, period - index)
