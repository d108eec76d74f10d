"""What a run leaves on the surface: nucleation, metal and the room that it takes, films that differ by place."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cellfem.geometry.gaps import wet_normals
from cellfem.model.deposit import Filled, filling, host_pore_volume, within_host
from cellfem.model.protocol import Galvanostatic, Steady
from cellfem.model.solution import Solution
from cellfem.physics.film import MosaicFilm
from cellfem.physics.nucleation import covered
from cellfem.results.cycles import geometry_efficiency, metal_on_host
from cellfem.results.percentiles import weighted_percentiles
from cellfem.results.risk import ROUND_OFF
from cellfem.units import cm, mA, mAh, um

TIGHT = 0.1  # [-] filling from which a mesh that does not follow the deposit is trusted less
SMOOTH = 0.05  # [-] square of the angle between facets (as tan^2) below which a surface counts as smooth
DRAWN_HEIGHT, DRAWN_FILLING = 0.1, 0.9  # [-] of the mesh's height and of a pore that a drawn deposit takes
MAH_CM2, MA_CM2 = mAh / cm**2, mA / cm**2
QUANTILES = {"1st": 0.01, "50th": 0.5, "99th": 0.99}

# -- per site ---------------------------------------------------------------------------------------------------------


def thickness(solution: Solution, k: int) -> np.ndarray:
    """(sites,) thickness [m] of the dense deposit, the mesh fixed."""
    return solution.sites["q"][k] * solution.cell.metal.thickness_per_charge


def nucleates(solution: Solution) -> bool:
    """Whether the host started bare and this run knows what has been covered since."""
    steady = bool(solution.protocol) and isinstance(solution.protocol[0], Steady)
    return solution.cell.bare is not None and not steady


def nucleated(solution: Solution, k: int) -> np.ndarray:
    """(sites,) theta, the share of a place that metal covers; 1 on a foil and in a steady state."""
    if not nucleates(solution):
        return np.ones(len(solution.cell.sites.nodes))
    return covered(solution.sites["q"][k], solution.cell.bare.q_n)


def filled(solution: Solution, k: int) -> np.ndarray:
    """(sites,) share of its room that the deposit of a place takes; 0 where nothing closes."""
    return filling(solution.cell, solution.sites["q"][k])


def film_resistance(solution: Solution, k: int) -> np.ndarray:
    """(sites,) R_film [Ohm m2]."""
    return np.asarray(solution.cell.film_resistance)


def porosity(solution: Solution, k: int) -> np.ndarray:
    """(sites,) porosity that the deposit has left at the sites of an electrode; NaN at those of facets."""
    cell = solution.cell
    now = Filled.by(cell, solution.sites["q"][k])
    if now is None:
        return np.full(len(cell.sites.nodes), np.nan)
    left = (cell.electrode_volume - now.taken) / np.where(cell.electrode_space > 0, cell.electrode_space, np.nan)
    inside = cell.sites.kind == cell.sites.kinds.index("electrode")
    return np.where(inside, left[cell.sites.nodes], np.nan)


def directions(mesh, sites) -> np.ndarray:
    """(dimension, places) how far a point moves where the faces that meet there grow by a unit along their normals.

    The unit normal on a smooth surface, longer at edges: the least-squares solution g of n_i . g = 1 over the facets
    around a node, whichever surface they belong to, so that surfaces that meet stay together.  0 at places of an
    electrode, whose surface has no one direction.
    """
    places = len(sites.nodes) // len(sites.shares)
    d, n = mesh.dim(), mesh.nvertices
    if not len(sites.facets):
        return np.zeros((d, places))
    normals, _ = wet_normals(mesh, sites.facets)
    corners = mesh.facets[:, sites.facets].ravel()

    def summed(values: np.ndarray) -> np.ndarray:
        return np.bincount(corners, np.tile(values, len(corners) // len(values)), n)

    own = np.unique(sites.nodes[:places])
    A = np.array([[summed(normals[i] * normals[j])[own] for j in range(d)] for i in range(d)]).transpose(2, 0, 1)
    b = np.array([summed(row)[own] for row in normals]).T
    g = np.zeros((d, n))
    g[:, own] = np.einsum("kij,kj->ik", np.linalg.pinv(A, rcond=SMOOTH, hermitian=True), b)
    for axis in range(d - 1):  # sides mirror the surface
        side = np.isin(mesh.p[axis], (mesh.p[axis].min(), mesh.p[axis].max()))
        g[axis, side] = 0.0
    return g[:, sites.nodes[:places]]


def drawn_thickness(runs: Sequence[Solution]) -> tuple[float, float]:
    """How much thicker than it is a deposit is drawn, one factor for all runs; and the thickest of them [m].

    The thickest is a tenth of its mesh's height, the fullest pore nine tenths full; never thinner than it is.
    """
    thickest, room = 0.0, math.inf
    for run in runs:
        most = run.sites["q"].max(axis=0, initial=0.0)
        grown = float(most.max()) * run.cell.metal.thickness_per_charge
        full = float(np.max(filling(run.cell, most)))
        thickest = max(thickest, grown)
        if grown > 0:
            room = min(room, DRAWN_HEIGHT * float(np.ptp(run.cell.mesh.p[-1])) / grown,
                       DRAWN_FILLING / full if full > 0 else math.inf)
    if not 1 < room < math.inf:
        return 1.0, thickest
    digit = 10 ** math.floor(math.log10(room))
    return float(room // digit * digit), thickest


# -- reported numbers -------------------------------------------------------------------------------------------------


def deposit_numbers(solution: Solution, k: int | None) -> dict[str, float | str]:
    """The numbers of nucleation, deposit and stripping (docs/conventions.md) that the run has.

    `k` is the last moment of plating; a host without a barrier has no dip, a plane nothing that closes, and so on.
    """
    if k is None:
        return {}
    row = nucleation_numbers(solution, k) | filling_numbers(solution, k) | film_numbers(solution, k)
    return row | stripping_numbers(solution)


def nucleation_numbers(solution: Solution, k: int) -> dict[str, float]:
    keys = "nucleation dip [mV]", "plateau after nucleation [mV]", "nucleated surface [%]"
    if not nucleates(solution):
        return {}
    dip, plateau = dip_and_plateau(surface_overpotentials(solution, first_plating(solution)))
    share = solution.cell.sites.mean(nucleated(solution, k))
    return {keys[0]: 1e3 * dip, keys[1]: 1e3 * plateau, keys[2]: 100 * share}


def first_plating(solution: Solution) -> np.ndarray:
    """Indices of the moments of the first protocol step that plates."""
    plating = np.flatnonzero(solution.current > ROUND_OFF)
    return np.flatnonzero(solution.step_index == solution.step_index[plating[0]]) if len(plating) else plating


def host_overpotentials(solution: Solution, moments: np.ndarray) -> np.ndarray:
    """(moments,) potential [V] of a reference electrode in the plane of the counter electrode against the collector."""
    counter = solution.cell.counter_sites
    return solution.fields["phi_e"][np.ix_(moments, counter.nodes)] @ counter.area / counter.area.sum()


def surface_overpotentials(solution: Solution, moments: np.ndarray) -> np.ndarray:
    """(moments,) mean over the surface of phi_e - phi_s [V], film included: what kinetics, film and nucleation cost."""
    sites, cell = solution.sites, solution.cell
    drop = sites["plating"][moments] / sites["surface"][moments] * cell.film_resistance
    return cell.sites.mean(drop - sites["eta"][moments])


def dip_and_plateau(trace: np.ndarray) -> tuple[float, float]:
    """The largest fall [V] of an overpotential that plates, and where it ends: nucleation's peak above the plateau.

    Without a fall the dip is 0 and the plateau the first value: what rises later is concentration polarisation.
    """
    if len(trace) == 0:
        return math.nan, math.nan
    peak, end = largest_fall(trace)
    return float(trace[peak] - trace[end]), float(trace[end])


def largest_fall(trace: np.ndarray) -> tuple[int, int]:
    """Where the largest fall of a trace begins and ends; twice the same place where it never falls."""
    end = int(np.argmax(np.maximum.accumulate(trace) - trace))
    return int(np.argmax(trace[:end + 1])), end


def filling_numbers(solution: Solution, k: int) -> dict[str, float | str]:
    """How much of the host's room the metal takes, how much would fill it, and whether the target fits."""
    cell = solution.cell
    names = ("pore filling, max [%]", "pore filling, mean [%]", "capacity that fills the host [mAh/cm2]",
             "capacity at the first closed pore [mAh/cm2]")
    share, closes = filled(solution, k), np.isfinite(cell.room)
    if not np.any(closes):
        return {}
    area = np.where(closes, cell.sites.area, 0.0)
    whole = host_pore_volume(cell) / (cell.metal.thickness_per_charge * cell.area)
    plated = max(metal_on_host(solution, k), 0.0)
    worst = max(float(np.max(share)), float(solution.sites["q"][k] @ within_host(cell)) / (whole * cell.area))
    closing = plated / worst if worst > 0 else math.nan
    if solution.outcome.kind == "closed":  # what was still lacking then is known from the outcome
        closing = plated + solution.current[k] * (solution.outcome.time - solution.times[k])
    first = {names[3]: closing / MAH_CM2} if worst > 0 else {}
    return {names[0]: 100 * float(share.max()), names[1]: 100 * float(share @ area / area.sum()),
            names[2]: whole / MAH_CM2, **first, "room for the metal": verdict(solution, worst, whole)}


