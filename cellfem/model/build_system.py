"""What a system is compiled from: electronic operators, groups of cells by electrolyte, and places in the tangent."""

from __future__ import annotations

import numpy as np

from cellfem.model.cell import Cell
from cellfem.numerics.operators import CellOperators


def electrons_of(cell: Cell) -> CellOperators | None:
    """Operators where phi_s is solved, with sigma as the tensor of the diffusion form."""
    names = [name for name in ("host", "electrode") if name in cell.medium and not cell.medium[name].equipotential]
    if not names:
        return None
    cells = np.concatenate([cell.mesh.subdomains[name] for name in names])
    sigma = np.concatenate([cell.medium[name].conductivity(cell.centroids[:, cell.mesh.subdomains[name]], name)
                            for name in names], axis=2)
    order = np.argsort(cells)
    return CellOperators.compile(cell.mesh, cells[order], sigma[:, :, order], with_drift=False, images=cell.images)


def electrolyte_groups(cell: Cell, cells: np.ndarray) -> tuple:
    """Cells by electrolyte: the bulk's first."""
    own = {name: medium.electrolyte for name, medium in cell.medium.items() if medium.electrolyte is not None}
    region = np.zeros(cell.mesh.nelements, dtype=int)
    for k, name in enumerate(own, start=1):
        region[cell.mesh.subdomains[name]] = k
    region = region[cells]
    groups = [(cell.transport, np.flatnonzero(region == 0))]
    groups += [(electrolyte.at(cell.temperature), np.flatnonzero(region == k))
               for k, electrolyte in enumerate(own.values(), start=1)]
    return tuple((transport, at) for transport, at in groups if len(at))


def tangent_pairs(ions, electrons, unknowns, site_ionic, site_host, counter_ionic):
    """(rows, cols) of the values that `System.evaluate` lists, in its order."""
    c, psi, s = unknowns.c, unknowns.psi, unknowns.phi_s
    r, k = ions.pattern.rows, ions.pattern.cols
    pairs = [(c[r], c[k]), (c[r], psi[k]), (psi[r], c[k]), (psi[r], psi[k])]
    if electrons is not None:
        pairs.append((s[electrons.pattern.rows], s[electrons.pattern.cols]))
    at_c, at_psi = c[site_ionic], psi[site_ionic]
    at_s = np.where(site_host >= 0, s[site_host] if len(s) else -1, -1)
    pairs += [(row, col) for row in (at_c, at_psi, at_s) for col in (at_c, at_psi, at_s)]
    at_c, at_psi = c[counter_ionic], psi[counter_ionic]
    at_v = np.full(len(counter_ionic), unknowns.scalar)
    pairs += [(row, col) for row in (at_c, at_psi, at_v) for col in (at_c, at_psi, at_v)]
    pairs.append((c, c))
    return np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs])
