"""Shapes as signed distances, and how to combine them.

A *body* is a function of points (3, n) [m] with values (n,) [m]: the distance from the body's surface, negative inside
the solid.  Primitives are exact; a union is exact outside, an intersection inside, and both near their smooth parts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Body = Callable[[np.ndarray], np.ndarray]


def column(point: Sequence[float]) -> np.ndarray:
    return np.asarray(point, dtype=float).reshape(3, 1)


def unit(direction: Sequence[float]) -> np.ndarray:
    direction = np.asarray(direction, dtype=float)
    return direction / np.linalg.norm(direction)


def sphere(centre: Sequence[float], radius: float) -> Body:
    c = column(centre)
    return lambda x: np.linalg.norm(x - c, axis=0) - radius


def cylinder(point: Sequence[float], axis: Sequence[float], radius: float) -> Body:
    """Endless round bar along `axis` through `point`."""
    c, a = column(point), column(unit(axis))

    def distance(x):
        away = x - c
        return np.linalg.norm(away - a * (a * away).sum(axis=0), axis=0) - radius

    return distance


def capsule(start: Sequence[float], end: Sequence[float], radius: float) -> Body:
    """Round bar from `start` to `end` with half spheres at its ends."""
    a, along = column(start), column(end) - column(start)

    def distance(x):
        away = x - a
        share = np.clip((along * away).sum(axis=0) / (along**2).sum(), 0, 1)
        return np.linalg.norm(away - along * share, axis=0) - radius

    return distance


def torus(centre: Sequence[float], axis: Sequence[float], major: float, minor: float) -> Body:
    """Ring of radius `major` around `axis`, its bar of radius `minor`."""
    c, a = column(centre), column(unit(axis))

    def distance(x):
        away = x - c
        height = (a * away).sum(axis=0)
        return np.hypot(np.linalg.norm(away - a * height, axis=0) - major, height) - minor

    return distance


def half_space(point: Sequence[float], normal: Sequence[float]) -> Body:
    """All that lies behind the plane through `point`; `normal` points out of the solid."""
    c, n = column(point), column(unit(normal))
    return lambda x: (n * (x - c)).sum(axis=0)


def plate(point: Sequence[float], normal: Sequence[float], thickness: float) -> Body:
    """Endless sheet whose middle plane passes through `point`."""
    return shell(half_space(point, normal), thickness)


def box(low: Sequence[float], high: Sequence[float], *, rounding: float = 0.0) -> Body:
    """Box between two corners; its edges are rounded with the radius `rounding`, its faces stay where they are."""
    middle, half = (column(low) + column(high)) / 2, (column(high) - column(low)) / 2 - rounding

    def distance(x):
        out = np.abs(x - middle) - half
        return np.linalg.norm(np.maximum(out, 0), axis=0) + np.minimum(out.max(axis=0), 0) - rounding

    return distance


def union(*bodies: Body) -> Body:
    return lambda x: np.min([body(x) for body in bodies], axis=0)


def intersection(*bodies: Body) -> Body:
    return lambda x: np.max([body(x) for body in bodies], axis=0)


def complement(body: Body) -> Body:
    return lambda x: -body(x)


def difference(body: Body, *others: Body) -> Body:
    """The body less the others."""
    return intersection(body, *(complement(other) for other in others))


def shell(body: Body, thickness: float) -> Body:
    """The layer of the given thickness whose middle is the body's surface."""
    return lambda x: np.abs(body(x)) - thickness / 2


def hollow(body: Body, thickness: float) -> Body:
    """The body's outermost layer of the given thickness."""
    return lambda x: np.abs(body(x) + thickness / 2) - thickness / 2


def offset(body: Body, by: float | Callable[[np.ndarray], np.ndarray]) -> Body:
    """The body grown by a length (shrunk where it is negative), which may vary slowly with position."""
    if callable(by):
        return lambda x: body(x) - by(x)
    return lambda x: body(x) - by


def smooth_union(*bodies: Body, width: float) -> Body:
    """The union with its inner edges filled out; `width` [m] is the distance within which two bodies blend.

    min(a, b) - max(w - |a - b|, 0)^2/(4 w), applied body after body; where only one is near, nothing changes.
    Source: I. Quilez, smooth minimum (iquilezles.org/articles/smin), quadratic polynomial.
    """
    def distance(x):
        least = bodies[0](x)
        for body in bodies[1:]:
            other = body(x)
            least = np.minimum(least, other) - np.maximum(width - np.abs(least - other), 0) ** 2 / (4 * width)
        return least

    return distance


def combined(bodies: Sequence[Body], operation: str, width: float = 0.0) -> Body:
    """The union, the intersection, or the difference (the first less the others), edges rounded within `width` [m].

    Rounding fills out the inner edges of a union and cuts off the outer edges of the other two.
    """
    if operation == "union":
        return smooth_union(*bodies, width=width) if width else union(*bodies)
    first, *others = bodies
    kept = [first, *((complement(other) for other in others) if operation == "difference" else others)]
    return complement(combined([complement(body) for body in kept], "union", width)) if width else intersection(*kept)


def moved(body: Body, by: Sequence[float]) -> Body:
    shift = column(by)
    return lambda x: body(x - shift)


def turned(body: Body, rotation: np.ndarray) -> Body:
    """The body turned about the origin by a rotation matrix (3, 3)."""
    inverse = np.asarray(rotation, dtype=float).T
    return lambda x: body(inverse @ x)


def repeated(body: Body, period: Sequence[float]) -> Body:
    """The body and its copies along x, y, z; a period of inf does not repeat.

    Nearest copies only: the body must lie within its own period, centred at the origin.
    """
    length = column(period)
    finite = np.isfinite(length)

    def distance(x):
        shift = np.where(finite, np.round(x / np.where(finite, length, 1)) * np.where(finite, length, 0), 0)
        return body(x - shift)

    return distance


def graded(first: Body, last: Body, share: Callable[[np.ndarray], np.ndarray]) -> Body:
    """Of one body into another: (1 - s) d_first + s d_last, with s(x) from 0 to 1.

    A signed distance up to a factor of 1 - O(|grad s| |d_last - d_first|): let s vary slowly beside the bodies.
    """
    def distance(x):
        s = share(x)
        return (1 - s) * first(x) + s * last(x)

    return distance
