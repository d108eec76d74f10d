"""Percentiles by area: what stands for extremes, which at sharp edges belong to the mesh."""

from __future__ import annotations

import numpy as np


def weighted_percentiles(values: np.ndarray, weights: np.ndarray, shares) -> np.ndarray:
    """Values below which the given shares of the weight lie (linear between the middles of the weights)."""
    order = np.argsort(values)
    weights = weights[order]
    middle = (np.cumsum(weights) - 0.5 * weights) / weights.sum()
    return np.interp(shares, middle, values[order])
