"""Deposit: the room it has, when it closes a pore, what it does to an electrode, and its books."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from verification import cells

import cellfem as cf
from cellfem.geometry.gaps import half_gaps
from cellfem.materials import LIPF6_EC_DMC, LITHIUM, POTASSIUM, SODIUM
from cellfem.materials.electrolyte import constant
from cellfem.model.deposit import Filled, filling, within_host
from cellfem.units import FARADAY, cm, mAh

SALT = constant(D=9e-9, kappa=7.9, t_plus=0.99)
EVEN = constant(D=9e-9, kappa=7.9, t_plus=0.999999)  # neither salt nor potential varies to speak of
SLOW = cf.Linear(i_0=2.5e-6, order=0.0)  # 1e4 Ohm m2
VOLUME = {metal: metal.M / metal.rho / FARADAY for metal in (LITHIUM, SODIUM, POTASSIUM)}  # [m3/C]


def walls(dimension=2, coarsen=4.0, pitch=21.0):
    size = {2: [pitch / 2, 60.0], 3: [pitch / 2, 4.0, 60.0]}[dimension]
    return cf.Geometry.from_dict({"name": "walls", "shape": "walls", "source": "test", "dimension": dimension,
                                  "size_um": size, "separator_um": 20.0, "cell_size_um": 2.0, "collector_plates": False,
                                  "walls": {"pitch_um": pitch, "thickness_um": 1.0}}).mesh(coarsen)


@pytest.mark.parametrize("dimension", [2, 3])
def test_half_gap_of_straight_channels(dimension):
    mesh = walls(dimension)
    gaps = half_gaps(mesh, mesh.boundaries["host_surface"])
    closed = np.isfinite(gaps)
    np.testing.assert_allclose(gaps[closed], 10e-6, rtol=1e-12)
    x, z = (mesh.p[axis, mesh.facets[:, mesh.boundaries["host_surface"]]].mean(axis=0) for axis in (0, -1))
    np.testing.assert_array_equal(closed, z < 60e-6 - 1e-12)
    assert np.all(x[closed] == pytest.approx(0.5e-6))


def test_half_gap_between_sheets():
    mesh = cells.shipped("hga_2d", 2)
    facets = mesh.boundaries["host_surface"]
    gaps = half_gaps(mesh, facets)
    flat = np.ptp(mesh.p[-1, mesh.facets[:, facets]], axis=0) < 1e-12
    inner = flat & (mesh.p[-1, mesh.facets[:, facets]].mean(axis=0) < 99e-6) & np.isfinite(gaps)
    assert np.median(gaps[inner]) == pytest.approx(4.5e-6, rel=1e-9), "sheets 10 um apart, 1 um thick"
    assert gaps.min() >= 4e-6


@pytest.mark.parametrize("periodic, expected", [(True, {1: 4.0, 3: 4.0}), (False, {1: 1.0, 3: 7.0})])
def test_half_gap_across_the_sides(periodic, expected):
    """One sheet of 2 um at x = 2 um in a cell of 10 um: the gap goes on through the sides, or is mirrored there."""
    um = 1e-6
    mesh = cf.Geometry(name="sheet", shape="sheet", source="test", dimension=3, size=(10 * um, 4 * um, 6 * um),
                       separator=4 * um, cell_size=um, periodic=periodic, collector_plates=False,
                       body=lambda x: np.abs(x[0] - 2 * um) - um).mesh()
    facets = mesh.boundaries["host_surface"]
    gaps, x = half_gaps(mesh, facets), mesh.p[0, mesh.facets[:, facets]]
    for side, gap in expected.items():
        found = gaps[(np.abs(x - side * um) < 1e-9 * um).all(axis=0)]
        assert len(found) and found == pytest.approx(gap * um, rel=1e-6)


def test_half_gap_of_a_round_pore():
    """A ring of facets around a pore of radius r: the ball that fits is the pore."""
    from skfem import MeshTri1

    r, n = 7e-6, 48
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    inner, outer = r * np.array([np.cos(angle), np.sin(angle)]), 2 * r * np.array([np.cos(angle), np.sin(angle)])
    p = np.hstack([np.zeros((2, 1)), inner, outer])
    k, after = np.arange(n), (np.arange(n) + 1) % n
    t = np.hstack([[0 * k, 1 + k, 1 + after], [1 + k, 1 + n + k, 1 + after], [1 + after, 1 + n + k, 1 + n + after]])
    mesh = MeshTri1(p, t.astype(int)).with_subdomains({"pore": np.arange(n), "host": np.arange(n, 3 * n)})
    ring = np.flatnonzero((np.hypot(*mesh.p[:, mesh.facets]) < 1.01 * r).all(axis=0)
                          & (np.hypot(*mesh.p[:, mesh.facets]) > 0.99 * r).all(axis=0))
    assert half_gaps(mesh, ring) == pytest.approx(r, rel=5e-3)


@pytest.mark.parametrize("metal", VOLUME)
def test_a_straight_channel_closes_on_time(metal):
    """Uniform current: the wall's deposit fills the half gap at t = gap/(2 V_m) F/i, exactly."""
    mesh = walls()
    salt = replace(EVEN, cation=metal.symbol)
    # a charge transfer that dwarfs every other resistance spreads the current evenly over the walls
    cell = cells.make(mesh, salt, metal=metal, film=cells.NO_FILM, kinetics=SLOW, substrate=cf.Nucleation(),
                      blocked=lambda x: np.where(x[-1] > 60e-6 - 1e-9, 1.0, 0.0))
    I = 5e-3
    run = cf.solve(cell, cf.Galvanostatic(current=I, duration=1e9))
    assert run.outcome.kind == "closed" and "pore closed at (x=0.5" in run.outcome.message
    q = run.sites["q"][-1]
    assert q.max() * VOLUME[metal] == pytest.approx(10e-6, rel=2e-6)
    uniform = 10e-6 / VOLUME[metal] * cell.sites.area.sum() / (I * cell.area)
    assert np.ptp(q) / q.max() < 1e-6
    assert run.outcome.time == pytest.approx(uniform, rel=1e-6)


