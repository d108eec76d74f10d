"""The mesh of a design whose host is a body: a signed distance under layers."""

from __future__ import annotations

import warnings

import numpy as np

from cellfem.errors import GeometryError, TrustWarning, explain
from cellfem.geometry import checks, solids
from cellfem.geometry.levelset import body_fitted
from cellfem.geometry.measures import volumes
from cellfem.units import um

MOST_CLOSED = 0.01  # [-] of the electrolyte that closed pores may hold
FEW_CLOSED = 1e-4  # [-] of which nothing is said


def mesh_of(design, distance, labels=None, coarsen: float = 1.0, halvings: int = 0):
    """Body-fitted tetrahedra of a design; pores that lead nowhere are left out.

    Raises GeometryError where more than MOST_CLOSED of the electrolyte is closed off, and what `body_fitted` raises;
    messages name the file.  Warns (TrustWarning) of pores that are left out.
    """
    try:
        mesh = body_fitted(distance, design.size, design.cell_size, surface_cell_size=design.surface_cell_size,
                           neck_cell_size=design.neck_cell_size, layers=solids.layers(design)[1:], labels=labels or {},
                           periodic=(design.periodic, design.periodic, False), floor_plates=design.collector_plates,
                           coarsen=coarsen, halvings=halvings)
    except GeometryError as error:
        raise GeometryError(f"{design.file}: {error}") from error
    _check_phases(design, mesh)
    return _without_closed_pores(design, mesh)


def _check_phases(design, mesh) -> None:
    for name, lack in (("host", "no solid"), ("pore", "no pore")):
        if name not in mesh.subdomains:
            raise GeometryError(explain(f"{design.file}: {design.shape}", f"found {lack} on a lattice of cell size"
                                        f" {design.cell_size / um:.4g} um", "the host layer has both",
                                        "Mind the lengths of the body, its place in the box (size_um), and"
                                        " cell_size_um."))


def _without_closed_pores(design, mesh):
    lost = checks.islands(mesh, "electrolyte")
    if not lost:
        return mesh
    volume = volumes(mesh)
    wet = sum(volume[cells].sum() for name, cells in mesh.subdomains.items() if name != "host")
    share = sum(island.volume for island in lost) / wet
    text = explain(f"{design.file}: {design.shape}", f"found {len(lost)} closed pores, {share:.2%} of the electrolyte"
                   f" (the largest {checks.near(lost[0].place)})", f"up to {MOST_CLOSED:.0%} is left out of the mesh",
                   "Open the pores: raise the porosity, or lower surface_cell_size_um where necks are too narrow for"
                   " the lattice.")
    if share > MOST_CLOSED:
        raise GeometryError(text)
    if share > FEW_CLOSED:
        warnings.warn(text, TrustWarning, stacklevel=4)
    drop = np.zeros(mesh.nelements, dtype=bool)
    drop[np.concatenate([island.cells for island in lost])] = True
    return checks.without(mesh, drop)
