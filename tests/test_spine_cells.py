"""One model in 1, 2 and 3 dimensions and on both scales: cells that must agree, agree."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from verification import cells

import cellfem as cf
from cellfem.materials import GRAPHENE, LIPF6_EC_DMC, LIPF6_EC_EMC


@functools.cache
def slab(dimension: int, electrolyte=cells.SALT, coarsen: float = 2.0):
    """A slab with three layers and its steady state at 0.9 of the limiting current."""
    mesh = cells.plane(dimension=dimension, free=8.0, separator=12.0, counter_electrolyte_um=4.0, coarsen=coarsen)
    cell = cells.make(mesh, electrolyte)
    return cell, cf.solve(cell, cf.Steady(current=0.9 * cf.limiting_current(cell)))


def depleted(dimension: int):
    cell, _ = slab(dimension)
    return cf.solve(cell, cf.Galvanostatic(current=1.3 * cf.limiting_current(cell), duration=100.0), tolerance=5e-3)


def worst_difference(run, along) -> float:
    """Largest difference of the steady fields from those of the 1-D run, in c_0 and RT/F."""
    z = along.cell.mesh.p[-1]
    order = np.argsort(z)
    found = [np.abs(run.fields[key][0] - np.interp(run.cell.mesh.p[-1], z[order], along.fields[key][0, order])) / scale
             for key, scale in (("c", 1000), ("psi", 0.0257), ("phi_e", 0.0257))]
    return float(np.max(found))


@pytest.mark.parametrize("dimension", [2, 3])
def test_a_slab_is_the_same_in_every_dimension(dimension):
    (cell, steady), (wide_cell, wide) = slab(1), slab(dimension)
    assert cf.limiting_current(wide_cell) == pytest.approx(cf.limiting_current(cell), rel=1e-8)
    assert worst_difference(wide, steady) <= 1e-8
    assert wide.voltage[0] == pytest.approx(steady.voltage[0], rel=1e-8)
    assert np.ptp(wide.sites["plating"]) <= 1e-8 * steady.current[0]
    row, wide_row = cf.report(steady), cf.report(wide)
    for key, value in row.items():
        if isinstance(value, str):
            assert wide_row[key] == value
        elif np.isfinite(value) and "balance" not in key:
            assert wide_row[key] == pytest.approx(value, rel=1e-7, abs=1e-7), key


def test_storage_at_vertices_differs_by_the_mesh_error():
    times = [depleted(dimension).outcome.time_to_depletion for dimension in (1, 2, 3)]
    assert times[1:] == pytest.approx([times[0]] * 2, rel=2e-3)


@pytest.mark.parametrize("dimension", [2, 3])
def test_properties_at_centroids_differ_by_the_mesh_error(dimension):
    """D(c) is taken at other points in triangles than in intervals."""
    differences = [worst_difference(slab(dimension, LIPF6_EC_DMC, coarsen)[1], slab(1, LIPF6_EC_DMC, coarsen)[1])
                   for coarsen in (2.0, 1.0)]
    assert differences[1] < 0.4 * differences[0] < 0.4 * 0.05


@pytest.mark.parametrize("design", ["vga", "vga_2d"])
def test_straight_channels_have_tortuosity_factor_one(design):
    mesh = cells.shipped(design, 3)
    medium = cf.homogenise(mesh, host=cf.Host(name="foam", sigma=10.0, rho=2000.0))
    assert medium.eps == pytest.approx(20 / 21, rel=1e-12)
    assert medium.tortuosity_factor[2, 2] == pytest.approx(1.0, abs=1e-10)
    assert medium.macmullin[2, 2] == pytest.approx(1.05, abs=1e-10)
    assert medium.tortuosity_factor[1, 1] == pytest.approx(1.0, abs=1e-10), "along the sheets as well"
    assert medium.macmullin[0, 0] == np.inf, "blocked across them"
    assert medium.sigma[2, 2] == pytest.approx(10 / 21, rel=1e-10), "the solid's share"


def test_staggered_sheets_are_tortuous():
    medium = cf.homogenise(cells.shipped("hga_2d", 2))
    B = np.diag(medium.B)
    assert 15 < medium.tortuosity_factor[2, 2] < 60
    assert np.all((B >= 0) & (B <= medium.eps + 1e-12))
    finite = B[B < 1]
    assert np.sum(1 / (1 - finite)) <= (3 - medium.eps) / (1 - medium.eps) * (1 + 1e-9)


def test_a_regions_own_electrolyte_is_the_cells_own():
    """The cell's electrolyte only sets U, c_0 and t_ref: given to every region, another takes its place."""
    mesh = cells.plane(free=10.0, separator=15.0)
    plain = cells.make(mesh, LIPF6_EC_EMC)
    own = {name: cf.Medium(eps=medium.eps, B=medium.B, electrolyte=LIPF6_EC_EMC)
           for name, medium in plain.medium.items()}
    mixed = cells.make(mesh, LIPF6_EC_DMC, media=own)
    a, b = (cf.solve(cell, cf.Steady(current=0.7 * cf.limiting_current(plain))) for cell in (plain, mixed))
    assert np.max(np.abs(a.fields["c"] - b.fields["c"])) <= 1e-6
    assert b.voltage[0] == pytest.approx(a.voltage[0], abs=1e-3)
    phi = [run.fields["phi_e"] - run.fields["phi_e"][0, 0] for run in (a, b)]
    assert np.max(np.abs(phi[0] - phi[1])) <= 1e-3
    assert cf.limiting_current(mixed) == pytest.approx(cf.limiting_current(plain), rel=1e-3)
    a, b = (cf.solve(cell, cf.Galvanostatic(current=2400.0, duration=10.0), tolerance=5e-3) for cell in (plain, mixed))
    assert b.outcome.time_to_depletion == pytest.approx(a.outcome.time_to_depletion, rel=1e-4)