@pytest.mark.parametrize("metal", VOLUME)
@pytest.mark.parametrize("growth", [cf.PLATES, cf.TUBES])
def test_an_electrode_under_a_uniform_current_closes_on_time(metal, growth):
    """t = eps L F/(V_m I): the run stops a little before the pores are full, and the rest follows in closed form."""
    I, eps, L = 5e-4, 0.8, 50e-6
    cell = electrode(growth, metal, film=cells.NO_FILM, kinetics=SLOW, electrolyte=EVEN, sigma=np.inf)
    run = cf.solve(cell, cf.Galvanostatic(current=I, duration=1e10))
    assert run.outcome.kind == "closed" and run.times[-1] < run.outcome.time
    assert run.outcome.time == pytest.approx(eps * L / VOLUME[metal] / I, rel=1e-6)
    assert any("Medium.growth" in note for note in run.warnings)
    assert run.audit.charge < 1e-9 and run.audit.salt < 1e-11


def test_no_more_metal_than_there_is_of_pores():
    """Narrow channels over a floor that plates too: its deposit and the walls' take the same room."""
    mesh = cf.Geometry.from_dict({"name": "walls", "shape": "walls", "source": "test", "dimension": 2,
                                  "size_um": [5.5, 20.0], "separator_um": 20.0, "cell_size_um": 2.0,
                                  "collector_plates": True, "walls": {"pitch_um": 11.0, "thickness_um": 1.0}}).mesh(4.0)
    cell = cells.make(mesh, replace(SALT, cation="K"), metal=POTASSIUM, film=cf.Film(R=1.0), substrate=cf.Nucleation())
    run = cf.solve(cell, cf.Galvanostatic(current=5.0, duration=1e7))
    volume = run.sites["q"][-1] @ within_host(cell) * VOLUME[POTASSIUM]
    assert run.outcome.kind == "closed" and "all of the pores' volume" in run.outcome.message
    assert volume == pytest.approx(5e-6 * 20e-6, rel=2e-6)
    assert cf.report(run)["room for the metal"] == "full"


