"""Manufactured solutions: fields chosen beforehand, and the sources that make them the answer.

The exact fields are put into the continuous weak form (docs/theory.md), written here once more with laws of its own and
integrated by a rule of order 6; the discrete balances are then solved with that functional as their source.  It holds
storage, fluxes in every region, reaction at walls or in cells, and the condition on the current.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
from skfem import Basis, FacetBasis, LinearForm, MeshLine1, MeshTet1, MeshTri1
from skfem.helpers import dot, grad

import cellfem as cf
from cellfem.geometry.layered import name_surfaces
from cellfem.model.solve import Worker
from cellfem.model.system import Load, Storage, System
from cellfem.numerics.operators import ELEMENTS
from cellfem.units import FARADAY, thermal_voltage

SIZE = 20e-6  # [m] edge of the domain
C_0, T = 1000.0, 298.15
V_T = thermal_voltage(T)
ORDER = 6  # of the quadrature of sources and errors

LIQUID = cf.Electrolyte(name="manufactured", c_range=(1.0, 2000.0), D=lambda c, T: 3e-10 * (1.4 - 0.4e-3 * c),
                        kappa=lambda c, T: 1e-3 * c * (1.5 - 0.4e-3 * c), TDF=lambda c, T: 1 + 0.5e-3 * c,
                        t_plus=lambda c, T: 0.3 + 0.1e-6 * c**2)
OTHER = cf.Electrolyte(name="another", c_range=(1.0, 2000.0), D=lambda c, T: 1e-10 * (1 + 0.3e-3 * c),
                       kappa=lambda c, T: 0.6e-3 * c, TDF=lambda c, T: 1 + 0 * c, t_plus=lambda c, T: 0.6 - 0.1e-3 * c)


def laws(c, other: bool):
    """D, kappa, t+ and dU/dc of the two liquids, written a second time, and the first one's U."""
    u = c / C_0
    if other:
        return 1e-10 * (1 + 0.3 * u), 0.6 * u, 0.6 - 0.1 * u, 2 * V_T * (0.4 + 0.1 * u) / c
    dU = 2 * V_T * (0.7 - 0.1 * u**2) * (1 + 0.5 * u) / c
    return 3e-10 * (1.4 - 0.4 * u), u * (1.5 - 0.4 * u), 0.3 + 0.1 * u**2, dU


def U(c):
    u = c / C_0
    return 2 * V_T * (0.7 * np.log(u) + 0.35 * (u - 1) - 0.05 * (u**2 - 1) - 0.05 / 3 * (u**3 - 1))


@dataclass(frozen=True)
class Problem:
    """The exact fields as functions of x/SIZE (complex x allowed) and what surrounds them."""

    c: object
    psi: object
    phi_s: object
    base: object  # of the storage term
    tau: float | None  # [s]; None: steady
    scalar: float  # [V] or [A/m2], the counter electrode's
    other: tuple[str, ...] = ()  # regions of the other liquid


def block_mesh(dimension: int, n: int, parts):
    """The unit cube times SIZE in n cells per edge; `parts(centroids/SIZE)` names the region of every cell."""
    axis = SIZE * np.linspace(0, 1, n + 1)
    kind = {1: MeshLine1, 2: MeshTri1, 3: MeshTet1}[dimension]
    mesh = kind.init_tensor(*[axis] * dimension)
    region = parts(mesh.p[:, mesh.t].mean(axis=1) / SIZE)
    names = {str(name): np.flatnonzero(region == name) for name in np.unique(region)}
    mesh = mesh.with_subdomains(names)
    mesh._boundaries = name_surfaces(mesh, region == "host", floor_plates="electrode" not in names, mouth_at=0.5 * SIZE)
    return mesh


def gradient(f, x):
    """Values and gradient of f(x/SIZE) at x (d, ...), by a complex step."""
    value, parts = f(x / SIZE), []
    for k in range(len(x)):
        shifted = x.astype(complex) / SIZE
        shifted[k] += 1e-30j
        parts.append(np.broadcast_to(np.imag(f(shifted)) / 1e-30 / SIZE, x.shape[1:]))
    return np.broadcast_to(value, x.shape[1:]), np.array(parts)


