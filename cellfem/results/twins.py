"""A resolved run beside its homogenised twin: how far apart, in numbers; and where in a host the metal is."""

from __future__ import annotations

import math

import numpy as np

from cellfem.errors import explain
from cellfem.geometry.measures import volumes
from cellfem.model.solution import Solution
from cellfem.results.deposit import host_overpotentials
from cellfem.results.values import cells_of, host_top, last_plating
from cellfem.studies.asked import need_run

LAYERS = 10  # of equal thickness, over which cross-section means are taken


def twin_differences(resolved: Solution, homogenised: Solution) -> dict[str, float]:
    """Differences of a homogenised run from the resolved run of the same host, both at their last plating moment.

    The overpotential without the counter electrode is the honest one: film and kinetics of the foil, alike in both,
    dilute what the host does.  Concentrations are volume means of the electrolyte in ten layers of the host; their
    difference is over c_0.

    Raises ValueError for anything but two solved runs, and where the hosts differ in height or the meshes have none.
    """
    runs = (resolved, homogenised)
    for name, run in zip(("resolved", "homogenised"), runs, strict=True):
        need_run(f"twin_differences: {name}", run, moments=1)
    tops = [host_top(run.cell.mesh) for run in runs]
    if not np.isclose(*tops, rtol=1e-9):
        raise ValueError(explain("twin_differences", f"found hosts of {tops[0]:g} and {tops[1]:g} m", "the same height"
                                 " is needed", "Mesh the twin from `geometry.envelope()`."))
    frames = [last_plating(run) for run in runs]
    c = [layer_means(run, k) for run, k in zip(runs, frames, strict=True)]
    voltage = [run.voltage[k] for run, k in zip(runs, frames, strict=True)]
    host = [float(host_overpotentials(run, np.array([k]))[0]) for run, k in zip(runs, frames, strict=True)]
    shares = [bottom_share(run, k) for run, k in zip(runs, frames, strict=True)]
    return {"overpotential, homogenised over resolved - 1 [%]": 100 * float(voltage[1] / voltage[0] - 1),
            "overpotential, without the counter electrode, homogenised over resolved - 1 [%]":
                100 * (host[1] / host[0] - 1),
            "mean c profile, largest difference over c_0 [%]":
                100 * float(np.max(np.abs(c[1] - c[0])) / resolved.cell.electrolyte.c_0),
            "plated in the bottom half, resolved [%]": 100 * shares[0],
            "plated in the bottom half, homogenised [%]": 100 * shares[1]}


def layer_means(solution: Solution, k: int) -> np.ndarray:
    """(LAYERS,) volume means of c [mol/m3] over the electrolyte of equal layers of the host, from the collector up."""
    mesh = solution.cell.mesh
    cells = cells_of(mesh, ("pore", "electrode"))
    if len(cells) == 0:
        raise ValueError(explain("twin_differences", "found a mesh without pore or electrode", "a host is needed",
                                 "Compare runs of hosts."))
    volume, t = volumes(mesh)[cells] * solution.cell.porosity[cells], mesh.t[:, cells]
    edges = np.linspace(0, host_top(mesh), LAYERS + 1)
    layer = np.clip(np.searchsorted(edges, mesh.p[-1][t].mean(axis=0)) - 1, 0, LAYERS - 1)
    c = solution.fields["c"][k][t].mean(axis=0)
    return np.bincount(layer, volume * c, LAYERS) / np.bincount(layer, volume, LAYERS)


def bottom_share(solution: Solution, k: int | None = None) -> float:
    """Share of the charge plated since the start (of the current, in a steady state) in the bottom half of the host.

    NaN for a run without a solved moment.  Raises ValueError for anything but a run.
    """
    need_run("bottom_share", solution)
    if len(solution.times) == 0:
        return math.nan
    k = last_plating(solution) if k is None else k
    sites, middle = solution.cell.sites, host_top(solution.cell.mesh) / 2
    plated = solution.sites["q"][k] - solution.cell.metal_at_start
    plated = plated if np.any(plated) else solution.sites["plating"][k]
    on = np.isclose(sites.x[-1], middle, rtol=1e-9)
    weight = np.where(on, 0.5, sites.x[-1] < middle) * sites.area
    return float(plated @ weight / (plated @ sites.area))
