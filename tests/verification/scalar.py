"""The steady closed cell as one scalar problem: N- = 0, psi = G(c) + constant, div(B grad w) = -a i_n/F.

Assembled with scikit-fem's own forms and solved by Newton's method, it shares the pointwise laws and the reaction sites
with the coupled solve, and none of its balances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as spla
from skfem import Basis, BilinearForm, LinearForm
from skfem.helpers import dot, grad, mul

from cellfem.numerics.operators import ELEMENTS
from cellfem.physics.film import current as film_current
from cellfem.units import FARADAY

STEP = 1e-30


@dataclass(frozen=True)
class Scalar:
    """What the scalar problem says."""

    c: np.ndarray  # (nodes of the electrolyte,) [mol/m3]
    nodes: np.ndarray
    plating: np.ndarray  # (sites,) [A/m2]
    voltage: float  # [V]


def solve(cell, current: float) -> Scalar:
    """The steady state at a superficial current density [A/m2]; the current is raised in four steps."""
    K, volume, nodes = _assemble(cell)
    transport, T = cell.transport, cell.temperature
    host, counter = np.searchsorted(nodes, cell.sites.nodes), np.searchsorted(nodes, cell.counter_sites.nodes)
    n = len(nodes)
    film = cell.film_used.resistance(cell.sites.x), cell.counter_film.resistance(cell.counter_sites.x)

    def currents(w, level, V):
        """i_n at the sites of the host and of the counter electrode for w there, psi = G(c) + level, and V."""
        c = transport.c_of_w(w)
        psi, U = transport.G(c) + level, transport.U(c)
        k = len(host)
        on_host = film_current(cell.kinetics_used, c[:k], -psi[:k] - U[:k], U[:k], film[0], T)
        return np.concatenate([on_host, film_current(cell.counter_kinetics, c[k:], V - psi[k:] - U[k:], U[k:], film[1],
                                                     T)])

    sites = np.concatenate([host, counter])
    area = np.concatenate([cell.sites.area, cell.counter_sites.area])
    at_counter = np.arange(len(sites)) >= len(host)
    w, level, V = np.full(n, transport.w(transport.c_0)), 0.0, 0.0
    scale = cell.electrolyte.c_0 * volume.sum()
    for share in (0.05, 0.2, 0.5, 1.0):
        for _ in range(60):
            i = currents(w[sites], level, V)
            by_w = currents(w[sites] + STEP * 1j, level, V).imag / STEP
            by_level = currents(w[sites], level + STEP * 1j, V).imag / STEP
            by_V = currents(w[sites], level, V + STEP * 1j).imag / STEP
            c = transport.c_of_w(w + STEP * 1j * w)
            residual = np.concatenate([K @ w - np.bincount(sites, i * area, n) / FARADAY,
                                       [c.real @ volume / scale - 1, (i * area)[at_counter].sum()
                                        - share * current * cell.area]])
            block = spla.splu((K - sp.diags(np.bincount(sites, by_w * area, n) / FARADAY)).tocsc())
            columns = np.array([np.bincount(sites, by * area, n) / FARADAY for by in (by_level, by_V)]).T
            rows = np.zeros((2, n + 2))
            rows[0, :n] = c.imag / STEP / w * volume / scale
            rows[1, :n] = np.bincount(sites[at_counter], (by_w * area)[at_counter], n)
            rows[1, n:] = (by_level * area)[at_counter].sum(), (by_V * area)[at_counter].sum()
            bordered = block.solve(np.column_stack([-residual[:n], columns]))  # the last two unknowns eliminated
            last = np.linalg.solve(rows[:, :n] @ bordered[:, 1:] + rows[:, n:],
                                   -residual[n:] - rows[:, :n] @ bordered[:, 0])
            step = np.concatenate([bordered[:, 0] + bordered[:, 1:] @ last, last])
            length = min(1.0, 0.2 / max(np.max(np.abs(step[n:])), 1e-300))  # potentials move by 0.2 V at most
            length *= min(1.0, 0.5 / max(np.max(-step[:n] / w), 1e-300)) if np.any(step[:n] < 0) else 1.0
            w, level, V = w + length * step[:n], level + length * step[n], V + length * step[n + 1]
            if length == 1 and np.max(np.abs(step[:n]) / w.max()) < 1e-11 and np.max(np.abs(step[n:])) < 1e-12:
                break
        else:
            raise RuntimeError("the scalar problem does not converge")
    return Scalar(transport.c_of_w(w), nodes, -currents(w[sites], level, V)[: len(host)], V)


def _assemble(cell):
    """int B grad u . grad v, int eps v and the nodes of the electrolyte."""
    mesh, ionic = cell.mesh, np.flatnonzero(cell.porosity > 0)
    basis = Basis(mesh, ELEMENTS[type(mesh)](), elements=ionic, intorder=1)

    @BilinearForm
    def stiffness(u, v, w):
        return dot(mul(w.B, grad(u)), grad(v))

    @LinearForm
    def content(v, w):
        return w.eps * v

    points = basis.dx.shape[1]
    B = np.repeat(cell.efficiency[:, :, ionic, None], points, axis=3)
    eps = np.repeat(cell.porosity[ionic, None], points, axis=1)
    nodes = np.unique(mesh.t[:, ionic])
    K = stiffness.assemble(basis, B=B)[nodes][:, nodes].tocsr()
    return K, content.assemble(basis, eps=eps)[nodes], nodes
