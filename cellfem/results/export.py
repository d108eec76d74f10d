"""Fields for ParaView: one .pvd per run with its time series, in parts that hold their own arrays only."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cellfem.errors import explain, shown
from cellfem.fields import FIELDS, label
from cellfem.model.fluxes import fluxes
from cellfem.model.solution import Solution
from cellfem.results import vtu
from cellfem.results.atomic import check_folder, write_text
from cellfem.results.deposit import directions
from cellfem.results.risk import risk_fields
from cellfem.results.values import (
    ELECTROLYTE_REGIONS,
    HOST_REGIONS,
    cells_of,
    embed,
    node_values,
    place_values,
    site_keys,
)

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Part:
    """A part of the mesh and the functions that give its arrays, (rows,) or (rows, 3), at a time index."""

    name: str
    grid: vtu.Grid
    point_data: Callable[[int], Arrays]
    cell_data: Callable[[int, Arrays], Arrays]  # of the time index and `fluxes` on the whole mesh


def write_solution(solution: Solution, folder: str | Path, name: str | None = None) -> Path:
    """Write `folder/name.pvd` and, in `folder/name/`, one .vtu per part and time; returns the path of the .pvd.

    Parts: `electrolyte` (cells in which ions move; homogenised electrodes among them), `host` (cells in which
    electrons move) and `host_surface` (the active surface, where the mesh resolves it; the quantities of a homogenised
    electrode's surface stand on the nodes of `host`).  Arrays are named by `fields.label`, times are in s, lengths in
    m; z is up.  The .pvd is removed first and written last, each file under a temporary name first: whatever stops the
    writing, a .pvd that is there is complete.

    Raises ValueError for a name that is no file name, for a folder that cannot be written, and for a run without a
    solved moment.
    """
    name = check_name(solution.cell.name or "solution") if name is None else check_name(name)
    if not len(solution.times):
        raise ValueError(explain(f"fields of {name}", f"found none ({solution.outcome.message})",
                                 "a run that was solved for at least one moment is needed",
                                 "Look at solution.outcome before writing."))
    folder = check_folder(folder)
    pieces = folder / name
    pieces.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}.pvd"
    target.unlink(missing_ok=True)
    entries, written = [], set()
    all_parts = parts(solution)
    for k, time in enumerate(solution.times):
        flux = fluxes(solution, k)
        for i, part in enumerate(all_parts):
            path = pieces / f"{part.name}_{k:04d}.vtu"
            write_text(path, part.grid.xml(part.point_data(k), part.cell_data(k, flux)))
            entries.append((float(time), i, part.name, f"{name}/{path.name}"))
            written.add(path)
    write_text(target, vtu.collection(entries))
    for stale in set(pieces.glob("*_[0-9][0-9][0-9][0-9].vtu")) - written:  # of an earlier, longer run
        stale.unlink()
    return target


def check_name(name: str) -> str:
    """The name of a run, if files can be called by it on any system; else raises ValueError."""
    if not (isinstance(name, str) and re.fullmatch(r"[\w+-][\w.+ -]*", name)):
        raise ValueError(explain("name of a run", f"found {shown(name)}",
                                 "letters, digits, '-', '_', '+', '.' and blanks make a file name on every system",
                                 'Rename the run, for instance "vga-Li".'))
    return name


def parts(solution: Solution) -> list[Part]:
    """The parts that the solution's mesh has."""
    mesh, sites = solution.cell.mesh, solution.cell.sites
    risk = risk_fields(solution)

    def of_sites(k: int, subset: np.ndarray) -> Arrays:
        values = {key: place_values(solution, key, k, risk=risk)[subset] for key in site_keys(solution)}
        return {label(key): np.where(subset < 0, np.nan, v) for key, v in values.items()}

    return [part for part in (
        _electrolyte(solution, cells_of(mesh, ELECTROLYTE_REGIONS)),
        _host(solution, cells_of(mesh, HOST_REGIONS), of_sites),
        _surface(mesh, sites, of_sites),
    ) if part is not None]


def _electrolyte(solution: Solution, cells: np.ndarray) -> Part | None:
    if not len(cells):
        return None
    nodes, grid = _volume(solution.cell.mesh, cells)
    return Part(
        "electrolyte", grid,
        lambda k: {label(key): node_values(solution, key, k)[nodes] for key in ("c", "depletion", "phi_e")},
        lambda k, flux: {label(key): embed(flux[key][:, cells]) for key in ("i_e", "N_plus")},
    )


def _host(solution: Solution, cells: np.ndarray, of_sites: Callable[[int, np.ndarray], Arrays]) -> Part | None:
    if not len(cells):
        return None
    nodes, grid = _volume(solution.cell.mesh, cells)
    inside = _sites_on(solution, nodes)

    def point_data(k: int) -> Arrays:
        return {label("phi_s"): node_values(solution, "phi_s", k)[nodes]} | (of_sites(k, inside) if len(inside) else {})

    def cell_data(k: int, flux: Arrays) -> Arrays:
        i_s = flux.get("i_s")  # an equipotential host has no current field of its own
        return {} if i_s is None or not np.isfinite(i_s[:, cells]).all() else {label("i_s"): embed(i_s[:, cells])}

    return Part("host", grid, point_data, cell_data)


def _surface(mesh, sites, of_sites: Callable[[int, np.ndarray], Arrays]) -> Part | None:
    if not len(sites.facets):
        return None
    # A site is a point of its own, so that quantities stay apart where surfaces of two kinds meet at one mesh node.
    used, facets = np.unique(sites.facet_sites, return_inverse=True)
    grid = vtu.grid(embed(sites.x[:, used]), facets.reshape(sites.facet_sites.shape))
    outward = embed(directions(mesh, sites)[:, used])

    def point_data(k: int) -> Arrays:
        """The arrays of the surface, and the way of its points if it moved with the deposit."""
        values = of_sites(k, used)
        grown = values[label("thickness")] * FIELDS["thickness"].shown
        return values | {label("growth"): outward * grown[:, None]}

    return Part("host_surface", grid, point_data, lambda k, flux: {})


def _volume(mesh, cells: np.ndarray) -> tuple[np.ndarray, vtu.Grid]:
    nodes, local = np.unique(mesh.t[:, cells], return_inverse=True)
    return nodes, vtu.grid(embed(mesh.p[:, nodes]), local.reshape(mesh.t.shape[0], -1).T)


def _sites_on(solution: Solution, nodes: np.ndarray) -> np.ndarray:
    """The place of each of `nodes` where a homogenised electrode reacts all over (-1: none); empty if resolved."""
    sites = solution.cell.sites
    if "electrode" not in sites.kinds:
        return np.empty(0, dtype=int)
    places = len(sites.nodes) // len(sites.shares)
    electrode = np.flatnonzero(sites.kind[:places] == sites.kinds.index("electrode"))
    site_of = np.full(solution.cell.mesh.nvertices, -1)
    site_of[sites.nodes[electrode]] = electrode
    return site_of[nodes]
