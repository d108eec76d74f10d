"""Balances recomputed from a solution's fields with code of their own: nothing of the assembler is used here.

Areas and volumes come from the simplices' corners; the kinetic law is put to the test with the film's drop as it was
found, without a solve.  Only the pointwise laws and the media are shared with the model.
"""

from __future__ import annotations

import math

import numpy as np

from cellfem.model.cell import Cell
from cellfem.model.counter import Reservoir
from cellfem.model.solution import Audit
from cellfem.physics.nucleation import NO_METAL
from cellfem.units import FARADAY

THIN = 1e-3  # [-] charge over that of covering, below which round-off shows in what metal covers
AT_REST = 1e-4  # [A/m2] currents below this are round-off of a cell at rest, with nothing to be relative to


def audit(cell: Cell, times, step_index, fields, sites, i_counter, inflow, displaced, current, applied,
          steady) -> Audit:
    """Largest relative imbalance of charge and salt over all times, and the most that a place gave beyond its metal.

    Parameters
    ----------
    times, step_index : (times,) [s], [-]
    fields : "c", "psi", "phi_s" of shape (times, nodes)
    sites : "plating", "q", "surface" of shape (times, sites)
    i_counter : (times, counter sites) [A/m2]
    inflow : (times,) [C] F int (N+ - t_ref i_e/F) through a reservoir
    displaced : (times,) [mol] of salt that deposit in the pores has moved to where the foil was
    current : (times,) [A/m2]
    applied : (times,) [A/m2] what the protocol asks for; nan where the voltage is held
    steady : whether it is a steady state, on metal that is there already
    """
    if len(times) == 0:
        return Audit(0.0, 0.0)
    area, counter_area = _site_areas(cell, "host"), _site_areas(cell, "counter")
    on_host = sites["plating"] @ area
    scale = max(np.max(np.abs(sites["plating"]) @ area), np.max(np.abs(i_counter) @ counter_area), AT_REST * cell.area)
    wrong = [0.0]
    if not (isinstance(cell.counter, Reservoir) and not cell.counter.uniform):
        wrong.append(np.max(np.abs(i_counter @ counter_area - on_host)) / scale)
    asked = np.isfinite(applied)
    if np.any(asked):
        wrong.append(np.max(np.abs(on_host - applied * cell.area)[asked]) / scale)
        wrong.append(_charge_passed(cell, times, sites["q"] @ area, applied))
    wrong += [_law(cell, fields, sites, steady, k) for k in {len(times) - 1, _last_with_metal(cell, sites["q"])}]
    beyond = 0.0 if cell.bare is None else float(np.max(-sites["q"] / cell.bare.q_n, initial=0.0))
    return Audit(float(max(wrong)), _salt(cell, times, fields["c"], sites["q"], area, inflow, displaced), beyond)


def _charge_passed(cell, times, charge, applied) -> float:
    """Plated charge against current x time between recorded moments, where the current is held (exact there)."""
    held = np.isfinite(applied[1:])
    if not np.any(held):
        return 0.0
    expected = np.where(held, applied[1:] * np.diff(times), 0.0) * cell.area
    wrong = np.cumsum(np.where(held, np.diff(charge) - expected, 0.0))
    total = np.sum(np.abs(expected)) + AT_REST * cell.area * (times[-1] - times[0])
    return float(np.max(np.abs(wrong)) / max(total, 1e-300))


def _salt(cell: Cell, times, c, q, area, inflow, displaced) -> float:
    """Salt inventory against its start, less what reacted, plus what a reservoir let in; over int eps c_0 dV.

    Pores that metal fills have lost int c (-d eps), which the run has booked as `displaced`.
    """
    weights = _shared(cell.mesh.t, simplex_measure(cell.mesh.p, cell.mesh.t) * cell.porosity, cell.mesh.nvertices)
    wet = weights > 0
    metal = _metal(cell, q, area)
    inventory = c[:, wet] @ weights[wet] - np.sum((metal * c)[:, wet], axis=1) - displaced
    charge = q @ area
    if cell.closed:
        change = inventory - cell.electrolyte.c_0 * (weights.sum() - metal[0].sum())
    else:
        charge = charge - charge[0]
        t_ref = float(np.real(cell.electrolyte.at(cell.temperature).t_plus(np.array([cell.electrolyte.c_0]))[0]))
        change = inventory - inventory[0] - (inflow - (1 - t_ref) * charge) / FARADAY
        if len(times) == 1:
            return 0.0
    return float(np.max(np.abs(change)) / (cell.electrolyte.c_0 * weights.sum()))


