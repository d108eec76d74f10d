"""Bodies whose lengths or porosity vary with depth below the top of the host."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cellfem.errors import GeometryError, explain
from cellfem.geometry.distance import Body, offset
from cellfem.geometry.profiles import Profile

STEEPEST = 0.5  # [-] of a surface that moves with depth: its distance is then right within 12 % beside it
Graded = float | Profile


def mean(value: Graded, height: float) -> float:
    """Of a number, or of a profile over the height [m] of the host."""
    return value.mean(height) if isinstance(value, Profile) else value


def least(value: Graded) -> float:
    return min(value.values) if isinstance(value, Profile) else value


def most(value: Graded) -> float:
    return max(value.values) if isinstance(value, Profile) else value


def scaled(value: Graded, factor: float, shift: float = 0.0, height: float = 1.0) -> Graded:
    """factor value + shift."""
    if isinstance(value, Profile):
        return value.mapped(lambda v: factor * v + shift, height)
    return factor * value + shift


def at(value: Graded, x: np.ndarray, height: float) -> np.ndarray:
    """(n,) at places x (3, n) [m]."""
    return value.at(height - x[2], height) if isinstance(value, Profile) else np.full(x.shape[1], float(value))


def grown(body: Body, by: Graded, height: float, where: str) -> Body:
    """The body grown by a length [m] that may vary with depth.

    Without jumps (d - v(z))/sqrt(1 + v'(z)^2), the distance from the flank of a slender cone around the body's medial
    axis.  At the edge of a layer the solid ends in a flat step.  Raises GeometryError, beginning with `where`, for
    profiles steeper than STEEPEST.
    """
    if not isinstance(by, Profile) or not by.varies:
        return offset(body, least(by))
    if by.law == "piecewise":
        return stepped(lambda x, levels: (lambda d: [d - t for t in levels])(body(x)), by, height)
    depths = np.unique([*by.depth, *np.linspace(0, height, 1001)])
    depths = depths[np.diff(depths, prepend=-height) > 1e-6 * height]
    rises = np.abs(np.diff(by.at(depths, height)) / np.diff(depths))
    if rises.max() > STEEPEST:
        raise GeometryError(explain(where, f"found a profile by which the surface moves {rises.max():.3g} um per um of"
                                    " depth", f"at most {STEEPEST:g} can be meshed as a gradient", "Let it vary over"
                                    " more depth, or give layers (piecewise)."))

    def distance(x):
        depth = height - x[2]
        return (body(x) - by.at(depth, height)) / np.hypot(1, by.slope(depth, height))

    return distance


def stepped(family: Callable[[np.ndarray, Sequence[float]], Sequence[np.ndarray]], level: Profile,
            height: float) -> Body:
    """Of bodies that grow with a level, in each layer the one of the layer's level.

    `family` gives the distances at places (3, n) of all bodies of the given, ascending levels.  The solid is the
    union, over all levels t, of body t cut down to the layers of level t and more: no surface arises between layers
    within the solid.
    """
    levels = sorted(set(level.values))

    def distance(x):
        depth = height - x[2]
        here = level.at(depth, height)
        found = None
        for t, own in zip(levels, family(x, levels), strict=True):
            reached = np.array(level.values) >= t
            ends = np.array(level.depth)[reached[1:] != reached[:-1]]
            if ends.size:
                apart = np.min([np.abs(depth - end) for end in ends], axis=0)
                own = np.maximum(own, np.where(here >= t, -apart, apart))
            found = own if found is None else np.minimum(found, own)
        return found

    return distance
