"""What reports, files and tables say of nucleation, films, deposit and stripping."""

from __future__ import annotations

import math
from dataclasses import replace

import meshio
import numpy as np
import pytest
from verification import cells

import cellfem as cf
from cellfem.cli import main
from cellfem.fields import label
from cellfem.geometry import summary
from cellfem.geometry.measures import facet_areas
from cellfem.materials import (
    CELGARD_2500,
    COPPER,
    GRAPHENE,
    KFSI_DME,
    LIPF6_EC_DMC,
    LITHIUM,
    POTASSIUM,
    substrates,
)
from cellfem.results import curves
from cellfem.results.curves import nucleation_trace
from cellfem.results.cycles import cycles, metal_on_host
from cellfem.results.deposit import (
    dip_and_plateau,
    directions,
    drawn_thickness,
    first_plating,
    largest_fall,
    porosity,
    target_charge,
    verdict,
)
from cellfem.results.filling import plated_between
from cellfem.results.tortuosity import host_numbers
from cellfem.units import FARADAY, cm, mA, mAh, um

CURRENT, CAPACITY = 2 * mA / cm**2, 0.2 * mAh / cm**2
PLATE = cf.Galvanostatic(current=CURRENT, capacity=CAPACITY)
STRIP = cf.Galvanostatic(current=-CURRENT, capacity=0.5 * CAPACITY)
WALLS = {"name": "walls", "shape": "walls", "source": "made up for a test", "dimension": 2, "size_um": [10.5, 40.0],
         "separator_um": 25.0, "cell_size_um": 10.0, "collector_plates": True,
         "walls": {"pitch_um": 21.0, "thickness_um": 1.0}}
FELT = {"name": "felt", "shape": "envelope", "source": "made up for a test", "dimension": 1, "size_um": [50.0],
        "separator_um": 25.0, "collector_plates": False, "cell_size_um": 5.0,
        "electrode": {"porosity": 0.8, "specific_surface_per_mm": 40.0, "tortuosity_factor": 1.3}}


def plated(keys, protocol, *, metal=LITHIUM, electrolyte=LIPF6_EC_DMC, **more):
    design = cf.Geometry.from_dict(keys)
    cell = cf.Cell(design.mesh(), metal=metal, electrolyte=electrolyte, host=COPPER, separator=CELGARD_2500,
                   **cf.graded(design), **more)
    return cf.solve(cell, protocol)


@pytest.fixture(scope="module")
def cycled():
    """Two cycles of a felt: the first strips half of what it plated, the second as much."""
    return plated(FELT, [PLATE, cf.Rest(duration=30.0), STRIP, PLATE, STRIP])


def test_dip_is_the_largest_fall_and_the_plateau_its_end():
    assert dip_and_plateau(np.array([1.0, 5.0, 3.0, 2.0, 4.0, 3.5])) == (3.0, 2.0)
    assert dip_and_plateau(np.array([1.0, 2.0, 3.0])) == (0.0, 1.0)
    assert all(math.isnan(value) for value in dip_and_plateau(np.array([])))


def test_the_trace_that_is_drawn_is_the_one_that_is_reported(cycled):
    """Also in a thick electrolyte layer, whose own drop is none of the surface's."""
    charge, trace = nucleation_trace(cycled)
    row = cf.report(cycled)
    peak, end = largest_fall(trace)
    assert 1e3 * (trace[peak] - trace[end]) == pytest.approx(row["nucleation dip [mV]"], rel=1e-12)
    assert 1e3 * trace[end] == pytest.approx(row["plateau after nucleation [mV]"], rel=1e-12)
    assert charge[0] == 0 and charge[-1] == pytest.approx(CAPACITY, rel=1e-9)
    drop = 1e3 * cycled.voltage[first_plating(cycled)[-1]] - 1e3 * trace[-1]
    assert drop > 1, "separator and counter electrode, which are not in it"
    assert largest_fall(np.array([1.0, 2.0, 3.0])) == (0, 0)


