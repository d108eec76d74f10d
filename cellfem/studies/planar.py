"""What is known by formula of a plane: Sand's time with mean properties, and where it says something."""

from __future__ import annotations

import math

import numpy as np

from cellfem.geometry.measures import volumes
from cellfem.model.cell import Cell
from cellfem.physics.transport import Transport
from cellfem.units import FARADAY

VALID = "valid"
AT_OR_BELOW = "invalid: the current is at or below the limiting current"
NO_PLANE = "invalid: the active surface is no plane"
ELSEWHERE = "invalid: the plane does not adjoin this layer"
THIN = "invalid: more than this layer would be emptied"


def is_plane(cell: Cell) -> bool:
    """Whether the active surface is the floor, without a host on it."""
    host = {"host", "pore", "electrode"} & set(cell.mesh.subdomains)
    return bool(np.ptp(cell.sites.x[-1]) <= 1e-9 * np.ptp(cell.mesh.p[-1])) and not host


def pore_volume(cell: Cell) -> float:
    """int eps dV over the whole cell [m3] (1-D: per m2, 2-D: per m)."""
    return float(volumes(cell.mesh) @ cell.porosity)


def mean_properties(transport: Transport) -> tuple[float, float]:
    """D [m2/s] and t+ averaged over [0, c_0]."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    c = 0.5 * transport.c_0 * (nodes + 1)
    return tuple(float(weights @ np.real(law(c)) / 2) for law in (transport.D, transport.t_plus))


def planar_sand_time(cell: Cell, current: float, eps: float = 1.0, B: float = 1.0) -> float:
    """Planar Sand's time (pi/4) eps B D [F c_0/(J (1 - t+))]^2 [s] with D and t+ averaged over [0, c_0].

    A bare plane at the superficial current density J [A/m2] in free electrolyte (eps = B = 1) or in a porous layer.
    An indicator: see docs/sands-time.md for what it leaves out.
    """
    D, t_plus = mean_properties(cell.transport)
    if 1 - t_plus <= 1e-12:
        return math.inf
    return math.pi / 4 * eps * B * D * (FARADAY * cell.electrolyte.c_0 / (current * (1 - t_plus))) ** 2


def separator_sand_time(cell: Cell, current: float) -> float:
    """`planar_sand_time` in a medium with the separator's porosity and efficiency [s]; NaN without a separator."""
    medium = separator(cell)
    return math.nan if medium is None else planar_sand_time(cell, current, *medium)


def separator(cell: Cell) -> tuple[float, float] | None:
    """(porosity, efficiency along z) of the separator; None without one."""
    if "separator" not in cell.mesh.subdomains:
        return None
    cells = cell.mesh.subdomains["separator"]
    return float(cell.porosity[cells].mean()), float(cell.efficiency[-1, -1, cells].mean())


def salt_time(cell: Cell, current: float) -> float:
    """Time [s] in which a current would take all the salt out of the cell, if none came back."""
    _, t_plus = mean_properties(cell.transport)
    salt = cell.electrolyte.c_0 * pore_volume(cell) / cell.area
    return FARADAY * salt / (current * (1 - t_plus)) if 1 - t_plus > 1e-12 else math.inf


def validity(cell: Cell, current: float, limit: float) -> str:
    """Whether the planar Sand's time in free electrolyte means anything; VALID, or why it does not."""
    return _validity(cell, current, limit, (1.0, 1.0))


def separator_validity(cell: Cell, current: float, limit: float) -> str:
    """The same of the planar Sand's time in the separator; empty without one."""
    medium = separator(cell)
    return "" if medium is None else _validity(cell, current, limit, medium)


def _validity(cell: Cell, current: float, limit: float, medium: tuple[float, float]) -> str:
    """A plane, a current above the limit, and no more emptied than the layer of this medium on the plane."""
    if not current > limit:
        return AT_OR_BELOW
    if not is_plane(cell):
        return NO_PLANE
    thickness = layer_on_plane(cell, *medium)
    if thickness == 0:
        return ELSEWHERE
    eps, B = medium
    emptied = math.sqrt(B / eps * mean_properties(cell.transport)[0] * planar_sand_time(cell, current, eps, B))
    return VALID if emptied <= thickness else THIN


def layer_on_plane(cell: Cell, eps: float, B: float) -> float:
    """Thickness [m] of the layer of this porosity and efficiency along z that lies on the plane; 0 if another does."""
    z = cell.mesh.p[-1][cell.mesh.t]
    other = ~(np.isclose(cell.porosity, eps) & np.isclose(cell.efficiency[-1, -1], B))
    top = float(z[:, other].min()) if np.any(other) else float(z.max())
    return max(top - float(cell.sites.x[-1].min()), 0.0)


def medium_on_plane(cell: Cell) -> tuple[float, float]:
    """(porosity, efficiency along z) of what adjoins the plane."""
    lowest = int(np.argmin(cell.mesh.p[-1][cell.mesh.t].mean(axis=0)))
    return float(cell.porosity[lowest]), float(cell.efficiency[-1, -1, lowest])
