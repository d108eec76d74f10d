"""Sheets: parallel, tilted, wavy; and flakes of finite extent thrown at random."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from cellfem.errors import GeometryError, explain
from cellfem.geometry import crowds, filling
from cellfem.geometry.copies import beside, spare
from cellfem.geometry.distance import Body, offset
from cellfem.geometry.surfaces import corrected


def sheet_stack(size: Sequence[float], *, pitch: float, thickness: float, tilt: float = 0.0, direction: float = 0.0,
                wave: float = 0.0, wavelength: float | None = None, phase: float = 0.0,
                where: str = "sheets") -> Body:
    """Endless parallel sheets, flat or wavy, tilted against the x-y plane.

    Parameters
    ----------
    pitch, thickness : [m] from middle to middle across the sheets, and of one sheet
    tilt, direction : [rad] between the sheets and the x-y plane (pi/2: upright), and from x of the way that they rise
    wave, wavelength : amplitude [m] and length [m] of waves along both directions of the sheets
    phase : share of a pitch by which the first sheet's middle lies away from the origin
    """
    if thickness >= pitch:
        raise GeometryError(explain(f"{where}.thickness_um", f"found {thickness * 1e6:.6g}",
                                    f"less than {where}.pitch_um = {pitch * 1e6:.6g} is needed",
                                    "The rest of the pitch is the gap."))
    rise = np.array([np.cos(direction), np.sin(direction), 0.0])
    normal = -np.sin(tilt) * rise + np.cos(tilt) * np.array([0.0, 0.0, 1.0])
    along = np.cos(tilt) * rise + np.sin(tilt) * np.array([0.0, 0.0, 1.0])
    across = np.cross(normal, along)
    q = 0.0 if wavelength is None or wave == 0 else 2 * np.pi / wavelength

    def height(x):
        """Distance along the normal from the middle of the nearest sheet, and its gradient."""
        s, t = along @ x, across @ x
        h = normal @ x - wave * np.sin(q * s) * np.cos(q * t)
        slope = normal[:, None] - wave * q * (np.cos(q * s) * np.cos(q * t) * along[:, None]
                                              - np.sin(q * s) * np.sin(q * t) * across[:, None])
        return h - pitch * (np.round(h / pitch - phase) + phase), slope

    middle = corrected(height, pitch / 4) if q else lambda x: height(x)[0]
    return lambda x: np.abs(middle(x)) - thickness / 2


def flakes(size: Sequence[float], *, extent: float, thickness: float, porosity: float, seed: int,
           tilt: float | None = None, tilt_spread: float = 0.0, periodic: bool = False, where: str = "flakes") -> Body:
    """Square flakes thrown at random until the porosity is reached, then thickened or thinned; they may cross.

    Parameters
    ----------
    extent, thickness : [m] edge of a flake and its thickness, rims half round
    tilt, tilt_spread : mean and standard deviation [rad] of the angle between flakes and x-y plane; without a tilt
        all orientations are equally likely
    """
    size = np.asarray(size, dtype=float)
    rng = np.random.default_rng(seed)
    if thickness >= extent:
        raise GeometryError(explain(f"{where}.thickness_um", f"found {thickness * 1e6:.6g}",
                                    f"less than {where}.extent_um = {extent * 1e6:.6g} is needed", "Flakes are flat."))
    margin = extent * np.array([0.0, 0.0, 1.0] if periodic else [1.0, 1.0, 1.0]) / np.sqrt(2)
    count = spare(porosity, extent**2 * thickness / (size + 2 * margin).prod(), where, f"{where}.extent_um")
    centres = rng.uniform(-margin, size + margin, (count, 3))
    turns = Rotation.random(count, rng=rng) if tilt is None else _tilted(rng, count, tilt, tilt_spread)
    turned = turns.as_matrix().transpose(0, 2, 1)
    halves = np.tile([extent / 2, extent / 2, thickness / 2], (count, 1))
    copies = 1
    if periodic:
        centres, copies = beside(centres, size), 9
        turned, halves = turned.repeat(9, axis=0), halves.repeat(9, axis=0)
    crowd = crowds.tiles(centres, turned, halves)
    needed = crowds.needed(crowd, filling.places(size, filling.FEW), porosity)
    some = crowd.first(max(round(needed / copies), 1) * copies)
    grown = filling.growth(some, size, porosity, f"{where}.porosity")
    if grown <= -thickness / 2:
        raise GeometryError(explain(f"{where}.porosity", f"found {porosity:.6g}", "at least one flake must fit",
                                    "Lower the porosity, thin the flakes or enlarge size_um."))
    return offset(some, grown)


def _tilted(rng, count: int, tilt: float, spread: float) -> Rotation:
    """Rotations that tilt the normal z by normally distributed angles toward random directions."""
    theta, (phi, turn) = rng.normal(tilt, spread, count), rng.uniform(0, 2 * np.pi, (2, count))
    return (Rotation.from_rotvec(np.outer(phi, [0, 0, 1])) * Rotation.from_rotvec(np.outer(theta, [0, 1, 0]))
            * Rotation.from_rotvec(np.outer(turn, [0, 0, 1])))
