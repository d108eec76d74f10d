"""Bodies of many like parts (fibres, spheres, flakes, struts): nearest part, and how many parts make a porosity.

The parts of a crowd are given by one function `each(x, which)`: signed distances of the points x (3, ...) from the
parts `which` (...), the two broadcast against each other.  Which part is the nearest is found in one of two ways.  In
general by halving space: a distance changes by no more than the way between two points, hence within a ball of
radius r a part can be nearest only if its distance from the ball's centre is at most 2 r above the least.  For parts of
one radius by scouts, points on their axes at most s apart: the parts of the SCOUTS nearest ones are compared; were the
nearest part not among them, the distance would still be right to s^2/(8 d).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

Each = Callable[[np.ndarray, np.ndarray], np.ndarray]
LARGEST = 2_000_000  # entries of the largest array made on the way
MOST_SCOUTS = 3_000_000
SCOUTS = 6


@dataclass(frozen=True, eq=False)
class Crowd:
    """The union of `count` parts."""

    each: Each
    count: int
    scouts: tuple[cKDTree, np.ndarray] | None = None  # tree of points, the part of each

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self.nearest(x)[0]

    def nearest(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(signed distance from the union (n,) [m], number of the nearest part (n,))."""
        x = np.asarray(x, dtype=float)
        return self._halving(x) if self.scouts is None else self._scouting(x)

    def _scouting(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        tree, owner = self.scouts
        distance, part = np.full(x.shape[1], np.inf), np.zeros(x.shape[1], dtype=int)
        for k in range(0, x.shape[1], LARGEST // SCOUTS):
            some = slice(k, k + LARGEST // SCOUTS)
            parts = owner[tree.query(x[:, some].T, k=list(range(1, min(SCOUTS, tree.n) + 1)))[1]]
            found = self.each(x[:, some, None], parts)
            least = found.argmin(axis=1)[:, None]
            distance[some] = np.take_along_axis(found, least, 1)[:, 0]
            part[some] = np.take_along_axis(parts, least, 1)[:, 0]
        return distance, part

    def _halving(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        distance, part = np.full(x.shape[1], np.inf), np.zeros(x.shape[1], dtype=int)
        work = [(np.arange(x.shape[1]), np.arange(self.count))] if x.shape[1] and self.count else []
        while work:
            points, parts = work.pop()
            low, high = x[:, points].min(axis=1), x[:, points].max(axis=1)
            middle, reach = (low + high) / 2, np.linalg.norm(high - low) / 2
            from_middle = self.each(middle[:, None], parts)
            parts = parts[from_middle <= from_middle.min() + 2 * reach * (1 + 1e-12) + 1e-30]
            if (len(parts) <= 6 or len(points) <= 48) and len(parts) * len(points) <= LARGEST:
                found = self.each(x[:, None, points], parts[:, None])
                least = found.argmin(axis=0)
                distance[points], part[points] = found[least, np.arange(len(points))], parts[least]
                continue
            octant = ((x[:, points] > middle[:, None]) * np.array([[1], [2], [4]])).sum(axis=0)
            order = np.argsort(octant, kind="stable")
            cuts = np.flatnonzero(np.diff(octant[order])) + 1
            groups = np.split(points[order], cuts) if reach > 0 else np.array_split(points, 2)
            work += [(group, parts) for group in groups]
        return distance, part

    def first(self, count: int) -> Crowd:
        """The first `count` parts alone."""
        if self.scouts is None:
            return Crowd(self.each, count)
        tree, owner = self.scouts
        kept = owner < count
        return Crowd(self.each, count, (cKDTree(tree.data[kept]), owner[kept]))


def needed(crowd: Crowd, x: np.ndarray, porosity: float) -> int:
    """How many parts, in their order, leave the share of the points x (3, n) nearest to `porosity` outside of all.

    At least one; `crowd.count` where even all of them leave more.
    """
    born = np.full(x.shape[1], crowd.count)
    step = max(LARGEST // max(x.shape[1], 1), 1)
    for begin in range(0, crowd.count, step):
        free = np.flatnonzero(born == crowd.count)
        which = np.arange(begin, min(begin + step, crowd.count))
        inside = crowd.each(x[:, None, free], which[:, None]) < 0
        hit = inside.any(axis=0)
        born[free[hit]] = begin + inside[:, hit].argmax(axis=0)
        if (born == crowd.count).mean() < porosity - 0.05:
            break
    left = 1 - np.cumsum(np.bincount(born, minlength=crowd.count + 1)[: crowd.count]) / x.shape[1]
    return int(np.argmin(np.abs(left - porosity))) + 1


def balls(centres: np.ndarray, radii: np.ndarray) -> Crowd:
    """Spheres: centres (n, 3) [m], radii (n,) [m]."""
    def each(x, which):
        return np.sqrt(sum((x[k] - centres[which, k]) ** 2 for k in range(3))) - radii[which]

    alike = len(radii) > 0 and np.ptp(radii) == 0
    return Crowd(each, len(centres), (cKDTree(centres), np.arange(len(centres))) if alike else None)


def bars(starts: np.ndarray, ends: np.ndarray, radius: float, *, spacing: float) -> Crowd:
    """Round bars of one radius [m] with half spheres at both ends: starts, ends (n, 3) [m].

    `spacing` [m]: of the points along them by which the nearest bar is found; a third of the bars' radius or less.
    """
    along = ends - starts
    length = np.linalg.norm(along, axis=1)
    spacing = max(spacing, length.sum() / MOST_SCOUTS)
    counts = np.ceil(length / spacing).astype(int) + 1
    owner = np.repeat(np.arange(len(starts)), counts)
    place = (np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)) / np.maximum(counts - 1, 1)[owner]
    unit = along / np.maximum(length, 1e-300)[:, None]

    def each(x, which):
        away = [x[k] - starts[which, k] for k in range(3)]
        share = np.clip(sum(away[k] * unit[which, k] for k in range(3)), 0, length[which])
        return np.sqrt(sum((away[k] - share * unit[which, k]) ** 2 for k in range(3))) - radius

    return Crowd(each, len(starts), (cKDTree(starts[owner] + place[:, None] * along[owner]), owner))


def tiles(centres: np.ndarray, frames: np.ndarray, halves: np.ndarray) -> Crowd:
    """Rectangular flakes with round rims: centres (n, 3), frames (n, 3, 3) whose last row is the normal, halves (n, 3).

    The half thickness is halves[:, 2]; rims are half round, within the given half extents.
    """
    rounding = halves[:, 2]
    core = halves - rounding[:, None]

    def each(x, which):
        away = [x[k] - centres[which, k] for k in range(3)]
        out = [np.abs(sum(frames[which, row, k] * away[k] for k in range(3))) - core[which, row] for row in range(3)]
        beyond = np.sqrt(sum(np.maximum(o, 0) ** 2 for o in out))
        return beyond + np.minimum(np.maximum(np.maximum(out[0], out[1]), out[2]), 0) - rounding[which]

    return Crowd(each, len(centres))
