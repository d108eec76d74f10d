"""Fibres: straight or wavy, in mats whose angles follow a given distribution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cellfem.errors import GeometryError, explain
from cellfem.geometry import by_depth, crowds, filling
from cellfem.geometry.by_depth import Graded
from cellfem.geometry.copies import beside, spare
from cellfem.geometry.distance import Body

STEPS = 12  # straight bars per wave of a wavy fibre: its axis is met within 3 % of the amplitude


def fibre_mat(size: Sequence[float], *, diameter: Graded, porosity: Graded, seed: int, tilt: float | None = None,
              tilt_spread: float = 0.0, tilts: tuple[Sequence[float], Sequence[float]] | None = None,
              directions: Sequence[float] | None = None, length: float | None = None, wave: float = 0.0,
              wavelength: float | None = None, periodic: bool = False, where: str = "fibres") -> Body:
    """Round fibres thrown at random until the porosity is reached; they may cross.

    So many fibres that the porosity comes nearest, then the diameter of all is adjusted.

    Parameters
    ----------
    size : (x, y, z) [m] of the host's box
    diameter, length : [m]; without a length fibres run through the whole box; a diameter by depth changes along fibres
    tilt, tilt_spread : mean and standard deviation [rad] of the angle between fibre and x-y plane; without a tilt
        all directions in space are equally likely
    tilts : (angles [rad], weights): a distribution of that angle, linear between the rows, in place of the two
    directions : [rad] angles in the x-y plane from x that fibres take in turn (a cloth: 0 and pi/2); default random
    wave, wavelength : amplitude [m] and length [m] of a fibre's waves
    periodic : repeat at the sides in place of being cut (needs a length)
    """
    size = np.asarray(size, dtype=float)
    rng = np.random.default_rng(seed)
    radius = by_depth.mean(diameter, size[2]) / 2
    if periodic and length is None:
        raise GeometryError(explain(f"{where}.length_um", "found nothing beside periodic = true", "fibres that end are"
                                    " needed: endless ones do not meet themselves at the sides", "Give length_um, or"
                                    " leave periodic out: then sides are mirrors."))
    reach = np.linalg.norm(size) / 2 if length is None else length / 2
    room = _room(size, length, periodic)
    share = np.pi * radius**2 * 2 * reach / room
    mean = by_depth.mean(porosity, size[2])
    count = spare(mean, share, where, f"{where}.diameter_um")
    u = _axes(rng, count, tilt, tilt_spread, tilts, directions)
    middle = _middles(rng, count, u, size, length, periodic)
    points = _paths(rng, middle, u, reach, wave, wavelength)
    starts, ends = points[:, :-1].reshape(-1, 3), points[:, 1:].reshape(-1, 3)
    parts = points.shape[1] - 1
    if periodic:
        starts, ends = beside(starts, size, by=starts), beside(ends, size, by=starts)
        parts *= len(starts) // (count * parts)
    crowd = crowds.bars(starts, ends, radius, spacing=radius / 3)
    some = by_depth.grown(filling.counted(crowd, size, porosity, parts),
                          by_depth.scaled(diameter, 0.5, -radius, size[2]), size[2], f"{where}.diameter_um")
    return filling.of_parts(some, size, porosity, "fibre", diameter, "diameter_um", where)


def _room(size: np.ndarray, length: float | None, periodic: bool) -> float:
    """The volume over which middles are strewn, or that volume which makes the mean share of a line right."""
    if length is None:
        return float(np.pi * (np.linalg.norm(size) / 2) ** 2 * np.linalg.norm(size))
    return float((size + length * np.array([0, 0, 1] if periodic else [1, 1, 1])).prod())


def _middles(rng, count: int, u: np.ndarray, size: np.ndarray, length: float | None, periodic: bool) -> np.ndarray:
    if length is not None:
        margin = length * np.array([0, 0, 1] if periodic else [1, 1, 1]) / 2
        return rng.uniform(-margin, size + margin, (count, 3))
    # through a disc across the fibre that covers the box: lines are uniform in space
    radius = np.linalg.norm(size) / 2 * np.sqrt(rng.uniform(0, 1, count))
    angle = rng.uniform(0, 2 * np.pi, count)
    a, b = frames(u)
    return size / 2 + radius[:, None] * (np.cos(angle)[:, None] * a + np.sin(angle)[:, None] * b)


def _axes(rng, count: int, tilt, tilt_spread, tilts, directions) -> np.ndarray:
    """Directions (count, 3) of the fibres."""
    if tilts is not None:
        angles, weights = np.asarray(tilts[0]), np.asarray(tilts[1], dtype=float)
        fine = np.linspace(angles[0], angles[-1], 2001)
        sums = np.cumsum(np.interp(fine, angles, weights))
        theta = np.interp(rng.uniform(0, sums[-1], count), sums, fine)
    elif tilt is None:
        theta = np.arcsin(rng.uniform(-1, 1, count))
    else:
        theta = rng.normal(tilt, tilt_spread, count)
    if directions is None:
        phi = rng.uniform(0, 2 * np.pi, count)
    else:
        phi = np.asarray(directions, dtype=float)[np.arange(count) % len(directions)]
    return np.stack([np.cos(theta) * np.cos(phi), np.cos(theta) * np.sin(phi), np.sin(theta)], axis=1)


def frames(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors (n, 3) across every direction (n, 3)."""
    helper = np.where(np.abs(u[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    a = np.cross(u, helper)
    a /= np.linalg.norm(a, axis=1, keepdims=True)
    return a, np.cross(u, a)


def _paths(rng, middle: np.ndarray, u: np.ndarray, reach: float, wave: float, wavelength) -> np.ndarray:
    """(fibres, points, 3) of the axes: two waves across the fibre, of random phases and slightly different lengths."""
    straight = wave == 0 or wavelength is None
    s = np.linspace(-reach, reach, 2 if straight else int(np.ceil(2 * reach / wavelength * STEPS)) + 1)
    points = middle[:, None, :] + s[None, :, None] * u[:, None, :]
    if straight:
        return points
    for across, stretch in zip(frames(u), (1.0, 1.3), strict=True):
        phase = rng.uniform(0, 2 * np.pi, (len(u), 1))
        points += wave * np.sin(2 * np.pi * s / (stretch * wavelength) + phase)[..., None] * across[:, None, :]
    return points
