"""A bare plane: limiting current, depletion and Sand's time.

A planar electrode under free electrolyte (25 um unless stated otherwise) or a separator, against a lithium foil; D =
3e-10 m2/s, t+ = 0.38, c_0 = 1 mol/L. Meshes and time steps are those that a user gets without asking, unless a section
says that they are refined.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from verification import cells, exact

import cellfem as cf
from cellfem.materials import LIPF6_EC_DMC, LIPF6_EC_EMC, LIPF6_EMC_FEC
from cellfem.materials.electrolyte import constant, ideal
from cellfem.units import FARADAY, thermal_voltage

L, D, T_PLUS, C_0 = 25e-6, 3e-10, 0.38, 1000.0
J_LIM = 2 * FARADAY * D * C_0 / ((1 - T_PLUS) * L)


def test_steady_surface_concentration(page):
    """Steady surface concentration below the limiting current.

    Problem: a steady current of I times the limiting current.

    Exact: c is linear, `c_s/c_0 = 1 - I` at the plating plane, with `J_lim = 2 F D c_0/((1 - t+) L)`; under the layers
    of the shipped design `slab` (a separator) `J_lim` carries the factor B of the separator.
    """
    cell, porous = cells.make(cells.plane()), cells.make(cells.shipped("slab"))
    page.close("J_lim, free electrolyte [A/m2]", cf.limiting_current(cell), J_LIM, 1e-10)
    page.close("J_lim, separator [A/m2]", cf.limiting_current(porous), J_LIM / 4.5, 1e-10)
    profiles = {}
    for ratio in (0.5, 0.9, 0.99):
        for name, plane, limit in (("free electrolyte", cell, J_LIM), ("separator", porous, J_LIM / 4.5)):
            run = cf.solve(plane, cf.Steady(current=ratio * limit))
            page.close(f"c_s/c_0 at I = {ratio}, {name}", run.sites["c"][0, 0] / C_0, 1 - ratio, 1e-4, "-")
        profiles[ratio] = run
    page.draw(lambda axes: _profiles(axes, profiles))


def _profiles(axes, runs):
    for ratio, run in runs.items():
        z = run.cell.mesh.p[0]
        order = np.argsort(z)
        axes.plot(1e6 * z[order], run.fields["c"][0, order] / C_0, label=f"I = {ratio}")
    axes.set(xlabel="z [um]", ylabel="c/c_0 [-]")
    axes.legend()


def test_time_to_depletion(page):
    """Time to depletion of a closed cell, default settings.

    Problem: the current steps from 0 to I times the limiting current, I > 1, and is held until `c_s = 1e-3 c_0`; the
    time to `c_s = 0` is extrapolated. Default mesh grading and time steps.

    Exact: the image sum `1 = 4 I sqrt(s) sum_k (-1)^k ierfc(|k|/(2 sqrt(s)))`, `s = D t/L^2`; Sand's time `tau_S` is
    its first term. Just above the limit the cell lasts longer than `tau_S`. In the separator D becomes `B D/eps`.
    """
    ratios, times = (1.05, 1.1, 1.5, 2.0, 3.0), []
    for ratio in ratios:
        times.append(_depletion(page, cells.plane(), ratio, L**2 / D, 5e-3))
    separator = 0.55 * 4.5
    _depletion(page, cells.shipped("slab"), 1.1, separator * L**2 / D, 5e-3, ", separator")
    _depletion(page, cells.plane(), 1.1, L**2 / D, 5e-3, ", extrapolated from 5 % of c_0", stop_ratio=0.05)
    drawn(page, {"cellfem": (ratios, times)})


def drawn(page, found) -> None:
    """The ratio of the depletion time to Sand's over the current."""
    fine = np.geomspace(1.01, 4, 60)
    page.compare("J/J_lim [-]", "t/tau_S [-]", (fine, [exact.depletion(i) * 16 * i**2 / math.pi for i in fine]), found)


def _depletion(page, mesh, ratio, unit, within, label="", far="closed", tolerance=None, stop_ratio=1e-3,
               **counter):
    """The depletion time [L^2/D_eff] at `ratio` times the limiting current, on `page` as a multiple of Sand's time."""
    cell = cells.make(mesh, **counter)
    s = exact.depletion(ratio, far)
    sand = math.pi / (4 if far == "reservoir" else 16) / ratio**2
    asked = {} if tolerance is None else {"tolerance": tolerance}
    limit = cells.limit(cell, closed=far != "reservoir")
    run = cf.solve(cell, cf.Galvanostatic(current=ratio * limit, duration=5 * s * unit, stop_ratio=stop_ratio),
                   **asked)
    assert run.outcome.kind == "depleted"
    found = run.outcome.time_to_depletion / unit
    page.close(f"t/tau_S at I = {ratio}{label}", found / sand, s / sand, within)
    return found / sand


