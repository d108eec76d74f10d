"""What must hold on a mesh before anything is solved on it; for every mesh with named regions, imported ones too.

Cells are neighbours where they share a facet, or facets that are images of each other in a periodic cell: neither ions
nor electrons pass through an edge or a point.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from skfem import Mesh

from cellfem.errors import GeometryError, did_you_mean, expect, explain
from cellfem.geometry.graph import components
from cellfem.geometry.measures import determinants, volumes
from cellfem.geometry.periodic import pairing_of
from cellfem.units import um

REGIONS = ("host", "pore", "electrolyte", "separator", "electrode")
# what conducts: name in messages -> regions, the surface that every part must reach, what comes from there
CONDUCTORS = {
    "electrolyte": (("pore", "electrolyte", "separator", "electrode"), "counter", "ions"),
    "host": (("host", "electrode"), "collector", "electrons"),
}


@dataclass(frozen=True, eq=False)
class Island:
    """A connected part of a conductor that does not reach its electrode."""

    conductor: str  # "host" or "electrolyte"
    cells: np.ndarray
    volume: float  # [m3] (2-D: m2, 1-D: m)
    place: tuple[float, ...]  # [m] centroid of its largest cell


def need_mesh(where: str, mesh) -> None:
    """Raise ValueError for what is no mesh."""
    expect(isinstance(mesh, Mesh), where, mesh, "a mesh with named regions and surfaces",
           "Mesh a design: cf.Geometry.load(...).mesh().")


def require_names(mesh, *, subdomains: Iterable[str] = (), boundaries: Iterable[str] = ()) -> None:
    """Raise GeometryError unless every name is there and not empty: files lose names silently."""
    for kind, wanted, found in (("region", subdomains, mesh.subdomains), ("surface", boundaries, mesh.boundaries)):
        for name in wanted:
            if not len((found or {}).get(name, ())):
                known = sorted(found or {})
                raise GeometryError(explain(
                    "mesh", f"found no {kind} '{name}'" + ("" if known else f", and no named {kind}s at all"),
                    f"the {kind}s needed are {', '.join(wanted)}",
                    did_you_mean(name, known) if known else "Files often lose names on the way: save them with it."))


def check_regions(mesh) -> None:
    """Raise GeometryError unless every cell belongs to exactly one region with a known name."""
    for name in mesh.subdomains or {}:
        if name not in REGIONS:
            raise GeometryError(explain("mesh", f"found a region '{name}'", "regions are " + ", ".join(REGIONS),
                                        did_you_mean(name, REGIONS)))
    times = np.zeros(mesh.nelements, dtype=int)
    for cells in (mesh.subdomains or {}).values():
        np.add.at(times, cells, 1)
    if (times != 1).any():
        raise GeometryError(explain("mesh", f"found {int((times == 0).sum())} cells in no region and"
                                    f" {int((times > 1).sum())} in several", "every cell is in exactly one of "
                                    + ", ".join(REGIONS), "Mind the names of the regions in the file."))


def check_cells(mesh) -> None:
    """Raise GeometryError for coordinates that are not finite, empty or folded cells, and facets of three cells."""
    if not np.isfinite(mesh.p).all():
        raise GeometryError(explain("mesh", "found coordinates that are not finite", "all must be finite [m]",
                                    "Repair or regenerate the mesh."))
    x = mesh.p[:, mesh.t]
    longest = np.max(x.max(axis=1) - x.min(axis=1), axis=0)
    _refuse(mesh, ~(volumes(mesh) > 1e-12 * longest ** mesh.dim()), "cells without volume", "Remove them.")
    crowded = np.bincount(mesh.t2f.ravel(), minlength=mesh.nfacets) > 2
    _refuse(mesh, crowded[mesh.t2f].any(axis=0), "cells on a facet of three or more cells",
            "Merge cells that lie on each other.")
    inner = np.flatnonzero(mesh.f2t[1] >= 0)
    sides = _side(mesh, inner, 0) * _side(mesh, inner, 1)
    folded = np.zeros(mesh.nelements, dtype=bool)
    folded[mesh.f2t[:, inner[sides >= 0]]] = True
    _refuse(mesh, folded, "inverted cells: they overlap a neighbour", "Smooth or regenerate the mesh.")
    unused = mesh.p.shape[1] - len(np.unique(mesh.t))
    if unused:
        raise GeometryError(explain("mesh", f"found {unused} nodes of no cell", "every node belongs to a cell",
                                    "Call mesh.remove_unused_nodes()."))


def _side(mesh, facets: np.ndarray, which: int) -> np.ndarray:
    """On which side of its facet (sign) the opposite node of cell f2t[which] lies."""
    corners = mesh.facets[:, facets].astype(np.int64)
    opposite = mesh.t[:, mesh.f2t[which, facets]].sum(axis=0, dtype=np.int64) - corners.sum(axis=0)
    edges = mesh.p[:, np.vstack([corners[1:], opposite])] - mesh.p[:, corners[:1]]
    return np.sign(determinants(edges))


def _refuse(mesh, cells: np.ndarray, what: str, do: str) -> None:
    if cells.any():
        first = int(np.argmax(cells))
        raise GeometryError(explain("mesh", f"found {int(cells.sum())} {what} (the first"
                                    f" {near(_centroid(mesh, first))})", "cells must fill the box once", do))


def islands(mesh, conductor: str) -> list[Island]:
    """Parts of the `host` or of the `electrolyte` that do not reach their electrode, largest first."""
    regions, surface, _ = CONDUCTORS[conductor]
    require_names(mesh, boundaries=(surface,))
    conducting = np.flatnonzero(_in(mesh, regions))
    sides = pairing_of(mesh)
    part = components(mesh, conducting, None if sides is None else sides.cells)
    at_surface = np.isin(conducting, mesh.f2t[:, mesh.boundaries[surface]])
    lost = ~np.isin(part, part[at_surface])
    return _grouped(mesh, conductor, conducting[lost], part[lost])


def _grouped(mesh, conductor: str, cells: np.ndarray, part: np.ndarray) -> list[Island]:
    volume = volumes(mesh)
    found = []
    order = np.argsort(part, kind="stable")
    for group in np.split(cells[order], np.flatnonzero(np.diff(part[order])) + 1):
        if group.size:
            place = _centroid(mesh, group[np.argmax(volume[group])])
            found.append(Island(conductor, np.sort(group), float(volume[group].sum()), place))
    return sorted(found, key=lambda island: -island.volume)


def check_percolation(mesh) -> None:
    """Raise GeometryError unless all electrolyte reaches `counter`, and no host touches it."""
    lost = islands(mesh, "electrolyte")
    if lost:
        raise GeometryError(_lost_message(mesh, lost, "Open the pores (wider gaps, or a finer mesh: at least 2 cells"
                                          " are needed across each)"))
    touching = _in(mesh, ("host",))[mesh.f2t[0, mesh.boundaries["counter"]]]
    if touching.any():
        raise GeometryError(explain("host", f"found {int(touching.sum())} of its facets on 'counter'",
                                    "the host must not touch the counter electrode",
                                    "Leave room for a separator or free electrolyte between them."))


def host_connected(mesh) -> None:
    """Raise GeometryError unless all of the host reaches `collector` through shared facets."""
    lost = islands(mesh, "host")
    if lost:
        raise GeometryError(_lost_message(mesh, lost, "Thicken the walls (at least 2 cells are needed across them),"
                                          " join staggered sheets by posts (post_um), take an equipotential host"
                                          " (sigma=inf; on the command line --host graphene)"))


def _lost_message(mesh, lost: list[Island], do: str) -> str:
    conductor = lost[0].conductor
    regions, surface, carried = CONDUCTORS[conductor]
    whole = volumes(mesh)[_in(mesh, regions)].sum()
    parts = f"{len(lost)} connected part" + ("s" if len(lost) > 1 else "")
    verb, them = ("do", "them (largest") if len(lost) > 1 else ("does", "it (it lies")
    return (f"{conductor}: {parts}, {100 * sum(i.volume for i in lost) / whole:.3g} % of its volume, {verb} not touch"
            f" '{surface}', so no {carried} reach {them} {near(lost[0].place)}). {do} or, in a script, call"
            " cf.drop_islands(mesh).")


def drop_islands(mesh):
    """The mesh without host that no electrons reach and electrolyte that no ions reach.

    Surfaces toward dropped cells lose their names: they are inert walls from then on.  Returns `mesh` itself where
    there is nothing to drop; raises GeometryError where nothing would be left of the host or of the electrolyte.
    """
    need_mesh("drop_islands.mesh", mesh)
    drop = np.zeros(mesh.nelements, dtype=bool)
    for conductor, (regions, surface, _) in CONDUCTORS.items():
        present = _in(mesh, regions)
        if present.any():
            for island in islands(mesh, conductor):
                drop[island.cells] = True
            if drop[present].all():
                raise GeometryError(explain(conductor, f"found no part that touches '{surface}'", "some of it must"
                                            " be left", "Join it to that surface, or mind the name of the surface."))
    return without(mesh, drop) if drop.any() else mesh


def without(mesh, drop: np.ndarray):
    """The mesh without the cells `drop` (cells,) [bool]; facets between kept and dropped cells lose their names."""
    keep = np.flatnonzero(~drop)
    nodes, t = np.unique(mesh.t[:, keep], return_inverse=True)
    out = type(mesh)(np.ascontiguousarray(mesh.p[:, nodes]), t.reshape(mesh.t.shape[0], -1).astype(np.int32),
                     sort_t=False)
    at = np.cumsum(~drop) - 1
    out._subdomains = {name: at[cells[~drop[cells]]].astype(np.int32) for name, cells in mesh.subdomains.items()}
    # the facet of the new mesh that belongs to each local facet of a kept cell
    facet_at = np.full(mesh.nfacets, -1)
    facet_at[mesh.t2f[:, keep]] = out.t2f
    gone = drop[mesh.f2t[0]] | ((mesh.f2t[1] >= 0) & drop[mesh.f2t[1]])
    out._boundaries = {name: facet_at[np.asarray(facets)[~gone[facets]]].astype(np.int32)
                       for name, facets in mesh.boundaries.items()}
    out._subdomains = {name: cells for name, cells in out._subdomains.items() if cells.size}
    out._boundaries = {name: facets for name, facets in out._boundaries.items() if facets.size}
    return out


def near(place) -> str:
    """A place [m] in words: 'near x=12, y=3, z=71 um'."""
    names = "xyz" if len(place) == 3 else "xz"[-len(place):]
    return "near " + ", ".join(f"{name}={x / um:.3g}" for name, x in zip(names, place, strict=True)) + " um"


def _in(mesh, regions) -> np.ndarray:
    inside = np.zeros(mesh.nelements, dtype=bool)
    for name in regions:
        inside[(mesh.subdomains or {}).get(name, [])] = True
    return inside


def _centroid(mesh, cell: int) -> tuple[float, ...]:
    return tuple(map(float, mesh.p[:, mesh.t[:, cell]].mean(axis=1)))
