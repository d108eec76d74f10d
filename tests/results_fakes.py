"""Small made-up runs with every kind of part, for tests of files and pictures that need no solver."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import skfem

from cellfem.materials import LITHIUM, Electrolyte, Host, Separator
from cellfem.model.counter import UniformFlux
from cellfem.model.medium import Medium
from cellfem.model.sites import Sites
from cellfem.model.solution import Audit, Outcome, Solution, Stats
from cellfem.model.surface import Bare
from cellfem.physics.film import Film

UM = 1e-6


def walls_mesh(dimension):
    """Half a period of sheets along z, separator on top; 1-D: a slab under a separator."""
    z = np.array([0, 20, 40, 60, 80, 100, 112, 125]) * UM
    x, y = np.array([0, 0.5, 4, 10.5]) * UM, np.array([0, 2.5, 5]) * UM
    mesh = {1: lambda: skfem.MeshLine1.init_tensor(z), 2: lambda: skfem.MeshTri1.init_tensor(x, z),
            3: lambda: skfem.MeshTet1.init_tensor(x, y, z)}[dimension]()
    return named(mesh, lambda c: (c[0] < 0.5 * UM) & (c[-1] < 100 * UM) & (dimension > 1))


def baffles_mesh(dimension):
    x, y, z = np.array([0, 10, 20, 30, 40, 50]) * UM, np.array([0, 2.5, 5]) * UM, np.r_[
        np.sort(np.r_[0:100:10, 9:101:10]), 100, 112, 125] * UM
    mesh = skfem.MeshTri1.init_tensor(x, z) if dimension == 2 else skfem.MeshTet1.init_tensor(x, y, z)

    def solid(c):
        sheet, layer = c[-1] % (10 * UM) > 9 * UM, (c[-1] // (10 * UM)) % 2
        return sheet & (c[-1] < 100 * UM) & np.where(layer == 1, c[0] > 10 * UM, c[0] < 40 * UM)

    return named(mesh, solid)


def electrode_mesh(dimension):
    mesh = walls_mesh(dimension)
    z = mesh.p[-1, mesh.t].mean(axis=0)
    mouth = np.flatnonzero(np.isclose(mesh.p[-1, mesh.facets], 100 * UM, rtol=1e-9).all(axis=0))
    boundaries = {name: mesh.boundaries[name] for name in ("collector", "counter")} | {"mouth": mouth}
    regions = {"electrode": np.flatnonzero(z < 100 * UM), "separator": np.flatnonzero(z > 100 * UM)}
    return replace(mesh, _boundaries=boundaries, _subdomains=regions)


def named(mesh, solid):
    centre = mesh.p[:, mesh.t].mean(axis=1)
    host, above = solid(centre), centre[-1] > 100 * UM
    pore = ~host & ~above
    regions = {"host": host, "pore" if host.any() else "electrolyte": pore, "separator": above}
    mesh = mesh.with_subdomains({name: np.flatnonzero(cells) for name, cells in regions.items() if cells.any()})
    inner = mesh.f2t[1] >= 0
    interface = inner & (host[mesh.f2t[0]] != host[mesh.f2t[1]])
    z = mesh.p[-1, mesh.facets]
    floor = (z == 0).all(axis=0) & ~host[mesh.f2t[0]]
    mouth = (z == 100 * UM).all(axis=0) & pore[mesh.f2t[0]] if host.any() else floor
    return mesh.with_boundaries({
        "collector": np.flatnonzero((z == 0).all(axis=0)), "counter": np.flatnonzero((z == z.max()).all(axis=0)),
        "host_surface": np.flatnonzero(interface | floor), "mouth": np.flatnonzero(mouth)})


def surface_sites(mesh):
    facets = mesh.boundaries["host_surface"]
    nodes, index = np.unique(mesh.facets[:, facets], return_inverse=True)
    index = index.reshape(mesh.facets.shape[0], -1).T
    corners = mesh.p[:, mesh.facets[:, facets]]
    if mesh.dim() == 1:
        area = np.ones(len(facets))
    elif mesh.dim() == 2:
        area = np.linalg.norm(corners[:, 1] - corners[:, 0], axis=0)
    else:
        edges = corners[:, 1:] - corners[:, :1]
        area = np.linalg.norm(np.cross(edges[:, 0].T, edges[:, 1].T), axis=1) / 2
    lumped = np.bincount(index.ravel(), np.repeat(area / index.shape[1], index.shape[1]), len(nodes))
    return Sites(nodes=nodes, area=lumped, x=mesh.p[:, nodes], kind=np.zeros(len(nodes), int), kinds=("host_surface",),
                 facets=facets, facet_sites=index, facet_area=area)


def electrode_sites(mesh):
    nodes = np.unique(mesh.t[:, mesh.subdomains["electrode"]])
    none = np.empty((0, mesh.dim()), int)
    return Sites(nodes=nodes, area=np.full(len(nodes), 1e-9), x=mesh.p[:, nodes], kind=np.zeros(len(nodes), int),
                 kinds=("electrode",), facets=np.empty(0, int), facet_sites=none, facet_area=np.empty(0))


def fake_run(mesh, *, symbol="Li", times=(0.0, 900.0, 1800.0), strength=1.0, outcome=None, warnings=()):
    """A Solution with smooth invented fields whose values are known: c falls linearly from 1500 at the top."""
    homogenised = "electrode" in mesh.subdomains
    sites = electrode_sites(mesh) if homogenised else surface_sites(mesh)
    times = np.array(times)
    height = mesh.p[-1].max()
    ramp = (times / max(times[-1], 1.0))[:, None]
    c = 1000 * (1 + strength * ramp * (1.5 * mesh.p[-1] / height - 1))
    wet = np.unique(mesh.t[:, np.concatenate([v for k, v in mesh.subdomains.items() if k != "host"])])
    outside = np.setdiff1d(np.arange(mesh.nvertices), wet)
    c[:, outside] = np.nan
    fields = {"c": c, "phi_e": -0.1 + 1e-4 * c, "psi": 1e-4 * c}
    if homogenised:
        fields["phi_s"] = np.where(mesh.p[-1] > 100 * UM * (1 + 1e-9), np.nan, -1e-3 * mesh.p[-1] / height) + 0 * ramp
    plating = 20 * (0.05 + sites.x[-1] / height) * np.ones_like(ramp)
    at_sites = {"c": c[:, sites.nodes], "plating": plating, "q": plating * times[:, None],
                "eta": -1e-3 * plating, "surface": np.ones_like(plating)}
    cell = SimpleNamespace(
        name="", mesh=mesh, sites=sites, area=52.5e-12, temperature=298.15,
        electrolyte=Electrolyte(name="made-up electrolyte", D=3e-10, kappa=1.0, t_plus=0.4,
                                remarks=("D from a made-up <source>",), source="a made-up <book>"),
        metal=replace(LITHIUM, symbol=symbol, name=symbol, marks=(("kinetics", "illustrative: i_0 = 95 A/m2"),)),
        kinetics=None, kinetics_used=LITHIUM.kinetics, film=None, film_used=Film(R=5e-3), counter=UniformFlux(),
        media=None, substrate=None, blocked=0.0, metal_at_start=np.zeros(len(sites.nodes)),
        medium={"electrode": Medium.of(eps=0.8, tortuosity_factor=1.5, sigma=1.0, a_s=1e5)},
        porosity=np.full(mesh.nelements, 0.8),
        electrode_volume=np.full(mesh.nvertices, 0.8e-12), electrode_space=np.full(mesh.nvertices, 1e-12),
        bare=Bare(np.full(len(sites.nodes), 0.01), np.full(len(sites.nodes), 36.0), 2.5e-3),
        counter_sites=SimpleNamespace(nodes=np.flatnonzero(mesh.p[-1] == height),
                                      area=np.ones(int(np.sum(mesh.p[-1] == height)))),
        room=np.full(len(sites.nodes), 5 * UM), film_resistance=np.full(len(sites.nodes), 5e-3),
        host=Host(name="made-up host", sigma=1e3, rho=2200.0),
        separator=Separator(name="made-up separator", eps=0.5, macmullin=5.0, thickness=25e-6))
    return Solution(
        cell=cell, protocol=(), times=times, step_index=np.zeros(len(times), int), fields=fields,
        surface={key: sites.on_facets(v) for key, v in at_sites.items()} if len(sites.facets) else {}, sites=at_sites,
        current=np.full(len(times), 20.0), voltage=0.1 + 0.02 * ramp[:, 0],
        outcome=outcome or Outcome("finished", f"plated 1 mAh/cm2 in {times[-1]:g} s"),
        stats=Stats(unknowns=1234, time_steps=len(times), newton_steps=9, seconds={"solve": 1.5}, peak_memory=2e8),
        audit=Audit(charge=1e-12, salt=2e-14), warnings=tuple(warnings))


def fake_fluxes(solution, k):
    """Uniform fluxes along z in the electrolyte, NaN elsewhere."""
    mesh = solution.cell.mesh
    wet = np.concatenate([v for name, v in mesh.subdomains.items() if name != "host"])
    dry = np.concatenate([mesh.subdomains.get(name, []) for name in ("host", "electrode")]).astype(int)
    out = {key: np.full((mesh.dim(), mesh.nelements), np.nan) for key in ("i_e", "N_plus", "i_s")}
    for key, value, cells in (("i_e", -20.0, wet), ("N_plus", -2e-4, wet), ("i_s", -20.0, dry)):
        out[key][:, cells] = 0.0
        out[key][-1, cells] = value
    if "host" in mesh.subdomains:  # equipotential
        out["i_s"][:] = np.nan
    return out


def fake_risk(solution):
    sites = solution.cell.sites
    risk = 1.6 * (1 - sites.x[-1] / solution.cell.mesh.p[-1].max())
    with np.errstate(divide="ignore"):
        local_sand = 1800 / risk**2
    return {"risk": risk, "local_sand": local_sand, "regime": np.digitize(risk, [0.5, 1.0]).astype(float)}
