"""A mesh in labelled numbers."""

from __future__ import annotations

import numpy as np

from cellfem.geometry.measures import facet_areas, shapes, volumes
from cellfem.geometry.plan import narrowest_gap
from cellfem.units import mm, um


def summary(mesh, geometry=None, *, coarsen: float = 1.0) -> dict[str, float]:
    """Labelled numbers of a mesh: counts, volumes and areas by name, porosity, specific surface, shapes of cells.

    Volumes and areas of a 2-D mesh are per length of depth, those of a 1-D mesh per area.  Porosity and specific
    surface are those of the host layer (host and pore), the latter with all of `host_surface`.  With the `geometry` and
    the `coarsen` that the mesh was made from, also its narrowest gap and the cells across it.
    """
    d = mesh.dim()
    volume = volumes(mesh)
    regions = {name: volume[cells].sum() for name, cells in (mesh.subdomains or {}).items()}
    surfaces = {name: facet_areas(mesh, facets).sum() for name, facets in (mesh.boundaries or {}).items()}
    power = {1: "um", 2: "um2", 3: "um3"}
    found = {"cells [-]": mesh.nelements, "nodes [-]": mesh.nvertices}
    found |= {f"volume of {name} [{power[d]}]": value / um**d for name, value in regions.items()}
    found |= {f"area of {name} [{power[d - 1] if d > 1 else '-'}]": value / um ** (d - 1)
              for name, value in surfaces.items()}
    layer = regions.get("host", 0.0) + regions.get("pore", 0.0)
    if layer > 0:
        found["porosity of the host layer [-]"] = regions.get("pore", 0.0) / layer
        found["specific surface [1/mm]"] = surfaces.get("host_surface", 0.0) / layer * mm
    if d > 1:
        angle, aspect = shapes(mesh)
        found |= {"least angle [degrees]": angle.min(), "aspect ratio, largest [-]": aspect.max(),
                  "aspect ratio, median [-]": np.median(aspect)}
    if geometry is not None and (gap := narrowest_gap(geometry, coarsen)) is not None:
        found |= {"narrowest gap [um]": gap.length / um, "cells across the narrowest gap [-]": gap.cells}
    return {key: int(value) if key.startswith(("cells", "nodes")) else float(value) for key, value in found.items()}
