"""How much of a box a body fills, and by how much it must grow for a given porosity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cellfem.errors import GeometryError, explain
from cellfem.geometry.distance import Body

FEW = 8_000  # places by which parts are counted, before they are grown to meet the share
SAMPLES = 120_000  # places at which a share is counted: it comes out within some 0.1 %


def places(size: Sequence[float], samples: int = SAMPLES) -> np.ndarray:
    """Points (3, n) [m], one at random in each of n equal boxes, nearly cubes, that fill the box."""
    size = np.asarray(size, dtype=float)
    counts = np.maximum(np.round(size * (samples / size.prod()) ** (1 / 3)), 4).astype(int)
    index = np.stack(np.meshgrid(*[np.arange(count) for count in counts], indexing="ij")).reshape(3, -1)
    spread = np.random.default_rng(0).uniform(0, 1, index.shape)
    return (index + spread) * (size / counts)[:, None]


def porosity(body: Body, size: Sequence[float], samples: int = SAMPLES) -> float:
    """Share of the box outside of the body."""
    return float((body(places(size, samples)) > 0).mean())


def growth(body: Body, size: Sequence[float], target: float, where: str, samples: int = SAMPLES) -> float:
    """The offset [m] at which the box keeps the porosity `target`.

    Raises GeometryError, beginning with `where`, for a target outside 0 to 1.
    """
    if not 0 < target < 1:
        raise GeometryError(explain(where, f"found {target:.6g}", "a share above 0 and below 1 is needed",
                                    "It is the share of the host's box that the electrolyte fills."))
    return float(np.quantile(body(places(size, samples)), 1 - target))
