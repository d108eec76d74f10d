"""Diagrams of runs: plating against depth, voltage against time, as PNG bytes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cellfem.fields import FIELDS
from cellfem.model.solution import Solution
from cellfem.results.cycles import metal_on_host
from cellfem.results.deposit import MAH_CM2, first_plating, largest_fall, nucleates, surface_overpotentials
from cellfem.results.figures import figure_with, legend, plain_log, png, styles, time_unit
from cellfem.results.values import host_top, last_plating
from cellfem.units import mV, um

_BINS = 25
_ENDS = {"depleted": "x", "closed": "+"}  # marks of runs that ended so
ROOM = 1.5  # [-] height of the picture of nucleation over its highest peak
_DECADE_SPAN = 30.0  # largest over least value from which a logarithmic axis reads better


def depth_profile(solution: Solution, *, k: int | None = None, bins: int = _BINS) -> tuple[np.ndarray, np.ndarray]:
    """Depth below the host's top [m] and area-weighted mean plating current density [A/m2], both (filled bins,).

    The depth of a bin is the area-weighted mean of its sites.  `k` as for `pictures.panels`.
    """
    sites = solution.cell.sites
    plating = solution.sites["plating"][last_plating(solution) if k is None else k]
    depth = host_top(solution.cell.mesh) - sites.x[-1]
    span = np.ptp(depth)
    index = np.zeros(len(depth), dtype=int) if span == 0 else np.minimum(
        ((depth - depth.min()) / span * bins).astype(int), bins - 1)
    area = np.bincount(index, sites.area, bins)
    filled = area > 0
    return tuple(np.bincount(index, sites.area * values, bins)[filled] / area[filled] for values in (depth, plating))


def depth_profiles(runs: Mapping[str, Solution], *, k: int | None = None) -> bytes:
    """PNG of `depth_profile` of each run: depth downwards, as one looks into the host."""
    shown = FIELDS["plating"].shown
    figure = figure_with(6.5, 4.6)
    ax = figure.add_subplot()
    everything = []
    for name, style in styles(runs).items():
        depth, plating = depth_profile(runs[name], k=k)
        ax.plot(plating / shown, depth / um, marker="o", markersize=3, label=name, **style)
        everything.append(plating)
    values = np.concatenate(everything)
    if values.min() > 0 and values.max() > _DECADE_SPAN * values.min():
        ax.set_xscale("log")
        plain_log(ax.xaxis, values.min(), values.max())
    ax.invert_yaxis()
    ax.set(xlabel=f"{FIELDS['plating'].label}, area mean at that depth", ylabel="depth below the top of the host [um]")
    ax.grid(alpha=0.3)
    legend(ax)
    return png(figure)


def nucleation_traces(runs: Mapping[str, Solution]) -> bytes | None:
    """PNG of the mean overpotential of the surface over the charge of the first step that plates.

    Film included, electrolyte left out: what the report's dip and plateau are read from.  Triangles mark where its
    largest fall begins and ends.  None where no run starts on a bare host.
    """
    bare = [name for name, run in runs.items() if nucleates(run) and len(first_plating(run)) > 2]
    if not bare:
        return None
    figure = figure_with(8.0, 4.0)
    ax = figure.add_subplot()
    highest = 0.0
    for name, style in styles(runs).items():
        if name in bare:
            passed, trace = nucleation_trace(runs[name])
            highest = max(highest, trace[largest_fall(trace)[0]] / mV)
            ax.plot(passed[1:] / MAH_CM2, trace[1:] / mV, label=name, **style)
            for place, mark in zip(largest_fall(trace), "v^", strict=True):
                shown = max(place, 1)  # a logarithmic axis has no 0
                ax.plot(passed[shown] / MAH_CM2, trace[place] / mV, mark, color=style["color"], markersize=5)
    ax.set(xlabel="plated capacity [mAh/cm2]", xscale="log",
           ylabel="mean overpotential of the surface,\nfilm included [mV]")
    if 0 < ROOM * highest < ax.get_ylim()[1]:  # what depletion adds at the end would flatten the dips
        ax.set_ylim(top=ROOM * highest)
    ax.grid(alpha=0.3)
    legend(ax, "from v to ^: the dip,\nat ^ the plateau", beside=True)
    return png(figure)


def nucleation_trace(solution: Solution) -> tuple[np.ndarray, np.ndarray]:
    """Plated charge [C/m2] and mean overpotential of the surface [V] at the moments of the first step that plates."""
    moments = first_plating(solution)
    passed = np.array([metal_on_host(solution, k) for k in moments])
    return passed - passed[0], surface_overpotentials(solution, moments)


def voltages(runs: Mapping[str, Solution]) -> bytes | None:
    """PNG of the cell voltage (counter electrode against collector) over time; None if every run is one moment."""
    lasting = [name for name, run in runs.items() if len(run.times) > 1]
    if not lasting:
        return None
    unit, unit_name = time_unit(max(float(runs[name].times[-1]) for name in lasting))
    figure = figure_with(6.5, 4.0)
    ax = figure.add_subplot()
    for name, style in styles(runs).items():
        if name in lasting:
            ax.plot(runs[name].times / unit, runs[name].voltage / mV, label=name, **style)
            if runs[name].outcome.kind in _ENDS:
                ax.plot(runs[name].times[-1] / unit, runs[name].voltage[-1] / mV, _ENDS[runs[name].outcome.kind],
                        color=style["color"])
    ax.set(xlabel=f"time [{unit_name}]", ylabel="cell voltage, counter against collector [mV]")
    ax.grid(alpha=0.3)
    met = [f"{mark}: {kind}" for kind, mark in _ENDS.items() if any(runs[n].outcome.kind == kind for n in lasting)]
    legend(ax, ", ".join(met) or None)
    return png(figure)
