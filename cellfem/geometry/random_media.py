"""Random media of a given porosity: overlapping spheres, spheres on lattices, cuts of a Gaussian random field."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cellfem.errors import GeometryError, did_you_mean, explain
from cellfem.geometry import by_depth, crowds, filling
from cellfem.geometry.by_depth import Graded
from cellfem.geometry.copies import MOST_PARTS, beside, spare
from cellfem.geometry.distance import Body
from cellfem.geometry.profiles import Profile
from cellfem.geometry.random_fields import MODES
from cellfem.geometry.surfaces import corrected
from cellfem.geometry.tabulated import cubic

FINENESS = 8  # grid points to a correlation length of a Gaussian field: right to 1e-4
BEYOND = 10  # grid points beyond the box, where the spline feels its end
MOST_POINTS = 2e7  # of that grid
LEAST_SHARE = 0.01
LATTICES = {  # centres in a cubic cell of edge 1
    "simple-cubic": [[0, 0, 0]],
    "body-centred": [[0, 0, 0], [.5, .5, .5]],
    "face-centred": [[0, 0, 0], [.5, .5, 0], [.5, 0, .5], [0, .5, .5]],
}


def overlapping_spheres(size: Sequence[float], *, diameter: Graded, porosity: Graded, seed: int, spread: float = 0.0,
                        periodic: bool = False, where: str = "spheres") -> Body:
    """Spheres strewn independently of each other until the porosity is reached, then all grown or shrunk alike.

    Parameters
    ----------
    diameter : [m], the median where they differ; by depth that of the centres
    spread : standard deviation of the logarithm of the diameters (lognormal)
    """
    size = np.asarray(size, dtype=float)
    rng = np.random.default_rng(seed)
    margin = by_depth.most(diameter) / 2 * np.array([0.0, 0.0, 1.0] if periodic else [1.0, 1.0, 1.0])
    radius = by_depth.mean(diameter, size[2]) / 2
    share = 4 / 3 * np.pi * radius**3 * np.exp(4.5 * spread**2) / (size + 2 * margin).prod()
    count = spare(by_depth.mean(porosity, size[2]), share, where, f"{where}.diameter_um")
    centres = rng.uniform(-margin, size + margin, (count, 3))
    radii = by_depth.at(diameter, centres.T, size[2]) / 2 * np.exp(spread * rng.standard_normal(count))
    copies = 1
    if periodic:
        centres, radii, copies = beside(centres, size), radii.repeat(9), 9
    crowd = crowds.balls(centres, radii)
    some = filling.counted(crowd, size, porosity, copies)
    return filling.of_parts(some, size, porosity, "sphere", diameter, "diameter_um", where)


def sphere_lattice(size: Sequence[float], *, lattice: str, period: float, diameter: Graded,
                   where: str = "spheres") -> Body:
    """Spheres on a cubic lattice of edge `period` [m] with one centre in the corner (0, 0, 0).

    `diameter` [m] by depth is that of the centres.
    """
    if lattice not in LATTICES:
        raise GeometryError(explain(f"{where}.lattice", f'found "{lattice}"', "one of " + ", ".join(sorted(LATTICES))
                                    + " is needed", did_you_mean(lattice, LATTICES)))
    size, motif = np.asarray(size, dtype=float), np.asarray(LATTICES[lattice], dtype=float)
    if (size / period + 3).prod() * len(motif) > MOST_PARTS:
        raise GeometryError(explain(f"{where}.period_um", "found so little that"
                                    f" {(size / period).prod() * len(motif):.3g} spheres fill the box",
                                    f"at most {MOST_PARTS} can be made", "Mesh one symmetry cell: sides are mirrors."))
    cells = [np.arange(-1, np.ceil(extent / period) + 2) for extent in size]
    corners = np.stack(np.meshgrid(*cells, indexing="ij"), axis=-1).reshape(-1, 1, 3)
    centres = ((corners + motif) * period).reshape(-1, 3)
    reach = by_depth.most(diameter)
    centres = centres[((centres > -reach) & (centres < size + reach)).all(axis=1)]
    return crowds.balls(centres, by_depth.at(diameter, centres.T, size[2]) / 2)


def placed_spheres(centres: Sequence[Sequence[float]], diameters: Sequence[float]) -> Body:
    """Spheres at given places: centres (n, 3) [m], diameters (n,) [m]."""
    return crowds.balls(np.asarray(centres, dtype=float), np.asarray(diameters, dtype=float) / 2)


def gaussian_medium(size: Sequence[float], *, correlation_lengths: float | Sequence[float], seed: int, porosity: Graded,
                    walls: bool = False, periodic: bool = False, modes: int = MODES, within: Body | None = None,
                    where: str = "gaussian") -> Body:
    """A cut of a Gaussian random field: the solid is where the field is low, or a wall along its level 0.

    Parameters
    ----------
    correlation_lengths : [m] one for all directions or (x, y, z); the field's correlation is exp(-sum (r_i/l_i)^2/2)
    porosity : reached by the level at which the field is cut, or by two levels; by depth at levels by depth
    walls : the solid lies between the levels -f and f of the field: walls between two networks of pores
    periodic : waves that repeat at the sides
    within : the body in which the porosity is counted; None: all of the box
    """
    size = np.asarray(size, dtype=float)
    extreme = max(by_depth.least(porosity), by_depth.most(porosity), key=lambda share: abs(share - 0.5))
    if not LEAST_SHARE <= extreme <= 1 - LEAST_SHARE:
        raise GeometryError(explain(f"{where}.porosity", f"found {extreme:.6g}", "a share from"
                                    f" {LEAST_SHARE} to {1 - LEAST_SHARE} is needed",
                                    "It is the share of the host's box that the electrolyte fills."))
    lengths = np.broadcast_to(np.asarray(correlation_lengths, dtype=float), 3)
    rng = np.random.default_rng(seed)
    waves = rng.standard_normal((3, modes)) / lengths[:, None]
    if periodic:
        waves[:2] = np.round(waves[:2] * size[:2, None] / (2 * np.pi)) * 2 * np.pi / size[:2, None]
    phases = rng.uniform(0, 2 * np.pi, modes)
    values = _tabulated(size, waves, phases, lengths, where)
    trust = float(lengths.min()) / 2
    places = filling.places(size)
    if within is not None:
        places = places[:, within(places) < 0]
    sample = np.abs(values(places)[0]) if walls else values(places)[0]
    level = filling.level(sample, places, porosity, size[2], lambda by: sample - by_depth.at(by, places, size[2]))
    return _cut(values, level, trust, walls, size[2])


def _cut(values, level: Graded, trust: float, walls: bool, height: float) -> Body:
    """The body where a field is below a level, or between the level and its negative."""
    if isinstance(level, Profile) and level.law == "piecewise":
        return by_depth.stepped(lambda x, levels: [_cut(values, t, trust, walls, height)(x) for t in levels], level,
                                height)

    def less(x, sign=1.0):
        f, slope = values(x)
        if isinstance(level, Profile):  # z is the height: a level that rises with depth falls with z
            slope = slope.copy()
            slope[2] += sign * level.slope(height - x[2], height)
        return f - sign * by_depth.at(level, x, height), slope

    below = corrected(less, trust)
    if not walls:
        return below
    above = corrected(lambda x: less(x, -1.0), trust)
    return lambda x: np.maximum(below(x), -above(x))


def _tabulated(size: np.ndarray, waves: np.ndarray, phases: np.ndarray, lengths: np.ndarray, where: str):
    """The sum of waves sqrt(2/M) cos(q.x + a) as a spline, FINENESS points to a correlation length."""
    inner = np.ceil(size / lengths * FINENESS)
    spacing, counts = size / inner, inner.astype(np.int64) + 1 + 2 * BEYOND
    if counts.astype(float).prod() > MOST_POINTS:
        raise GeometryError(explain(f"{where}.correlation_um", "found so little beside size_um that"
                                    f" {counts.astype(float).prod():.2g} grid points are needed",
                                    f"at most {MOST_POINTS:.0g} are made", "Mesh a smaller, representative box"
                                    " (size_um)."))
    axes = [step * (np.arange(count) - BEYOND) for step, count in zip(spacing, counts, strict=True)]
    x, y, z = (np.exp(1j * np.outer(q, axis)) for q, axis in zip(waves, axes, strict=True))
    x *= np.exp(1j * phases)[:, None]
    values = np.empty(counts)
    for i in range(counts[0]):
        values[i] = ((x[:, i, None] * y).T @ z).real
    return cubic(np.sqrt(2 / len(phases)) * values, -BEYOND * spacing, spacing)