@pytest.mark.parametrize("counter", [cf.UniformFlux(), cf.Reservoir()])
def test_a_current_density_beside_a_separator_is_superficial(counter):
    """The separator covers 45 % of the counter plane; the current is that of the cell all the same."""
    porous = cells.make(cells.shipped("slab"), LIPF6_EC_DMC, counter=counter)
    run = cf.solve(porous, cf.Steady(current=100.0))
    assert run.current[0] == pytest.approx(100.0, rel=1e-12)
    assert run.sites["plating"][0] @ porous.sites.area == pytest.approx(100.0, rel=1e-12)
    foil = cells.make(cells.shipped("slab"), LIPF6_EC_DMC)
    share = 1.0 if isinstance(counter, cf.UniformFlux) else 0.5
    salt = cells.make(cells.shipped("slab"), counter=counter)
    assert cf.limiting_current(salt) == pytest.approx(cells.limit(salt, closed=share == 1), rel=1e-5)
    if share == 1:
        with_foil = cf.solve(foil, cf.Steady(current=100.0))
        assert np.allclose(run.fields["c"], with_foil.fields["c"], rtol=1e-9)
        i_n, c = 100 / 0.55, np.max(run.fields["c"])
        at_foil = 2 * 0.0256926 * np.arcsinh(i_n / (2 * 95 * np.sqrt(c / 1000))) + i_n * 5e-3
        assert with_foil.voltage[0] - run.voltage[0] == pytest.approx(at_foil, rel=1e-6), "a foil's own overpotential"


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_an_envelope_is_a_homogenised_host_in_every_dimension(dimension):
    """Its own sites only, the same answer in 1, 2 and 3 dimensions."""
    design = cf.Geometry.load(cells.GEOMETRIES / "vga.toml").envelope(dimension)
    medium = cf.Medium(eps=0.9, B=0.4, sigma=20.0, a_s=1e5)
    cell = cells.make(design.mesh(3), LIPF6_EC_DMC, media={"electrode": medium})
    assert cell.sites.kinds == ("electrode",)
    assert cell.sites.area.sum() == pytest.approx(1e5 * 100e-6 * cell.area, rel=1e-12)
    run = cf.solve(cell, cf.Steady(current=20.0))
    assert run.voltage[0] == pytest.approx(_in_one_dimension(), rel=1e-6), "reaction at vertices: the mesh error"
    row = cf.report(run)
    assert row["tortuosity factor, z [-]"] == pytest.approx(0.9 / 0.4)
    assert row["specific surface [1/mm]"] == pytest.approx(100.0, rel=1e-9)


