"""Steady closed cells.

No boundary of a closed cell passes anions, so at steady state N- = 0 everywhere: quadrature solves the plane for any
D(c), kappa(c), t+(c) and TDF(c), and a single scalar field the scaffolds.
"""

from __future__ import annotations

import numpy as np
import pytest
from verification import cells, exact, scalar

import cellfem as cf
from cellfem.materials import LIPF6_EC_DMC, LIPF6_EC_EMC_NYMAN, NAPF6_EC_PC, SODIUM
from cellfem.model.fluxes import fluxes
from cellfem.units import FARADAY

LAYERS = [(10e-6, 1.0, 1.0), (15e-6, 0.55, 1 / 4.5), (5e-6, 1.0, 1.0)]  # free electrolyte, separator, free electrolyte
LIQUIDS = {"LiPF6 in EC:DMC": (LIPF6_EC_DMC, {}), "NaPF6 in EC:PC (tables)": (NAPF6_EC_PC, {"metal": SODIUM}),
           "LiPF6 in EC:EMC (Nyman)": (LIPF6_EC_EMC_NYMAN, {})}


I_0 = cells.FAST.i_0


def layered(electrolyte, coarsen=1.0, **given):
    mesh = cells.plane(free=10.0, separator=15.0, counter_electrolyte_um=5.0, coarsen=coarsen)
    return cells.make(mesh, electrolyte, **({"kinetics": cells.FAST, "film": cells.NO_FILM} | given))


@pytest.mark.filterwarnings("ignore::cellfem.TrustWarning")
def test_limiting_current_of_layers(page):
    """Limiting current under three layers, with measured properties.

    Problem: 10 um of free electrolyte, 15 um of separator (eps = 0.55, N_M = 4.5), 5 um of free electrolyte; D and t+
    change with c; NaPF6 is given by tables, linear between their points.

    Exact: with `w = int_0^c D/(1 - t+) dc'`, `B dw/dz = J/F` through all layers; `J_lim` is the J at which c = 0 at the
    plating plane and `int eps c dz` is that of c_0: one quadrature and one root.
    """
    found = {}
    for name, (electrolyte, given) in LIQUIDS.items():
        for kind, coarsen in (("", 1.0), (", coarse", 4.0)):  # w is linear: no mesh is too coarse for it
            cell = layered(electrolyte, coarsen, **given)
            found[name] = exact.closed_limit(cell.transport, LAYERS)
            page.close(f"J_lim [A/m2], {name}{kind}", cf.limiting_current(cell), found[name], 1e-5)
    page.draw(lambda axes: (axes.barh(list(found), [J / 10 for J in found.values()]),
                            axes.set(xlabel="J_lim [mA/cm2] of the three layers")))


@pytest.mark.filterwarnings("ignore::cellfem.TrustWarning")
def test_steady_state_of_layers(page):
    """Steady state under three layers, with measured properties.

    Problem: the same layers at 0.5 and 0.9 of the limiting current, nearly reversible electrodes (i_0 = 1e7 A/m2).

    Exact: the quadrature for c at both planes; `V = int (G' + U') dc` between them, with `G' = F D/((1 - t+) kappa)`
    and `U' = (2 R T/F)(1 - t+) TDF/c`, and the overpotentials of 1e-5 V.
    """
    for name in ("LiPF6 in EC:DMC", "NaPF6 in EC:PC (tables)"):
        electrolyte, given = LIQUIDS[name]
        cell = layered(electrolyte, **given)
        limit = exact.closed_limit(cell.transport, LAYERS)
        for share in (0.5, 0.9):
            low = exact.closed_surface(cell.transport, LAYERS, share * limit)
            top, _, voltage = exact.closed_state(cell.transport, LAYERS, low, share * limit, I_0)
            run = cf.solve(cell, cf.Steady(current=share * limit))
            label = f"at {share} J_lim, {name}"
            page.close(f"c_s/c_0 {label}", run.sites["c"][0, 0] / 1000, low / 1000, 1e-3, "-")
            page.close(f"c/c_0 at the foil {label}", np.nanmax(run.fields["c"]) / 1000, top / 1000, 2e-3, "-")
            page.close(f"V [V] {label}", run.voltage[0], voltage, 2e-3)
    sizes, errors = (1.0, 0.5, 0.25), {"c_s at 0.9 J_lim": [], "V at 0.9 J_lim": []}
    transport = layered(LIPF6_EC_DMC).transport
    current = 0.9 * exact.closed_limit(transport, LAYERS)
    low = exact.closed_surface(transport, LAYERS, current)
    voltage = exact.closed_state(transport, LAYERS, low, current, I_0)[2]
    for coarsen in sizes:
        run = cf.solve(layered(LIPF6_EC_DMC, coarsen), cf.Steady(current=current))
        errors["c_s at 0.9 J_lim"].append(abs(run.sites["c"][0, 0] - low) / 1000)
        errors["V at 0.9 J_lim"].append(abs(run.voltage[0] - voltage))
    for quantity, found in errors.items():
        page.order(f"{quantity}, LiPF6 in EC:DMC", sizes, found, 1.9)
    page.draw(lambda axes: _profile(axes, run))
    page.convergence("coarsen", {quantity: (sizes, found) for quantity, found in errors.items()})