@pytest.mark.slow
def test_time_to_depletion_refined(page):
    """Time to depletion, refined.

    Problem: as before with cells of a quarter of the size and a tolerance of 2e-5 per time step; also with a reservoir
    (`c = c_0`) in place of the foil.

    Exact: the image sums; the ratio to Sand's time is the same function of I in both cells, with `J_lim` half as large
    for a reservoir. With a far wall that passes current and no salt (a thin layer of hardly any salt diffusion) the
    plane depletes at any current; I is then to the closed cell's limit.
    """
    fine, closed, open_ = cells.plane(coarsen=0.25), (1.01, 1.02, 1.1, 1.5, 3.0), (1.02, 1.5)
    times = [_depletion(page, fine, ratio, L**2 / D, 1e-3 if ratio == 1.01 else 5e-4, tolerance=2e-5)
             for ratio in closed]
    reservoir = [_depletion(page, fine, ratio, L**2 / D, 5e-4, ", reservoir", "reservoir", 2e-5,
                            counter=cf.Reservoir()) for ratio in open_]
    drawn(page, {"foil": (closed, times), "reservoir": (open_, reservoir)})
    wall = {"separator": cf.Medium(eps=1e-4, B=1e-4, electrolyte=constant(D=1e-12, kappa=8.0, t_plus=T_PLUS))}
    for ratio in (0.5, 1.5):
        s = exact.depletion(ratio, "wall")
        cell = cells.make(cells.plane(separator=1.0, coarsen=0.25), counter=cf.Reservoir(), media=wall)
        run = cf.solve(cell, cf.Galvanostatic(current=ratio * J_LIM, duration=5 * s * L**2 / D), tolerance=2e-5)
        page.close(f"D t/L^2 at I = {ratio}, far wall", run.outcome.time_to_depletion * D / L**2, s, 5e-4)


def test_reservoir_and_sand(page):
    """Depletion against a reservoir, default settings.

    Problem: `c = c_0` is held at the counter plane; the current steps to I times this cell's limit.

    Exact: `J_lim = F D c_0/((1 - t+) L)`, half of the closed cell's, and the image sum with fixed c at distance L.
    """
    mesh = cells.plane()
    for uniform in (True, False):
        cell = cells.make(mesh, counter=cf.Reservoir(uniform=uniform))
        name = "current" if uniform else "potential"
        page.close(f"J_lim, uniform {name} [A/m2]", cf.limiting_current(cell), J_LIM / 2, 1e-5)
    ratios = (1.1, 2.0)
    drawn(page, {"cellfem": (ratios, [_depletion(page, mesh, ratio, L**2 / D, 5e-3, "", "reservoir",
                                                 counter=cf.Reservoir()) for ratio in ratios])})


def test_voltage_of_an_ideal_solution(page):
    """Voltage of a symmetric cell with an ideal solution.

    Problem: the dilute (Nernst-Planck) electrolyte of two ionic diffusivities, reversible kinetics, no film, steady.

    Exact: `V = (4 R T/F) artanh(J/J_lim)`, whatever D+ and D- are. At 0.99 of the limit the conductivity doubles within
    the first cell of the default mesh; there the order is observed.
    """
    V_T = thermal_voltage(298.15)
    fast = cf.ButlerVolmer(i_0=1e9)  # R T/(F i_0) = 3e-11 Ohm m2
    ratios, found = (0.1, 0.5, 0.9), []
    for D_plus, D_minus in ((4e-10, 1e-10), (2e-10, 3e-10)):
        salt = ideal(D_plus=D_plus, D_minus=D_minus)
        cell = cells.make(cells.plane(), salt, kinetics=fast, film=cells.NO_FILM)
        limit = 2 * FARADAY * 2 * D_plus * C_0 / L  # D/(1 - t+) = 2 D+
        for ratio in ratios:
            run = cf.solve(cell, cf.Steady(current=ratio * limit))
            found.append(run.voltage[0])
            page.close(f"V [V] at J/J_lim = {ratio}, D+/D- = {D_plus / D_minus:.2g}", run.voltage[0],
                       4 * V_T * math.atanh(ratio), 1e-3)
    sizes, errors = (1.0, 0.5, 0.25, 0.125), []
    for coarsen in sizes:
        cell = cells.make(cells.plane(coarsen=coarsen), salt, kinetics=fast, film=cells.NO_FILM)
        run = cf.solve(cell, cf.Steady(current=0.99 * limit))
        errors.append(abs(run.voltage[0] / (4 * V_T * math.atanh(0.99)) - 1))
    page.order("V at J/J_lim = 0.99", sizes, errors, 1.9)
    fine = np.linspace(0, 0.95, 200)
    page.compare("J/J_lim [-]", "V [mV]", (fine, 4e3 * V_T * np.arctanh(fine)),
                 {"D+/D- = 4": (ratios, 1e3 * np.array(found[:3])), "D+/D- = 2/3": (ratios, 1e3 * np.array(found[3:]))})
    page.convergence("coarsen, J/J_lim = 0.99", {"V": (sizes, errors)})


