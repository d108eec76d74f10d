"""Porous electrodes.

A homogenised host: a region `electrode` with porosity eps, transport efficiency B, electronic conductivity sigma and
surface a_s per volume, 100 um thick; x = 0 at its mouth, x = L at the collector. Meshes are uniform.
"""

from __future__ import annotations

import numpy as np
import pytest
from verification import cells, exact

import cellfem as cf
from cellfem.materials.electrolyte import constant, ideal
from cellfem.units import GAS_CONSTANT, thermal_voltage

L, T = 1e-4, 298.15
V_T = thermal_voltage(T)
ANIONLESS = constant(D=3e-10, kappa=1.0, t_plus=1.0)  # t+ = 1 keeps c flat


def electrode(medium, electrolyte, cells_across, **given):
    """A cell that consists of the electrode alone, c = c_0 at its mouth."""
    return cells.make(cells.layer(L, cells_across), electrolyte, media={"electrode": medium},
                      **({"counter": cf.Reservoir(uniform=False), "film": cells.NO_FILM} | given))


def profile(run, key: str):
    """xi = x/L from the mouth and the values of a site quantity there, in that order."""
    xi = 1 - run.cell.sites.x[0] / L
    order = np.argsort(xi)
    return xi[order], run.sites[key][0, order]


def test_linear_kinetics(page):
    """Linear kinetics, uniform concentration.

    Problem: kappa = 0.3 S/m, sigma = 2 S/m (effective), a_s = 1e6 1/m, `R_ct + R_film` = 5e-3 Ohm m2; t+ = 1 keeps c
    flat.

    Exact: Newman and Tobias: `a j L/I = -(nu/sinh nu)[cosh(nu(1 - xi))/kappa + cosh(nu xi)/sigma]/(1/kappa + 1/sigma)`,
    `nu^2 = a L^2 (1/kappa + 1/sigma)/R_s`, and the closed form of the resistance.
    """
    kappa, sigma, a, R_s, current = 0.3, 2.0, 1e6, 5e-3, 50.0
    medium = cf.Medium(eps=0.5, B=kappa, sigma=sigma, a_s=a)
    law = cf.Linear(i_0=V_T / (0.4 * R_s), order=0.0)  # 0.4 of R_s is charge transfer, 0.6 film
    sizes, errors = (40, 80, 160, 320), {"current density": [], "resistance": []}
    for n in sizes:
        cell = electrode(medium, ANIONLESS, n, kinetics=law, film=cf.Film(R=0.6 * R_s))
        run = cf.solve(cell, cf.Steady(current=current))
        xi, plating = profile(run, "plating")
        shape, total = exact.linear_electrode(xi, kappa, sigma, a, L, R_s)
        errors["current density"].append(np.max(np.abs(plating * a * L / current - shape)))
        errors["resistance"].append(abs(run.voltage[0] / current / total - 1))
    page.close("a j L/I at the mouth", plating[0] * a * L / current, 2.47223418, 1e-4)
    page.close("a j L/I at the collector", plating[-1] * a * L / current, 0.66728941, 1e-4)
    page.close("resistance [Ohm m2]", run.voltage[0] / current, 1.5531859e-4, 1e-4)
    shown(page, sizes, errors)
    page.compare("x/L from the mouth [-]", "a j L/I [-]", (xi, shape),
                 {"cellfem": (xi[::20], plating[::20] * a * L / current)})
    for nu in (0.3, 1.0, 3.0):
        R = a * L**2 / kappa / nu**2
        cell = electrode(cf.Medium(eps=0.5, B=kappa, a_s=a), ANIONLESS, 320, film=cf.Film(R=R / 2),
                         kinetics=cf.Linear(i_0=2 * V_T / R, order=0.0))
        _, plating = profile(cf.solve(cell, cf.Steady(current=current)), "plating")
        page.close(f"j(0)/j(L), sigma = inf, nu = {nu}", plating[0] / plating[-1], np.cosh(nu), 2e-4)


def shown(page, cells_across, errors, at_least=1.9):
    sizes = [1e6 * L / n for n in cells_across]
    for quantity, found in errors.items():
        page.order(quantity, sizes, found, at_least)
    page.convergence("cell size [um]", {quantity: (sizes, found) for quantity, found in errors.items()})


