"""Charge and salt are kept, and the audit that says so notices every field that is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from verification import cells

import cellfem as cf
from cellfem.errors import ConvergenceError
from cellfem.materials import LIPF6_EC_DMC
from cellfem.model.audit import audit, simplex_measure
from cellfem.studies import solve as studies

CYCLE = [cf.Galvanostatic(current=40.0, duration=60.0), cf.Rest(duration=30.0),
         cf.Galvanostatic(current=-40.0, duration=50.0)]
COPPERISH = cf.Host(name="resistive", sigma=5.0, rho=2000.0)


@pytest.fixture(scope="module")
def cycled():
    """Plating, rest and stripping on resolved sheets that conduct badly; D, kappa, t+ and TDF depend on c."""
    return cf.solve(cells.make(cells.shipped("vga_2d", 3), LIPF6_EC_DMC, host=COPPERISH), CYCLE)


def test_resolved_2d(cycled):
    assert cycled.outcome.kind == "finished" and set(cycled.step_index) == {0, 1, 2}
    assert cycled.audit.charge <= 1e-9
    assert cycled.audit.salt <= 1e-11
    assert np.ptp(cycled.fields["c"][-1][np.isfinite(cycled.fields["c"][-1])]) > 10, "a case with gradients"


def test_resolved_3d():
    cell = cells.make(cells.shipped("vga", 5), LIPF6_EC_DMC, host=COPPERISH)
    run = cf.solve(cell, [replace(step, duration=5.0) for step in CYCLE], tolerance=2e-3)
    assert run.audit.charge <= 1e-9
    assert run.audit.salt <= 1e-11


@pytest.mark.parametrize("counter", [cf.UniformFlux(), cf.Reservoir(), cf.Reservoir(uniform=False)],
                         ids=["uniform flux", "reservoir", "reservoir, uniform potential"])
def test_other_counter_electrodes(counter):
    """With a reservoir, salt that comes in or leaves is booked."""
    cell = cells.make(cells.shipped("vga_2d", 5), LIPF6_EC_DMC, counter=counter)
    run = cf.solve(cell, CYCLE, tolerance=2e-3)
    assert run.audit.charge <= 1e-9
    assert run.audit.salt <= 1e-11


def test_iterative_solves_keep_the_balances():
    """They do not hang on a Krylov tolerance: the sums of the rows are exact."""
    from cellfem.model.solve import Worker
    from cellfem.model.start import balanced
    from cellfem.model.system import Load, Storage, System

    cell = cells.make(cells.shipped("vga_2d", 3), LIPF6_EC_DMC, host=COPPERISH)
    system = System.of(cell)
    worker = Worker(system, direct=False)
    c_0 = np.full(len(system.pore_volume), 1000.0)
    load, storage = Load(current=40.0), Storage(c_0, 5.0)
    y = worker.stage(balanced(worker, c_0, load)[0], load, storage)
    c = system.unknowns.unpack(y)[0]
    i_n, i_counter, current = system.currents(y)
    assert worker.full.kind(system.unknowns.size) == "block AMG" and worker.full.iterations > 5
    assert abs((c - c_0) @ system.pore_volume) <= 1e-13 * (c_0 @ system.pore_volume)
    assert abs(i_n @ cell.sites.area + i_counter @ cell.counter_sites.area) <= 1e-11 * 40 * cell.area
    assert current == pytest.approx(40.0, rel=1e-11)


def test_plated_charge_is_current_times_time(cycled):
    cell, q = cycled.cell, cycled.sites["q"] @ cycled.cell.sites.area / cycled.cell.area
    for step, (total, current) in enumerate(((2400.0, 40.0), (2400.0, 0.0), (400.0, -40.0))):
        last = np.flatnonzero(cycled.step_index == step)[-1]
        assert q[last] == pytest.approx(total, abs=1e-8 * 2400)
        assert cycled.current[last] == pytest.approx(current, abs=1e-9 * 40)
    assert cell.sites.area.sum() > 5 * cell.area, "the sheets plate, not only the floor"


def arguments(run):
    """What `audit` was given for that run, to be falsified."""
    on_host, area = run.sites["plating"] @ run.cell.sites.area, run.cell.counter_sites.area
    i_counter = np.repeat(on_host[:, None] / area.sum(), len(area), axis=1)
    applied = np.array([getattr(run.protocol[k], "current", 0.0) for k in run.step_index])
    return {"times": run.times, "step_index": run.step_index, "fields": run.fields, "sites": run.sites,
            "i_counter": i_counter, "inflow": np.zeros(len(run.times)),
            "displaced": np.zeros(len(run.times)), "steady": False, "current": run.current, "applied": applied}


def falsified(run, where: str, key: str, change):
    given = arguments(run)
    table = dict(given[where]) if key else given
    name = key or where
    table[name] = change(np.array(table[name], dtype=float))
    return audit(run.cell, **(given | ({where: table} if key else {where: table[name]})))


def test_the_audit_itself_agrees(cycled):
    found = audit(cycled.cell, **arguments(cycled))
    assert found.charge <= 1e-9 and found.salt <= 1e-11


@pytest.mark.parametrize("where, key, change, charge, salt", [
    ("fields", "c", lambda c: c * (1 + 1e-7), 0, 5e-8),
    ("fields", "c", lambda c: np.where(c == np.nanmax(c[-1]), c + 1.0, c), 0, 1e-8),
    ("fields", "psi", lambda psi: psi + 1e-5, 1e-6, 0),
    ("fields", "phi_s", lambda phi: phi - 1e-5, 1e-6, 0),
    ("sites", "plating", lambda plating: plating * (1 + 1e-5), 5e-6, 0),
    ("sites", "q", lambda q: q * (1 + 1e-5), 1e-6, 0),
    ("i_counter", "", lambda i: i * (1 + 1e-5), 5e-6, 0),
    ("times", "", lambda t: t * (1 + 1e-5), 1e-6, 0),
], ids=["c everywhere", "c at a node", "psi", "phi_s", "plating current", "charge", "counter current", "times"])
def test_the_audit_notices(cycled, where, key, change, charge, salt):
    found = falsified(cycled, where, key, change)
    assert found.charge >= charge and found.salt >= salt
    assert charge > 0 or found.salt > 1e-11


def test_inflow_of_a_reservoir_is_audited():
    cell = cells.make(cells.plane(coarsen=4), counter=cf.Reservoir())
    run = cf.solve(cell, cf.Galvanostatic(current=100.0, duration=5.0))
    given = arguments(run)
    length = np.abs(np.diff(cell.mesh.p[0][cell.mesh.t], axis=0))
    change = (run.fields["c"] - 1000.0) @ np.bincount(cell.mesh.t.ravel(), np.repeat(length / 2, 2, axis=0).ravel())
    inflow = 96485.33212 * change + 0.62 * (run.sites["q"] @ cell.sites.area)
    assert audit(cell, **(given | {"inflow": inflow})).salt <= 1e-11
    assert audit(cell, **(given | {"inflow": inflow * (1 + 1e-6)})).salt > 1e-9


@pytest.mark.parametrize("key, change, found", [("c", lambda c: c * (1 + 1e-6), "salt balance"),
                                                ("psi", lambda psi: psi + 1e-3, "charge balance"),
                                                ("phi_e", lambda phi: phi / 0, "not finite")])
def test_a_wrong_field_is_not_returned(monkeypatch, key, change, found):
    original = studies._fields

    def wrong(system, frames):
        fields = original(system, frames)
        with np.errstate(all="ignore"):
            return fields | {key: change(fields[key])}

    monkeypatch.setattr(studies, "_fields", wrong)
    with pytest.raises(ConvergenceError, match=found):
        cf.solve(cells.make(cells.plane(coarsen=4)), cf.Galvanostatic(current=50.0, duration=1.0))


def test_measures_of_simplices():
    """Triangle and tetrahedron in space, a segment, a point."""
    p = np.array([[0.0, 3.0, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    for corners, measure in (([0, 1, 2, 3], 1.0), ([0, 1, 2], 3.0), ([1, 3], np.sqrt(10)), ([2], 1.0)):
        assert simplex_measure(p, np.array(corners)[:, None])[0] == pytest.approx(measure)
