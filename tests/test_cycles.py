"""Stripping and cycles: nothing is given that was not plated, and a full cycle comes back to its start."""

from __future__ import annotations

import numpy as np
import pytest
from verification import cells

import cellfem as cf
from cellfem.materials import LIPF6_EC_DMC, LIPF6_EC_EMC
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


def test_a_full_cycle_returns_to_its_start(cycle):
    q = cycle.sites["q"]
    assert np.max(np.abs(q[-1])) < 2e-8 * q.max()
    area = cycle.cell.sites.area
    assert abs(q[-1] @ area) < 1e-8 * (q @ area).max()
    assert np.nanmax(np.abs(cycle.fields["c"][-1] - 1000.0)) < 1e-8 * 1000.0
    assert cycle.audit.charge < 1e-9 and cycle.audit.salt < 1e-11


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
