"""The mesh of a design whose host is a body: a signed distance under layers."""

from __future__ import annotations

import warnings

import numpy as np

from cellfem.errors import GeometryError, TrustWarning, explain
from cellfem.geometry import checks, solids
from cellfem.geometry.levelset import body_fitted
from cellfem.geometry.levelset_facets import COATING
from cellfem.geometry.measures import volumes
from cellfem.units import um

MOST_CLOSED = 0.01  # [-] of the electrolyte that closed pores may hold
FEW_CLOSED = 1e-4  # [-] of which nothing is said
SIDE_PLACES = 4000  # on each side of a periodic cell, at which the body is compared with its image
UNLIKE = 0.05  # [-] of the cells at the surface: by how much its distance may differ there
POROSITY = "raise {shape}.porosity"
OPEN = {"sheets": "tilt the sheets further (sheets.tilt_degrees) so that gaps lead up, or set periodic = true with"
        " pitch and tilt that fit the box: then tilted gaps go on through the sides",
        "image": "set image.fill_closed_pores = true", "cad": "give the solid openings",
        "particles": "widen particles.window_um, or set more windows",
        "combination": "mind how its parts close gaps together"}
FIT = {"sheets": "pitch_um over the sine of the tilt has to fit a whole number of times into size_um along"
       " direction_degrees, waves likewise", "minimal_surface": "size_um has to be a whole number of period_um",
       "spheres": "size_um has to be a whole number of period_um, and spheres across a side need their image",
       "image": "images are cut anywhere", "cad": "drawn parts end anywhere"}


def mesh_of(design, distance, labels=None, coarsen: float = 1.0, halvings: int = 0):
    """Body-fitted tetrahedra of a design; pores that lead nowhere are left out.

    Raises GeometryError where more than MOST_CLOSED of the electrolyte is closed off, and what `body_fitted` raises;
    messages name the file.  Warns (TrustWarning) of pores that are left out.
    """
    if design.periodic:
        check_repeats(design, distance)
    try:
        mesh = body_fitted(distance, design.size, design.cell_size, surface_cell_size=design.surface_cell_size,
                           neck_cell_size=design.neck_cell_size, layers=solids.layers(design)[1:], labels=labels or {},
                           periodic=(design.periodic, design.periodic, False), floor_plates=design.collector_plates,
                           coarsen=coarsen, halvings=halvings)
    except GeometryError as error:
        raise GeometryError(f"{design.file}: {error}") from error
    _check_phases(design, mesh)
    mesh = _without_closed_pores(design, mesh)
    _check_coatings(design, mesh)
    return mesh


def check_repeats(design, distance) -> None:
    """Raise GeometryError unless the body's surface goes on from each side along x and y to the opposite one."""
    scale = design.surface_cell_size or design.cell_size
    rng = np.random.default_rng(0)
    for axis in (0, 1):
        low = rng.uniform(0, 1, (3, SIDE_PLACES)) * np.array(design.size)[:, None]
        high = low.copy()
        low[axis], high[axis] = 0.0, design.size[axis]
        one, two = distance(low), distance(high)
        apart = np.where(np.minimum(np.abs(one), np.abs(two)) < scale, np.abs(one - two), 0.0)
        worst = int(np.argmax(apart))
        if apart[worst] > UNLIKE * scale:
            raise GeometryError(explain(f"{design.file}: periodic", f"found a body that does not repeat along"
                                        f" {'xy'[axis]}: its surface is {apart[worst] / um:.3g} um off on the opposite"
                                        f" side ({checks.near(low[:, worst])})", "both sides have to be alike",
                                        f"Leave periodic out (then sides are mirrors), or mind that"
                                        f" {FIT.get(design.shape, 'the body has to have the periods size_um')}."))


def _check_phases(design, mesh) -> None:
    for name, lack in (("host", "no solid"), ("pore", "no pore")):
        if name not in mesh.subdomains:
            raise GeometryError(explain(f"{design.file}: {design.shape}", f"found {lack} on a lattice of cell size"
                                        f" {design.cell_size / um:.4g} um", "the host layer has both",
                                        "Mind the lengths of the body, its place in the box (size_um), and"
                                        " cell_size_um; a script's function takes and gives metres, not um."))


def _check_coatings(design, mesh) -> None:
    """Raise GeometryError where coatings of unlike properties share facets; warn of those that cover none."""
    facets = {coating.name: mesh.boundaries.get(COATING + coating.name, ()) for coating in design.coatings}
    for coating in design.coatings:
        where = f"{design.file}: coatings.{coating.name}"
        if not len(facets[coating.name]):
            warnings.warn(explain(where, "found nothing that it covers", "some of the host's surface is meant", "Mind"
                                  " depth_um and box_um, or cells as small as what is coated."), TrustWarning,
                          stacklevel=4)
        for other in design.coatings:
            shared = np.intersect1d(facets[coating.name], facets[other.name])
            if coating.properties != other.properties and len(shared):
                raise GeometryError(explain(where, f"found {len(shared) / len(facets[coating.name]):.0%} of it under"
                                            f" coatings.{other.name}, too", "a place has one film and one substrate",
                                            "Change where they are, or give both the same properties."))


def _without_closed_pores(design, mesh):
    lost = checks.islands(mesh, "electrolyte")
    if not lost:
        return mesh
    volume = volumes(mesh)
    wet = sum(volume[cells].sum() for name, cells in mesh.subdomains.items() if name != "host")
    share = sum(island.volume for island in lost) / wet
    text = explain(f"{design.file}: {design.shape}", f"found {len(lost)} closed pores, {share:.2%} of the electrolyte"
                   f" (the largest {checks.near(lost[0].place)})", f"up to {MOST_CLOSED:.0%} is left out of the mesh",
                   f"Open the pores: {OPEN.get(design.shape, POROSITY.format(shape=design.shape))}, or lower"
                   " surface_cell_size_um where necks are too narrow for the lattice.")
    if share > MOST_CLOSED:
        raise GeometryError(text)
    if share > FEW_CLOSED:
        warnings.warn(text, TrustWarning, stacklevel=4)
    drop = np.zeros(mesh.nelements, dtype=bool)
    drop[np.concatenate([island.cells for island in lost])] = True
    return checks.without(mesh, drop)
