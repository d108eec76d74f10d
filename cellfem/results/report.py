"""One run as a dictionary of numbers, each defined once (docs/conventions.md)."""

from __future__ import annotations

import math

import numpy as np

from cellfem.fields import FIELDS
from cellfem.geometry.measures import facet_areas, volumes
from cellfem.model.protocol import STOP_RATIO
from cellfem.model.solution import Solution
from cellfem.results.deposit import deposit_numbers, host_overpotentials, host_pore_volume
from cellfem.results.groups import groups
from cellfem.results.percentiles import weighted_percentiles
from cellfem.results.risk import (
    ended_depleted,
    extrapolated,
    plating_frame,
    plating_start,
    plating_time,
    risk_fields,
    starved,
    target_time,
    time_to_depletion,
)
from cellfem.results.tortuosity import AXES, GEOMETRIC_SURFACE, host_numbers
from cellfem.studies.asked import need_run
from cellfem.studies.limiting import limiting_current
from cellfem.studies.one_percent import known_at_one_percent
from cellfem.studies.planar import planar_sand_time, separator_sand_time, separator_validity, validity
from cellfem.units import cm, mA, mAh, mg, mm

LOW, HIGH = 0.01, 0.99  # area percentiles that stand for minimum and maximum
MA_CM2, MAH_CM2 = mA / cm**2, mAh / cm**2
STRUCTURE = ("porosity [-]", *(f"{name}, {axis} [-]" for name in ("MacMullin number", "tortuosity factor")
                               for axis in AXES), "geometric tortuosity, z [-]", "electrode tortuosity factor, z [-]")
SPECIFIC_SURFACE = "specific surface [1/mm]"  # of the run: less what is coated, or lies under the separator's solid


def report(solution: Solution) -> dict[str, float | str]:
    """The reported numbers of a run at its last plating moment, keyed by name and unit.

    NaN where a number does not exist (no plating, no host); inf where a time or current is unbounded.
    """
    need_run("report", solution)
    cell = solution.cell
    k = plating_frame(solution)
    row: dict[str, float | str] = {"metal": cell.metal.symbol, "electrolyte": cell.electrolyte.name,
                                   "outcome": solution.outcome.message}
    row |= _applied(solution, k)
    row |= _depletion(solution, k)
    row |= _distribution(solution, k)
    row |= _structure(solution)
    row |= _times(solution, k)
    row |= _risk(solution, k)
    row |= _deposit(solution, k) | deposit_numbers(solution, k)
    if "electrode" in cell.mesh.subdomains:
        row |= groups(solution, k)
    solved = len(solution.times) > 0  # without a field there is nothing to balance
    return row | {"charge balance [-]": solution.audit.charge if solved else math.nan,
                  "salt balance [-]": solution.audit.salt if solved else math.nan}


def _applied(solution: Solution, k) -> dict[str, float]:
    if k is None:
        return {"current [mA/cm2]": getattr(solution.protocol[0], "current", math.nan) / MA_CM2,
                "plated capacity [mAh/cm2]": math.nan, "overpotential [mV]": math.nan,
                "overpotential, without the counter electrode [mV]": math.nan}
    charge = solution.sites["q"][k] @ solution.cell.sites.area / solution.cell.area
    return {"current [mA/cm2]": solution.current[k] / MA_CM2, "plated capacity [mAh/cm2]": charge / MAH_CM2,
            "overpotential [mV]": 1e3 * solution.voltage[k],
            "overpotential, without the counter electrode [mV]":
                1e3 * float(host_overpotentials(solution, np.array([k]))[0])}


def _depletion(solution: Solution, k) -> dict[str, float]:
    keys = "concentration drop across host [%]", "depletion, max [%]"
    if k is None:
        return dict.fromkeys(keys, math.nan)
    c, c_0 = solution.fields["c"][k], solution.cell.electrolyte.c_0
    mouth = mouth_concentration(solution, k)
    inside = host_nodes(solution.cell.mesh)
    c_min = float(np.nanmin(c[inside])) if len(inside) else mouth
    return {keys[0]: 100 * (mouth - c_min) / mouth, keys[1]: 100 * (c_0 - solution.sites["c"][k].min()) / c_0}


def mouth_concentration(solution: Solution, k: int) -> float:
    """Mean of c [mol/m3] on the plane z = top of the host; NaN where the mesh names no `mouth`."""
    mesh = solution.cell.mesh
    facets = np.asarray((mesh.boundaries or {}).get("mouth", []), dtype=int)
    if len(facets) == 0:
        return math.nan
    area = facet_areas(mesh, facets)
    return float(solution.fields["c"][k][mesh.facets[:, facets]].mean(axis=0) @ area / area.sum())


def host_nodes(mesh) -> np.ndarray:
    """Nodes of the electrolyte within the host: of `pore` and `electrode`."""
    cells = [mesh.subdomains[name] for name in ("pore", "electrode") if name in mesh.subdomains]
    return np.unique(mesh.t[:, np.concatenate(cells)]) if cells else np.zeros(0, dtype=int)