def rate(kinetics, film, c, phi_s, psi):
    """i_n of Butler-Volmer kinetics behind a film, by Newton's method in the overpotential."""
    delta = phi_s - psi - U(c)
    i_0 = kinetics.i_0 * (c / kinetics.c_ref) ** kinetics.alpha_a
    eta = 0 * delta
    for _ in range(60):
        a, b = np.exp(kinetics.alpha_a * eta / V_T), np.exp(-kinetics.alpha_c * eta / V_T)
        slope = 1 + film * i_0 * (kinetics.alpha_a * a + kinetics.alpha_c * b) / V_T
        eta = eta - np.clip((eta + film * i_0 * (a - b) - delta) / slope, -V_T, V_T)
    return i_0 * (np.exp(kinetics.alpha_a * eta / V_T) - np.exp(-kinetics.alpha_c * eta / V_T))


@LinearForm
def _flux(v, w):
    return dot(w.a, grad(v))


@LinearForm
def _density(v, w):
    return w.a * v


def exact_rows(cell, problem: Problem):
    """The continuous weak form at the exact fields: salt, ionic charge and electrons per mesh node.

    Also the total current of the host's surface [A] and, for the control, the mean potential at the counter plane [V].
    """
    mesh, n = cell.mesh, cell.mesh.nvertices
    element = ELEMENTS[type(mesh)]
    rows = SimpleNamespace(salt=np.zeros(n), charge=np.zeros(n), host=np.zeros(n), wall=0.0)
    t_ref = laws(C_0, False)[2]

    def react(basis, i_n, weight, electrons):
        basis_rows = _density.assemble(basis, a=i_n * weight)
        rows.salt -= (1 - t_ref) * basis_rows
        rows.charge -= basis_rows
        rows.host += basis_rows if electrons else 0
        return float(np.sum(i_n * weight * basis.dx))

    for region, medium in cell.medium.items():
        cells = mesh.subdomains[region]
        basis = Basis(mesh, element(), elements=cells, intorder=ORDER)
        x = np.asarray(basis.global_coordinates())
        phi_s, grad_s = gradient(problem.phi_s, x)
        if region in ("host", "electrode") and not medium.equipotential:
            sigma = medium.conductivity(cell.centroids[:, cells], region)
            rows.host += _flux.assemble(basis, a=np.einsum("ijc,jcq->icq", sigma, grad_s))
        if region == "host":
            continue
        c, grad_c = gradient(problem.c, x)
        psi, grad_psi = gradient(problem.psi, x)
        D, kappa, t_plus, dU = laws(c, region in problem.other)
        B, eps = cell.efficiency[:, :, cells], cell.porosity[cells][:, None]
        i_e = -np.einsum("ijc,jcq->icq", B, kappa * (grad_psi + (laws(c, False)[3] - dU) * grad_c))
        N = -np.einsum("ijc,jcq->icq", B, D * grad_c) + t_plus * i_e / FARADAY
        rows.salt -= _flux.assemble(basis, a=FARADAY * N - t_ref * i_e)
        rows.charge -= _flux.assemble(basis, a=i_e)
        if problem.tau is not None:
            rows.salt += _density.assemble(basis, a=FARADAY * eps * (c - problem.base(x / SIZE)) / problem.tau)
        if region == "electrode":
            film = cell.film_used.resistance(x.reshape(len(x), -1)).reshape(c.shape)
            i_n = rate(cell.kinetics_used, film, c, phi_s if not medium.equipotential else 0 * c, psi)
            a_s = medium.specific_surface(x.reshape(len(x), -1), region).reshape(c.shape)
            rows.wall += react(basis, i_n, a_s, electrons=True)
    _walls(cell, problem, rows, react)
    return rows


