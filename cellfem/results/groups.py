"""The dimensionless groups that decide where a homogenised host plates (docs/conventions.md)."""

from __future__ import annotations

import math

import numpy as np

from cellfem.geometry.measures import volumes
from cellfem.model.solution import Solution
from cellfem.physics.kinetics import FirstOrder, reversible
from cellfem.results.tortuosity import effective
from cellfem.units import FARADAY, thermal_voltage

STEP = 1e-30
GROUPS = ("electrode Damkohler number, nu^2 [-]", "front-loading, delta [-]", "kappa_eff over sigma_eff [-]",
          "depletion number of the host, N_c [-]", "Thiele modulus [-]", "pore Wagner number [-]", "pore depletion [-]",
          "diffusion time of the host [s]", "fill fraction of the host, Q V_m/(F eps L) [-]")  # keys of `groups`


def groups(solution: Solution, k: int | None) -> dict[str, float]:
    """The groups at moment `k`, with laws at c_0 and effective properties of the whole host.

    L is the host's height, I the superficial current density, a the bare surface per volume, R_s the sum of
    charge-transfer resistance (the slope of the kinetics at eta = 0) and area-mean film resistance, d = 4 eps/a the
    hydraulic diameter of the pores.  NaN for what needs a current where none flows, and for what the kinetics do not
    have: R_s a law that cannot strip, delta a linear one, the Thiele modulus all but those of first order.
    """
    cell, mesh = solution.cell, solution.cell.mesh
    medium, cells = effective(mesh, media=cell.medium), mesh.subdomains["electrode"]
    z = mesh.p[-1, np.unique(mesh.t[:, cells])]
    L, I = float(np.ptp(z)), float(solution.current[k]) if k is not None else math.nan
    a = cell.sites.area.sum() / float(volumes(mesh)[cells].sum())
    c_0 = np.array([cell.electrolyte.c_0])
    t_plus, D, bulk = (float(np.real(law(c_0))[0]) for law in (cell.transport.t_plus, cell.transport.D,
                                                               cell.transport.kappa))
    B = float(medium.B[2, 2])
    kappa, sigma = bulk * B, medium.sigma if np.ndim(medium.sigma) == 0 else medium.sigma[2, 2]
    R_s = _surface_resistance(cell, c_0)
    d = 4 * medium.eps / a
    alpha_c = getattr(cell.kinetics_used, "alpha_c", math.nan)  # a linear law has none
    return dict(zip(GROUPS, (
        a * L**2 * (1 / kappa + 1 / float(sigma)) / R_s,
        alpha_c * I * L / (thermal_voltage(cell.temperature) * kappa),
        kappa / float(sigma),
        (1 - t_plus) * I * L / (2 * FARADAY * D * B * cell.electrolyte.c_0),
        _thiele(cell, (1 - t_plus) * a * L**2 / (FARADAY * D * B)),
        bulk * R_s / d,
        (1 - t_plus) * I / (a * L) * d / (FARADAY * D * cell.electrolyte.c_0),
        medium.eps * L**2 / (D * B),
        _plated(solution, k) * cell.metal.thickness_per_charge / (medium.eps * L)), strict=True))


def _plated(solution: Solution, k: int | None) -> float:
    """Q [C/m2] of metal in the host per superficial area; NaN where nothing plates."""
    return math.nan if k is None else float(solution.sites["q"][k] @ solution.cell.sites.area) / solution.cell.area


def _surface_resistance(cell, c_0: np.ndarray) -> float:
    """R_ct + R_film [Ohm m2]; NaN where the law has no equilibrium, and its slope at eta = 0 thus no meaning."""
    if not reversible(cell.kinetics_used):
        return math.nan
    slope = np.imag(cell.kinetics_used.rate(c_0, np.array([STEP * 1j]), np.zeros(1), cell.temperature))[0] / STEP
    film = cell.sites.mean(cell.film_resistance)
    return float(1 / slope + film)


def _thiele(cell, factor: float) -> float:
    """phi_T = sqrt((1 - t+) a k L^2/(F D_eff)); NaN unless the kinetics are of first order."""
    return math.sqrt(factor * cell.kinetics_used.k) if isinstance(cell.kinetics_used, FirstOrder) else math.nan
