"""Copies of parts beside a box with periodic sides, and how many parts to throw."""

from __future__ import annotations

from itertools import product

import numpy as np

from cellfem.errors import GeometryError, explain

MOST_PARTS = 200_000


def beside(points: np.ndarray, size: np.ndarray, *, by: np.ndarray | None = None) -> np.ndarray:
    """The parts (n, 3) with their eight copies at the sides x and y: (9 n, 3), the copies of one part together.

    All are first brought back into the box by the whole periods of the points `by` (default: their own).
    """
    by = points if by is None else by
    period = np.array([size[0], size[1], 0.0])
    back = np.floor(by / np.where(period > 0, period, 1)) * period
    shifts = np.array([[i * size[0], j * size[1], 0.0] for i, j in product((0, -1, 1), repeat=2)])
    return ((points - back)[:, None, :] + shifts).reshape(-1, 3)


def spare(porosity: float, share: float, where: str, key: str) -> int:
    """More than enough parts for a porosity, where each covers the given share of the box in the mean."""
    if not 0 < porosity < 1:
        raise GeometryError(explain(f"{where}.porosity", f"found {porosity:.6g}", "a share above 0 and below 1 is"
                                    " needed", "It is the share of the host's box that the electrolyte fills."))
    count = -np.log(porosity) / share
    if count > MOST_PARTS:
        raise GeometryError(explain(key, f"found so little that {count:.3g} parts would fill the box",
                                    f"at most {MOST_PARTS} can be made", "Mesh a smaller, representative box (size_um)"
                                    " or enlarge the parts."))
    return int(1.5 * count + 6 * np.sqrt(count) + 20)
