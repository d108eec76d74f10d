"""How runs end: finished, steady, depleted with a place and a time, or a message; never a wrong field."""

from __future__ import annotations

import math

import numpy as np
import pytest
from verification import cells

import cellfem as cf
from cellfem.materials import LIPF6_EC_DMC
from cellfem.materials.electrolyte import constant

COUNTERS = {"foil": cf.Foil(), "uniform flux": cf.UniformFlux(), "reservoir": cf.Reservoir(),
            "reservoir, uniform potential": cf.Reservoir(uniform=False)}
MESHES = {"plane, 1-D": lambda: cells.shipped("slab", 2), "sheets, 2-D": lambda: cells.shipped("vga_2d", 5)}


@pytest.fixture(scope="module", params=MESHES)
def mesh(request):
    return MESHES[request.param]()


HOSTLESS = {"porosity [-]", "geometric tortuosity, z [-]",
            *(f"{name}, {axis} [-]" for name in ("tortuosity factor", "MacMullin number") for axis in "xyz"),
            "electrode tortuosity factor, z [-]", "specific surface [1/mm]", "areal mass of host [mg/cm2]",
            "pore volume taken by metal [%]"}


def nans(values: dict) -> list[str]:
    return [key for key, value in values.items() if not isinstance(value, str) and math.isnan(value)]



def test_steady_above_the_limit_is_depleted_and_has_no_field(mesh):
    cell = cells.make(mesh, LIPF6_EC_DMC)
    limit = cf.limiting_current(cell)
    run = cf.solve(cell, cf.Steady(current=1.05 * limit))
    assert run.outcome.kind == "depleted" and run.outcome.sustainable_current == pytest.approx(limit)
    assert f"{limit / 10:.4g} mA/cm2" in run.outcome.message
    assert len(run.times) == 0 and all(len(field) == 0 for field in run.fields.values())
    row = cf.report(run)
    assert row["limiting current [mA/cm2]"] == pytest.approx(limit / 10) and "depletes" in row["outcome"]
    assert math.isnan(row["overpotential [mV]"]), "no number where there is no field"


def test_transient_above_the_limit_ends_at_a_place_and_a_time(mesh):
    cell = cells.make(mesh, LIPF6_EC_DMC)
    run = cf.solve(cell, cf.Galvanostatic(current=1.5 * cf.limiting_current(cell), duration=1e4), tolerance=5e-3)
    outcome = run.outcome
    assert outcome.kind == "depleted" and "on the host" in outcome.message and "t = " in outcome.message
    assert 0 < outcome.time <= outcome.time_to_depletion < 1.2 * outcome.time
    assert run.times[-1] == outcome.time
    at = np.argmin(np.linalg.norm(cell.mesh.p - np.array(outcome.place)[:, None], axis=0))
    assert at in cell.sites.nodes
    assert run.fields["c"][-1, at] == pytest.approx(1.0, rel=0.05), "1e-3 c_0 there"
    row = cf.report(run)
    assert row["time to depletion [s]"] == outcome.time_to_depletion
    assert row["time to c_s = 0.001 c_0 [s]"] == outcome.time
    assert row["risk, kind"] == "extrapolated" and row["risk, max [-]"] > 1


def test_stripping_depletes_at_the_counter_electrode(mesh):
    cell = cells.make(mesh, LIPF6_EC_DMC, plated=3e4)
    limit = cf.limiting_current(cell, strip=True)
    assert cf.solve(cell, cf.Steady(current=-1.05 * limit)).outcome.kind == "depleted"
    run = cf.solve(cell, cf.Galvanostatic(current=-1.5 * limit, duration=1e4), tolerance=5e-3)
    assert run.outcome.kind == "depleted" and "on the counter electrode" in run.outcome.message
    assert run.outcome.place[-1] == pytest.approx(cell.mesh.p[-1].max())


def test_a_symmetric_cell_has_one_limit():
    cell = cells.make(cells.plane())
    assert cf.limiting_current(cell) == pytest.approx(cf.limiting_current(cell, strip=True), rel=1e-9)