def test_tafel_kinetics(page):
    """Tafel kinetics, uniform concentration.

    Problem: kappa = 0.3, sigma = 2 S/m, a_s = 1e6 1/m, I = 400 A/m2, i_0 = 20 A/m2, alpha_c = 0.5; t+ = 1.

    Exact: `a |j| L/I = 2 theta^2 sec^2(theta xi - psi)/(p + q)` with `theta = atan(p/2 theta) + atan(q/2 theta)`,
    `psi = atan(p/2 theta)`, `p = alpha_c f I L/kappa`, `q = alpha_c f I L/sigma`.
    """
    kappa, sigma, a, current, i_0 = 0.3, 2.0, 1e6, 400.0, 20.0
    medium = cf.Medium(eps=0.5, B=kappa, sigma=sigma, a_s=a)
    sizes, errors = (40, 80, 160, 320), {"current density": [], "overpotential": []}
    for n in sizes:
        cell = electrode(medium, ANIONLESS, n, kinetics=cf.Tafel(i_0=i_0))
        run = cf.solve(cell, cf.Steady(current=current))
        xi, plating = profile(run, "plating")
        shape, eta = exact.tafel_electrode(xi, kappa, sigma, a, L, current, i_0, 0.5, 1 / V_T)
        errors["current density"].append(np.max(np.abs(plating * a * L / current - shape)))
        errors["overpotential"].append(np.max(np.abs(profile(run, "eta")[1] + eta)) / V_T)
    page.close("a j L/I at the mouth", plating[0] * a * L / current, 1.88766110, 1e-4)
    page.close("a j L/I at the collector", plating[-1] * a * L / current, 0.78487834, 1e-4)
    page.close("overpotential at the mouth [V]", profile(run, "eta")[1][0], 0.05005425, 1e-4)
    shown(page, sizes, errors)
    page.compare("x/L from the mouth [-]", "a j L/I [-]", (xi, shape),
                 {"cellfem": (xi[::20], plating[::20] * a * L / current)})
    for p, theta in ((1.0, 0.65327119), (10.0, 1.31383772)):  # theta tan(theta) = p/2
        medium = cf.Medium(eps=0.9, B=0.5 * current * L / V_T / p, a_s=a)
        cell = electrode(medium, ANIONLESS, 320, kinetics=cf.Tafel(i_0=1e-3))
        _, plating = profile(cf.solve(cell, cf.Steady(current=current)), "plating")
        page.close(f"j(0)/j(L) = sec^2 theta, sigma = inf, p = {p:g}", plating[0] / plating[-1], np.cos(theta) ** -2,
                   5e-4)


def test_peak_current_of_a_porous_electrode(page):
    """The peak current against pore size, surface and bulk conductivity.

    Problem: straight pores of hydraulic diameter G, eps = B = 0.5, in a host of sigma = inf and depth L = 100 um; G/L =
    0.02 and linear kinetics of resistance R_s. Bucci, Swamy, Carter and Behandish (arXiv:2203.05501, abstract) find in
    simulated pores a peak current that scales as `(h G)^(1/2)`, h being the ratio of surface to bulk conductivity:
    here `h G = G/(kappa R_s)`, one over the pore's Wagner number. With Tafel kinetics the conductivity of the surface
    is proportional to the current, and `h G` to `p = alpha_c f I L/kappa_eff`, depth times current. t+ = 1 throughout.

    Exact: `j(0)/mean = nu coth(nu)` with `nu = 2 (L/G) (eps h G/B)^(1/2)`: the exponent 1/2 holds where the reaction
    does not reach the collector (nu > 2 or so) and reaches deeper than a pore is wide (nu < L/G). Tafel: `theta
    sec^2(theta)/tan(theta)`, `theta tan(theta) = p/2`: no power law; its exponent grows from 0 to 1 and passes 1/2
    between p = 1 and 5.
    """
    eps, kappa, G, current = 0.5, 1.0, 0.02 * L, 20.0
    a, ratio = 4 * eps / G, {}
    for nu in (0.5, 1.0, 3.0, 5.0, 8.0, 12.0, 20.0):
        R = a * L**2 / (eps * kappa) / nu**2
        cell = electrode(cf.Medium(eps=eps, B=eps * kappa, a_s=a), ANIONLESS, 640, film=cf.Film(R=R / 2),
                         kinetics=cf.Linear(i_0=2 * V_T / R, order=0.0))
        _, plating = profile(cf.solve(cell, cf.Steady(current=current)), "plating")
        ratio[G / (kappa * R)] = plating[0] * a * L / current
        page.close(f"j(0)/mean, nu = {nu:g}", plating[0] * a * L / current, nu / np.tanh(nu), 1e-3)
    hG, peak = np.array(list(ratio)), np.array(list(ratio.values()))
    fitted = np.polyfit(np.log(hG[2:]), np.log(peak[2:]), 1)[0]
    page.close("exponent of h G, fitted over nu = 3 to 20", float(fitted), 0.5, 5e-3)
    p, tafel = np.array([0.1, 0.3, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0]), []
    for value in p:
        cell = electrode(cf.Medium(eps=0.9, B=0.5 * current * L / V_T / value, a_s=a), ANIONLESS, 640,
                         kinetics=cf.Tafel(i_0=1e-3))
        tafel.append(profile(cf.solve(cell, cf.Steady(current=current)), "plating")[1][0] * a * L / current)
    middle = (p >= 1) & (p <= 5)
    page.close("Tafel: mean exponent of depth x current, p = 1 to 5", float(np.log(tafel[5] / tafel[2]) / np.log(5)),
               np.log(3.02187288 / 1.35352649) / np.log(5), 1e-3)
    fitted = np.polyfit(np.log(p[middle]), np.log(np.array(tafel)[middle]), 1)[0]
    page.close("Tafel: exponent fitted over p = 1 to 5", float(fitted), 0.5, 0.05)

    def drawing(axes):
        line = np.geomspace(hG[0], hG[-1], 200)
        nu = 2 * L / G * np.sqrt(line)
        axes.loglog(line, nu / np.tanh(nu), "k-", linewidth=1, label="nu coth nu")
        axes.loglog(hG, peak, "o", label="linear, against h G")
        axes.loglog(p * G**2 / (4 * L**2), tafel, "s", label="Tafel, against p (G/2L)^2")
        axes.loglog(line, peak[2] * np.sqrt(line / hG[2]), "k:", label="slope 1/2")
        axes.set(xlabel="h G [-]", ylabel="peak over mean current [-]")
        axes.legend()

    page.draw(drawing)