def test_depletion_does_not_flatten_the_picture_of_the_dips(cycled, monkeypatch):
    figures = []
    monkeypatch.setattr(curves, "png", lambda figure: figures.append(figure) or b"PNG")
    charge, trace = nucleation_trace(cycled)
    curves.nucleation_traces({"a": cycled})
    monkeypatch.setattr(curves, "nucleation_trace", lambda run: (charge, np.r_[trace[:-1], 50 * trace.max()]))
    curves.nucleation_traces({"a": cycled})
    plain, depleted = (figure.axes[0].get_ylim()[1] for figure in figures)
    assert 1e3 * trace.max() < plain < depleted == pytest.approx(1.5e3 * trace.max())


def test_the_dip_is_the_difference_of_the_closed_law_before_and_after_covering():
    """At a small current nothing but the law moves: before, i = r S(eta) at theta = 0; after, i = r."""
    run = plated(FELT, cf.Galvanostatic(current=CURRENT / 40, capacity=CAPACITY / 10))
    row, cell = cf.report(run), run.cell
    i = CURRENT / 40 * cell.area / cell.sites.area.sum()
    kinetics, R = cell.kinetics_used, float(cell.film_resistance[0])

    def eta(share):
        low, high = -1.0, 0.0
        for _ in range(80):
            middle = 0.5 * (low + high)
            r = -float(kinetics.rate(np.array([1000.0]), np.array([middle]), np.zeros(1), cell.temperature)[0])
            low, high = (middle, high) if r * share(middle) > i else (low, middle)
        return -middle

    bare = eta(lambda e: 1 / (1 + math.exp((e + 0.04) / cell.bare.width[0])))
    covered = eta(lambda e: 1.0)
    assert row["nucleation dip [mV]"] == pytest.approx(1e3 * (bare - covered), rel=0.01)
    assert row["plateau after nucleation [mV]"] == pytest.approx(1e3 * (covered + i * R), rel=0.01)
    theta = 1 - np.exp(-run.sites["q"][-1] / cell.bare.q_n)
    assert row["nucleated surface [%]"] == pytest.approx(100 * cell.sites.mean(theta), rel=1e-9)


def test_a_foil_and_a_steady_state_know_no_nucleation():
    steady = cf.report(plated(FELT, cf.Steady(current=CURRENT)))
    assert "nucleation dip [mV]" not in steady and "nucleated surface [%]" not in steady
    assert steady["room for the metal"] == ""
    slab = cf.Cell(cf.Geometry.load("geometries/slab.toml").mesh(coarsen=8), metal=LITHIUM, electrolyte=LIPF6_EC_DMC,
                   separator=CELGARD_2500)
    row = cf.report(cf.solve(slab, PLATE))
    assert "nucleation dip [mV]" not in row and "pore filling, max [%]" not in row


FILLING = cf.Galvanostatic(current=5 * CURRENT, capacity=4 * mAh / cm**2)


def test_filling_is_metal_over_pores():
    """50 um of porosity 0.8 hold 40 um of metal: 8.25 mAh/cm2 of Li."""
    li = plated(FELT, FILLING)
    row = cf.report(li)
    V_m = LITHIUM.M / LITHIUM.rho
    assert row["capacity that fills the host [mAh/cm2]"] == pytest.approx(0.8 * 50e-6 * FARADAY / V_m / 3.6e4, rel=1e-9)
    assert row["pore filling, mean [%]"] == pytest.approx(row["pore volume taken by metal [%]"], rel=1e-9)
    assert row["pore filling, max [%]"] > row["pore filling, mean [%]"] > 40
    assert row["room for the metal"] == "tight"
    assert row["capacity at the first closed pore [mAh/cm2]"] == pytest.approx(
        4 * 100 / row["pore filling, max [%]"], rel=1e-9)
    left = porosity(li, -1)
    assert left == pytest.approx(0.8 * (1 - li.sites["q"][-1] * V_m / FARADAY / (0.8 / 40e3)), rel=1e-9)


def test_the_target_is_the_most_that_the_steps_would_have_on_the_host(cycled):
    assert target_charge(cycled) == pytest.approx(1.5 * CAPACITY, rel=1e-12)  # 1, less 1/2, and 1 again
    assert verdict(cycled, 0.05, 1.4 * CAPACITY) == "full"
    assert [verdict(cycled, worst, 2 * CAPACITY) for worst in (0.05, 0.1)] == ["enough", "tight"]


