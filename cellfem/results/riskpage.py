"""Risk maps: where each run is about to deplete, run beside run, with a summary and profiles over depth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cellfem.errors import explain
from cellfem.fields import FIELDS
from cellfem.geometry.measures import volumes
from cellfem.model.solution import Solution
from cellfem.results.export import check_name
from cellfem.results.figures import figure_with, png, styles
from cellfem.results.pages import Picture
from cellfem.results.pictures import several_panels
from cellfem.results.risk import plating_frame, risk_fields, time_to_depletion
from cellfem.results.scales import REGIMES
from cellfem.results.study import Table, write_study
from cellfem.results.tables import RUN
from cellfem.results.values import cells_of, host_top
from cellfem.studies.asked import need_runs
from cellfem.units import cm, mA, um

BINS = 20  # of depth
TITLE = "Where does the electrolyte run dry?"
INTRO = ("Risk: the predicted depletion of a place when the target capacity is plated. From 1 on the place depletes"
         " before. Where a run stopped depleted the risk is extrapolated with the square root of time. Local Sand's"
         " time is the target time over the squared risk: exact on a plane, an estimate elsewhere.",
         "Regimes: mossy (reaction-limited, risk below 0.5), between, dendritic (transport-limited, risk from 1 on),"
         " starved (c below 1 % of c_0 and plating below a tenth of the mean: idle).")
_KEYS = {
    "risk": ("Risk", "From 1 on (orange to red) a place runs out of salt before the target is plated."),
    "local_sand": ("Local Sand's time", "When each place would deplete; logarithmic. An estimate, except on a plane."
                   " Grey: never, as c has not fallen below c_0 there. Runs that never deplete (time to depletion: inf)"
                   " are left out."),
    "regime": ("Regime", "One colour per regime."),
    "depletion": ("Depletion in the pores", "1 - c/c_0 at the last moment of plating: 1 is empty. 3-D runs: the plane"
                  " in the middle of y. Grey: solid host."),
}


def risk_rows(runs: Mapping[str, Solution]) -> list[dict[str, float | str]]:
    """One dict per run: the largest and mean risk, the shares of the surface by regime, the shortest local time."""
    need_runs("risk_rows", runs)
    return [{RUN: name, **_row(run)} for name, run in runs.items()]


def _row(run: Solution) -> dict[str, float | str]:
    k = plating_frame(run)
    if k is None:
        return {"metal": run.cell.metal.symbol, "outcome": run.outcome.message}
    found, area = risk_fields(run, k), run.cell.sites.area
    risk, regime = found["risk"], found["regime"]

    def share(where) -> float:
        return 100 * float(area[where].sum() / area.sum())

    depth, risks = risk_profile(run)
    return {"metal": run.cell.metal.symbol, "current [mA/cm2]": float(run.current[k]) / (mA / cm**2),
            "risk, max [-]": float(risk.max()), "risk, area mean [-]": float(run.cell.sites.mean(risk)),
            "risk, share >= 1 [%]": share(risk >= 1), "starved surface [%]": share(regime == REGIMES.index("starved")),
            **{f"{name}, share of the surface [%]": share(regime == i) for i, name in enumerate(REGIMES[:3])},
            "local Sand's time, shortest [s]": math.inf if _never(run, k) else float(np.min(found["local_sand"])),
            "deepest fifth, mean risk [-]": _deepest(depth, risks), "outcome": run.outcome.message}


def _never(run: Solution, k: int) -> bool:
    """Whether depletion cannot come at all: a local Sand's time would say otherwise."""
    return math.isinf(time_to_depletion(run, k))


def _deepest(depth: np.ndarray, risks: np.ndarray) -> float:
    if len(depth) < 2:
        return math.nan
    return float(risks[depth >= depth.max() - 0.2 * np.ptp(depth)].mean())


def risk_profile(run: Solution) -> tuple[np.ndarray, np.ndarray]:
    """Depth below the host's top [m] and area mean of the risk there, over the filled of 20 layers."""
    sites = run.cell.sites
    depth, risk = host_top(run.cell.mesh) - sites.x[-1], risk_fields(run)["risk"]
    layer = np.zeros(len(depth), dtype=int)
    if np.ptp(depth) > 0:
        layer = np.minimum(((depth - depth.min()) / np.ptp(depth) * BINS).astype(int), BINS - 1)
    area = np.bincount(layer, sites.area, BINS)
    filled = area > 0
    return tuple(np.bincount(layer, sites.area * values, BINS)[filled] / area[filled] for values in (depth, risk))