def electrode(growth=cf.PLATES, metal=LITHIUM, eps=0.8, cells_=20, electrolyte=SALT, sigma=500.0, **given):
    """A homogenised host, 50 um, under a separator."""
    mesh = cf.Geometry.from_dict({"name": "box", "shape": "envelope", "source": "test", "dimension": 1,
                                  "size_um": [50.0], "separator_um": 20.0, "cell_size_um": 50.0 / cells_,
                                  "collector_plates": False,
                                  "electrode": {"porosity": eps, "specific_surface_per_mm": 100.0}}).mesh()
    medium = cf.Medium(eps=eps, B=eps / 1.2, sigma=sigma, a_s=1e5, growth=growth)
    electrolyte = replace(electrolyte, cation=metal.symbol)
    return cells.make(mesh, electrolyte, metal=metal, host=None, media={"electrode": medium},
                      **given)


@pytest.mark.parametrize("growth", [cf.PLATES, cf.FIBRES, cf.GRAINS, cf.TUBES])
def test_books_of_a_filling_electrode(growth):
    """Metal volume = charge V_m/F; porosity, salt and charge stay exact through plating, rest and stripping."""
    cell = electrode(growth)
    run = cf.solve(cell, [cf.Galvanostatic(current=30.0, capacity=6 * mAh / cm**2), cf.Rest(duration=60.0),
                          cf.Galvanostatic(current=-30.0, capacity=3 * mAh / cm**2)])
    assert run.outcome.kind == "finished"
    assert run.audit.charge < 1e-9 and run.audit.salt < 1e-11
    for k, charge in ((np.flatnonzero(run.step_index == 0)[-1], 6 * mAh / cm**2), (-1, 3 * mAh / cm**2)):
        q = run.sites["q"][k]
        taken = Filled.by(cell, q).taken.sum()
        assert taken == pytest.approx(charge * VOLUME[LITHIUM] * cell.area, rel=1e-10)
        share = filling(cell, q)
        assert share @ cell.electrode_volume[cell.sites.nodes] == pytest.approx(taken, rel=1e-12)
    assert 0.4 < filling(cell, run.sites["q"][np.flatnonzero(run.step_index == 0)[-1]]).max() < 1


def test_salt_is_displaced_as_the_trapezoid_of_c_d_eps_says():
    """What the run books, recomputed from the recorded moments by another rule."""
    cell = electrode()
    run = cf.solve(cell, cf.Galvanostatic(current=30.0, capacity=6 * mAh / cm**2), tolerance=1e-5)
    volume = np.array([cell.electrode_volume - Filled.by(cell, q).taken for q in run.sites["q"]])
    c = np.nan_to_num(run.fields["c"])
    expected = np.sum(0.5 * (c[1:] + c[:-1]) * np.diff(volume, axis=0))
    wet = np.bincount(cell.mesh.t.ravel(), np.repeat([0.5], cell.mesh.t.size)
                      * np.tile(np.diff(cell.mesh.p[0][cell.mesh.t], axis=0)[0] * cell.porosity, 2))
    salt = [np.sum(row * (wet - cell.electrode_volume + v)) for row, v in zip(c, volume, strict=True)]
    assert salt[-1] - salt[0] == pytest.approx(expected, rel=2e-4)
    assert expected < 0