@pytest.mark.slow
def test_a_host_that_suits_lithium_says_that_it_is_full_of_potassium():
    """The same 4 mAh/cm2 are more than the 2.36 of K that it holds."""
    k = plated(FELT, FILLING, metal=POTASSIUM, electrolyte=KFSI_DME, film=cf.Film(R=1e-5))  # fills from its mouth
    row = cf.report(k)
    assert k.outcome.kind == "closed" and row["room for the metal"] == "full"
    first = row["capacity at the first closed pore [mAh/cm2]"]
    assert first == pytest.approx(k.outcome.time * 5 * CURRENT / 3.6e4, rel=1e-9), "as the outcome says"
    assert f"{first:.4g} mAh/cm2 are in the host" in k.outcome.message
    assert first > row["plated capacity [mAh/cm2]"], "the last moment is at 99.9 %"
    assert row["pore filling, max [%]"] == pytest.approx(99.9, abs=1e-3)


@pytest.mark.parametrize(("capacity", "warned"), [(0.1, False), (1.5, True)])
def test_resolved_pores_warn_from_ten_per_cent(capacity, warned):
    run = plated(WALLS, cf.Galvanostatic(current=5 * CURRENT, capacity=capacity * mAh / cm**2))
    assert (cf.report(run)["pore filling, max [%]"] >= 10) == warned
    assert any(text.startswith("deposit: it fills") for text in run.warnings) == warned
    assert cf.report(run)["room for the metal"] == ("tight" if warned else "enough")


def test_cycles_add_up(cycled):
    assert len(cycles(cycled)) == 2
    rows = cf.cycle_table(cycled, side_reaction=0.1)
    assert [row["plated [mAh/cm2]"] for row in rows] == pytest.approx([0.2, 0.2], rel=1e-6)
    assert [row["stripped [mAh/cm2]"] for row in rows] == pytest.approx([0.1, 0.1], rel=1e-6)
    assert [row["left behind [mAh/cm2]"] for row in rows] == pytest.approx([0.1, 0.2], rel=1e-6)
    for row in rows:
        assert row["Coulombic efficiency of the geometry [%]"] == pytest.approx(50, rel=1e-6)
        assert row["Coulombic efficiency of the cell [%]"] == pytest.approx(45, rel=1e-6)
    row = cf.report(cycled)
    assert row["metal left in the host [mAh/cm2]"] == pytest.approx(0.2, rel=1e-6)
    assert row["Coulombic efficiency of the geometry [%]"] == pytest.approx(50, rel=1e-6)
    assert row["plated capacity [mAh/cm2]"] == pytest.approx(0.3, rel=1e-6)  # of the last moment that plates


def test_retention_and_efficiency_are_each_other_s_inverse():
    assert cf.efficiency_of_retention(0.8, 1000) == pytest.approx(0.999777, abs=5e-7)
    for share, n in ((0.8, 1000), (0.5, 3), (1.0, 10)):
        assert cf.retention_of_efficiency(cf.efficiency_of_retention(share, n), n) == pytest.approx(share, rel=1e-12)
    assert cf.cycles_to_retention(cf.efficiency_of_retention(0.7, 250), 0.7) == pytest.approx(250, rel=1e-9)
    assert cf.cycles_to_retention(1.0, 0.8) == math.inf


def test_average_efficiency_recovers_the_one_that_ate_the_reservoir():
    """Each cycle strips Q_c, plates CE Q_c; at last CE of the first reservoir's rest comes off, to first order."""
    CE, n, cycle, reservoir = 0.99, 20, 1.0, 5.0
    stripped = CE * reservoir - n * (1 - CE) * cycle
    average = cf.average_efficiency(cycled=cycle, cycles=n, stripped=stripped, reservoir=reservoir)
    assert average == pytest.approx(CE, abs=1e-12)


