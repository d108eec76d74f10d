"""Stripping and cycles: nothing is given that was not plated, and a full cycle comes back to its start."""

from __future__ import annotations

import numpy as np
import pytest
from verification import cells

import cellfem as cf
from cellfem.materials import LIPF6_EC_DMC, LIPF6_EC_EMC
from cellfem.model.solve import Worker
from cellfem.model.system import System
from cellfem.studies.run import Run
from cellfem.studies.transient import run_step
from cellfem.units import cm, mAh

PLATE = cf.Galvanostatic(current=20.0, capacity=0.2 * mAh / cm**2)
STRIP = cf.Galvanostatic(current=-20.0, capacity=0.3 * mAh / cm**2)


@pytest.fixture(scope="module")
def cell():
    return cells.make(cells.shipped("vga_2d", 6), LIPF6_EC_DMC)


@pytest.fixture(scope="module")
def cycle(cell):
    return cf.solve(cell, [PLATE, cf.Rest(duration=100.0), STRIP, cf.Rest(duration=3000.0)])


def test_more_stripping_than_was_plated_is_an_outcome(cell, cycle):
    assert cycle.outcome.kind == "finished", "the rest that follows"
    end = cycle.times[cycle.step_index == 2][-1]
    assert end - (360.0 + 100.0) == pytest.approx(360.0, rel=1e-6), "the metal lasts as long as plating took"
    alone = cf.solve(cell, [PLATE, STRIP])
    assert alone.outcome.kind == "stripped" and "stay behind" in alone.outcome.message


def returned(run) -> None:
    """Nothing is left anywhere, no place has given more than it had, and the books are balanced."""
    q, q_n = run.sites["q"], run.cell.bare.q_n
    assert np.max(q[-1]) < 1e-8 * q.max()
    assert np.min(q / q_n) >= -1e-9, "at every place and time"
    assert run.audit.charge < 1e-9 and run.audit.salt < 1e-11 and run.audit.beyond <= 1e-9


def test_a_full_cycle_returns_to_its_start(cycle):
    returned(cycle)
    assert np.nanmax(np.abs(cycle.fields["c"][-1] - 1000.0)) < 1e-8 * 1000.0
    assert np.all(np.isnan(cycle.voltage[cycle.step_index == 3])), "without metal the host's potential is free"
    assert np.all(np.isfinite(cycle.voltage[cycle.step_index < 3]))


def to_empty_and_rest(current: float, capacity: float, pause: float = 0.0) -> list:
    pause = [cf.Rest(duration=pause)] if pause else []
    return [cf.Galvanostatic(current=current, capacity=capacity * mAh / cm**2), *pause,
            cf.Galvanostatic(current=-current, capacity=1.5 * capacity * mAh / cm**2), cf.Rest(duration=3000.0)]


@pytest.mark.parametrize("design, current, capacity, pause, given", [
    ("vga_2d", 50.0, 0.3, 0.0, {}), ("hga_2d", 20.0, 0.05, 0.0, {}),
    pytest.param("vga_2d", 20.0, 1.0, 60.0, {}, marks=pytest.mark.slow),
    pytest.param("hga_2d", 20.0, 0.2, 60.0, {}, marks=pytest.mark.slow),
    pytest.param("hga_2d", 20.0, 1.0, 60.0, {}, marks=pytest.mark.slow),
    pytest.param("hga_2d", 50.0, 1.0, 0.0, {"film": cf.Film(R=0.0)}, marks=pytest.mark.slow),
])
def test_a_host_that_is_stripped_bare_may_rest(design, current, capacity, pause, given):
    """Also where salt is far from even, as between the sheets of a labyrinth, whose places run empty one by one."""
    cell = cells.make(cells.shipped(design, 6), LIPF6_EC_DMC, **given)
    run = cf.solve(cell, to_empty_and_rest(current, capacity, pause))
    returned(run)
    assert run.outcome.kind == "finished" and abs(run.current[-1]) < 1e-9
    assert np.nanmax(np.abs(run.fields["c"][-1] - 1000.0)) < 1e-5 * 1000.0, "salt evens out"
    plated, stripped = (run.times[run.step_index == k][-1] for k in (0, max(run.step_index) - 1))
    assert stripped - pause == pytest.approx(2 * plated, rel=1e-9)