@pytest.mark.parametrize("first", [1, -1])
def test_a_full_cycle_of_a_filling_electrode_leaves_the_salt_as_it_was(first):
    """Metal that comes and goes, or that is taken first and put back: electrolyte returns as it left."""
    there = 0.0 if first > 0 else 1000.0
    cell = replace(electrode(), electrolyte=LIPF6_EC_DMC, plated=there)
    charge = 1e4 if first > 0 else 0.5 * there * cell.sites.area.sum() / cell.area
    steps = [cf.Galvanostatic(current=sign * 30.0, capacity=charge) for sign in (first, -first)]
    run = cf.solve(cell, [steps[0], cf.Rest(duration=60.0), steps[1], cf.Rest(duration=1e5)])
    moved = run.fields["c"][run.step_index == 2] / 1000 - 1
    assert run.outcome.kind == "finished" and np.nanmax(np.abs(moved)) > 0.02
    assert run.sites["q"][-1] == pytest.approx(np.full(len(cell.sites.nodes), there), rel=2e-2, abs=1e-3)
    assert np.nanmax(np.abs(run.fields["c"][-1] / 1000 - 1)) < 1e-8
    assert run.audit.salt < 1e-11 and run.audit.charge < 1e-9


def test_growth_laws():
    """a_s of plates stays, of fibres goes as the root of the solid, of grains as its power 2/3; B by its exponent."""
    share, eps_0 = np.array([0.0, 0.5]), np.array([0.8, 0.8])
    solid = (1 - 0.4) / 0.2
    assert cf.PLATES.surface(share, eps_0) == pytest.approx([1, 1])
    assert cf.FIBRES.surface(share, eps_0) == pytest.approx([1, solid**0.5])
    assert cf.GRAINS.surface(share, eps_0) == pytest.approx([1, solid ** (2 / 3)])
    assert cf.TUBES.surface(share, eps_0) == pytest.approx([1, 0.5**0.5])
    assert cf.PLATES.efficiency(share) == pytest.approx([1, 0.5])
    assert cf.FIBRES.efficiency(share) == pytest.approx([1, 0.5**1.5])
    assert cf.PLATES.conductivity(share, eps_0) == pytest.approx([1, solid**1.5])
    with pytest.raises(ValueError, match="an exponent >= 0"):
        cf.Growth(pore=-1.0)


def test_a_host_that_suits_lithium_is_full_for_potassium():
    plating = cf.Galvanostatic(current=20.0, capacity=7 * mAh / cm**2)
    outcomes = {metal.symbol: cf.solve(electrode(metal=metal), plating).outcome.kind for metal in VOLUME}
    assert outcomes == {"Li": "finished", "Na": "closed", "K": "closed"}


def test_a_filling_electrode_is_followed_without_a_stutter():
    """What conducts at a stage is extrapolated as the charge grows, in time: else every step begins with a kink."""
    run = cf.solve(electrode(cf.FIBRES, electrolyte=LIPF6_EC_DMC), cf.Galvanostatic(
        current=20.0, capacity=3 * mAh / cm**2))
    assert run.stats.rejected_steps < 0.3 * run.stats.time_steps and run.stats.time_steps < 20


@pytest.mark.slow
def test_order_in_time_of_a_filling_electrode():
    cell = electrode(cf.FIBRES)
    plating = cf.Galvanostatic(current=30.0, capacity=6 * mAh / cm**2)

    def at(tolerance):
        run = cf.solve(cell, plating, tolerance=tolerance)
        return run.stats.time_steps, run.sites["q"][-1]

    exact = at(1e-6)[1]
    steps, charges = zip(*(at(tolerance) for tolerance in (2e-3, 4e-4, 8e-5)), strict=True)
    errors = [np.max(np.abs(q - exact)) / exact.mean() for q in charges]
    assert -np.polyfit(np.log(steps), np.log(errors), 1)[0] > 1.7, (steps, errors)
    assert errors[-1] < 2e-3


def test_metal_at_the_start_has_to_fit():
    with pytest.raises(ValueError, match="less than the room there is"):
        cells.make(walls(), LIPF6_EC_DMC, plated=1e6)
    with pytest.raises(ValueError, match="times what fills the room"):  # also where nothing closes above it
        cells.make(cells.shipped("vga_2d", 6), LIPF6_EC_DMC, plated={"collector": 1e9})
