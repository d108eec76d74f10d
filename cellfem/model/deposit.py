"""An electrode while metal fills its pores: volume, conduction and reacting area as functions of the plated charge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellfem.model.cell import Cell

FULL = 0.999  # [-] filling at which the pore of an electrode counts as closed
MOST = 0.9995  # [-] filling up to which an electrode conducts and stores salt


def filling(cell: Cell, q: np.ndarray) -> np.ndarray:
    """(..., sites) share of its room that the deposit of a place takes: q V_m/F over `cell.room`, 0 where open.

    The patches of one place in an electrode fill the same pores.
    """
    sites = cell.sites
    thickness = np.maximum(q, 0.0) * cell.metal.thickness_per_charge
    if len(sites.shares) > 1 and "electrode" in sites.kinds:
        shared = np.repeat(sites.places(thickness)[..., None, :], len(sites.shares), axis=-2).reshape(q.shape)
        thickness = np.where(sites.kind == sites.kinds.index("electrode"), shared, thickness)
    return thickness / cell.room


def metal_volume(cell: Cell, q: np.ndarray) -> np.ndarray:
    """(mesh nodes,) volume [m3] of metal in the pores of an electrode whose sites carry the charge q [C/m2]."""
    sites = cell.sites
    own = sites.kind == sites.kinds.index("electrode")
    metal = np.where(own, q * cell.metal.thickness_per_charge * sites.area, 0.0)
    return np.minimum(np.bincount(sites.nodes, metal, cell.mesh.nvertices), MOST * cell.electrode_volume)


@dataclass(frozen=True, eq=False)
class Filled:
    """What the deposit has done to an electrode."""

    taken: np.ndarray  # (mesh nodes,) [m3] of metal in the pores
    efficiency: np.ndarray  # (cells,) B/B_0
    conductivity: np.ndarray  # (cells,) sigma/sigma_0
    surface: np.ndarray  # (sites,) a_s/a_s0

    @staticmethod
    def by(cell: Cell, q: np.ndarray) -> Filled | None:
        """With the charge q [C/m2] (sites,); None without an electrode."""
        if "electrode" not in cell.sites.kinds:
            return None
        mesh, sites, growth = cell.mesh, cell.sites, cell.medium["electrode"].growth
        own = sites.kind == sites.kinds.index("electrode")
        taken, volume = metal_volume(cell, q), cell.electrode_volume
        share = np.divide(taken, volume, out=np.zeros_like(taken), where=volume > 0)
        cells = mesh.subdomains["electrode"]
        mean, eps_0 = share[mesh.t[:, cells]].mean(axis=0), cell.porosity[cells]
        efficiency, conductivity = np.ones(mesh.nelements), np.ones(mesh.nelements)
        efficiency[cells], conductivity[cells] = growth.efficiency(mean), growth.conductivity(mean, eps_0)
        porosity = volume / np.maximum(cell.electrode_space, 1e-300)
        surface = np.where(own, growth.surface(share, porosity)[sites.nodes], 1.0)
        return Filled(taken, efficiency, conductivity, surface)