@pytest.mark.filterwarnings("ignore::cellfem.TrustWarning")  # no electrolyte conducts that well
def test_first_order_kinetics(page):
    """First-order plating, mass transfer only.

    Problem: `j = k c`, no ohmic drop (kappa = 1e6 S/m), D_eff = 5e-11 m2/s, a_s = 1e5 1/m.

    Exact: `c/c(0) = cosh(phi (1 - xi))/cosh(phi)` with the Thiele modulus `phi^2 = (1 - t+) a k L^2/(F D_eff)`, and the
    current that belongs to it, effectiveness `tanh(phi)/phi`.
    """
    a, t_plus, D_eff = 1e5, 0.38, 5e-11
    salt = constant(D=1e-10, kappa=1e6, t_plus=t_plus)
    lines = {}
    for phi in (0.5, 1.0, 2.0):
        k = phi**2 * exact.F * D_eff / ((1 - t_plus) * a * L**2)  # [A m/mol] at the collector's potential
        current = a * L * k * 1000 * np.tanh(phi) / phi
        sizes, errors = (20, 40, 80, 160), []
        for n in sizes:
            cell = electrode(cf.Medium(eps=0.5, B=0.5, a_s=a), salt, n, kinetics=cf.FirstOrder(k=k))
            run = cf.solve(cell, cf.Steady(current=float(current)))
            xi, c = profile(run, "c")
            errors.append(np.max(np.abs(c / 1000 - exact.thiele(xi, t_plus, a, k, L, D_eff))))
        page.close(f"c(L)/c(0), phi = {phi}", c[-1] / 1000, 1 / np.cosh(phi), 1e-4)
        page.order(f"c, phi = {phi}", [1e6 * L / n for n in sizes], errors, 1.9)
        lines[f"c, phi = {phi}"] = [1e6 * L / n for n in sizes], errors
    page.convergence("cell size [um]", lines)


def test_fully_coupled_host(page):
    """Fully coupled host.

    Problem: I = 20 A/m2, eps = 0.9, tau_F = 4.46, a_s = 1e5 1/m, i_0 = 10 (c/c_0)^0.5 A/m2, D = 3e-10, kappa = c/c_0
    S/m, t+ = 0.38, sigma = inf, c = c_0 at the mouth.

    Exact: the same ordinary differential equations by collocation (tolerance 1e-9).
    """
    B, a, i_0, current = 0.9 / 4.46, 1e5, 10.0, 20.0
    salt = cf.Electrolyte(name="kappa proportional to c", D=3e-10, kappa=lambda c, T: 1e-3 * c, t_plus=0.38)
    xi, c, j, eta = exact.coupled_electrode(L=L, B=B, a=a, i_0=i_0, alpha=0.5, D=3e-10, kappa=lambda c: 1e-3 * c,
                                            t_plus=0.38, c_0=1000.0, T=T, current=current)
    sizes, errors = (25, 50, 100, 200, 400), {"c": [], "current density": [], "overpotential": []}
    for n in sizes:
        cell = electrode(cf.Medium(eps=0.9, B=B, a_s=a), salt, n, kinetics=cf.ButlerVolmer(i_0=i_0))
        run = cf.solve(cell, cf.Steady(current=current))
        at, found = profile(run, "c")
        plating, overpotential = profile(run, "plating")[1] * a * L / current, profile(run, "eta")[1]
        errors["c"].append(np.max(np.abs(found / 1000 - np.interp(at, xi, c))))
        errors["current density"].append(np.max(np.abs(plating - np.interp(at, xi, j))))
        errors["overpotential"].append(np.max(np.abs(overpotential - np.interp(at, xi, eta))) / V_T)
    page.close("c(L)/c_0", found[-1] / 1000, 0.91671040, 1e-4)
    page.close("j(0)/j_mean", plating[0], 1.95985091, 1e-4)
    page.close("j(L)/j_mean", plating[-1], 0.59229707, 1e-4)
    page.close("phi_s - phi_e at the mouth [V]", overpotential[0], -0.01000734, 1e-4)
    shown(page, sizes, errors)
    page.compare("x/L from the mouth [-]", "j/j_mean [-]", (xi, j), {"cellfem": (at[::20], plating[::20])})


