"""Bodies given by a function: the level f = 0 turned into a distance; gyroid, Schwarz P and diamond."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cellfem.errors import GeometryError, did_you_mean, explain
from cellfem.geometry import by_depth, filling
from cellfem.geometry.by_depth import Graded
from cellfem.geometry.distance import Body

Level = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]  # x (3, n) -> f (n,), grad f (3, n)
WALKS = 4  # corrections of the nearest point


def corrected(level: Level, trust: float) -> Body:
    """The signed distance from the surface f = 0 within `trust` [m] of it; farther away f/|grad f|, cut at 2 `trust`.

    f/|grad f| is right to first order.  Near the surface the foot point y is found by Newton steps onto the
    surface along grad f, each followed by a slide along the surface toward x until x - y stands on it; the distance is
    then |x - y| (E. Hartmann, The Visual Computer 1999, 15, 95, doi:10.1007/s003710050165).
    """
    def distance(x):
        f, slope = level(x)
        steep = np.linalg.norm(slope, axis=0)
        first = np.clip(f / np.maximum(steep, np.abs(f) / (2 * trust) + 1e-300), -2 * trust, 2 * trust)
        near = np.flatnonzero(np.abs(first) < trust)
        if near.size == 0:
            return first
        foot, here = x[:, near].copy(), x[:, near]
        for _ in range(WALKS):
            value, normal = level(foot)
            square = np.maximum((normal**2).sum(axis=0), 1e-300)
            on = foot - normal * value / square
            away = here - on
            foot = on + away - normal * (normal * away).sum(axis=0) / square
        value, normal = level(foot)
        foot = foot - normal * value / np.maximum((normal**2).sum(axis=0), 1e-300)
        found = np.linalg.norm(here - foot, axis=0)
        left = np.abs(level(foot)[0]) / np.sqrt(np.maximum((normal**2).sum(axis=0), 1e-300))
        good = (left < 0.05 * np.abs(first[near]) + 1e-3 * trust) & (found < 2 * trust)
        first[near[good]] = np.sign(f[near[good]]) * found[good]
        return first

    return distance


def _gyroid(x, y, z):
    sx, cx, sy, cy, sz, cz = (g(a) for a in (x, y, z) for g in (np.sin, np.cos))
    return sx * cy + sy * cz + sz * cx, (cx * cy - sz * sx, cy * cz - sx * sy, cz * cx - sy * sz)


def _schwarz(x, y, z):
    return np.cos(x) + np.cos(y) + np.cos(z), (-np.sin(x), -np.sin(y), -np.sin(z))


def _diamond(x, y, z):
    sx, cx, sy, cy, sz, cz = (g(a) for a in (x, y, z) for g in (np.sin, np.cos))
    f = sx * sy * sz + sx * cy * cz + cx * sy * cz + cx * cy * sz
    return f, (cx * sy * sz + cx * cy * cz - sx * sy * cz - sx * cy * sz,
               sx * cy * sz - sx * sy * cz + cx * cy * cz - cx * sy * sz,
               sx * sy * cz - sx * cy * sz - cx * sy * sz + cx * cy * cz)


KINDS = {"gyroid": _gyroid, "schwarz-p": _schwarz, "diamond": _diamond}


def minimal_surface(size: Sequence[float], *, kind: str, period: float, porosity: Graded | None = None,
                    thickness: Graded | None = None, sheet: bool = True, phase: Sequence[float] = (0.0, 0.0, 0.0),
                    where: str = "minimal_surface") -> Body:
    """A triply periodic minimal surface, as a wall along it or as one of the two networks that it parts.

    The surfaces are the usual nodal approximations, e.g. sin x cos y + sin y cos z + sin z cos x = 0 of the gyroid.

    Parameters
    ----------
    kind : "gyroid", "schwarz-p" or "diamond"
    period : [m] edge of the cubic cell
    porosity : reached by thickening the wall or growing the network; or else
    thickness : [m] of the wall
    sheet : the wall; false: the network where f < 0
    phase : shares of a period by which the surface is moved along x, y, z

    Source of the nodal forms: P. J. F. Gandy et al., Chem. Phys. Lett. 2001, 336, 187
    (doi:10.1016/S0009-2614(00)01418-4).
    """
    if kind not in KINDS:
        raise GeometryError(explain(f"{where}.kind", f'found "{kind}"', "one of " + ", ".join(sorted(KINDS))
                                    + " is needed", did_you_mean(kind, KINDS)))
    if (porosity is None) == (thickness is None) or (thickness is not None and not sheet):
        raise GeometryError(explain(f"{where}.porosity", "found " + ("nothing" if porosity is None else "it beside"
                                    " thickness_um"), "a porosity, or for a sheet a thickness, is needed",
                                    "Give one of porosity and thickness_um."))
    q, shift, nodal = 2 * np.pi / period, period * np.asarray(phase, dtype=float).reshape(3, 1), KINDS[kind]

    def level(x):
        f, slope = nodal(*(q * (x - shift)))
        return f / q, np.stack(slope)

    middle = corrected(level, period / 5)
    body = (lambda x: np.abs(middle(x))) if sheet else middle
    key = f"{where}.{'thickness_um' if porosity is None else 'porosity'}"
    grown = by_depth.scaled(thickness, 0.5, 0.0, size[2]) if porosity is None \
        else filling.growth(body, size, porosity, key)
    thickest = by_depth.most(grown)
    if thickest > period / 6:
        raise GeometryError(explain(key, f"found walls that would be {2e6 * thickest:.3g} um thick",
                                    f"at most a third of the period, {period / 3e-6:.3g} um, is possible",
                                    "Raise the porosity or thin the walls; below a porosity of some 0.2 the two"
                                    " networks of pores close."))
    return by_depth.grown(body, grown, size[2], key)