def test_sand_time_falls_with_the_square_of_the_current(page):
    """Sand's time in a thick layer.

    Problem: 2 mm of free electrolyte, so that the far side never matters.

    Exact: `tau_S = (pi/4) D (F c_0/(J (1 - t+)))^2`: the time falls with the square of the current, Sand's capacity
    `J tau` with its inverse.
    """
    cell = cells.make(cells.plane(free=2000.0, cell_size_um=10.0))
    currents, times = np.array([100.0, 400.0]), []
    for current in currents:
        tau = exact.sand(D, T_PLUS, C_0, current)
        run = cf.solve(cell, cf.Galvanostatic(current=float(current), duration=2 * tau))
        times.append(run.outcome.time_to_depletion)
        page.close(f"tau [s] at {current / 10:g} mA/cm2", times[-1], tau, 5e-3)
    slope = float(np.polyfit(np.log(currents), np.log(times), 1)[0])
    page.close("slope of log(tau) over log(J)", slope, -2.0, 2e-3)
    page.compare("J [mA/cm2]", "tau [s]", (currents / 10, exact.sand(D, T_PLUS, C_0, currents)),
                 {"cellfem": (currents / 10, times)}, log=True)


def test_planar_risk(page):
    """Risk of a plane.

    Problem: the risk map of a run that depletes before its target, and of one that reaches it, in a thick layer.

    Exact: on a plane the risk is `sqrt(t_target/tau_S)`, and the local Sand's time is `tau_S`.
    """
    cell = cells.make(cells.plane(free=2000.0, cell_size_um=10.0))
    tau = exact.sand(D, T_PLUS, C_0, 200.0)
    shares, risks = (0.3, 2.0), []
    for share in shares:
        run = cf.solve(cell, cf.Galvanostatic(current=200.0, duration=share * tau))
        row = cf.report(run)
        risks.append(row["risk, max [-]"])
        page.close(f"risk at t_target = {share} tau_S", row["risk, max [-]"], math.sqrt(share), 5e-3)
        page.close(f"planar Sand's time [s] at t_target = {share} tau_S", row["planar Sand's time [s]"], tau, 1e-9)
    fine = np.linspace(0, 2.5, 60)
    page.compare("t_target/tau_S [-]", "risk [-]", (fine, np.sqrt(fine)), {"cellfem": (shares, risks)})


GOLDEN = {  # [s] at 10 mA/cm2, 25 degC, c_0 = 1 mol/L, of a 1-D finite-volume code of its own (600 graded cells)
    "LiPF6 EC:DMC 1:1": (LIPF6_EC_DMC, 871.02),
    "LiPF6 EC:EMC 3:7": (LIPF6_EC_EMC, 625.07),
    "LiPF6 EMC:FEC 19:1": (LIPF6_EMC_FEC, 737.96),
}


@pytest.mark.slow
def test_properties_that_change_with_concentration(page):
    """Sand's time with D(c) and t+(c).

    Problem: 6 mm of LiPF6 electrolytes with fitted D(c) and t+(c) (Landesfeind and Gasteiger 2019), used as printed
    down to c = 0, at 5 to 50 mA/cm2.

    Exact: the equations are invariant under x -> l x, t -> l^2 t, J -> J/l, so `J sqrt(tau)` does not depend on J. Its
    value at 10 mA/cm2 is compared with a finite-volume code of its own.
    """
    shown = {}
    for name, (electrolyte, golden) in GOLDEN.items():
        cell = cells.make(cells.plane(free=6000.0, cell_size_um=30.0, surface_cell_size_um=1.0, coarsen=0.25),
                          electrolyte.as_printed(), kinetics=cells.FAST, film=cells.NO_FILM)
        found = {}
        for current in (50.0, 100.0, 500.0):
            run = cf.solve(cell, cf.Galvanostatic(current=current, duration=3e8 / current**2), tolerance=1e-4)
            found[current] = run.outcome.time_to_depletion
        page.close(f"{name}: tau [s] at 10 mA/cm2", found[100.0], golden, 2e-3)
        for current in (50.0, 500.0):
            page.close(f"{name}: J sqrt(tau) at {current / 10:g} mA/cm2 over that at 10 mA/cm2",
                       current * math.sqrt(found[current]) / (100 * math.sqrt(found[100.0])), 1.0, 2e-3)
        shown[name] = np.array(list(found)) / 10, [J * math.sqrt(tau) / 10 for J, tau in found.items()]
    page.draw(lambda axes: (*(axes.semilogx(*points, "o-", label=name) for name, points in shown.items()),
                            axes.set(xlabel="J [mA/cm2]", ylabel="J sqrt(tau) [mA/cm2 s^0.5]", ylim=(0, 350)),
                            axes.legend()))
