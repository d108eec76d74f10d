"""Error estimates: the algebra on made-up numbers, honesty on a solved pair of meshes, and the report's words."""

from __future__ import annotations

import csv
import math
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

import cellfem as cf
from cellfem import cli
from cellfem.materials import CELGARD_2500, GRAPHENE, LIPF6_EC_DMC, LITHIUM
from cellfem.results import check

GEOMETRIES = Path(__file__).parents[1] / "geometries"
CELL = partial(cf.Cell, metal=LITHIUM, electrolyte=LIPF6_EC_DMC, host=GRAPHENE, separator=CELGARD_2500)
SHORT = cf.Galvanostatic(current=20.0, duration=60.0)


@pytest.mark.parametrize("p", [0.7, 1.0, 1.6, 2.0])
@pytest.mark.parametrize("factors", [(2.0, 0.5), (0.5, 0.25), (3.0, 0.5)])
def test_a_power_law_is_seen_through(p, factors):
    def at(size):
        return 5.0 - 0.3 * size**p

    found = check.checked("n", at(1.0), {f: at(f) for f in factors})
    assert found.order == pytest.approx(p, rel=1e-9)
    assert found.error == pytest.approx(0.3, rel=1e-9)


def test_coarser_companions_alone_are_not_believed_beyond_the_first_order():
    for p, order in ((0.7, 0.7), (1.0, 1.0), (1.7, 1.0), (2.0, 1.0)):
        found = check.checked("n", 5.0 + 0.3, {f: 5.0 + 0.3 * f**p for f in (2.0, 4.0)})
        assert found.order == pytest.approx(order, rel=1e-9)
        assert found.error >= 0.3 * (1 - 1e-9)
    by_chance = check.checked("n", 5.0, {2.0: 5.001, 4.0: 4.4})
    assert math.isnan(by_chance.order) and by_chance.error == pytest.approx(0.2)


def test_one_companion_assumes_the_first_order_and_does_not_depend_on_its_side():
    def at(size):
        return 5.0 + 0.3 * size

    for factor in (0.5, 2.0, 4.0):
        found = check.checked("n", at(1.0), {factor: at(factor)})
        assert found.error == pytest.approx(0.3, rel=1e-9) and found.order == 1.0


def test_fields_smoother_than_the_assumed_order_are_overestimated():
    def at(size):
        return 5.0 + 0.3 * size**2

    for factor in (0.5, 2.0):
        assert check.checked("n", at(1.0), {factor: at(factor)}).error > 0.3


def test_no_order_where_the_differences_do_not_shrink():
    for coarse, fine in ((5.2, 5.1), (5.1, 4.7)):  # to and fro; growing
        found = check.checked("n", 5.0, {2.0: coarse, 0.5: fine})
        assert math.isnan(found.order) and "too coarse" in found.note
        assert found.error >= max(abs(coarse - 5.0), abs(fine - 5.0))


def test_numbers_without_bounds():
    assert check.checked("n", math.inf, {0.5: math.inf}).error == 0
    only_here = check.checked("n", math.inf, {0.5: 3.0})
    assert only_here.error == math.inf and "one mesh only" in only_here.note
    assert check.checked("n", 3.0, {0.5: math.nan}).error == math.inf
    assert check.checked("n", 0.0, {0.5: 0.0}).relative == 0
    assert math.isnan(check.checked("n", 0.0, {0.5: 1.0}).relative)


@pytest.mark.parametrize("against", [(), (1.0,), (0.5, 0.5), (0.5, 2.0, 4.0), (0.0,), (math.nan,), ("2",)])
def test_factors_that_say_nothing_are_refused(against):
    with pytest.raises(ValueError, match=r"refine_check: against: found .*0\.5 refines"):
        cf.refine_check(None, None, None, against=against)


@pytest.fixture(scope="module")
def hga():
    """The labyrinth in 2-D: a run on half the default resolution, and on cells of half that size."""
    geometry = cf.Geometry.load(GEOMETRIES / "hga_2d.toml")
    run = cf.solve(CELL(geometry.mesh(coarsen=2.0)), SHORT)
    fine = cf.report(cf.solve(CELL(geometry.mesh(coarsen=1.0)), SHORT, tolerance=6e-5))
    return geometry, run, fine