def _metal(cell: Cell, q, area) -> np.ndarray:
    """(times, nodes) volume [m3] that metal takes from the pores of an electrode."""
    sites, n = cell.sites, cell.mesh.nvertices
    if "electrode" not in sites.kinds:
        return np.zeros((len(q), n))
    own = sites.kind == sites.kinds.index("electrode")
    volume = np.where(own, q * area, 0.0) * cell.metal.M / (cell.metal.rho * cell.metal.z * FARADAY)
    return np.array([np.bincount(sites.nodes, row, n) for row in volume])


def _last_with_metal(cell: Cell, q) -> int:
    """The last moment at which a place carries metal to speak of: the law of an empty host says nothing."""
    if cell.bare is None:
        return len(q) - 1
    return int(np.max(np.flatnonzero(np.any(q > THIN * cell.bare.q_n, axis=1)), initial=0))


def _law(cell: Cell, fields, sites, steady: bool, k: int) -> float:
    """The kinetic law with film and nucleation at each site of the moment k, over the largest current of the run."""
    T, transport = cell.temperature, cell.electrolyte.at(cell.temperature)
    at = cell.sites.nodes
    c, plating = fields["c"][k, at], sites["plating"][k] / sites["surface"][k]
    phi_s = np.nan_to_num(fields["phi_s"][k, at])
    eta = phi_s - fields["psi"][k, at] - transport.U(c) + plating * cell.film_resistance
    rate = -cell.kinetics_used.rate(c, eta, transport.U(c), T)
    low = high = rate
    if cell.bare is not None and not steady:
        # of q, which a nearly empty place feels; one without metal is empty
        rounding = np.maximum(4 * np.finfo(float).eps * np.max(np.abs(sites["q"])), NO_METAL * cell.bare.q_n)
        ends = [rate * _covering(cell, sites["q"][k] + sign * rounding, eta, rate) for sign in (-1, 1)]
        low, high = np.minimum(*ends), np.maximum(*ends)
    wrong = np.maximum(np.maximum(low - plating, plating - high), 0.0)
    return float(np.max(wrong) / max(np.max(np.abs(sites["plating"])), 1e-3))


def _covering(cell: Cell, q, eta, rate) -> np.ndarray:
    """(sites,) share of a place that reacts: all that metal covers, and where it plates what nucleates as well."""
    theta = 1 - np.exp(-np.maximum(q, 0.0) / cell.bare.q_n)
    over = (-eta - np.maximum(cell.bare.eta_nuc, 0.0)) / cell.bare.width
    starts = np.where(np.isneginf(cell.bare.eta_nuc), 1.0, 1 / (1 + np.exp(-np.clip(over, -700, 700))))
    return np.where(rate >= 0, theta + (1 - theta) * starts, theta)


def _site_areas(cell: Cell, which: str) -> np.ndarray:
    """Areas of the reaction sites, from the corners of facets and cells."""
    sites = cell.sites if which == "host" else cell.counter_sites
    mesh = cell.mesh
    places = len(sites.nodes) // len(sites.shares)
    area = np.zeros(places)
    if len(sites.facets):
        sides = mesh.f2t[:, sites.facets]
        eps = np.max(np.where(sides >= 0, cell.porosity[sides], 0.0), axis=0)
        measure = simplex_measure(mesh.p, mesh.facets[:, sites.facets]) * eps
        if which == "host":
            measure = measure * cell.bare_facets(sites.facets)
        area = _shared(sites.facet_sites.T, measure, places)
    if which == "host" and "electrode" in sites.kinds:
        nodal = _shared(mesh.t, simplex_measure(mesh.p, mesh.t) * cell.specific_surface, mesh.nvertices)
        own = sites.kind[:places] == sites.kinds.index("electrode")
        area[own] = nodal[sites.nodes[:places][own]]
    return np.concatenate([share * area for share in sites.shares])


def _shared(corners: np.ndarray, measure: np.ndarray, size: int) -> np.ndarray:
    """Each simplex gives its corners equal shares of its measure."""
    shares = np.broadcast_to(measure / len(corners), corners.shape)
    return np.bincount(corners.ravel(), shares.ravel(), size)


def simplex_measure(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Length, area or volume of simplices from Gram's determinant; 1 for points.

    points : (dimension, nodes); corners : (vertices per simplex, simplices)
    """
    edges = points[:, corners[1:]] - points[:, corners[:1]]
    k = edges.shape[1]
    if k == 0:
        return np.ones(corners.shape[1])
    gram = np.einsum("dik,djk->kij", edges, edges)
    return np.sqrt(np.maximum(np.linalg.det(gram), 0.0)) / math.factorial(k)