def test_far_above_the_limit_behind_a_film():
    """Hundreds of volts over the film are absurd, but neither a crash nor a wrong field."""
    cell = cells.make(cells.shipped("slab", 2), film=cf.Film(R=5e-2))
    run = cf.solve(cell, cf.Galvanostatic(current=1e4, duration=10.0))
    assert run.outcome.kind == "depleted" and run.voltage[-1] > 500



@pytest.mark.parametrize("name", COUNTERS)
def test_every_counter_electrode_holds_a_current_and_a_voltage(mesh, name):
    cell = cells.make(mesh, LIPF6_EC_DMC, counter=COUNTERS[name])
    steady = cf.solve(cell, cf.Steady(current=30.0))
    assert steady.current[0] == pytest.approx(30.0, rel=1e-9)
    voltage = float(steady.voltage[0])
    run = cf.solve(cell, [cf.Potentiostatic(voltage=voltage, duration=300.0)], tolerance=5e-3)
    assert run.outcome.kind == "finished" and np.allclose(run.voltage, voltage, rtol=1e-9)
    assert run.current[-1] == pytest.approx(30.0, rel=2e-3), "the steady current comes back"
    assert run.audit.charge <= 1e-9 and run.audit.salt <= 1e-11


def test_voltage_below_zero_strips():
    cell = cells.make(cells.shipped("slab", 2), LIPF6_EC_DMC)
    plating, stripping = (cf.solve(cell, cf.Potentiostatic(voltage=V, duration=1.0)).current[-1] for V in (0.3, -0.3))
    assert plating == pytest.approx(-stripping, rel=1e-6) and plating > 0


def test_steps_follow_each_other():
    """Times go on, charge and concentration are carried over, a rest levels them."""
    cell = cells.make(cells.shipped("slab", 2), LIPF6_EC_DMC)
    run = cf.solve(cell, [cf.Rest(duration=1.0), cf.Galvanostatic(current=100.0, capacity=300.0),
                          cf.Rest(duration=20.0), cf.Galvanostatic(current=-50.0, duration=2.0)], tolerance=5e-3)
    ends = [run.times[run.step_index == k][-1] for k in range(4)]
    assert ends == pytest.approx([1.0, 4.0, 24.0, 26.0])
    q = [(run.sites["q"] @ cell.sites.area)[run.step_index == k][-1] for k in range(4)]
    assert q == pytest.approx([0.0, 300.0, 300.0, 200.0], abs=1e-6)
    spread = [np.ptp(run.fields["c"][run.step_index == k][-1]) for k in range(4)]
    assert spread[0] < 1e-9 and spread[1] > 50 and spread[2] < 1e-3 * spread[1] and spread[3] > 10
    assert cf.report(run)["current [mA/cm2]"] == pytest.approx(10.0), "of the last plating moment, not of the rest"


def test_rest_alone():
    run = cf.solve(cells.make(cells.shipped("slab", 2), LIPF6_EC_DMC), cf.Rest(duration=5.0))
    assert run.outcome.kind == "finished" and np.ptp(run.fields["c"]) < 1e-9 and abs(run.voltage[-1]) < 1e-12
    assert math.isnan(cf.report(run)["risk, max [-]"])


def test_depletion_ends_the_list_of_steps():
    cell = cells.make(cells.shipped("slab", 2))
    run = cf.solve(cell, [cf.Galvanostatic(current=3000.0, duration=50.0), cf.Rest(duration=5.0)], tolerance=5e-3)
    assert run.outcome.kind == "depleted" and set(run.step_index) == {0}


@pytest.mark.parametrize("make, found", [
    (lambda: cf.Galvanostatic(current=0.0, duration=1.0), "found 0"),
    (lambda: cf.Galvanostatic(current=math.nan, duration=1.0), "finite"),
    (lambda: cf.Galvanostatic(current=10.0), "exactly one"),
    (lambda: cf.Galvanostatic(current=10.0, duration=1.0, capacity=10.0), "exactly one"),
    (lambda: cf.Galvanostatic(current=10.0, duration=-1.0), "positive"),
    (lambda: cf.Galvanostatic(current=10.0, capacity=0.0), "positive"),
    (lambda: cf.Galvanostatic(current=10.0, duration=1.0, stop_ratio=0.0), "stop_ratio"),
    (lambda: cf.Galvanostatic(current="2", duration=1.0), "finite number"),
    (lambda: cf.Steady(current=0.0), "found 0"),
    (lambda: cf.Steady(current=math.inf), "finite"),
    (lambda: cf.Potentiostatic(voltage=math.nan, duration=1.0), "finite"),
    (lambda: cf.Potentiostatic(voltage=0.1, duration=0.0), "positive"),
    (lambda: cf.Rest(duration=-5.0), "positive"),
])
def test_bad_steps(make, found):
    with pytest.raises(ValueError, match=found):
        make()