@functools.cache
def _in_one_dimension() -> float:
    design = cf.Geometry.load(cells.GEOMETRIES / "vga.toml").envelope(1)
    medium = cf.Medium(eps=0.9, B=0.4, sigma=20.0, a_s=1e5)
    return float(cf.solve(cells.make(design.mesh(3), LIPF6_EC_DMC, media={"electrode": medium}),
                          cf.Steady(current=20.0)).voltage[0])


def test_resolved_and_homogenised_channels_agree():
    """Straight channels with a film: uniform across, so that both scales say the same."""
    design = cf.Geometry.load(cells.GEOMETRIES / "vga_2d.toml")
    mesh = design.mesh(2)
    resolved = cf.solve(cells.make(mesh, LIPF6_EC_DMC), cf.Steady(current=50.0))
    electrode = cf.homogenise(mesh, host=GRAPHENE)
    twin = cells.make(design.envelope().mesh(2), LIPF6_EC_DMC, media={"electrode": electrode})
    homogenised = cf.solve(twin, cf.Steady(current=50.0))
    sites = resolved.cell.sites  # the sheets' tops count with the separator's porosity
    assert electrode.a_s * 100e-6 == pytest.approx(sites.area.sum() / resolved.cell.area, rel=5e-3)
    assert homogenised.voltage[0] == pytest.approx(resolved.voltage[0], rel=5e-3)
    rows = [cf.report(run) for run in (resolved, homogenised)]
    keys = ("concentration drop across host [%]", "depletion, max [%]", "plating current, max/min - 1 [%]")
    for key in keys:
        assert rows[1][key] == pytest.approx(rows[0][key], rel=0.1), key


def test_a_good_conductor_is_equipotential():
    """sigma = 1e7 S/m against phi_s = 0 substituted."""
    mesh = cells.shipped("vga_2d", 4)
    ideal = cf.solve(cells.make(mesh, LIPF6_EC_DMC), cf.Steady(current=50.0))
    copper = cf.solve(cells.make(mesh, LIPF6_EC_DMC, host=cf.Host(name="metal", sigma=1e7, rho=9000.0)),
                      cf.Steady(current=50.0))
    assert copper.voltage[0] == pytest.approx(ideal.voltage[0], rel=1e-6)
    assert np.max(np.abs(copper.sites["plating"] / ideal.sites["plating"] - 1)) < 1e-5
    assert np.nanmax(np.abs(copper.fields["phi_s"])) > 0 == np.nanmax(np.abs(ideal.fields["phi_s"]))


def test_a_bad_conductor_plates_at_the_collector():
    mesh = cells.shipped("vga_2d", 4)
    profile = {}
    for sigma in (1e5, 0.5):
        run = cf.solve(cells.make(mesh, LIPF6_EC_DMC, host=cf.Host(name="host", sigma=sigma, rho=2000.0)),
                       cf.Steady(current=50.0))
        on_sheets = run.cell.sites.kind == run.cell.sites.kinds.index("host_surface")
        z, plating = run.cell.sites.x[-1][on_sheets], run.sites["plating"][0][on_sheets]
        profile[sigma] = plating[z > 90e-6].mean() / plating[z < 10e-6].mean()
    assert profile[1e5] > 1 > profile[0.5]


def test_at_the_start_the_concentration_is_uniform_and_charge_balances():
    run = cf.solve(cells.make(cells.shipped("vga_2d", 4), LIPF6_EC_DMC), cf.Galvanostatic(current=50.0, duration=1.0))
    c = run.fields["c"][0]
    assert np.array_equal(np.unique(c[np.isfinite(c)]), [1000.0])
    assert run.current[0] == pytest.approx(50.0, rel=1e-9) and run.times[0] == 0
    assert np.all(run.sites["q"][0] == 0) and np.ptp(run.sites["plating"][0]) > 0
