"""How much of a box a body fills, and by how much it must grow for a given porosity."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from cellfem.errors import GeometryError, TrustWarning, explain
from cellfem.geometry import by_depth, crowds
from cellfem.geometry.by_depth import Graded
from cellfem.geometry.crowds import Crowd
from cellfem.geometry.distance import Body
from cellfem.geometry.profiles import Profile

FEW = 8_000  # places by which parts are counted, before they are grown to meet the share
ROUNDS, WINDOWS = 2, 5  # of the search for a level by depth, and parts of the depth that meet their porosity each
CHANGED = 0.25  # [-] of their thickness by which parts may change to meet a porosity
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


def growth(body: Body, size: Sequence[float], target: Graded, where: str, samples: int = SAMPLES) -> Graded:
    """The offset [m] at which the box keeps the porosity `target`, by depth where that varies.

    By depth it is the offset at which the whole box would have the porosity of that depth, then as much more or less as
    each layer, or each fourth of the depth, needs to have its own, since layers of a random body differ.

    Raises GeometryError, beginning with `where`, for a target outside 0 to 1.
    """
    _check_share(target, where)
    x = places(size, samples)
    return level(body(x), x, target, size[2], lambda by: by_depth.grown(body, by, size[2], where)(x))


def counted(crowd: Crowd, size: Sequence[float], target: Graded, each: int) -> Crowd:
    """The first parts of a crowd, taken `each` of them at a time, that leave nearest to the porosity `target`."""
    needed = crowds.needed(crowd, places(size, FEW), by_depth.mean(target, size[2]))
    return crowd.first(max(round(needed / each), 1) * each)


def of_parts(body: Body, size: Sequence[float], target: Graded, part: str, thickness: Graded, key: str,
             where: str) -> Body:
    """A body of many like parts, thickened so that the box keeps the porosity `target`.

    part, thickness, key : what its parts are, their thickness [m], and the design's key of it

    Raises GeometryError where no part is left; warns (TrustWarning) where the parts become thicker or thinner by more
    than CHANGED: they are then hardly those that were asked for.
    """
    grown = growth(body, size, target, f"{where}.porosity")
    asked, share = by_depth.mean(thickness, size[2]), by_depth.mean(target, size[2])
    if by_depth.least(grown) <= -by_depth.least(thickness) / 2:
        raise GeometryError(explain(f"{where}.porosity", f"found {share:.6g}", f"at least one {part} must fit",
                                    f"Lower the porosity, lower {key}, or enlarge size_um."))
    made = asked + 2 * by_depth.mean(grown, size[2])
    if abs(made / asked - 1) > CHANGED:
        warnings.warn(explain(f"{where}.{key}", f"found {1e6 * asked:.4g} um, of which the porosity {share:.4g}"
                              f" of this box makes {1e6 * made:.3g} um", f"{100 * CHANGED:g} % are adjusted without a"
                              " word", "Enlarge size_um, or give what is meant."), TrustWarning, stacklevel=2)
    return by_depth.grown(body, grown, size[2], f"{where}.porosity")


def level(values: np.ndarray, x: np.ndarray, target: Graded, height: float,
          beyond: Callable[[Profile], np.ndarray]) -> Graded:
    """The level that leaves the share `target` of the values at places x (3, n) above it, by depth where that varies.

    `beyond` gives the values less a level by depth, or distances of the same sign.
    """
    if not isinstance(target, Profile):
        return float(np.quantile(values, 1 - target))
    found = target.mapped(lambda share: np.quantile(values, 1 - share), height)
    for _ in range(ROUNDS):
        found = _nearer(found, target, height - x[2], height, beyond(found))
    return by_depth.scaled(found, 1.0, float(np.quantile(beyond(found), 1 - target.mean(height))), height)


def _nearer(found: Profile, target: Profile, depth: np.ndarray, height: float, left: np.ndarray) -> Profile:
    """The level with which each layer, or each of WINDOWS overlapping parts of the depth, has its own porosity."""
    if target.law in ("constant", "piecewise"):
        layer = np.searchsorted(target.depth, depth, side="right")
        shifts = [np.quantile(left[layer == k], 1 - share) for k, share in enumerate(target.values)]
        return replace(found, values=tuple((np.array(found.values) + shifts).tolist()))
    knots, shifts = np.linspace(0, height, WINDOWS), []
    for knot in knots:
        there = np.abs(depth - knot) <= knots[1]
        shifts.append(np.quantile(left[there], 1 - target.at(depth[there], height).mean()))
    values = np.array(found.values) + np.interp(found.depth, knots, shifts)
    return replace(found, values=tuple(values.tolist()))


def _check_share(target: Graded, where: str) -> None:
    for share in target.values if isinstance(target, Profile) else (target,):
        if not 0 < share < 1:
            raise GeometryError(explain(where, f"found {share:.6g}", "a share above 0 and below 1 is needed",
                                        "It is the share of the host's box that the electrolyte fills."))
