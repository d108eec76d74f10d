"""Limits: limiting current and current at 1 % with properties of the concentration.

Planes and porous layers against quadratures and scaling laws; default meshes.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from verification import cells

import cellfem as cf
from cellfem.materials import (
    LIPF6_EC_DMC,
    LIPF6_EC_DMC_VALOEN,
    LIPF6_EC_EMC,
    LIPF6_EC_EMC_NYMAN,
    LIPF6_EMC_FEC,
    NAPF6_EC_PC,
    SODIUM,
)
from cellfem.units import FARADAY

L = 25e-6  # [m]
SETS = {"LiPF6 EC:DMC": LIPF6_EC_DMC, "LiPF6 EC:EMC": LIPF6_EC_EMC, "LiPF6 EMC:FEC": LIPF6_EMC_FEC,
        "LiPF6 PC:EC:DMC": LIPF6_EC_DMC_VALOEN, "LiPF6 EC:EMC, Nyman": LIPF6_EC_EMC_NYMAN, "NaPF6 EC:PC": NAPF6_EC_PC}


def between(transport, low: float, far: float) -> tuple[float, float]:
    """(J, mean of c) of a steady closed layer with c = `low` at one plane and `far` at the other, by Gauss' rule."""
    edges = np.unique([low, far, *(c for c in transport.kinks if low < c < far)])
    nodes, weights = np.polynomial.legendre.leggauss(40)
    half = np.diff(edges)[:, None] / 2
    c = edges[:-1, None] + half * (nodes + 1)
    w = np.real(transport.D(c)) / (1 - np.real(transport.t_plus(c))) * half * weights
    return FARADAY * w.sum() / L, float((c * w).sum() / w.sum())


def closed(transport, low: float) -> float:
    """J of a closed layer with c = `low` at the plating plane; the mean of c is c_0."""
    far = brentq(lambda c: between(transport, low, c)[1] - transport.c_0, transport.c_0, 8 * transport.c_0)
    return between(transport, low, far)[0]


def test_limits_with_properties_of_c(page):
    """Limits of a plane whose electrolyte changes with concentration.

    Problem: six fitted or tabulated electrolytes, as shipped, in a closed cell of 25 um and against a reservoir; the
    current at 1 % in the closed cell, by the bordered solve.

    Exact: `x = F [w(c) - w(c_s)]/J` with `w = int D/(1 - t+) dc`, and the mean of c is c_0; with a reservoir `J_lim =
    F w(c_0)/L`. By Gauss' rule between the kinks of the laws.
    """
    found = {}
    for name, electrolyte in SETS.items():
        given = {"metal": SODIUM} if electrolyte.cation == "Na" else {}
        cell = cells.make(cells.plane(), electrolyte, **given)
        open_cell = cells.make(cells.plane(), electrolyte, counter=cf.Reservoir(uniform=False), **given)
        transport = cell.transport
        exact = closed(transport, 0.0)
        page.close(f"J_lim [A/m2], {name}", cf.limiting_current(cell), exact, 5e-4)
        page.close(f"J_lim [A/m2], reservoir, {name}", cf.limiting_current(open_cell), between(transport, 0, 1000)[0],
                   5e-4)
        one = cf.current_at_one_percent(cell)
        page.close(f"current at 1 % [A/m2], {name}", one.current, closed(transport, 10.0), 1e-3)
        found[name] = exact
    page.draw(lambda axes: (axes.barh(list(found), [J / 10 for J in found.values()]),
                            axes.set(xlabel="J_lim [mA/cm2] of a closed cell, 25 um")))


def test_porous_layers(page):
    """Limiting current and Sand's time of porous layers.

    Problem: a plane under 400 um of a porous layer, porosity and tortuosity factor varied one at a time.

    Exact: `J_lim` goes as `eps/tau_F`, the time to depletion far above it as `eps^2/tau_F`.
    """
    mesh = cells.plane(free=0.0, separator=400.0, cell_size_um=2.0, surface_cell_size_um=0.1)
    free, shares, times = 2 * FARADAY * 3e-10 * 1000 / (0.62 * 400e-6), [], []
    current = 1.6 * free
    sand = math.pi / 4 * 3e-10 * (FARADAY * 1000 / (current * 0.62)) ** 2
    for eps, tau_F in ((0.8, 1.5), (0.4, 1.5), (0.8, 6.0)):
        cell = cells.make(mesh, media={"separator": cf.Medium(eps=eps, B=eps / tau_F)})
        page.close(f"J_lim [A/m2], eps = {eps}, tau_F = {tau_F}", cf.limiting_current(cell), free * eps / tau_F, 5e-4)
        run = cf.solve(cell, cf.Galvanostatic(current=current, duration=3 * sand))
        shares.append(eps**2 / tau_F)
        times.append(run.outcome.time_to_depletion)
        page.close(f"time to depletion [s], eps = {eps}, tau_F = {tau_F}", times[-1], sand * shares[-1], 5e-3)
    page.compare("eps^2/tau_F [-]", "time to depletion [s]", (sorted(shares), sand * np.array(sorted(shares))),
                 {"cellfem": (shares, times)}, log=True)