def _distribution(solution: Solution, k) -> dict[str, float]:
    """Non-uniformity of the plating current: area percentiles against the mean and each other; raw extremes."""
    pairs = [("max/min - 1", 0), ("max/mean - 1", 1)]
    names = [f"plating current, {name} [%]" for name, _ in pairs] \
        + [f"plating current, {name}, raw extremes [%]" for name, _ in pairs]
    if k is None:
        return dict.fromkeys([*names, "starved surface [%]"], math.nan)
    area, plating = solution.cell.sites.area, solution.sites["plating"][k]
    low, high = weighted_percentiles(plating, area, (LOW, HIGH))
    mean = solution.cell.sites.mean(plating)
    values = [_excess(high, low), _excess(high, mean), _excess(plating.max(), plating.min()),
              _excess(plating.max(), mean)]
    share = area[starved(solution, k)].sum() / area.sum()
    return {**dict(zip(names, values, strict=True)), "starved surface [%]": 100 * share}


def _excess(high: float, low: float) -> float:
    return 100 * (high / low - 1) if low > 0 else math.inf


def _structure(solution: Solution) -> dict[str, float]:
    cell, mesh = solution.cell, solution.cell.mesh
    row = dict.fromkeys(STRUCTURE, math.nan)
    if {"pore", "electrode"} & set(mesh.subdomains):
        found = host_numbers(mesh, media=cell.medium, blocked=cell.blocked)
        row |= {name: value for name, value in found.items()
                if name != GEOMETRIC_SURFACE and not (name.startswith("sigma_eff") and math.isinf(value))}
    layer = np.concatenate([mesh.subdomains[n] for n in ("pore", "host", "electrode") if n in mesh.subdomains] or [[]])
    volume = volumes(mesh)
    host = volume[mesh.subdomains["host"]].sum() if "host" in mesh.subdomains else 0.0
    thickness = volume[layer.astype(int)].sum()
    row[SPECIFIC_SURFACE] = cell.sites.area.sum() / thickness * mm if thickness > 0 else math.nan
    rho = getattr(cell.host, "rho", math.nan)
    row["areal mass of host [mg/cm2]"] = host / cell.area * rho / (mg / cm**2) if host > 0 else math.nan
    return row


def _times(solution: Solution, k) -> dict[str, float | str]:
    """Limiting current, times to depletion and the planar Sand's times with their validity."""
    cell = solution.cell
    limit = limiting_current(cell)
    row: dict[str, float | str] = {"limiting current [mA/cm2]": limit / MA_CM2}
    known = known_at_one_percent(cell)
    if known is not None:
        row["current at 1 % [mA/cm2]"] = known / MA_CM2
    current = solution.current[k] if k is not None else getattr(solution.protocol[0], "current", math.nan)
    stop = getattr(solution.protocol[solution.step_index[k]] if k is not None else None, "stop_ratio", STOP_RATIO)
    to_depletion = time_to_depletion(solution, k) if k is not None else math.nan
    reached = k is not None and ended_depleted(solution, k)
    row[f"time to c_s = {stop:g} c_0 [s]"] = plating_time(solution, k) if reached else to_depletion
    row["time to depletion [s]"] = to_depletion
    row["Sand's capacity [mAh/cm2]"] = _sand_capacity(solution, k, current, to_depletion) / MAH_CM2
    if not current > 0:
        return row
    row["planar Sand's time [s]"] = planar_sand_time(cell, current)
    row["planar Sand's time, validity"] = validity(cell, current, limit)
    if "separator" in cell.mesh.subdomains:
        row["planar Sand's time, in the separator [s]"] = separator_sand_time(cell, current)
        row["planar Sand's time, in the separator, validity"] = separator_validity(cell, current, limit)
    return row


def _sand_capacity(solution: Solution, k, current: float, to_depletion: float) -> float:
    """Charge [C/m2] plated when the electrolyte depletes: what passed, and the rest of the time at the last current."""
    if not math.isfinite(to_depletion):
        return to_depletion
    first = plating_start(solution, k)
    before = np.flatnonzero(solution.step_index < first)
    charge = solution.sites["q"][k] - (solution.sites["q"][before[-1]] if len(before) else 0.0)
    passed = float(charge @ solution.cell.sites.area) / solution.cell.area
    return passed + current * (to_depletion - plating_time(solution, k))


def _risk(solution: Solution, k) -> dict[str, float | str]:
    if k is None:
        return {"risk, max [-]": math.nan, "risk, share >= 1 [%]": math.nan, "risk, kind": "none"}
    risk, area = risk_fields(solution, k)["risk"], solution.cell.sites.area
    kind = "extrapolated" if extrapolated(solution, k) else (
        "steady state" if math.isinf(target_time(solution, k)) else "at the target")
    return {"risk, max [-]": float(risk.max()), "risk, share >= 1 [%]": 100 * area[risk >= 1].sum() / area.sum(),
            "risk, kind": kind}


def _deposit(solution: Solution, k) -> dict[str, float]:
    """Thickness of the dense deposit on a fixed mesh, and the share of the pore volume that the metal takes."""
    names = "deposit thickness, mean [um]", "deposit thickness, max [um]", "pore volume taken by metal [%]"
    if k is None:
        return dict.fromkeys(names, math.nan)
    cell, shown = solution.cell, FIELDS["thickness"].shown
    thickness = solution.sites["q"][k] * cell.metal.thickness_per_charge
    pores = host_pore_volume(cell)
    taken = 100 * float(thickness @ cell.sites.area) / pores if pores > 0 else math.nan
    return {names[0]: cell.sites.mean(thickness) / shown, names[1]: thickness.max() / shown, names[2]: taken}


__all__ = ["report", "risk_fields"]
