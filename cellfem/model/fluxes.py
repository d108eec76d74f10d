"""Fluxes of a solved moment, per cell at centroids."""

from __future__ import annotations

import numpy as np

from cellfem.model.solution import Solution
from cellfem.units import FARADAY


def fluxes(solution: Solution, k: int = -1) -> dict[str, np.ndarray]:
    """i_e [A/m2], N_plus [mol/m2/s] and i_s [A/m2] of shape (dimension, cells); NaN where a field does not live.

    i_e = -B kappa [grad psi + (U' - U_r') grad c] and N+ = -B D grad c + t+ i_e/F, with U_r of the region's own
    electrolyte.
    """
    cell, mesh = solution.cell, solution.cell.mesh
    d = mesh.dim()
    out = {key: np.full((d, mesh.nelements), np.nan) for key in ("i_e", "N_plus", "i_s")}
    c, psi, phi_s = (solution.fields[key][k] for key in ("c", "psi", "phi_s"))
    bulk = cell.transport
    for name, medium in cell.medium.items():
        cells = mesh.subdomains[name]
        if len(cells) == 0:
            continue
        if cell.porosity[cells].max() > 0:
            laws = bulk if medium.electrolyte is None else medium.electrolyte.at(cell.temperature)
            B, c_mid = cell.efficiency[:, :, cells], c[mesh.t[:, cells]].mean(axis=0)
            grad_c, grad_psi = _gradient(mesh, cells, c), _gradient(mesh, cells, psi)
            force = grad_psi if laws is bulk else grad_psi + (bulk.dU(c_mid) - laws.dU(c_mid)) * grad_c
            i_e = -np.einsum("ijk,jk->ik", B, laws.kappa(c_mid) * force)
            out["i_e"][:, cells] = i_e
            out["N_plus"][:, cells] = -np.einsum("ijk,jk->ik", B, laws.D(c_mid) * grad_c) \
                + laws.t_plus(c_mid) * i_e / FARADAY
        if name in ("host", "electrode") and not medium.equipotential:
            sigma = medium.conductivity(cell.centroids[:, cells], name)
            out["i_s"][:, cells] = -np.einsum("ijk,jk->ik", sigma, _gradient(mesh, cells, phi_s))
    return out


def _gradient(mesh, cells: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(d, cells) gradient of nodal values, from differences along the edges of each simplex at its first corner."""
    corners = mesh.t[:, cells]
    edges = (mesh.p[:, corners[1:]] - mesh.p[:, corners[:1]]).transpose(2, 1, 0)  # (cells, d edges, d)
    rises = (values[corners[1:]] - values[corners[0]]).T[..., None]
    return np.linalg.solve(edges, rises)[..., 0].T
