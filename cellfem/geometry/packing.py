"""Particles packed into a box without overlap: solid, core-shell, yolk-shell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from cellfem.errors import GeometryError, explain
from cellfem.geometry import crowds, filling
from cellfem.geometry.copies import MOST_PARTS, beside
from cellfem.geometry.distance import Body

ROUNDS = 4000  # of relaxation
AIM = 1.003  # spheres are pushed a little farther apart than to contact: so it ends soon
DENSEST = 0.62  # share of equal spheres up to which packings are made; random ones jam at 0.64


@dataclass(frozen=True, eq=False)
class Packing:
    """Spheres in a box: centres (n, 3) [m], radii (n,) [m]; `owners` (n,) number the particles, copies alike."""

    centres: np.ndarray
    radii: np.ndarray
    owners: np.ndarray


def pack(size: Sequence[float], *, diameter: float, share: float, seed: int, spread: float = 0.0, gap: float = 0.0,
         where: str = "particles") -> Packing:
    """Spheres that fill the given share of the box: strewn at random, then pushed apart until none overlap.

    The packing repeats itself beyond the sides (mirror sides cut it there); bottom and top are walls.

    Parameters
    ----------
    diameter : [m], the median where they differ; all are scaled alike by a few per cent to meet the share
    spread : standard deviation of the logarithm of the diameters (lognormal)
    gap : [m] least distance between two particles, half of it from walls; negative: neighbours may overlap so far,
        which joins them by necks

    Raises GeometryError for shares that are too dense to be reached.
    """
    size = np.asarray(size, dtype=float)
    rng = np.random.default_rng(seed)
    volume = np.pi / 6 * diameter**3 * np.exp(4.5 * spread**2)
    count = max(round(share * size.prod() / volume), 1)
    if count > MOST_PARTS // 10:
        raise GeometryError(explain(f"{where}.diameter_um", f"found so little that {count} particles fill the box",
                                    f"at most {MOST_PARTS // 10} can be packed", "Mesh a smaller, representative box"
                                    " (size_um)."))
    radii = diameter / 2 * np.exp(spread * rng.standard_normal(count))
    radii *= (share * size.prod() / (4 / 3 * np.pi * (radii**3).sum())) ** (1 / 3)
    thick = radii + gap / 2
    if 4 / 3 * np.pi * (thick**3).sum() > DENSEST * size.prod() or 2 * thick.max() > size.min():
        raise GeometryError(explain(f"{where}.porosity", f"found so little that particles take {share:.3g} of the box",
                                    f"at most {DENSEST} can be packed, and each must fit", "Raise the porosity, lower"
                                    " gap_um, or enlarge the box beside the particles."))
    centres = _relax(rng.uniform(0, 1, (count, 3)) * size, thick, size)
    if centres is None:
        raise GeometryError(explain(f"{where}.porosity", f"found so little that the {count} particles, {share:.3g} of"
                                    " the box, still overlap after they were pushed apart", "a looser packing is"
                                    " needed", "Raise the porosity, change the seed, or enlarge the box."))
    return Packing(beside(centres, size), radii.repeat(9), np.arange(count).repeat(9))


def _relax(centres: np.ndarray, radii: np.ndarray, size: np.ndarray) -> np.ndarray | None:
    """Centres without overlap of spheres with each other, with copies, bottom and top; None where there is no end."""
    floor, roof = radii, size[2] - radii
    period = np.array([size[0], size[1], 0.0])  # 0: an axis without repetition
    for _ in range(ROUNDS):
        centres[:, :2] %= size[:2]
        centres[:, :2] = np.where(centres[:, :2] >= size[:2], 0.0, centres[:, :2])
        centres[:, 2] = np.clip(centres[:, 2], floor, roof)
        tree = cKDTree(centres, boxsize=period)
        reach = min(2 * radii.max() * AIM, size[:2].min() / 2.001)
        a, b = tree.query_pairs(reach, output_type="ndarray").T
        apart = centres[a] - centres[b]
        apart[:, :2] -= np.round(apart[:, :2] / size[:2]) * size[:2]
        far = np.linalg.norm(apart, axis=1)
        if not (far < (radii[a] + radii[b]) * (1 - 1e-12)).any():
            return centres
        lack = np.maximum((radii[a] + radii[b]) * AIM - far, 0)
        push = apart * (0.5 * lack / np.maximum(far, 1e-30))[:, None]
        for axis in range(3):
            centres[:, axis] += np.bincount(a, push[:, axis], len(radii)) - np.bincount(b, push[:, axis], len(radii))
    return None


def particles(size: Sequence[float], *, diameter: float, porosity: float, seed: int, spread: float = 0.0,
              core: float | None = None, shell: float | None = None, window: float = 0.0, windows: int = 0,
              gap: float = 0.0, where: str = "particles") -> Body:
    """A packing of particles: solid ones, or shells around a void that holds a core.

    The porosity is that *between* the particles; the void of a yolk-shell particle comes in addition.

    Parameters
    ----------
    diameter : [m] outer
    shell : thickness [m] of the shell; None: solid particles
    core : diameter [m] of the core in the void, which rests on the shell's inner bottom; None: none
    window, windows : diameter [m] and number of round windows in each shell, through which ions reach its void

    The body keeps the packing as `body.packing`, so that places can be told by particle and by core or shell.
    """
    if shell is not None and (2 * shell >= diameter or (core or 0.0) > diameter - 2 * shell):
        raise GeometryError(explain(f"{where}.shell_um", f"found {shell * 1e6:.6g}", "shell and core must fit into"
                                    f" the particle, {diameter * 1e6:.6g} um across", "Thin the shell or shrink the"
                                    " core (core_um)."))
    if shell is None and (core is not None or windows):
        raise GeometryError(explain(f"{where}.shell_um", "found nothing beside a core or windows", "both need a shell",
                                    "Give shell_um, or leave them out."))
    packing = pack(size, diameter=diameter, share=1 - porosity, seed=seed, spread=spread, gap=gap, where=where)
    if gap < 0:  # what necks share counts once
        grown = filling.growth(crowds.balls(packing.centres, packing.radii), size, porosity, f"{where}.porosity")
        packing = Packing(packing.centres, packing.radii + grown, packing.owners)
    return Particles(packing, np.median(packing.radii), shell, core, window, windows, seed)


@dataclass(frozen=True, eq=False)
class Particles:
    """The body of a packing; shells, cores and windows scale with each particle's diameter."""

    packing: Packing
    median: float  # [m] radius to which shell, core and window belong
    shell: float | None  # [m]
    core: float | None  # [m] diameter
    window: float  # [m] diameter
    windows: int
    seed: int

    def __call__(self, x: np.ndarray) -> np.ndarray:
        distance, part = self.nearest(x)
        if self.shell is None:
            return distance
        radius = self.packing.radii[part]
        scale = radius / self.median
        wall = np.abs(distance + self.shell * scale / 2) - self.shell * scale / 2
        away = x - self.packing.centres[part].T
        if self.windows:
            openings = self._openings()[self.packing.owners[part]]  # (n, windows, 3)
            along = np.einsum("nwk,kn->nw", openings, away)
            across = np.sqrt(np.maximum((away**2).sum(axis=0)[:, None] - along**2, 0))
            reach = np.where(along > 0, across - (self.window * scale / 2)[:, None], np.inf).min(axis=1)
            wall = np.maximum(wall, -reach)
        if self.core is None:
            return wall
        core = self._from_core(away, radius, scale)
        width = 0.9 * self.shell * scale  # the cusp around the point of contact is filled: no ion goes there
        return np.minimum(wall, core) - np.maximum(width - np.abs(wall - core), 0) ** 2 / (4 * width)

    def nearest(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(distance from the particles' outer surfaces [m], number of the nearest sphere of the packing)."""
        return crowds.balls(self.packing.centres, self.packing.radii).nearest(x)

    def _from_core(self, away: np.ndarray, radius: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """Distance from the core, which dips a tenth of the shell into the shell's inner bottom."""
        low = away.copy()
        low[2] += radius - self.shell * scale * 0.9 - self.core * scale / 2
        return np.linalg.norm(low, axis=0) - self.core * scale / 2

    def in_core(self, x: np.ndarray) -> np.ndarray:
        """Whether a place on the surface belongs to a core rather than to a shell (n,) [bool]."""
        distance, part = self.nearest(x)
        if self.shell is None or self.core is None:
            return np.zeros(x.shape[1], dtype=bool)
        scale = self.packing.radii[part] / self.median
        from_core = self._from_core(x - self.packing.centres[part].T, self.packing.radii[part], scale)
        wall = np.abs(distance + self.shell * scale / 2) - self.shell * scale / 2
        return np.abs(from_core) < np.abs(wall)

    def _openings(self) -> np.ndarray:
        """Directions (particles, windows, 3) of the windows: spread evenly, each particle turned at random."""
        rng = np.random.default_rng([self.seed, 1])
        k = np.arange(self.windows) + 0.5
        z, phi = 1 - 2 * k / self.windows, np.pi * (1 + np.sqrt(5)) * k
        even = np.stack([np.sqrt(1 - z**2) * np.cos(phi), np.sqrt(1 - z**2) * np.sin(phi), z], axis=1)
        turns = np.linalg.qr(rng.standard_normal((int(self.packing.owners.max()) + 1, 3, 3)))[0]
        return np.einsum("nij,wj->nwi", turns, even)