def _profile(axes, run):
    z = run.cell.mesh.p[0]
    order = np.argsort(z)
    axes.plot(1e6 * z[order], run.fields["c"][0, order] / 1000)
    axes.axvspan(10, 25, color="0.9", label="separator")
    axes.set(xlabel="z [um]", ylabel="c/c_0 at 0.9 J_lim [-]", title="LiPF6 in EC:DMC")
    axes.legend()


def compared(page, name: str, coarsenings, orders) -> None:
    """Coupled against scalar on the meshes of a shipped design, both at 2 mA/cm2 on the default metal."""
    anions, peaks, volts, plating = [], [], [], []
    for coarsen in coarsenings:
        cell = cells.make(cells.shipped(name, coarsen), LIPF6_EC_DMC)
        run, reference = cf.solve(cell, cf.Steady(current=20.0)), scalar.solve(cell, 20.0)
        found = fluxes(run)
        N_minus = found["N_plus"] - found["i_e"] / FARADAY
        anions.append(np.sqrt(np.nansum(N_minus**2) / np.nansum(found["N_plus"] ** 2)))
        norms = [np.nanmax(np.linalg.norm(N, axis=0)) for N in (N_minus, found["N_plus"])]
        peaks.append(norms[0] / norms[1])
        volts.append(abs(run.voltage[0] / reference.voltage - 1))
        plating.append(np.max(np.abs(run.sites["plating"][0] - reference.plating)) / np.max(reference.plating))
    assert np.all(np.diff(peaks) < 0), peaks
    page.order(f"rms N- over rms N+, {name}", coarsenings, anions, orders[0])
    page.order(f"max N- over max N+, {name}", coarsenings, peaks, orders[1])
    page.order(f"overpotential, {name}", coarsenings, volts, orders[2])
    page.order(f"plating current, largest difference, {name}", coarsenings, plating, 1.2)
    page.below(f"overpotential, {name}, finest mesh", volts[-1], 2e-5)
    page.convergence(f"coarsen, {name}", {"rms N-/N+": (coarsenings, anions), "max N-/N+": (coarsenings, peaks),
                                          "overpotential": (coarsenings, volts)}, slope=1.0)


def test_scaffolds_in_2d_as_one_scalar_field(page):
    """Scaffolds as one scalar field, 2-D.

    Problem: the shipped designs `vga_2d` and `hga_2d`, lithium with its film, LiPF6 in EC:DMC, steady at 2 mA/cm2.

    Exact: `psi = G(c)` and `div(B grad w) = -a i_n/F`: one nonlinear scalar problem, assembled and solved apart. The
    coupled solve approaches N- = 0 and the scalar problem's answer with the mesh; the sheets' sharp edges cost order.
    """
    compared(page, "vga_2d", (4.0, 2.0, 1.0), (0.9, 0.9, 1.8))
    compared(page, "hga_2d", (4.0, 2.0, 1.0), (0.6, 0.2, 1.5))


@pytest.mark.slow
def test_scaffolds_in_3d_as_one_scalar_field(page):
    """Scaffolds as one scalar field, 3-D.

    Problem: the shipped designs `vga` and `hga`, as in 2-D.

    Exact: as in 2-D: N- = 0 and the scalar problem's answer, approached with the mesh.
    """
    compared(page, "vga", (4.0, 2.0, 1.0), (0.9, 0.9, 1.8))
    compared(page, "hga", (4.0, 2.0, 1.0), (0.6, 0.2, 1.5))