@pytest.mark.parametrize("protocol, found", [
    ([], "protocol"), ("plate", "protocol"), ([cf.Rest(duration=1.0), 3], "protocol"),
    ([cf.Steady(current=10.0), cf.Rest(duration=1.0)], "stands alone"),
])
def test_bad_protocols(protocol, found):
    with pytest.raises(ValueError, match=found):
        cf.solve(cells.make(cells.shipped("slab", 4)), protocol)


@pytest.mark.parametrize("kinetics", [cf.Tafel(), cf.FirstOrder()], ids=["Tafel", "first order"])
@pytest.mark.parametrize("step", [cf.Steady(current=-1.0), cf.Galvanostatic(current=-1.0, duration=1.0),
                                  cf.Rest(duration=1.0)], ids=["steady", "strip", "rest"])
def test_a_law_that_only_plates_is_not_asked_to_strip(kinetics, step):
    mesh = cells.shipped("slab", 4)
    with pytest.raises(ValueError, match=r"Cell\.kinetics.*only plates.*ButlerVolmer"):
        cf.solve(cells.make(mesh, kinetics=kinetics), step)
    plates = cf.Galvanostatic(current=1.0, duration=1.0)
    assert cf.solve(cells.make(mesh, kinetics=kinetics), plates).outcome.kind == "finished"
    with pytest.raises(ValueError, match=r"Foil\.kinetics"):
        cf.solve(cells.make(mesh, counter=cf.Foil(kinetics=kinetics)), plates)



@pytest.mark.parametrize("name", COUNTERS)
def test_a_single_ion_conductor_keeps_its_concentration(mesh, name):
    cell = cells.make(mesh, constant(D=3e-10, kappa=1.0, t_plus=1.0), counter=COUNTERS[name])
    assert cf.limiting_current(cell) == math.inf == cf.limiting_current(cell, strip=True)
    for protocol in (cf.Steady(current=500.0), cf.Galvanostatic(current=500.0, duration=100.0)):
        run = cf.solve(cell, protocol)
        assert run.outcome.kind in ("steady", "finished")
        c = run.fields["c"][np.isfinite(run.fields["c"])]
        assert np.max(np.abs(c - 1000)) < 1e-6
        row = cf.report(run)
        assert set(nans(row)) <= (HOSTLESS if "host" not in cell.medium else set())
        assert row["limiting current [mA/cm2]"] == row["time to depletion [s]"] == math.inf
        assert row["risk, max [-]"] < 1e-9



def test_reports_have_no_nan_where_there_is_a_host():
    cell = cells.make(cells.shipped("vga_2d", 5), LIPF6_EC_DMC)
    below = cf.report(cf.solve(cell, cf.Galvanostatic(current=20.0, duration=60.0), tolerance=5e-3))
    steady = cf.report(cf.solve(cell, cf.Steady(current=20.0)))
    above = cf.report(cf.solve(cell, cf.Galvanostatic(current=4000.0, duration=1e3), tolerance=5e-3))
    assert nans(below) == [] and nans(above) == []
    assert nans(steady) == [] or set(nans(steady)) <= {"plated capacity [mAh/cm2]"}
    assert list(below) == list(above), "one set of columns for every transient"


def test_below_the_limit_there_is_no_time_to_depletion():
    row = cf.report(cf.solve(cells.make(cells.shipped("vga_2d", 5)), cf.Galvanostatic(current=20.0, duration=60.0)))
    assert row["time to depletion [s]"] == math.inf == row["Sand's capacity [mAh/cm2]"]
    assert row["planar Sand's time, validity"].startswith("invalid")
