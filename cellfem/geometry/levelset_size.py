"""Where the lattice of a body-fitted mesh is fine: at the surface, and finer where gaps or walls are narrow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cellfem.geometry.levelset_cut import Distance
from cellfem.geometry.levelset_tree import Box

SLACK = 1.2  # [-] by which a distance may be wrong before a surface is overlooked
ACROSS = 4.0  # cubes across a gap or wall, where cubes may still be halved
ROOM = 0.75  # [-] of the distance stepped away from a surface: less is left where another one is near
STEP = 3e-5  # [-] of the width asked about: for differences


def wanted(box: Box, distance: Distance, surface: float,
           across: float = ACROSS) -> Callable[[np.ndarray, int], np.ndarray]:
    """Which cubes are to be halved: (centres (3, n) [m], level) -> (n,) bool; see `grow`.

    Cubes grow away from the surface, and from the host's face under the layers, as far as they stand off it.  Those at
    the surface are at most `surface` [m] large, and halved on where fewer than `across` of them (and 1 at least) span
    a gap or a wall.
    """
    height = box.planes[1]

    def choose(x: np.ndarray, level: int) -> np.ndarray:
        side = box.sides(level)
        above = np.maximum(x[2] - height, 0.0)
        here = np.stack([x[0], x[1], np.minimum(x[2], height)])
        value = distance(here)
        far = np.where(above > 0, np.hypot(above, np.maximum(value, 0.0)), np.abs(value))
        large = side.max() > 1.2 * surface
        reach = SLACK * np.linalg.norm(side) / 2
        if large:
            return far < reach + side.max() - surface
        near = np.flatnonzero((np.abs(value) < reach) & (above == 0))
        chosen = np.zeros(x.shape[1], dtype=bool)
        if len(near):
            chosen[near] = narrow(distance, here[:, near], value[near], max(across, 1.0) * float(side.max()))
        return chosen

    return choose


def narrow(distance: Distance, x: np.ndarray, value: np.ndarray, width: float) -> np.ndarray:
    """(n,) whether the gap or the wall at the surface's point next to x (3, n) is narrower than `width` [m].

    Half of that far along the normal from the surface, its distance is that half again unless another part of it is
    near: the far side of a gap or wall, or the flank of a groove.
    """
    step = STEP * width
    normal = np.stack([distance(x + step * axis[:, None]) - value for axis in np.eye(3)])
    normal /= np.maximum(np.linalg.norm(normal, axis=0), 1e-300)
    foot, half = x - value * normal, width / 2
    return ((distance(foot + half * normal) < ROOM * half) | (-distance(foot - half * normal) < ROOM * half))
