"""An effective medium extrapolated to ever smaller cells, with an error bar."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cellfem.errors import explain
from cellfem.model.homogenise import homogenise
from cellfem.model.medium import Medium
from cellfem.results.check import HIGHEST_ORDER, LEAST_ORDER, Checked, need_design
from cellfem.results.tortuosity import GEOMETRIC_SURFACE
from cellfem.units import mm

AXES = "xyz"


@dataclass(frozen=True, eq=False)
class MediumErrors:
    """Estimated errors of a medium's numbers, in their units; those of tensors entry by entry."""

    eps: float
    B: np.ndarray
    sigma: np.ndarray | float
    a_s: float


@dataclass(frozen=True, eq=False)
class CheckedMedium:
    """The extrapolated medium; what `homogenise` found on each mesh is beside it."""

    medium: Medium  # the limit of ever smaller cells
    error: MediumErrors  # estimated |finest - limit|, number by number
    meshes: tuple[Medium, ...]  # from the coarsest to the finest

    @property
    def rows(self) -> list[Checked]:
        """Porosity, B = D_eff/D along x, y, z and surface, for `format_check`."""
        values = [_numbers(medium) for medium in self.meshes]
        value, error = _numbers(self.medium), _numbers(self.error)
        return [Checked(name, value[name], error[name], _order([row[name] for row in values])) for name in value]


def homogenise_check(geometry, *, host=None, coarsen: float = 2.0, halvings: int = 1) -> CheckedMedium:
    """The effective medium of a design's host layer for ever smaller cells, from two or more nested meshes.

    With value(h) = limit + A h^p on meshes of which each halves all cells of the one before,
    limit = fine + (fine - coarse)/(2^p - 1).  From two meshes p = 2 is assumed: that of linear elements at smooth
    surfaces and in grooves, while thin edges of sheets have 1 and more.  From three or more p is observed, and believed
    from 0.5 to 2; where the last differences do not shrink, the limit is the finest value and its error their largest.
    Errors are |limit - fine|, and those of B and sigma take that of the volume share in, relative to it: facets beside
    a groove and the cut-off bottom of the groove have errors of opposite sign, which may cancel in B.

    Parameters
    ----------
    geometry : Geometry, or whatever has `mesh(coarsen=..., halvings=...)`
    host : as for `homogenise`
    coarsen : of the coarsest mesh; 2 with one halving ends at cells of the design's own sizes, at about the cost of the
        design's own mesh
    halvings : number of further meshes, each 8 times as large in 3-D

    Raises ValueError without a further mesh, and what `mesh` and `homogenise` raise.
    """
    if isinstance(halvings, bool) or not isinstance(halvings, int) or not 1 <= halvings <= 4:
        raise ValueError(explain("homogenise_check: halvings", f"found {halvings!r}", "a whole number from 1 to 4 is"
                                 " needed", "1 solves on two meshes and assumes second order, 2 observes the order."))
    need_design("homogenise_check.geometry", geometry)
    found = [homogenise(geometry.mesh(coarsen=coarsen, halvings=k), host=host) for k in range(halvings + 1)]
    eps, B, sigma, a_s = (_extrapolated([getattr(medium, key) for medium in found])
                          for key in ("eps", "B", "sigma", "a_s"))
    solid = eps[1] / max(1 - eps[0], 1e-12)
    return CheckedMedium(Medium(eps=eps[0], B=B[0], sigma=sigma[0], a_s=a_s[0]),
                         MediumErrors(eps[1], B[1] + np.abs(B[0]) * eps[1] / eps[0],
                                      sigma[1] + np.abs(sigma[0]) * solid if np.ndim(sigma[0]) else 0.0, a_s[1]),
                         tuple(found))


def _extrapolated(values: Sequence) -> tuple:
    """The limit and its error, entry by entry; numbers stay numbers."""
    rows = np.array([np.broadcast_to(np.asarray(value, dtype=float), np.shape(values[-1])) for value in values])
    flat = rows.reshape(len(values), -1).T
    found = np.array([_limit(list(map(float, entry))) for entry in flat]).T.reshape(2, *rows.shape[1:])
    return (found[0], found[1]) if rows.ndim > 1 else (float(found[0]), float(found[1]))


def _limit(values: list[float]) -> tuple[float, float]:
    if not math.isfinite(values[-1]):
        return values[-1], 0.0
    order = _order(values)
    if math.isnan(order):
        return values[-1], max(abs(a - b) for a, b in zip(values[-3:], values[-2:], strict=False))
    correction = (values[-1] - values[-2]) / (2**order - 1)
    return values[-1] + correction, abs(correction)


def _order(values: Sequence[float]) -> float:
    """Of convergence [-]: HIGHEST_ORDER of two values, NaN where the last two differences do not shrink."""
    if len(values) < 3 or not np.all(np.isfinite(values)):
        return HIGHEST_ORDER
    before, last = values[-2] - values[-3], values[-1] - values[-2]
    if abs(last) <= 1e-12 * abs(values[-1]):
        return HIGHEST_ORDER
    order = math.log2(before / last) if before / last > 0 else math.nan
    return math.nan if not order >= LEAST_ORDER else min(order, HIGHEST_ORDER)


def _numbers(medium: Medium | MediumErrors) -> dict[str, float]:
    B = np.broadcast_to(np.diag(medium.B) if np.ndim(medium.B) else medium.B, 3)
    return ({"porosity [-]": float(medium.eps)}
            | {f"D_eff/D, {axis} [-]": float(b) for axis, b in zip(AXES, B, strict=True)}
            | {GEOMETRIC_SURFACE: float(medium.a_s) * mm})
