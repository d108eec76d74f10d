"""Meshes of other programs with their named groups as regions and surfaces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from skfem import MeshTet1, MeshTri1

from cellfem.errors import GeometryError, did_you_mean, explain
from cellfem.geometry import checks
from cellfem.geometry.layered import name_surfaces
from cellfem.geometry.mesh_files import Raw, read_raw

NEEDED = ("collector", "counter")
SURFACES = (*NEEDED, "host_surface", "mouth", "periodic_x", "periodic_y")
COATING = re.compile(r"coating:[^/\\:]{1,40}")
Names = Mapping[str, str | int | Iterable[str | int]]


def read_mesh(path: str | Path, *, unit: float, regions: Names | None = None, surfaces: Names | None = None,
              ignored: Iterable[str] = ()):
    """A mesh file of another program as a mesh for `Cell`: a plain scikit-fem mesh with regions and surfaces.

    Parameters
    ----------
    path : Gmsh .msh (2.2, 4.0, 4.1), or any format of meshio; straight tetrahedra, or triangles in the plane z = 0
        (their y is then the height)
    unit : [m] length of one unit of the file, e.g. `um`
    regions : region (host, pore, electrolyte, separator, electrode) -> name or names of the file's groups of cells;
        default: groups are called as the regions are.  Where the file has arrays of whole numbers in place of names,
        groups are called "array=number", or by the number alone where one array has it: {"host": 3}
    surfaces : surface (collector, counter, host_surface, mouth, coating:<name>; periodic_x, periodic_y: both sides of a
        cell that repeats there, meshed alike) -> name or names of its groups of facets.  collector and counter are
        needed, and are the lowest and the highest plane where the file has no facets at all; host_surface and mouth,
        where not given, are the facets between host and electrolyte, and the pores' part of the plane at the top of the
        host
    ignored : further groups in the file, which have no meaning here

    Raises ValueError where the file cannot be read; GeometryError for groups in the file that are not mentioned, names
    that the file does not have, cells in no region or in two, negative volumes, and surfaces off the cells' facets.
    """
    path = Path(path)
    where = f"read_mesh: {path.name}"
    _check_arguments(regions, surfaces, ignored, where)
    raw = read_raw(path, where)
    dim = _dimension(raw, where)
    region_of = _mapped(raw, dim, regions, checks.REGIONS, "region", where)
    surface_of = _mapped(raw, dim - 1, surfaces, SURFACES, "surface", where)
    _check_all_mentioned(raw, dim, [region_of, surface_of], list(ignored), where)
    mesh = _mesh(raw, dim, unit, where)
    subdomains = {name: np.unique(np.concatenate([raw.groups[group][dim] for group in groups])).astype(np.int32)
                  for name, groups in region_of.items()}
    mesh = mesh.with_subdomains(subdomains)
    checks.check_regions(mesh)
    checks.check_cells(mesh)
    _check_apart(mesh, where)
    solid = np.zeros(mesh.nelements, dtype=bool)
    solid[subdomains.get("host", [])] = True
    derived = name_surfaces(mesh, solid, floor_plates=False, mouth_at=0.0)
    named = {"host_surface": derived["host_surface"]} if "host_surface" in derived else {}
    mouth = _mouth(mesh, solid)
    named |= {"mouth": mouth} if len(mouth) else {}
    if dim - 1 not in raw.cells:
        named |= {name: derived[name] for name in NEEDED}
    for name, groups in surface_of.items():
        corners = np.concatenate([raw.cells[dim - 1][raw.groups[group][dim - 1]] for group in groups])
        named[name] = _facets(mesh, corners, raw, groups, where)
    mesh._boundaries = {name: np.asarray(facets, dtype=np.int32) for name, facets in named.items()}
    checks.require_names(mesh, boundaries=NEEDED)
    return mesh


def _check_arguments(regions, surfaces, ignored, where: str) -> None:
    for key, value, good, needed in (
            ("regions", regions, regions is None or isinstance(regions, Mapping), 'a mapping is needed, {"host": "name'
             ' in the file"}'),
            ("surfaces", surfaces, surfaces is None or isinstance(surfaces, Mapping), 'a mapping is needed,'
             ' {"collector": "name in the file"}'),
            ("ignored", ignored, not isinstance(ignored, str), "a list of names is needed")):
        if not good:
            raise ValueError(explain(f"{where}: {key}", f"found {value!r}"[:80], needed, "Names of the cell come first,"
                                     " those of the file second."))


def _dimension(raw: Raw, where: str) -> int:
    if 3 in raw.cells:
        return 3
    if 2 not in raw.cells:
        raise GeometryError(explain(where, "found neither tetrahedra nor triangles", "cells that fill a volume, or"
                                    " a plane, are needed", "Mesh the volume in the program that made the file, and"
                                    " save all of it."))
    used = raw.points[np.unique(raw.cells[2])]
    if np.ptp(used[:, 2]) > 1e-9 * np.ptp(used):
        raise GeometryError(explain(where, "found triangles of a curved surface and no tetrahedra", "3-D needs cells"
                                    " that fill the volume", "Mesh the volume (gmsh -3), or give the surface as .stl to"
                                    ' a design of shape = "cad".'))
    return 2


def _mapped(raw: Raw, dim: int, given: Names | None, known: Iterable[str], kind: str,
            where: str) -> dict[str, list[str]]:
    """Our name -> the file's names of groups of cells of the dimension."""
    here = sorted(name for name, by in raw.groups.items() if dim in by)
    if given is None:
        return {name: [name] for name in here if name in known or COATING.fullmatch(name)}
    found = {}
    for name, groups in given.items():
        if name not in known and not (kind == "surface" and COATING.fullmatch(name)):
            raise GeometryError(explain(f"{where}: {kind}s", f'found "{name}"', f"the {kind}s of a cell are "
                                        + ", ".join(known) + (", coating:<name>" if kind == "surface" else ""),
                                        did_you_mean(name, known) + " Names of the cell come first, those of the file"
                                        " second."))
        given_groups = [groups] if isinstance(groups, str | int) else list(groups)
        found[name] = [_of_number(group, here) for group in given_groups]
        for group in found[name]:
            if group not in here:
                raise GeometryError(explain(
                    f"{where}: {kind}s", f'found no group "{group}" of {("", "lines", "triangles", "tetrahedra")[dim]}',
                    f"groups in the file: {', '.join(here) or 'none'}", did_you_mean(group, here) if here else
                    "Name physical groups before saving; Gmsh writes those alone."))
    return found