@pytest.mark.parametrize("call", [
    lambda: cf.efficiency_of_retention(80, 1000), lambda: cf.efficiency_of_retention(0.8, 0),
    lambda: cf.retention_of_efficiency(99, 10), lambda: cf.cycles_to_retention(0.99, 0.0),
    lambda: cf.average_efficiency(cycled=1, cycles=10, stripped=6, reservoir=5),
    lambda: cf.average_efficiency(cycled=0, cycles=10, stripped=1, reservoir=5),
    lambda: cf.cycles_of_excess(99.0, 1.0, 1.0), lambda: cf.cycles_of_excess(0.99, -1.0, 1.0),
    lambda: cf.cycles_of_excess(0.99, 1.0, 0.0), lambda: cf.cycles_of_excess(0.99, float("nan"), 1.0),
])
def test_shares_that_cannot_be_are_refused(call):
    with pytest.raises(ValueError, match="is needed"):
        call()


def test_an_excess_lasts_until_the_losses_have_eaten_it_up():
    """Cycle by cycle: what each loses is taken from the excess."""
    excess, cycled, efficiency, n = 2.0, 0.8, 0.98, 0
    while excess > 1e-12:
        excess, n = excess - (1 - efficiency) * cycled, n + 1
    assert cf.cycles_of_excess(efficiency, 2.0, cycled) == pytest.approx(n, abs=1)
    assert cf.cycles_of_excess(efficiency, 0.0, cycled) == 0 and cf.cycles_of_excess(1.0, 2.0, cycled) == float("inf")


def test_wrong_tables_are_refused(cycled):
    with pytest.raises(ValueError, match=r"side_reaction: found 1\.5"):
        cf.cycle_table(cycled, side_reaction=1.5)
    with pytest.raises(ValueError, match=r"makes 7.2e\+06 intervals; at most 1000"):
        cf.filling_table({"a": cycled}, every=1e-3)
    with pytest.raises(ValueError, match="every: found 0"):
        cf.filling_table({"a": cycled}, every=0)
    with pytest.raises(ValueError, match="plates nothing"):
        cf.filling_table({"a": plated(FELT, cf.Steady(current=CURRENT))}, every=1.0)


def test_what_is_plated_between_capacities_adds_up_to_the_charge(cycled, tmp_path):
    edges, parts = plated_between(cycled, 0.3 * CAPACITY)
    assert edges / CAPACITY == pytest.approx([0, 0.3, 0.6, 0.9, 1.0])
    assert parts @ cycled.cell.sites.area / cycled.cell.area == pytest.approx(np.diff(edges), rel=1e-9)
    end = np.flatnonzero(cycled.step_index == 0)[-1]
    assert parts.sum(axis=0) == pytest.approx(cycled.sites["q"][end], rel=1e-9)
    rows = cf.filling_table({"a": cycled}, every=CAPACITY)
    assert len(rows) == 1 and 25 < rows[0]["to the bottom half [%]"] < 50
    path = cf.write_filling(tmp_path, "filling", {"a": cycled}, every=0.5 * CAPACITY)
    assert path.stat().st_size > 5000


def test_mosaics_report_percentiles_and_their_length(tmp_path):
    films = (cf.Film(R=1e-2), cf.Film(R=1e-3))
    step = cf.Galvanostatic(current=CURRENT, duration=20.0)
    fine = plated(WALLS, step, film=cf.MosaicFilm(shares=(0.8, 0.2), films=films))
    row = cf.report(fine)
    low, middle, high = (row[f"plating current, {name} percentile [mA/cm2]"] for name in ("1st", "50th", "99th"))
    assert low < middle < high and high > 3 * middle
    assert row["film correlation length [um]"] == 0
    mean = 0.8 * middle + 0.2 * high  # the median patch is of the poor film, the 99th of the good one
    assert mean == pytest.approx(CURRENT * fine.cell.area / fine.cell.sites.area.sum() / 10, rel=0.25)
    laid = plated(WALLS, step, film=cf.MosaicFilm(shares=(0.5, 0.5), films=films, correlation_length=5 * um))
    assert cf.report(laid)["film correlation length [um]"] == pytest.approx(5.0)
    fine.write(tmp_path, "fine")
    surface = meshio.read(tmp_path / "fine" / "host_surface_0001.vtu")
    places = len(fine.cell.sites.nodes) // 2
    assert len(surface.points) == places  # one point per place, with the mean of its patches
    q = fine.sites["q"][1]
    assert surface.point_data[label("q")] == pytest.approx((0.8 * q[:places] + 0.2 * q[places:]) / 3.6e4, rel=1e-6)


