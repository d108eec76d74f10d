"""An electrode while metal fills its pores: volume, conduction and reacting area as functions of the plated charge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellfem.geometry.measures import volumes
from cellfem.model.cell import Cell

FULL = 0.999  # [-] filling up to which the pores of an electrode are computed; when they close follows from there
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


def host_pore_volume(cell: Cell) -> float:
    """Electrolyte volume within the host [m3]."""
    mesh = cell.mesh
    cells = [mesh.subdomains[name] for name in ("pore", "electrode") if name in mesh.subdomains]
    cells = np.concatenate(cells) if cells else np.zeros(0, dtype=int)
    return float(volumes(mesh)[cells] @ cell.porosity[cells])


def within_host(cell: Cell) -> np.ndarray:
    """(sites,) area [m2] of a site that faces the host's pores: not that of its mouth, where metal grows outward."""
    sites, mesh = cell.sites, cell.mesh
    area = np.where(_in_electrode(cell), sites.area, 0.0)
    if len(sites.facets) and "pore" in mesh.subdomains:
        facing = np.isin(mesh.f2t[:, sites.facets], mesh.subdomains["pore"]).any(axis=0)
        whole, own = (np.bincount(sites.facet_sites.ravel(), np.repeat(sites.facet_area * part, mesh.dim()),
                                  len(area) // len(sites.shares)) for part in (1.0, facing))
        share = np.divide(own, whole, out=np.zeros_like(own), where=whole > 0)
        area = area + np.tile(share, len(sites.shares)) * np.where(_in_electrode(cell), 0.0, sites.area)
    return area


def _in_electrode(cell: Cell) -> np.ndarray:
    kinds = cell.sites.kinds
    return cell.sites.kind == (kinds.index("electrode") if "electrode" in kinds else -1)


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