def _of_number(group: str | int, here: list[str]) -> str:
    """The group that a number alone stands for; the number itself where there is none, or several."""
    if isinstance(group, str):
        return group
    alike = [name for name in here if name == f"group {group}" or name.rpartition("=")[1:] == ("=", str(group))]
    return alike[0] if len(alike) == 1 else str(group)


def _check_all_mentioned(raw: Raw, dim: int, maps: list[dict[str, list[str]]], ignored: list[str], where: str) -> None:
    for name in ignored:
        if name not in raw.groups:
            raise GeometryError(explain(f"{where}: ignored", f'found no group "{name}"', "groups in the file: "
                                        + (", ".join(sorted(raw.groups)) or "none"), did_you_mean(name, raw.groups)
                                        if raw.groups else "Leave it out."))
    if not any(dim in by for by in raw.groups.values()):
        raise GeometryError(explain(where, "found no named groups of cells", "every region needs its name in the file",
                                    "Add physical groups for volumes and surfaces (Gmsh: Physical Volume, Physical"
                                    " Surface) and save again."))
    mentioned = {group for found in maps for groups in found.values() for group in groups} | set(ignored)
    arrays = {name.rpartition("=")[0] for name in mentioned}
    for name, by in raw.groups.items():
        if "=" in name and mentioned and name.rpartition("=")[0] not in arrays:
            continue  # an array of numbers that says something else
        if name not in mentioned and (dim in by or dim - 1 in by):
            kind, known = ("regions", checks.REGIONS) if dim in by else ("surfaces", SURFACES)
            raise GeometryError(explain(f"{where}: {kind}", f'found the group "{name}", which is not mentioned',
                                        "every group of the file must have a meaning or be ignored",
                                        f"{did_you_mean(name, known)} Say {kind}={{...: \"{name}\"}}, or"
                                        f' ignored=["{name}"].'))