def _walls(cell, problem, rows, react):
    mesh = cell.mesh
    for name in ("host_surface", "counter"):
        facets = np.asarray(mesh.boundaries.get(name, []), dtype=int)
        if len(facets) == 0:
            continue
        basis = FacetBasis(mesh, ELEMENTS[type(mesh)](), facets=facets, intorder=ORDER)
        x = np.asarray(basis.global_coordinates())
        sides = mesh.f2t[:, facets]
        eps = np.max(np.where(sides >= 0, cell.porosity[sides], 0), axis=0)[:, None]
        c, psi, phi_s = (np.broadcast_to(f(x / SIZE), x.shape[1:]) for f in (problem.c, problem.psi, problem.phi_s))
        points = x.reshape(len(x), -1)
        if name == "host_surface":
            film = cell.film_used.resistance(points).reshape(c.shape)
            rows.wall += react(basis, rate(cell.kinetics_used, film, c, phi_s, psi), eps, electrons=True)
        else:
            foil = isinstance(cell.counter, cf.Foil)
            film = cell.counter_film.resistance(points).reshape(c.shape)
            i_n = rate(cell.counter_kinetics, film, c, problem.scalar, psi) if foil else 0 * c + problem.scalar
            react(basis, i_n, eps, electrons=False)
            rows.voltage = problem.scalar if foil else float(np.sum((psi + U(c)) * basis.dx) / basis.dx.sum())


class Sourced:
    """A system with a source: the same balances, less what the exact fields leave in them."""

    def __init__(self, system: System, source: np.ndarray):
        self.system, self.source = system, source

    def __getattr__(self, name):
        return getattr(self.system, name)

    def residual(self, *arguments):
        return self.system.residual(*arguments) - self.source

    def evaluate(self, *arguments):
        R, J = self.system.evaluate(*arguments)
        return R - self.source, J


def solve(cell, problem: Problem) -> dict[str, float]:
    """Errors of the discrete solution at the exact cell voltage: L2 and H1 norms, relative, and the wall's current."""
    system = System.of(cell)
    rows, unknowns = exact_rows(cell, problem), system.unknowns
    ionic = system.ions.pattern.nodes
    source = np.zeros(unknowns.size)
    source[unknowns.psi] = rows.charge[ionic]
    source[unknowns.c[unknowns.c >= 0]] = rows.salt[ionic][unknowns.c >= 0]
    x = cell.mesh.p / SIZE
    phi_s = np.zeros(0)
    if system.electrons is not None:
        nodes = system.electrons.pattern.nodes
        source[unknowns.phi_s[unknowns.phi_s >= 0]] = rows.host[nodes][unknowns.phi_s >= 0]
        phi_s = np.zeros(len(nodes))
    start = unknowns.pack(np.full(len(ionic), C_0), np.zeros(len(ionic)), phi_s, problem.scalar)
    worker, load = Worker(Sourced(system, source)), Load(voltage=rows.voltage)
    if problem.tau is None:
        y = worker.steady(start, load)
    else:
        base = np.broadcast_to(problem.base(x[:, ionic]), len(ionic))
        y = worker.stage(start, load, Storage(base, problem.tau))
    c, psi, phi_s, scalar = unknowns.unpack(y)
    found = {"c": (c, ionic, system.ions.cells, problem.c), "psi": (psi, ionic, system.ions.cells, problem.psi)}
    if system.electrons is not None:
        found["phi_s"] = phi_s, nodes, system.electrons.cells, problem.phi_s
    errors = {}
    for key, (values, nodes, cells, exactly) in found.items():
        errors |= _norms(cell.mesh, key, values, nodes, cells, exactly)
    wall = system.currents(y)[0] @ cell.sites.area
    return errors | {"wall current": abs(wall / rows.wall - 1), "counter": abs(scalar / problem.scalar - 1)}


def _norms(mesh, key, values, nodes, cells, exactly) -> dict[str, float]:
    basis = Basis(mesh, ELEMENTS[type(mesh)](), elements=cells, intorder=ORDER)
    whole = np.zeros(mesh.nvertices)
    whole[nodes] = values
    field = basis.interpolate(whole)
    value, slope = gradient(exactly, np.asarray(basis.global_coordinates()))

    def norm(square):
        return np.sqrt(np.sum(square * basis.dx))

    return {f"{key}, L2": norm((np.asarray(field) - value) ** 2) / norm((value - np.mean(value)) ** 2),
            f"{key}, H1": norm(np.sum((field.grad - slope) ** 2, axis=0)) / norm(np.sum(slope**2, axis=0))}
