"""Sheets: parallel, tilted, wavy; and flakes of finite extent thrown at random."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from cellfem.errors import GeometryError, explain
from cellfem.geometry import by_depth, crowds, filling
from cellfem.geometry.by_depth import Graded
from cellfem.geometry.copies import beside, spare
from cellfem.geometry.distance import Body
from cellfem.geometry.profiles import Profile
from cellfem.geometry.surfaces import corrected


def sheet_stack(size: Sequence[float], *, pitch: Graded, thickness: Graded, tilt: float = 0.0, direction: float = 0.0,
                wave: float = 0.0, wavelength: float | None = None, phase: float = 0.0,
                where: str = "sheets") -> Body:
    """Endless parallel sheets, flat or wavy, tilted against the x-y plane.

    Parameters
    ----------
    pitch, thickness : [m] from middle to middle across the sheets, and of one sheet; by depth the pitch of sheets
        that lie flat
    tilt, direction : [rad] between the sheets and the x-y plane (pi/2: upright), and from x of the way that they rise
    wave, wavelength : amplitude [m] and length [m] of waves along both directions of the sheets
    phase : share of a pitch by which the first sheet's middle lies away from the origin
    """
    thickest, closest, height = by_depth.most(thickness), by_depth.least(pitch), size[2]
    if thickest >= closest:
        raise GeometryError(explain(f"{where}.thickness_um", f"found {thickest * 1e6:.6g}",
                                    f"less than {where}.pitch_um = {closest * 1e6:.6g} is needed",
                                    "The rest of the pitch is the gap."))
    if isinstance(pitch, Profile) and tilt != 0:
        raise GeometryError(explain(f"{where}.pitch_um", f"found a profile beside a tilt of {np.degrees(tilt):.6g}"
                                    " degrees", "only sheets that lie flat have a pitch by depth",
                                    "Leave tilt_degrees out, or give one pitch."))
    nearest = _nearest(pitch, phase, height, wave)
    rise = np.array([np.cos(direction), np.sin(direction), 0.0])
    normal = -np.sin(tilt) * rise + np.cos(tilt) * np.array([0.0, 0.0, 1.0])
    along = np.cos(tilt) * rise + np.sin(tilt) * np.array([0.0, 0.0, 1.0])
    across = np.cross(normal, along)
    q = 0.0 if wavelength is None or wave == 0 else 2 * np.pi / wavelength

    def away(x):
        """Distance along the normal from the middle of the nearest sheet, and its gradient."""
        s, t = along @ x, across @ x
        h = normal @ x - wave * np.sin(q * s) * np.cos(q * t)
        slope = normal[:, None] - wave * q * (np.cos(q * s) * np.cos(q * t) * along[:, None]
                                              - np.sin(q * s) * np.sin(q * t) * across[:, None])
        return h - nearest(h), slope

    middle = corrected(away, closest / 4) if q else lambda x: away(x)[0]
    return by_depth.grown(lambda x: np.abs(middle(x)), by_depth.scaled(thickness, 0.5, 0.0, height), height,
                          f"{where}.thickness_um")


def _nearest(pitch: Graded, phase: float, height: float, wave: float):
    """The function from heights (n,) [m] along the normal to the middle of the sheet nearest to each.

    With a pitch by depth, sheet k lies where the number of pitches from z = 0, int dz/pitch, is k + phase.
    """
    if not isinstance(pitch, Profile):
        return lambda h: pitch * (np.round(h / pitch - phase) + phase)
    z = np.linspace(0, height, 4001)
    counts = np.concatenate([[0.0], np.cumsum(np.diff(z) / pitch.at(height - (z[1:] + z[:-1]) / 2, height))])
    first, last = (float(pitch.at(np.array(depth), height)) for depth in (height, 0.0))
    beyond = wave + 2 * max(first, last)  # sheets below and above the box go on with its ends' pitch
    z = np.concatenate([[-beyond], z, [height + beyond]])
    counts = np.concatenate([[-beyond / first], counts, [counts[-1] + beyond / last]])
    numbers = np.arange(np.ceil(counts[0] - phase), np.floor(counts[-1] - phase) + 1) + phase
    middles = np.interp(numbers, counts, z)
    borders = (middles[1:] + middles[:-1]) / 2
    return lambda h: middles[np.searchsorted(borders, h)]


def flakes(size: Sequence[float], *, extent: Graded, thickness: Graded, porosity: Graded, seed: int,
           tilt: float | None = None, tilt_spread: float = 0.0, periodic: bool = False, where: str = "flakes") -> Body:
    """Square flakes thrown at random until the porosity is reached, then thickened or thinned; they may cross.

    Parameters
    ----------
    extent, thickness : [m] edge of a flake and its thickness, rims half round; by depth those of the flakes' middles
    tilt, tilt_spread : mean and standard deviation [rad] of the angle between flakes and x-y plane; without a tilt
        all orientations are equally likely
    """
    size = np.asarray(size, dtype=float)
    rng = np.random.default_rng(seed)
    thickest, widest = by_depth.most(thickness), by_depth.most(extent)
    if thickest >= by_depth.least(extent):
        raise GeometryError(explain(f"{where}.thickness_um", f"found {thickest * 1e6:.6g}", f"less than"
                                    f" {where}.extent_um = {by_depth.least(extent) * 1e6:.6g} is needed",
                                    "Flakes are flat."))
    margin = widest * np.array([0.0, 0.0, 1.0] if periodic else [1.0, 1.0, 1.0]) / np.sqrt(2)
    volume = by_depth.mean(extent, size[2]) ** 2 * by_depth.mean(thickness, size[2])
    mean = by_depth.mean(porosity, size[2])
    count = spare(mean, volume / (size + 2 * margin).prod(), where, f"{where}.extent_um")
    centres = rng.uniform(-margin, size + margin, (count, 3))
    turns = Rotation.random(count, rng=rng) if tilt is None else _tilted(rng, count, tilt, tilt_spread)
    turned = turns.as_matrix().transpose(0, 2, 1)
    halves = np.stack([by_depth.at(edge, centres.T, size[2]) / 2 for edge in (extent, extent, thickness)], axis=1)
    copies = 1
    if periodic:
        centres, copies = beside(centres, size), 9
        turned, halves = turned.repeat(9, axis=0), halves.repeat(9, axis=0)
    crowd = crowds.tiles(centres, turned, halves)
    some = filling.counted(crowd, size, porosity, copies)
    return filling.of_parts(some, size, porosity, "flake", thickness, "thickness_um", where)


def _tilted(rng, count: int, tilt: float, spread: float) -> Rotation:
    """Rotations that tilt the normal z by normally distributed angles toward random directions."""
    theta, (phi, turn) = rng.normal(tilt, spread, count), rng.uniform(0, 2 * np.pi, (2, count))
    return (Rotation.from_rotvec(np.outer(phi, [0, 0, 1])) * Rotation.from_rotvec(np.outer(theta, [0, 1, 0]))
            * Rotation.from_rotvec(np.outer(turn, [0, 0, 1])))