@pytest.mark.parametrize("given", [{"plated": 300.0}, {"film": cf.MosaicFilm(shares=(0.5, 0.5), films=(
    cf.Film(R=1e-3), cf.Film(R=2e-2)))}])
def test_places_that_run_empty_within_a_step_give_what_they_had(given):
    cell = cells.make(cells.shipped("vga_2d", 6), LIPF6_EC_DMC, **given)
    run = cf.solve(cell, [PLATE, cf.Galvanostatic(current=-20.0, duration=1e4)])
    returned(run)
    assert run.outcome.kind == "stripped"


def test_metal_that_the_host_came_with_is_no_yield(cell):
    """Plated 0.05, stripped all the same 0.1 mAh/cm2: what came off beyond the plated metal is older."""
    with_metal = cells.make(cell.mesh, LIPF6_EC_DMC, plated=300.0)
    plating, more, half = (cf.Galvanostatic(current=sign * 20.0, capacity=charge * mAh / cm**2)
                           for sign, charge in ((1, 0.05), (-1, 0.1), (-1, 0.04)))
    older, *rest = cf.cycle_table(cf.solve(with_metal, [plating, more]))
    name = "Coulombic efficiency of the geometry [%]"
    assert not rest and np.isnan(older[name]) and older["left behind [mAh/cm2]"] == 0
    assert older["of older metal [mAh/cm2]"] == pytest.approx(0.05, rel=1e-6)
    run = cf.solve(with_metal, [plating, half])
    own = cf.cycle_table(run)[0]
    assert own[name] == pytest.approx(80.0) == cf.report(run)[name]
    assert own["left behind [mAh/cm2]"] == pytest.approx(0.01, rel=1e-6) and own["of older metal [mAh/cm2]"] == 0


@pytest.mark.parametrize("counter", [cf.Foil(), cf.UniformFlux(), cf.Reservoir()])
@pytest.mark.parametrize("substrate", [None, cf.Nucleation()])
def test_salt_evens_out_in_a_host_without_metal(counter, substrate):
    """No reaction holds the host's potential: only diffusion is left."""
    cell = cells.make(cells.shipped("hga_2d", 6), LIPF6_EC_DMC, counter=counter, substrate=substrate)
    system = System.of(cell)
    run = Run(Worker(system), 5e-4)
    x = cell.mesh.p[:, system.ions.pattern.nodes]
    c = np.where(system.unknowns.c < 0, 1000.0, 1000.0 * (1 + 0.3 * np.sin(1e5 * x[1]) * np.cos(2e5 * x[0])))
    outcome = run_step(run, 0, cf.Rest(duration=3000.0), c, np.zeros(len(cell.sites.nodes)), 0.0, 0.0)
    end = system.unknowns.unpack(run.frames[-1].y)[0]
    assert outcome.kind == "finished" and np.all(run.frames[-1].q == 0) and run.frames[-1].current == 0
    volume = system.pore_volume
    assert np.ptp(end) < 1e-4 * np.ptp(c)
    if cell.closed:
        assert end @ volume == pytest.approx(c @ volume, rel=1e-12)


def test_cycles_repeat(cell):
    run = cf.solve(cell, [PLATE, STRIP] * 3)
    assert run.outcome.kind == "stripped" and set(run.step_index) == set(range(6))
    assert run.audit.charge < 1e-9 and run.audit.salt < 1e-11
    ends = [run.times[run.step_index == k][-1] for k in range(6)]
    assert np.diff([0.0, *ends]) == pytest.approx(360.0, rel=1e-6)