def verdict(solution: Solution, worst: float, whole: float) -> str:
    """ "enough", "tight" from 10 % of some place's room on, "full" where a pore closed or the target is more than
    the pores hold; nothing where the run plates no given charge."""
    target = target_charge(solution)
    if solution.outcome.kind == "closed" or target > whole:
        return "full"
    if worst == 0:
        return ""
    return "tight" if worst >= TIGHT else "enough"


def target_charge(solution: Solution) -> float:
    """Most charge [C/m2] that the planned steps would have on the host at once."""
    most = now = 0.0
    for step in solution.protocol:
        if isinstance(step, Galvanostatic):
            now = max(now + step.current * step.time, 0.0)
            most = max(most, now)
    return most


def film_numbers(solution: Solution, k: int) -> dict[str, float]:
    """Percentiles of the plating current where the film differs from place to place, and over which length it does."""
    cell = solution.cell
    names = [f"plating current, {name} percentile [mA/cm2]" for name in QUANTILES]
    R, length = cell.film_resistance, "film correlation length [um]"
    if np.ptp(R) <= 1e-9 * np.max(R, initial=0.0):
        return {}
    plating, area = solution.sites["plating"][k], cell.sites.area
    values = weighted_percentiles(plating, area, list(QUANTILES.values())) / MA_CM2
    own = cell.film_used
    patch = {length: (own.correlation_length or 0.0) / um} if isinstance(own, MosaicFilm) else {}
    return dict(zip(names, map(float, values), strict=True)) | patch


def stripping_numbers(solution: Solution) -> dict[str, float]:
    """What is left at the end of the run, and the Coulombic efficiency of the geometry, where the protocol strips."""
    keys = "metal left in the host [mAh/cm2]", "Coulombic efficiency of the geometry [%]"
    if not np.any(solution.current < -ROUND_OFF):
        return {}
    return {keys[0]: metal_on_host(solution, -1) / MAH_CM2, keys[1]: 100 * geometry_efficiency(solution)}