def test_nernst_planck_pointwise(page):
    """Nernst-Planck, flux by flux.

    Problem: random c, grad c and grad Phi in an ideal solution of ionic diffusivities D+ and D-.

    Exact: `N_k = -D_k (grad c + z_k f c grad Phi)` and the current from them, against N+ and i_e of the concentrated
    solution with `phi_e = Phi + (RT/F) ln(c/c_0)`, `psi = phi_e - U(c)`.
    """
    rng = np.random.default_rng(7)
    D_plus, D_minus, f = 2.3e-10, 3.1e-10, 1 / V_T
    law = ideal(D_plus=D_plus, D_minus=D_minus).at(T)
    c, dc, dPhi = rng.uniform(1, 3000, 500), rng.normal(0, 1e7, 500), rng.normal(0, 1e3, 500)
    plus, minus = -D_plus * (dc + f * c * dPhi), -D_minus * (dc - f * c * dPhi)
    dpsi = dPhi + dc / (f * c) - law.dU(c) * dc
    i_e = -law.kappa(c) * dpsi
    N_plus = -law.D(c) * dc + law.t_plus(c) * i_e / exact.F
    scale = np.abs(D_plus * dc) + np.abs(D_plus * f * c * dPhi)
    page.compare("N+ of Nernst-Planck [mol/m2/s]", "N+ [mol/m2/s]", (plus, plus), {"cellfem": (plus[::9], N_plus[::9])})
    page.below("i_e", float(np.max(np.abs(i_e / exact.F - (plus - minus)) / scale)), 1e-12)
    page.below("N+", float(np.max(np.abs(N_plus - plus) / scale)), 1e-12)
    eta = rng.normal(0, 0.05, 500)  # Phi_s - Phi - (RT/F) ln(c/c_0) of one mode is phi_s - phi_e of the other
    Phi = rng.normal(0, 0.1, 500)
    phi_s = eta + Phi + np.log(c / 1000) / f
    page.below("overpotential [V]", float(np.max(np.abs(phi_s - (Phi + np.log(c / 1000) / f) - eta))), 1e-12)
    assert law.U(500.0) == pytest.approx(2 * V_T * (1 - D_plus / (D_plus + D_minus)) * np.log(0.5), rel=1e-12)


def test_nernst_planck_solved(page):
    """Nernst-Planck, solved.

    Problem: a homogenised host in an ideal solution, Butler-Volmer kinetics, I = 60 A/m2, c = c_0 at the mouth.

    Exact: the Nernst-Planck equations in c and the electrostatic potential Phi with the Nernst term in the
    overpotential, by collocation (tolerance 1e-9): another set of unknowns, laws and boundary terms for the same cell.
    """
    D_plus, D_minus, B, a, i_0, current = 2e-10, 3e-10, 0.3, 1e5, 10.0, 60.0
    salt = ideal(D_plus=D_plus, D_minus=D_minus)
    exactly = exact.nernst_planck_electrode(L=L, B=B, a=a, i_0=i_0, D_plus=D_plus, D_minus=D_minus, c_0=1000.0, T=T,
                                            current=current)
    sizes, errors = (250, 500, 1000, 2000, 4000), {"c": [], "Phi": []}
    for n in sizes:
        cell = electrode(cf.Medium(eps=0.5, B=B, a_s=a), salt, n, kinetics=cf.ButlerVolmer(i_0=i_0))
        run = cf.solve(cell, cf.Steady(current=current))
        xi = 1 - cell.mesh.p[0] / L
        c, phi_e = run.fields["c"][0], run.fields["phi_e"][0]
        reference = exactly(xi)
        Phi = phi_e - GAS_CONSTANT * T / exact.F * np.log(c / 1000)
        errors["c"].append(np.max(np.abs(c / 1000 - reference[0] / 1000)))
        errors["Phi"].append(np.max(np.abs(Phi - reference[2])) / V_T)
    shown(page, sizes, errors)
    for quantity, found in errors.items():
        page.below(f"{quantity} at 4000 cells", found[-1], 1e-7)
