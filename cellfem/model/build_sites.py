"""From a mesh with named regions and surfaces to reaction sites."""

from __future__ import annotations

import numpy as np

from cellfem.errors import GeometryError, explain
from cellfem.geometry.levelset_facets import COATING
from cellfem.model.medium import CONDUCTS_IONS
from cellfem.model.sites import Sites
from cellfem.numerics.operators import cell_basis, facet_basis, lumped_weights


def active_sites(mesh, porosity: np.ndarray, a_s: np.ndarray, bare=None) -> Sites:
    """Sites of the working electrode: facets of `host_surface`, and the cells of `electrode` with weight a_s.

    `porosity`, `a_s` are per mesh cell; `bare` (facets,) -> the share of the surface that no coating blocks.  Facets
    toward a separator count with its porosity.
    """
    facets = np.asarray(mesh.boundaries.get("host_surface", np.zeros(0, dtype=int)))
    there = len(facets) > 0 or "electrode" in mesh.subdomains
    if bare is not None:
        facets = facets[bare(facets) > 0]
    surface = _facet_sites(mesh, _kinds(mesh, facets), porosity, bare)
    cells = mesh.subdomains.get("electrode", np.zeros(0, dtype=int))
    cells = cells[a_s[cells] > 0]
    if len(cells) == 0:
        if len(surface.nodes) == 0 and there:
            raise GeometryError(explain("cell", "found no reaction site: all of the host's surface is under an"
                                        " insulating coating, or its a_s is 0", "some surface on which metal plates is"
                                        " needed", "Lower `blocked`, give the coating (alumina, say) to one of the"
                                        " surfaces only, or a Medium with a_s > 0."))
        if len(surface.nodes) == 0:
            raise GeometryError(explain("cell", "found no reaction site", "a `host_surface` or an `electrode` with"
                                        " a_s > 0 is needed", "Name the active surface or give media['electrode']."))
        return surface
    weights = lumped_weights(cell_basis(mesh, cells, lumped=True), a_s[cells])
    nodes = np.unique(mesh.t[:, cells])
    kinds = (*surface.kinds, "electrode")
    return Sites(np.concatenate([surface.nodes, nodes]), np.concatenate([surface.area, weights[nodes]]),
                 np.hstack([surface.x, mesh.p[:, nodes]]),
                 np.concatenate([surface.kind, np.full(len(nodes), len(kinds) - 1)]), kinds,
                 surface.facets, surface.facet_sites, surface.facet_area)


def _kinds(mesh, facets: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """The facets of the active surface by kind: named coatings, the floor, and the rest of the host's surface."""
    parts, left = [], facets
    for name in (*(n for n in mesh.boundaries if n.startswith(COATING)), "collector"):
        own = np.isin(left, mesh.boundaries[name])
        parts.append((name, left[own]))
        left = left[~own]
    return [(kind, own) for kind, own in (("host_surface", left), *parts[::-1]) if len(own)]


def counter_sites(mesh, porosity: np.ndarray) -> Sites:
    """Sites of the counter electrode."""
    return _facet_sites(mesh, [("counter", np.asarray(mesh.boundaries["counter"]))], porosity)


def _facet_sites(mesh, parts, porosity: np.ndarray, bare=None) -> Sites:
    dim = mesh.dim()
    nodes, area, kind, facet_sites, facet_area = [], [], [], [], []
    offset = 0
    for k, (name, facets) in enumerate(parts):
        basis = facet_basis(mesh, facets)
        weight = _adjoining_porosity(mesh, facets, porosity, name)
        if bare is not None:
            weight = weight * bare(facets)
        own = np.unique(mesh.facets[:, facets])
        local = np.zeros(mesh.nvertices, dtype=np.int64)
        local[own] = np.arange(len(own))
        nodes.append(own)
        area.append(lumped_weights(basis, weight)[own])
        kind.append(np.full(len(own), k))
        facet_sites.append(local[mesh.facets[:, facets]].T.reshape(len(facets), dim) + offset)
        facet_area.append(basis.dx.sum(axis=1) * weight)
        offset += len(own)
    if not parts:
        none = np.zeros(0, dtype=int)
        return Sites(none, np.zeros(0), np.zeros((dim, 0)), none, (), none, np.zeros((0, dim), dtype=int), np.zeros(0))
    all_nodes = np.concatenate(nodes)
    return Sites(all_nodes, np.concatenate(area), mesh.p[:, all_nodes], np.concatenate(kind),
                 tuple(name for name, _ in parts), np.concatenate([f for _, f in parts]), np.vstack(facet_sites),
                 np.concatenate(facet_area))


def _adjoining_porosity(mesh, facets: np.ndarray, porosity: np.ndarray, name: str) -> np.ndarray:
    """Porosity of the ion-conducting cell beside each facet (0 marks cells without ions)."""
    sides = mesh.f2t[:, facets]
    eps = np.where(sides >= 0, porosity[sides], 0.0)
    wet = eps > 0
    if not np.all(wet.any(axis=0)) or np.any(wet.all(axis=0)):
        raise GeometryError(explain(name, f"{int(np.sum(wet.sum(axis=0) != 1))} of its {len(facets)} facets do not"
                                    " have the electrolyte on exactly one side",
                                    f"one of the regions {', '.join(CONDUCTS_IONS)} adjoins each facet on one side",
                                    "Check the names of regions and surfaces."))
    return eps.max(axis=0)