def _mesh(raw: Raw, dim: int, unit: float, where: str):
    if isinstance(unit, bool) or not isinstance(unit, int | float | np.floating) or not 0 < unit < np.inf:
        raise ValueError(explain(f"{where}: unit", f"found {unit!r}", "a positive length [m] is needed",
                                 "`um` from cellfem.units where the file is in micrometres."))
    corners = raw.cells[dim]
    nodes, t = np.unique(corners, return_inverse=True)
    t = t.reshape(-1, dim + 1).T
    p = raw.points[nodes, :dim].T * unit
    p[-1] -= p[-1].min()  # z counts from the collector
    if not np.isfinite(p).all():
        raise GeometryError(explain(where, "found coordinates that are not finite", "all must be finite",
                                    "Repair or regenerate the mesh."))
    edges = p[:, t[1:]] - p[:, t[:1]]
    volume = np.linalg.det(np.moveaxis(edges, 2, 0))
    if (volume < 0).all():
        t[:2] = t[1::-1]  # the other convention of order
    elif (volume < 0).any():
        first = int(np.argmax(volume < 0))
        place = checks.near(p[:, t[:, first]].mean(axis=1))
        raise GeometryError(explain(where, f"found {int((volume < 0).sum())} of {volume.size} cells with a negative"
                                    f" volume (the first {place})", "cells must not be turned inside out",
                                    "Optimise or regenerate the mesh; smoothing in the other program may have"
                                    " inverted them."))
    kind = MeshTet1 if dim == 3 else MeshTri1
    return kind(np.ascontiguousarray(p), np.ascontiguousarray(t, dtype=np.int32), sort_t=False)


def _check_apart(mesh, where: str) -> None:
    """Raise GeometryError where several nodes lie at one place: what meets there is not joined."""
    extent = np.ptp(mesh.p, axis=1).max()
    places = np.round(mesh.p / (1e-9 * extent)).astype(np.int64)
    _, first, times = np.unique(places, axis=1, return_index=True, return_counts=True)
    if (times > 1).any():
        spot = checks.near(mesh.p[:, first[np.argmax(times > 1)]])
        raise GeometryError(explain(where, f"found {int((times > 1).sum())} places with several nodes (the first"
                                    f" {spot})", "regions that meet must share their nodes there", "Merge them (Gmsh:"
                                    " Coherence, or BooleanFragments before meshing)."))


def _mouth(mesh, solid: np.ndarray) -> np.ndarray:
    """Facets of electrolyte in the plane of the host's top."""
    if not solid.any():
        return np.zeros(0, dtype=int)
    z = mesh.p[-1, mesh.facets]
    top = mesh.p[-1, mesh.t[:, solid]].max()
    level = (np.abs(z - top) <= 1e-9 * np.ptp(mesh.p)).all(axis=0)
    wet = ~solid[mesh.f2t[0]] | ((mesh.f2t[1] >= 0) & ~solid[mesh.f2t[1]])
    return np.flatnonzero(level & wet)


def _facets(mesh, corners: np.ndarray, raw: Raw, groups: list[str], where: str) -> np.ndarray:
    """The mesh's facets with these corners, in the file's numbers of nodes."""
    nodes = np.unique(raw.cells[mesh.dim()])
    at = np.searchsorted(nodes, corners)
    there = (np.take(nodes, at, mode="clip") == corners).all(axis=1)
    wanted = np.sort(np.where(there[:, None], at, 0), axis=1)
    count = mesh.p.shape[1]
    weights = np.array([count**k for k in range(mesh.dim())], dtype=object if count > 2_000_000 else np.int64)
    codes, seek = (np.sort(mesh.facets, axis=0).T * weights).sum(axis=1), (wanted * weights).sum(axis=1)
    order = np.argsort(codes)
    place = np.minimum(np.searchsorted(codes[order], seek), len(codes) - 1)
    found = order[place]
    good = there & (codes[found] == seek)
    if not good.all():
        raise GeometryError(explain(f"{where}: surfaces", f"found {int((~good).sum())} facets of"
                                    f" {', '.join(groups)} that belong to no cell",
                                    "surfaces are made of the cells' own facets", "Mesh volumes and surfaces together,"
                                    " and save them in one file."))
    return np.unique(found)