def test_a_blocked_surface_and_a_bare_one_grow_apart():
    run = plated(WALLS, PLATE, substrate={"host_surface": substrates.ALUMINA, "collector": substrates.GOLD})
    sites = run.cell.sites
    on_floor = sites.kind == sites.kinds.index("collector")
    assert run.sites["q"][-1][on_floor].min() > 0
    assert run.sites["q"][-1] @ sites.area == pytest.approx(CAPACITY * run.cell.area, rel=1e-6)
    assert (run.sites["q"][-1] * sites.area)[~on_floor] == pytest.approx(0, abs=1e-15)


def test_a_drawn_deposit_keeps_out_of_the_wall_across(cycled):
    run = plated(WALLS, PLATE)
    thicker, thickest = drawn_thickness([run])
    full = cf.report(run)["pore filling, max [%]"]
    assert thickest == pytest.approx(run.sites["q"].max() * LITHIUM.thickness_per_charge)
    assert thicker > 1 and thicker * full <= 90
    assert np.all(directions(cycled.cell.mesh, cycled.cell.sites) == 0)  # an electrode has no one direction


def test_metal_from_the_start_counts(cycled):
    there = plated(FELT, STRIP, plated=CAPACITY / 2)  # a_s L = 2: twice that per superficial area
    assert metal_on_host(there, 0) == pytest.approx(CAPACITY, rel=1e-9)
    assert cf.report(there)["outcome"].startswith("finished")


@pytest.mark.parametrize(("flags", "said"), [
    (["--capacity-mAh-cm2", "1", "--substrate", "goold"], 'Did you mean "gold"?'),
    (["--steady", "--cycles", "2"], "--cycles: found 2 with --steady"),
    (["--capacity-mAh-cm2", "1", "--strip-cutoff-V", "1"], "--strip-cutoff-V: found 1 without --cycles"),
    (["--capacity-mAh-cm2", "1", "--cycles", "2.5"], "a whole number above 0 is needed"),
])
def test_the_command_line_refuses(flags, said, capsys):
    assert main(["solve", "geometries/vga_2d.toml", "--current-mA-cm2", "2", *flags]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_line_cycles(tmp_path, capsys):
    assert main(["solve", "geometries/graded_uniform.toml", "--coarsen", "10", "--current-mA-cm2", "2",
                 "--capacity-mAh-cm2", "0.05", "--cycles", "2", "--substrate", "gold", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "cycle 2" in said and "left behind [mAh/cm2]" in said
    assert replace(PLATE, current=1.0).time == CAPACITY


def test_surface_toward_the_separator_counts_by_its_porosity_in_runs_alone():
    mesh = cells.shipped("hga", 3)
    cell = cf.Cell(mesh, metal=LITHIUM, electrolyte=LIPF6_EC_DMC, host=GRAPHENE, separator=CELGARD_2500)
    area, surface = facet_areas(mesh, mesh.boundaries["host_surface"]), mesh.facets[:, mesh.boundaries["host_surface"]]
    top = area[(np.abs(mesh.p[2, surface] - 100 * um) < 1e-9).all(axis=0)].sum()
    volume = 50 * 5 * 100 * um**3
    reported = cf.report(cf.solve(cell, cf.Steady(current=mA / cm**2)))
    geometric = host_numbers(mesh, host=GRAPHENE)["specific surface, geometric [1/mm]"]
    assert top > 0 and "specific surface, geometric [1/mm]" not in reported
    assert geometric == pytest.approx(area.sum() / volume / 1e3, rel=1e-9)
    assert geometric == pytest.approx(summary(mesh)["specific surface, geometric [1/mm]"], rel=1e-9)
    assert reported["specific surface [1/mm]"] == pytest.approx(
        (area.sum() - (1 - CELGARD_2500.eps) * top) / volume / 1e3, rel=1e-9)