def pore_profile(run: Solution) -> tuple[np.ndarray, np.ndarray]:
    """Depth below the host's top [m] and the depletion of its pores there, a mean by volume; empty without a host."""
    mesh, k = run.cell.mesh, plating_frame(run)
    cells = cells_of(mesh, ("pore", "electrode"))
    if not len(cells) or k is None:
        return np.zeros(0), np.zeros(0)
    depth = host_top(mesh) - mesh.p[-1][mesh.t[:, cells]].mean(axis=0)
    left = run.fields["c"][k][mesh.t[:, cells]].mean(axis=0) / run.cell.electrolyte.c_0
    layer = np.minimum((depth / max(depth.max(), 1e-300) * BINS).astype(int), BINS - 1)
    weight = volumes(mesh)[cells] * run.cell.porosity[cells]
    volume = np.bincount(layer, weight, BINS)
    filled = volume > 0
    return tuple(np.bincount(layer, weight * v, BINS)[filled] / volume[filled] for v in (depth, 1 - left))


def profiles(runs: Mapping[str, Solution]) -> bytes:
    """PNG of risk and depletion of the pores over depth, downwards."""
    figure = figure_with(9.6, 4.4)
    left, right = figure.subplots(1, 2, sharey=True)
    for name, style in styles(runs).items():
        for ax, (depth, values) in ((left, risk_profile(runs[name])), (right, pore_profile(runs[name]))):
            if len(depth):
                ax.plot(values, depth / um, marker="o", markersize=3, label=name, **style)
    left.axvline(1.0, color="black", linewidth=0.8, linestyle="--")
    left.set(xlabel=f"{FIELDS['risk'].label}, area mean at that depth", ylabel="depth below the top of the host [um]")
    right.set(xlabel=f"{FIELDS['depletion'].label} of the pores, mean at that depth")
    left.invert_yaxis()
    for ax in (left, right):
        ax.grid(alpha=0.3)
    handles, names = left.get_legend_handles_labels()
    figure.legend(handles, names, fontsize=8, loc="outside right upper")
    return png(figure)


def write_risk_maps(out: str | Path, runs: Mapping[str, Solution], *,
                    title: str = TITLE) -> list[dict[str, float | str]]:
    """Write risk.html and risk.csv of runs side by side into the folder `out`; returns the rows.

    Runs on one mesh share a row of each picture, so that Li, Na and K stand beside each other on one colour scale.

    Raises ValueError where no run has plated.
    """
    need_runs("write_risk_maps", runs)
    for name in runs:
        check_name(name)
    plated = {name: run for name, run in runs.items() if plating_frame(run) is not None}
    if not plated:
        raise ValueError(explain("write_risk_maps", f"found {len(runs)} runs and none that plated", "at least one"
                                 " moment of plating is needed", "Lower a steady current that exceeds the limit."))
    rows = risk_rows(runs)
    flat = {name: run for name, run in plated.items() if run.cell.mesh.dim() == 1}
    solid = {name: run for name, run in plated.items() if name not in flat}
    pictures = []
    for group in (solid, flat):
        if group:
            drawn = several_panels(group, [key for key in _KEYS if key != "local_sand"])
            lasting = {name: run for name, run in group.items() if not _never(run, plating_frame(run))}
            drawn |= several_panels(lasting, ["local_sand"]) if lasting else {}
            pictures += [Picture(*_KEYS[key], drawn[key]) for key in _KEYS if key in drawn]
    pictures.append(Picture("Over depth", "Left: risk of the surface; dashed: 1. Right: depletion of the host's pores.",
                            profiles(plated)))
    write_study(out, "risk", title=title, intro=INTRO,
                parts=[Table("Summary", [{k: v for k, v in row.items() if k != "outcome"} for row in rows]), *pictures],
                rows=rows, cells={name: run.cell for name, run in runs.items()}, files={},
                runs={name: [run] for name, run in runs.items()})
    return rows
