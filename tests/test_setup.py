"""What a report says of a run: its surface, its counter electrode, and every property value with its source."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from pathlib import Path

import pytest

import cellfem as cf
from cellfem.materials import CELGARD_2500, GRAPHENE, LITHIUM, Electrolyte, substrates
from cellfem.model.assumptions import assumptions
from cellfem.results.setup import cell_text, property_rows

GEOMETRIES = Path(__file__).parents[1] / "geometries"
OWN = Electrolyte(name="own", D=3e-10, kappa=lambda c, T: 1e-3 * c, t_plus=0.4, c_range=(10, 2000), source="lab book")


def host(sigma=inf, **more):
    design = cf.Geometry.load(GEOMETRIES / "vga_2d.toml").envelope(dimension=1)
    medium = cf.Medium.of(eps=0.8, tortuosity_factor=1.5, sigma=sigma, a_s=1e5)
    return cf.Cell(design.mesh(coarsen=4), media={"electrode": medium},
                   **{"metal": LITHIUM, "electrolyte": OWN, "host": GRAPHENE, "separator": CELGARD_2500} | more)


def test_two_runs_that_differ_in_their_surface_read_differently():
    plain, gold = cell_text(host()), cell_text(host(film=cf.Film(R=1e-3), substrate=substrates.GOLD))
    assert "film 0.005 Ohm m2" in plain and "electrode: carbon, nucleation at 14 mV" in plain
    assert "film 0.001 Ohm m2" in gold and "electrode: gold, nucleation at 0 mV" in gold
    assert "25 % of the surface blocked" in cell_text(host(blocked=0.25))
    assert "0.5 mAh per cm2 of true area plated before" in cell_text(host(plated=1.8e4))
    assert "i_0 = 20" in cell_text(host(kinetics=cf.ButlerVolmer(i_0=20.0)))
    assert "counter electrode: reservoir at c_0" in cell_text(host(counter=cf.Reservoir()))


def test_every_value_stands_there_with_unit_range_and_source():
    rows = {(row["material"], row["property"]): row for row in property_rows({"a": host(), "b": host()})}
    assert rows["own", "kappa"] == {"material": "own", "property": "kappa", "value": "1", "unit": "S/m",
                                    "range": "10-2000 mol/m3", "source": "lab book", "mark": "", "runs": "all runs"}
    assert "Boyle" in rows["lithium", "i_0"]["source"] and "illustrative" in rows["lithium", "R_film"]["mark"]
    assert ("carbon", "eta_nuc, Li") in rows and ("Celgard 2500 (PP)", "macmullin") in rows


def test_what_a_cell_replaces_is_not_listed_unless_its_counter_electrode_keeps_it():
    def listed(cell):
        return {row["property"] for row in property_rows({"a": cell}) if row["material"] == "lithium"}

    assert {"i_0", "R_film"} <= listed(host())
    assert not {"i_0", "R_film"} & listed(host(kinetics=cf.ButlerVolmer(i_0=20.0), film=cf.Film(R=1e-3)))
    mosaic = cf.MosaicFilm(shares=(0.5, 0.5), films=(cf.Film(R=1e-3), cf.Film(R=1e-2)))
    assert {"i_0", "R_film"} <= listed(host(kinetics=cf.Tafel(i_0=20.0), film=mosaic))


def test_a_steady_state_says_that_metal_is_there_and_nothing_of_nucleation():
    start, steady = assumptions(host()), assumptions(host(), steady=True)
    assert any("nucleation on carbon" in note for note in start)
    assert [note for note in steady if "nucleation" in note] == [
        "steady state: metal covers the surface; nucleation is left out"]
    assert "nucleation" not in cell_text(host(), steady=True)


@pytest.mark.parametrize("sigma, said", [(inf, True), (0.1, False)])
def test_the_host_counts_as_equipotential_only_where_it_is(sigma, said):
    assert any("equipotential" in note for note in assumptions(host(sigma))) == said


def test_a_barrier_without_a_charge_of_covering_says_whose_charge_it_takes():
    assert any("charge of covering" in note for note in assumptions(host(substrate=cf.Nucleation(eta=0.02))))
    own = replace(cf.Nucleation(eta=0.02), q_n=20.0)
    assert not any("charge of covering" in note for note in assumptions(host(substrate=own)))


@pytest.mark.parametrize("design, loose", [("hga_2d", ", also the 100 % of it that nothing"),
                                           ("vga_2d", "(sigma = inf)")])
def test_solid_that_touches_nothing_is_told(design, loose):
    mesh = cf.Geometry.load(GEOMETRIES / f"{design}.toml").mesh(coarsen=4)
    cell = cf.Cell(mesh, metal=LITHIUM, electrolyte=OWN, host=GRAPHENE, separator=CELGARD_2500)
    note = next(note for note in assumptions(cell) if note.startswith("host: taken as"))
    assert loose in note and (design == "hga_2d" or note.endswith(loose))


def test_a_voltage_that_no_electrolyte_stands_is_told():
    run = cf.solve(host(), cf.Galvanostatic(current=5e3, duration=1e-3))
    assert run.voltage[-1] > 5 and any("electrolytes decompose" in text for text in run.warnings)
    usual = cf.solve(host(), cf.Galvanostatic(current=5.0, duration=1.0))
    assert not any("decompose" in text for text in usual.warnings)
