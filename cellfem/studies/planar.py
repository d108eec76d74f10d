"""What is known by formula of a plane: Sand's time with mean properties, and where it says something."""

from __future__ import annotations

import math

import numpy as np

from cellfem.geometry.measures import volumes
from cellfem.model.cell import Cell
from cellfem.units import FARADAY

VALID = "valid"
AT_OR_BELOW = "invalid: the current is at or below the limiting current"


def is_plane(cell: Cell) -> bool:
    """Whether all of the active surface lies at one height."""
    return bool(np.ptp(cell.sites.x[-1]) <= 1e-9 * np.ptp(cell.mesh.p[-1]))


def pore_volume(cell: Cell) -> float:
    """int eps dV over the whole cell [m3] (1-D: per m2, 2-D: per m)."""
    return float(volumes(cell.mesh) @ cell.porosity)


def mean_properties(cell: Cell) -> tuple[float, float]:
    """D [m2/s] and t+ averaged over [0, c_0]."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    c = 0.5 * cell.electrolyte.c_0 * (nodes + 1)
    return tuple(float(weights @ np.real(law(c)) / 2) for law in (cell.transport.D, cell.transport.t_plus))


def planar_sand_time(cell: Cell, current: float, eps: float = 1.0, B: float = 1.0) -> float:
    """Planar Sand's time (pi/4) eps B D [F c_0/(J (1 - t+))]^2 [s] with D and t+ averaged over [0, c_0].

    A bare plane at the superficial current density J [A/m2] in free electrolyte (eps = B = 1) or in a porous layer.
    An indicator: see docs/sands-time.md for what it leaves out.
    """
    D, t_plus = mean_properties(cell)
    if 1 - t_plus <= 1e-12:
        return math.inf
    return math.pi / 4 * eps * B * D * (FARADAY * cell.electrolyte.c_0 / (current * (1 - t_plus))) ** 2


def separator_sand_time(cell: Cell, current: float) -> float:
    """`planar_sand_time` in a medium with the separator's porosity and efficiency [s]; NaN without a separator."""
    if "separator" not in cell.mesh.subdomains:
        return math.nan
    cells = cell.mesh.subdomains["separator"]
    return planar_sand_time(cell, current, float(cell.porosity[cells].mean()),
                            float(cell.efficiency[-1, -1, cells].mean()))


def salt_time(cell: Cell, current: float) -> float:
    """Time [s] in which a current would take all the salt out of the cell, if none came back."""
    _, t_plus = mean_properties(cell)
    salt = cell.electrolyte.c_0 * pore_volume(cell) / cell.area
    return FARADAY * salt / (current * (1 - t_plus)) if 1 - t_plus > 1e-12 else math.inf


def validity(current: float, limit: float) -> str:
    """Whether planar Sand's times mean anything at a current: only above the limiting current."""
    return VALID if current > limit else AT_OR_BELOW
