"""A mesh in labelled numbers."""

from __future__ import annotations

import numpy as np

from cellfem.geometry.bodies import body_of, image_of
from cellfem.geometry.gradients import GRADED
from cellfem.geometry.images import percolation
from cellfem.geometry.levelset_measure import measure
from cellfem.geometry.measures import facet_areas, shapes, volumes
from cellfem.geometry.plan import narrowest_gap
from cellfem.units import mm, um


def summary(mesh, geometry=None, *, coarsen: float = 1.0) -> dict[str, float]:
    """Labelled numbers of a mesh: counts, volumes and areas by name, porosity, specific surface, shapes of cells.

    Volumes and areas of a 2-D mesh are per length of depth, those of a 1-D mesh per area.  Porosity and specific
    surface are those of the host layer (host and pore), the latter with all of `host_surface`.  With the `geometry` and
    the `coarsen` that the mesh was made from, also its narrowest gap and the cells across it; of a body its own volume
    and area, from its signed distance, and how far the mesh's are from them; of an image which shares of pores and of
    solid go through it.
    """
    d = mesh.dim()
    volume = volumes(mesh)
    regions = {name: volume[cells].sum() for name, cells in (mesh.subdomains or {}).items()}
    surfaces = {name: facet_areas(mesh, facets).sum() for name, facets in (mesh.boundaries or {}).items()
                if not name.startswith(GRADED)}
    power = {1: "um", 2: "um2", 3: "um3"}
    found = {"cells [-]": mesh.nelements, "nodes [-]": mesh.nvertices}
    found |= {f"volume of {name} [{power[d]}]": value / um**d for name, value in regions.items()}
    found |= {f"area of {name} [{power[d - 1] if d > 1 else '-'}]": value / um ** (d - 1)
              for name, value in surfaces.items()}
    layer = regions.get("host", 0.0) + regions.get("pore", 0.0)
    if layer > 0:
        found["porosity of the host layer [-]"] = regions.get("pore", 0.0) / layer
        found["specific surface, geometric [1/mm]"] = surfaces.get("host_surface", 0.0) / layer * mm
    if d > 1:
        angle, aspect = shapes(mesh)
        found |= {"least angle [degrees]": angle.min(), "aspect ratio, largest [-]": aspect.max(),
                  "aspect ratio, median [-]": np.median(aspect)}
    if geometry is not None and geometry.body is not None and "host" in regions:
        found |= _against_body(mesh, geometry, regions["host"])
        if (image := image_of(geometry)) is not None:
            found |= {f"of the image: {key}": value for key, value in percolation(image).items()}
    if geometry is not None and (gap := narrowest_gap(geometry, coarsen)) is not None:
        found |= {"narrowest gap [um]": gap.length / um, "cells across the narrowest gap [-]": gap.cells}
    return {key: int(value) if key.startswith(("cells", "nodes")) else float(value) for key, value in found.items()}


def _against_body(mesh, geometry, host: float) -> dict[str, float]:
    """The body's own volume and curved area, and the mesh's deviations; the host's top and floor are no such area."""
    volume, area = measure(body_of(geometry), geometry.size)
    surface = mesh.boundaries.get("host_surface", np.zeros(0, dtype=int))
    z = mesh.p[-1][mesh.facets[:, surface]]
    curved = ~((z == 0).all(axis=0) | (z == geometry.size[-1]).all(axis=0))
    meshed = facet_areas(mesh, surface[curved]).sum()
    return {"volume of the body [um3]": volume / um**3, "area of the body [um2]": area / um**2,
            "volume of host against the body [%]": 100 * (host / volume - 1),
            "area of host against the body [%]": 100 * (meshed / area - 1)}
