"""Exact answers, each by a formula or a quadrature that shares nothing with cellfem."""

from __future__ import annotations

import math

import numpy as np
from scipy.integrate import solve_bvp
from scipy.optimize import brentq
from scipy.special import erfc

F, R = 96485.33212, 8.314462618


def depletion(ratio: float, far: str = "closed") -> float:
    """D t/L^2 at which c(0, t) = 0 on a plane at `ratio` times the closed cell's limiting current, by an image sum.

    `far` says what happens at distance L: "closed" (the same current strips there), "reservoir" (c = c_0; the ratio
    is to the reservoir's limit) or "wall" (no flux; the ratio is to the closed cell's limit).  The current steps up in
    an initially uniform solution: c(0)/c_0 = 1 - m sqrt(s) sum_k a_k ierfc(|k| p/sqrt(s)), with images of alternating
    (closed, reservoir) or equal (wall) sign at distances 2 p L k.
    """
    k = np.arange(-400, 401)
    sign = np.where(k % 2 == 0, 1.0, -1.0)
    amplitude, distance, a = {"closed": (4.0, 0.5, sign), "reservoir": (2.0, 1.0, sign),
                              "wall": (4.0, 1.0, np.ones(len(k)))}[far]

    def left(s):
        x = np.abs(k) * distance / math.sqrt(s)
        ierfc = np.exp(-x * x) / math.sqrt(math.pi) - x * erfc(x)
        return 1 - amplitude * ratio * math.sqrt(s) * float(a @ ierfc)

    return brentq(left, 1e-9, 60.0, xtol=1e-15, rtol=1e-14)


def sand(D: float, t_plus: float, c_0: float, current: float, eps: float = 1.0, B: float = 1.0) -> float:
    """Planar Sand's time [s] of constant properties."""
    return math.pi / 4 * eps * B * D * (F * c_0 / (current * (1 - t_plus))) ** 2


def linear_electrode(xi, kappa, sigma, a, L, R_s):
    """Linear kinetics, uniform c: a |j| L/I at xi = x/L from the separator, and the resistance [Ohm m2]."""
    s = 1 / kappa + 1 / sigma
    nu = math.sqrt(a * L**2 * s / R_s)
    shape = nu / math.sinh(nu) * (np.cosh(nu * (1 - xi)) / kappa + np.cosh(nu * xi) / sigma) / s
    total = L / (kappa + sigma) * (1 + (2 + (sigma / kappa + kappa / sigma) * math.cosh(nu)) / (nu * math.sinh(nu)))
    return shape, total


def tafel_electrode(xi, kappa, sigma, a, L, current, i_0, alpha, f):
    """Cathodic Tafel kinetics, uniform c: a |j| L/I and -eta [V] at xi = x/L from the separator."""
    p, q = alpha * f * current * L / kappa, alpha * f * current * L / sigma
    theta = brentq(lambda x: x - math.atan(p / (2 * x)) - math.atan(q / (2 * x)), 1e-9, math.pi)
    psi = math.atan(p / (2 * theta))
    shape = 2 * theta**2 / np.cos(theta * xi - psi) ** 2 / (p + q)
    level = math.log(2 * theta**2 / (alpha * f * a * i_0 * L**2 * (1 / kappa + 1 / sigma)))
    return shape, (level - 2 * np.log(np.cos(theta * xi - psi))) / (alpha * f)


def thiele(xi, t_plus, a, k, L, D_eff):
    """First-order plating without ohmic drop: c/c(0) at xi = x/L from the mouth."""
    phi = math.sqrt((1 - t_plus) * a * k * L**2 / (F * D_eff))
    return np.cosh(phi * (1 - xi)) / math.cosh(phi)


def integral(f, low: float, high: float, panels: int = 24) -> float:
    """int f dc by Gauss' rule of 16 points on panels that shrink toward `low`."""
    nodes, weights = np.polynomial.legendre.leggauss(16)
    edges = low + (high - low) * np.linspace(0, 1, panels + 1) ** 2
    half = np.diff(edges)[:, None] / 2
    return float(np.sum(f(edges[:-1, None] + half * (nodes + 1)) * half * weights))


