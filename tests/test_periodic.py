"""Cells that repeat at their sides: a structure cut at another place is the same structure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import cellfem as cf
from cellfem.geometry import periodic
from cellfem.geometry.layered import cut, name_surfaces
from cellfem.materials import CARBON, CELGARD_2500, LIPF6_EC_DMC, LITHIUM
from cellfem.units import cm, hour, mA, mAh, um

WIDTH, HEIGHT, SEPARATOR = 24, 20, 5  # cells of 1 um
PLATING = cf.Galvanostatic(current=20 * mA / cm**2, capacity=0.01 * mAh / cm**2)
CARBON_FOIL = replace(CARBON, sigma=np.inf)
DROP = "concentration drop across host [%]"
RIBS = replace(CARBON, sigma=0.5)  # [S/m] about that of the electrolyte: the host's potential counts


def slanted(shift=1, sides=True):
    """Slanted ribs that stand on the collector and lean across the sides of the cell, cut `shift` columns further.

    Ribs end at even columns: with an odd shift none of their surface lies on the sides.
    """
    column, row = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT), indexing="ij")
    solid = ((column // 2 * 2 + row // 2 * 2) % WIDTH < 6) & (row < 16)
    solid = np.roll(solid, shift, axis=0)
    mesh = cut([np.arange(WIDTH + 1) * um, np.arange(HEIGHT + SEPARATOR + 1) * um])
    at = mesh.p[:, mesh.t].mean(axis=1) / um
    above = at[1] > HEIGHT
    host = ~above & solid[np.floor(at[0]).astype(int), np.minimum(np.floor(at[1]).astype(int), HEIGHT - 1)]
    regions = {"host": host, "pore": ~host & ~above, "separator": above}
    mesh._subdomains = {name: np.flatnonzero(cells).astype(np.int32) for name, cells in regions.items()}
    mesh._boundaries = name_surfaces(mesh, host, floor_plates=True, mouth_at=HEIGHT * um)
    if sides:
        mesh._boundaries |= periodic.name_sides(mesh, (True, False))
    return mesh


def cell(mesh, host=RIBS):
    return cf.Cell(mesh, metal=LITHIUM, electrolyte=LIPF6_EC_DMC, host=host, separator=CELGARD_2500)


def columns(mesh, values, shift):
    """Nodal values by column, rolled back by `shift` columns; the last column repeats the first."""
    grid = np.full((WIDTH + 1, HEIGHT + SEPARATOR + 1), np.nan)
    x, z = np.rint(mesh.p / um).astype(int)
    grid[x, z] = values
    assert np.array_equal(grid[0], grid[-1], equal_nan=True), "both sides are one"
    return np.roll(grid[:-1], -shift, axis=0)


@pytest.mark.parametrize("shift", [9, 17])
def test_runs_do_not_depend_on_where_the_cell_is_cut(shift):
    here, there = (cf.solve(cell(slanted(k)), PLATING) for k in (3, shift))
    assert here.audit.charge < 1e-9 and here.audit.salt < 1e-11
    assert there.audit.charge < 1e-9 and there.audit.salt < 1e-11
    assert there.times == pytest.approx(here.times, rel=1e-6)
    assert there.voltage == pytest.approx(here.voltage, rel=1e-6)
    for key in ("c", "psi", "phi_s"):
        first, second = (columns(run.cell.mesh, run.fields[key][-1], k) for run, k in ((here, 3), (there, shift)))
        assert np.allclose(first, second, rtol=1e-5, atol=1e-9, equal_nan=True), key
    assert cf.limiting_current(there.cell) == pytest.approx(cf.limiting_current(here.cell), rel=1e-8)
    assert cf.report(there)["depletion, max [%]"] == pytest.approx(cf.report(here)["depletion, max [%]"], rel=1e-5)


def test_mirrors_would_be_another_cell():
    ours, mirrored = (cf.solve(cell(slanted(17, sides), CARBON_FOIL), cf.Steady(current=5 * mA / cm**2))
                      for sides in (True, False))
    assert abs(cf.report(ours)[DROP] / cf.report(mirrored)[DROP] - 1) > 1e-2


def test_effective_media_do_not_depend_on_where_the_cell_is_cut():
    found = [cf.homogenise(slanted(k), host=RIBS) for k in (3, 9, 17)]
    for medium in found[1:]:
        assert np.allclose(medium.B, found[0].B, rtol=1e-9) and np.allclose(medium.sigma, found[0].sigma, rtol=1e-9)
        assert medium.a_s == pytest.approx(found[0].a_s, rel=1e-12)
    mirrored = cf.homogenise(slanted(17, sides=False), host=RIBS)
    assert abs(mirrored.B[0, 0] / found[0].B[0, 0] - 1) > 1e-2, "mirrors see other pores"
    named, given = cf.homogenise(slanted(17)), cf.homogenise(slanted(17, sides=False), periods=[[WIDTH * um, 0.0]])
    assert np.allclose(named.B, given.B, rtol=1e-12)


def test_what_leaves_the_cell_comes_in_on_the_other_side():
    cell(slanted(9))
    with pytest.raises(cf.GeometryError, match="not touch"):
        cell(slanted(9, sides=False))


def test_layers_in_z_and_a_period_in_x_are_exact():
    """Layers across z in series; along x the period sees them side by side."""
    x = np.linspace(0, 1, 11)
    mesh = cut([x, x])
    mesh._subdomains = {"electrode": np.arange(mesh.nelements)}
    mesh._boundaries = periodic.name_sides(mesh, (True, False))
    medium = cf.Medium(eps=0.9, B=lambda x: np.where(x[1] < 0.4, 0.2, 0.7), a_s=1.0)
    B = cf.homogenise(mesh, media={"electrode": medium}).B
    assert B[2, 2] == pytest.approx(1 / (0.4 / 0.2 + 0.6 / 0.7), rel=1e-9)
    assert B[0, 0] == pytest.approx(0.4 * 0.2 + 0.6 * 0.7, rel=1e-9) and abs(B[0, 2]) < 1e-12


def test_designs_that_repeat_say_so_on_the_mesh_and_run():
    keys = {"name": "gyroid", "shape": "minimal_surface", "source": "test", "dimension": 3,
            "size_um": [10.0, 10.0, 10.0], "separator_um": 5.0, "cell_size_um": 2.5, "periodic": True,
            "minimal_surface": {"kind": "gyroid", "sheet": False, "period_um": 10.0, "porosity": 0.7}}
    design = cf.Geometry.from_dict(keys)
    mesh = design.mesh()
    assert {"periodic_x", "periodic_y"} <= set(mesh.boundaries)
    run = cf.solve(cell(mesh), cf.Galvanostatic(current=5 * mA / cm**2, duration=0.01 * hour))
    assert run.audit.charge < 1e-9 and run.audit.salt < 1e-11
    images = periodic.images_of(mesh)
    c = run.fields["c"][-1]
    assert np.sum(images != np.arange(len(images))) > 50 and np.array_equal(c, c[images], equal_nan=True)


def test_damaged_sides_are_refused():
    mesh = slanted(3)
    moved = mesh.p.copy()
    moved[1, (mesh.p[0] == 0) & (np.abs(mesh.p[1] - 3 * um) < 1e-9)] += 0.1 * um
    other = type(mesh)(moved, mesh.t, sort_t=False)
    other._subdomains, other._boundaries = mesh.subdomains, mesh.boundaries
    with pytest.raises(cf.GeometryError, match=r"mesh: found .* without one partner"):
        cell(other)


def test_cells_that_repeat_along_z_do_not_run():
    mesh = slanted(3)
    mesh._boundaries = mesh.boundaries | {"periodic_z": mesh.boundaries["counter"]}
    with pytest.raises(cf.GeometryError, match="periodic_z"):
        cell(mesh)