def test_a_coarser_companion_bounds_what_refinement_changes(hga):
    geometry, run, fine = hga
    rows = cf.refine_check(geometry, CELL, SHORT, coarsen=2.0, against=[2], run=run)
    own = cf.report(run)
    assert [row.name for row in rows] == [k for k, v in own.items() if isinstance(v, float) and not math.isnan(v)
                                          and "balance" not in k]
    moved = [row for row in rows if math.isfinite(row.value) and abs(row.value - fine[row.name]) > 1e-9 * row.value]
    assert len(moved) >= 8
    for row in moved:
        assert row.value == own[row.name]
        assert abs(row.value - fine[row.name]) <= 1.5 * row.error, row  # the difference is half of the error or more
        dip = row.name == "nucleation dip [mV]"  # a small difference of two overpotentials: judged against those
        assert row.error < 0.2 * abs(own["plateau after nucleation [mV]"] if dip else row.value), row
    noted = {row.name for row in rows if row.note}
    assert noted == {name for name in own if "raw extremes" in name}


def test_without_a_run_the_checked_mesh_is_solved_too():
    geometry, meshes = cf.Geometry.load(GEOMETRIES / "vga_2d.toml"), []

    def make_cell(mesh):
        meshes.append(mesh.nelements)
        return CELL(mesh)

    rows = cf.refine_check(geometry, make_cell, SHORT, coarsen=6.0)
    assert len(meshes) == 2 and meshes[1] > 2 * meshes[0]
    assert next(row for row in rows if row.name == "overpotential [mV]").error > 0


def test_the_report_states_the_errors(hga, tmp_path, monkeypatch):
    from cellfem.results import write

    monkeypatch.setattr(write, "pictures_of", lambda runs: [])
    _, run, _ = hga
    rows = [check.Checked("depletion, max [%]", 8.0123, 0.0452, 1.0), check.Checked("current [mA/cm2]", 2.0, 0.0, 1.0),
            check.Checked("plating current, max/min - 1, raw extremes [%]", 5699.0, 200.0, math.nan,
                          check._NOTES["raw"])]
    write.write_report(tmp_path, {"hga": run}, checks={"hga": rows})
    page = (tmp_path / "report.html").read_text()
    assert "Discretisation errors" in page and "8.012 +- 0.045 (0.56 %)" in page and "mesh-dependent" in page
    assert "<td>2 +-" not in page
    with open(tmp_path / "errors.csv", newline="") as file:
        read = list(csv.DictReader(file))
    assert [float(row["error"]) for row in read] == [0.0452, 0.0, 200.0] and read[0]["run"] == "hga"
    write.write_report(tmp_path, {"hga": run})
    assert not (tmp_path / "errors.csv").exists() and "not estimated" in (tmp_path / "report.html").read_text()
    with pytest.raises(ValueError, match=r"write_report: checks: found 'hgb'.*Did you mean \"hga\""):
        write.write_report(tmp_path, {"hga": run}, checks={"hgb": rows})


@pytest.mark.parametrize("flags, against", [(["--check"], [0.5]), (["--check-against", "2"], [2.0]),
                                            (["--check", "--check-against", "2", "0.5"], [2.0, 0.5])])
def test_the_flags_reach_the_check(flags, against, monkeypatch, tmp_path, capsys):
    asked, written = [], []

    def refine_check(geometry, make_cell, step, *, run, coarsen, against):
        asked.append((geometry.name, make_cell(geometry.mesh(coarsen=4.0)).metal.symbol, coarsen, list(against), run))
        return [check.Checked("depletion, max [%]", 61.234, 0.52, 1.0)]

    monkeypatch.setattr(cf, "solve", lambda cell, step, **_: SimpleNamespace(warnings=(), times=[0.0]))
    monkeypatch.setattr(cf, "write_report", lambda out, runs, checks=None: written.append(checks) or [])
    monkeypatch.setattr(cf, "refine_check", refine_check)
    code = cli.main(["solve", str(GEOMETRIES / "vga_2d.toml"), "--metal", "Na", "--coarsen", "3", "--current-mA-cm2",
                     "2", "--duration-s", "60", "--out", str(tmp_path / "out"), *flags])
    said = capsys.readouterr()
    assert code == 0, said.err
    assert [row[1:4] for row in asked] == [("Na", 3.0, against)] and asked[0][4].warnings == ()
    assert written[0] is None and list(written[1]) == ["vga_2d-Na"]
    assert "+- 0.52" in said.out and "Discretisation errors of vga_2d-Na" in said.out