def test_stripping_ends_at_a_voltage(cell):
    run = cf.solve(cell, [PLATE, cf.Galvanostatic(current=-20.0, duration=1e4, cutoff=0.5)])
    assert run.outcome.kind == "stripped" and "-0.5 V" in run.outcome.message
    assert run.voltage[-1] == pytest.approx(-0.5, abs=2e-3)


@pytest.mark.parametrize("capacity", [1.0, 2.0])
def test_a_voltage_that_is_met_with_the_last_metal_is_kept(cell, capacity):
    """The voltage drops by hundreds of millivolts within microseconds: what is recorded lies on its safe side."""
    strip = cf.Galvanostatic(current=-20.0, capacity=capacity * PLATE.capacity, cutoff=1.0)
    run = cf.solve(cell, [PLATE, cf.Rest(duration=60.0), strip])
    assert run.outcome.kind == "stripped" and run.voltage.min() >= -1.002
    assert run.sites["q"][-1].max() < 1e-5 * PLATE.capacity


def test_a_voltage_strips_to_empty(cell):
    run = cf.solve(cell, [PLATE, cf.Potentiostatic(voltage=-0.5, duration=1e4), cf.Rest(duration=100.0)])
    stripped = run.step_index == 1
    assert run.times[stripped][-1] < 1e4 and np.isnan(run.voltage[-1])
    returned(run)
    assert cf.solve(cell, [PLATE, cf.Potentiostatic(voltage=-0.5, duration=1e4)]).outcome.kind == "stripped"


def test_a_film_leaves_metal_behind(cell):
    """Behind a thick film part of the host cannot be stripped before the voltage ends it."""
    film = cf.Film(R=lambda x: np.where(x[-1] < 50e-6, 5e-3, 2.0))
    coated = cells.make(cell.mesh, LIPF6_EC_DMC, film=film, plated=500.0)
    run = cf.solve(coated, cf.Galvanostatic(current=-20.0, duration=1e4, cutoff=0.5))
    left = run.sites["q"][-1] @ coated.sites.area / (500.0 * coated.sites.area.sum())
    assert run.outcome.kind == "stripped" and 0.2 < left < 0.6


@pytest.mark.parametrize("step", [cf.Galvanostatic(current=-20.0, duration=10.0)])
def test_a_bare_host_has_nothing_to_give(cell, step):
    run = cf.solve(cell, step)
    assert run.outcome.kind == "stripped" and "no metal" in run.outcome.message and len(run.times) == 0
    assert isinstance(cf.report(run)["outcome"], str)


def test_a_bare_host_may_rest_and_be_held_at_a_voltage(cell):
    rest = cf.solve(cell, [cf.Rest(duration=10.0), cf.Galvanostatic(current=20.0, duration=5.0)])
    assert rest.outcome.kind == "finished" and rest.audit.charge < 1e-9
    held = cf.solve(cell, cf.Potentiostatic(voltage=-0.3, duration=5.0))
    assert np.max(np.abs(held.current)) < 1e-6, "nothing to strip"


@pytest.mark.slow
def test_nucleation_filling_and_stripping_of_an_electrode_with_varying_properties():
    """Everything at once, with D(c) and t+(c), in a homogenised host."""
    design = cf.Geometry.load(cells.GEOMETRIES / "pu_2019.toml")
    given = cf.graded(design)
    run = cf.solve(cells.make(design.mesh(2.0), LIPF6_EC_EMC, **given),
                   [cf.Galvanostatic(current=10.0, capacity=1.0 * mAh / cm**2), cf.Rest(duration=60.0),
                    cf.Galvanostatic(current=-10.0, capacity=2.0 * mAh / cm**2, cutoff=1.0)])
    assert run.audit.charge < 1e-9 and run.audit.salt < 1e-11
    assert run.outcome.kind == "stripped"
