"""Properties that are numbers or functions of position."""

from __future__ import annotations

import numpy as np

from cellfem.errors import explain


def at_points(where: str, value, x: np.ndarray) -> np.ndarray:
    """(points,) a number, or a function of position x (dimension, points) [m], at the points.

    Raises ValueError, which names `where`, for a function that does not return one value per point.
    """
    found = np.asarray(value(x) if callable(value) else value, dtype=float)
    if found.ndim and found.shape != x.shape[1:]:
        raise ValueError(explain(where, f"found a function that returns {found.shape} values for {x.shape[1:]} points",
                                 "one value per point is needed", "x has the shape (dimension, points), in m."))
    return np.array(np.broadcast_to(found, x.shape[1:]))