def closed_state(transport, layers, low: float, current: float, i_0=math.inf) -> tuple[float, float, float]:
    """(c at the stripping plane, salt, voltage) of a steady closed cell from c = `low` at the plating plane on.

    N- = 0 gives B D/(1 - t+) dc/dz = J/F and dphi_e = (G' + U') dc with G' = F D/((1 - t+) kappa) and
    U' = (2 R T/F)(1 - t+) TDF/c.  `layers` are (thickness [m], eps, B) from the plating plane on; the salt is
    int eps c dz.  The voltage is that of reversible electrodes; `i_0` [A/m2 at 1000 mol/m3] adds their overpotentials.
    """
    def g(c):
        return transport.D(c) / (1 - transport.t_plus(c))

    def dphi(c):
        dU = 2 * R * transport.T / F * (1 - transport.t_plus(c)) * transport.TDF(c) / c
        return F * g(c) / transport.kappa(c) + dU

    c, salt = low, 0.0
    for thickness, eps, B in layers:
        rise = current * thickness / (F * B)
        top = brentq(lambda x, c=c, rise=rise: integral(g, c, x) - rise, c, 100 * transport.c_0, rtol=1e-12)
        salt += eps * B * F / current * integral(lambda x: x * g(x), c, top)
        c = top
    if low == 0:
        return c, salt, math.inf
    eta = sum(math.asinh(current / (2 * i_0 * math.sqrt(at / 1000))) for at in (low, c))
    return c, salt, integral(dphi, low, c) + 2 * R * transport.T / F * eta


def closed_surface(transport, layers, current: float) -> float:
    """c at the plating plane of a steady closed cell that keeps its salt."""
    salt = transport.c_0 * sum(thickness * eps for thickness, eps, _ in layers)
    return brentq(lambda c: closed_state(transport, layers, c, current)[1] - salt, 0.0, transport.c_0, rtol=1e-10)


def closed_limit(transport, layers) -> float:
    """Limiting current [A/m2] of that cell: its current with c = 0 at the plating plane."""
    salt = transport.c_0 * sum(thickness * eps for thickness, eps, _ in layers)
    scale = F * float(transport.D(transport.c_0)) * transport.c_0 / sum(thickness / B for thickness, _, B in layers)
    return brentq(lambda J: closed_state(transport, layers, 0.0, J)[1] - salt, 0.5 * scale, 10 * scale, rtol=1e-11)


def coupled_electrode(*, L, B, a, i_0, alpha, D, kappa, t_plus, c_0, T, current):
    """A homogenised host of infinite conductivity, c = c_0 at its mouth: (xi, c/c_0, j/j_mean, phi_s - phi_e).

    `kappa` is a function of c.  Ordinary differential equations in c, the ionic current and the electrolyte potential,
    with Butler-Volmer kinetics and i_0 ~ c^alpha, as scipy's collocation solves them; x runs from mouth to collector.
    """
    f = F / (R * T)

    def rate(c, eta):
        return i_0 * (c / c_0) ** alpha * (np.exp(alpha * f * eta) - np.exp(-(1 - alpha) * f * eta))

    def slopes(x, y):  # c, i_e, eta = -phi_e (phi_s = 0), salt flux N- = 0 in the sum: D_eff c' = -(1 - t+) i_e/F
        c, i_e, eta = y
        dc = -(1 - t_plus) * i_e / (F * B * D)
        dphi = -i_e / (B * kappa(c)) + 2 / f * (1 - t_plus) * dc / c
        return np.array([dc, a * rate(c, eta), -dphi]) * L

    def ends(ya, yb):
        return np.array([ya[0] - c_0, ya[1] - current, yb[1]])

    xi = np.linspace(0, 1, 201)
    start = np.array([np.full_like(xi, c_0), current * (1 - xi), np.full_like(xi, -0.01)])
    solution = solve_bvp(slopes, ends, xi, start, tol=1e-9, max_nodes=100_000)
    xi = np.linspace(0, 1, 401)
    c, _, eta = solution.sol(xi)
    return xi, c / c_0, -rate(c, eta) * a * L / current, eta


def nernst_planck_electrode(*, L, B, a, i_0, D_plus, D_minus, c_0, T, current):
    """The same host in the Nernst-Planck picture: a function of xi that returns (c, N+, Phi), phi_s = 0.

    N_k = -B D_k (c' + z_k f c Phi'), dN+/dx = a j/F, N- = 0, eta = -Phi - (RT/F) ln(c/c_0), and the cathodic branch of
    Butler-Volmer kinetics first order in c at fixed Phi; x runs from mouth to collector.
    """
    f = F / (R * T)

    def slopes(x, y):
        c, N_plus, Phi = y
        # N- = 0: c' = f c Phi', hence N+ = -2 B D+ c'
        dc = -N_plus / (2 * B * D_plus)
        eta = -Phi - np.log(c / c_0) / f
        rate = i_0 * (c / c_0) ** 0.5 * (np.exp(0.5 * f * eta) - np.exp(-0.5 * f * eta))
        return np.array([dc, a * rate / F, dc / (f * c)]) * L

    def ends(ya, yb):
        return np.array([ya[0] - c_0, ya[1] - current / F, yb[1]])

    xi = np.linspace(0, 1, 201)
    start = np.array([np.full_like(xi, c_0), current / F * (1 - xi), np.full_like(xi, 0.01)])
    return solve_bvp(slopes, ends, xi, start, tol=1e-9, max_nodes=200_000).sol
