"""Safe operation: edges of the risk's bound, against formulas and direct runs on either side; risk maps; commands."""

from __future__ import annotations

import csv
import math
from dataclasses import replace

import pytest
from verification import cells, exact

import cellfem as cf
from cellfem import cli
from cellfem.materials import LIPF6_EC_DMC, NAPF6_EC_PC, SODIUM
from cellfem.materials.electrolyte import constant
from cellfem.results import limitpages, tornado

CAPACITY = 36000.0  # [C/m2] 1 mAh/cm2


def kept(cell, current, capacity, bound) -> bool:
    """Whether a run of its own keeps the bound, by its report."""
    run = cf.solve(cell, cf.Galvanostatic(current=current, capacity=capacity))
    return cf.report(run)["risk, max [-]"] <= bound


@pytest.mark.parametrize("risk", [pytest.param(1.0, marks=pytest.mark.slow), 0.5])
def test_safe_capacity_of_a_thick_layer(risk):
    """A plane's risk is sqrt(t/tau_S), so the capacity at a current is risk^2 J tau_S."""
    cell = cells.make(cells.plane(free=1000.0, cell_size_um=10.0))
    found = cf.safe_capacity(cell, 300.0, risk=risk)
    edge = risk**2 * 300.0 * exact.sand(3e-10, 0.38, 1000.0, 300.0)
    assert found.capacity == pytest.approx(edge, rel=1e-2)
    assert kept(cell, 300.0, 0.99 * found.capacity, risk) and not kept(cell, 300.0, 1.02 * found.capacity, risk)
    assert found.place == (0.0,) and len(found.runs) <= 10
    assert cf.report(found.solution)["risk, max [-]"] <= risk


@pytest.mark.slow
def test_safe_current_of_a_thick_layer():
    """risk^2 = Q J/(J^2 tau_S)."""
    cell = cells.make(cells.plane(free=4000.0, cell_size_um=40.0, surface_cell_size_um=2.0))
    found = cf.safe_current(cell, CAPACITY, risk=0.8)
    assert found.current == pytest.approx(0.64 * exact.sand(3e-10, 0.38, 1000.0, 1.0) / CAPACITY, rel=2e-2)
    assert kept(cell, 0.99 * found.current, CAPACITY, 0.8) and not kept(cell, 1.02 * found.current, CAPACITY, 0.8)


@pytest.mark.slow
def test_a_current_that_settles_below_the_bound_is_safe_for_ever():
    cell = cells.make(cells.plane(coarsen=2))
    limit = cf.limiting_current(cell)
    assert cf.safe_capacity(cell, 0.4 * limit, risk=0.5).capacity == math.inf
    assert cf.safe_capacity(cell, 0.499 * limit, risk=0.5).capacity == math.inf
    assert math.isfinite(cf.safe_capacity(cell, 0.6 * limit, risk=0.5).capacity)
    endless = cf.safe_current(cell, math.inf, risk=0.5)
    assert endless.current == pytest.approx(0.5 * limit, rel=1e-5) and endless.capacity == math.inf


@pytest.mark.slow
def test_the_risk_jumps_at_the_limiting_current():
    """A bound of 1 at a large capacity is broken where depletion sets in, just below or at the limit."""
    cell = cells.make(cells.plane(coarsen=2))
    limit = cf.limiting_current(cell)
    found = cf.safe_current(cell, CAPACITY)
    assert 0.985 * limit < found.current <= 1.001 * limit and len(found.runs) <= 15


@pytest.mark.slow
@pytest.mark.parametrize("risk", [1.0, 0.5])
def test_edges_of_a_host_hold_in_direct_runs(risk):
    """1 % below the bound is kept, 2 % above it is broken; for a current and for a capacity."""
    cell = cells.make(cells.shipped("hga_2d", 5), NAPF6_EC_PC, metal=SODIUM)
    by_capacity = cf.safe_current(cell, 0.5 * CAPACITY, risk=risk)
    assert kept(cell, 0.99 * by_capacity.current, 0.5 * CAPACITY, risk)
    assert not kept(cell, 1.02 * by_capacity.current, 0.5 * CAPACITY, risk)
    current = 1.5 * by_capacity.current
    found = cf.safe_capacity(cell, current, risk=risk)
    assert kept(cell, current, 0.99 * found.capacity, risk) and not kept(cell, current, 1.02 * found.capacity, risk)


@pytest.fixture(scope="module")
def starving():
    """A labyrinth whose deep end is idle and empty long before a busy place is, and the current that empties it.

    The metal is so dense that its deposit closes no pore.
    """
    cell = cells.make(cells.shipped("hga_2d", 6), LIPF6_EC_DMC, metal=replace(cells.LITHIUM, rho=3300.0))
    return cell, cf.current_at_one_percent(cell, ratio=1e-3)


def test_an_idle_place_that_starves_breaks_no_bound_of_1(starving):
    """Above that current the steady state goes on; a risk of less than 1 counts idle places too."""
    cell, emptied = starving
    assert emptied.plating < 0.1
    assert cf.safe_capacity(cell, 1.02 * emptied.current, risk=1.0).capacity == math.inf


@pytest.mark.slow
def test_the_largest_steady_current_empties_a_busy_place(starving):
    cell, emptied = starving
    found = cf.safe_current(cell, math.inf, risk=1.0)
    assert emptied.current < found.current < found.limiting_current and found.solution is not None
    for share, kind in ((0.99, "steady"), (1.02, "depleted")):
        assert cf.solve(cell, cf.Steady(current=share * found.current)).outcome.kind == kind
    assert cf.safe_current(cell, math.inf, risk=0.9995).current < found.current


@pytest.mark.slow
def test_a_host_that_is_nearly_full_is_safe_at_small_currents_alone():
    """Near what the pores hold, plating has to be far more even than at the current that the bound would allow."""
    cell = cells.make(cells.shipped("vga_2d", 6), LIPF6_EC_DMC, film=cf.Film(R=1e-3))
    target = 12.48 * CAPACITY
    found = cf.safe_current(cell, target, risk=0.9, tolerance=5e-3)
    assert found.current > 30.0 and len(found.runs) < 25
    for share, kind in ((0.99, "finished"), (1.02, "closed")):
        run = cf.solve(cell, cf.Galvanostatic(current=share * found.current, capacity=target), tolerance=5e-3)
        assert run.outcome.kind == kind
    full = cf.safe_current(cell, 1.2 * target, risk=0.9, tolerance=5e-3)
    assert full.current == 0 and "do not fit" in full.message


@pytest.mark.parametrize("call", [lambda c: cf.safe_current(c, 1.0, risk=0.0), lambda c: cf.safe_current(c, -1.0),
                                  lambda c: cf.safe_capacity(c, 1.0, risk=1.5), lambda c: cf.safe_capacity(c, 0.0),
                                  lambda c: cf.safe_current(c, "1"), lambda c: cf.safe_current(c, 1.0, risk=None),
                                  lambda c: cf.safe_capacity(c, None), lambda c: cf.safe_capacity(c.mesh, 1.0),
                                  lambda c: cf.safe_capacity(c, 1.0, tolerance=-1.0)])
def test_bounds_and_currents_that_are_none(call):
    with pytest.raises(ValueError, match=r"safe_\w+\.\w+: found .*; .* is (needed|allowed)\. "):
        call(cells.make(cells.plane(coarsen=4)))


@pytest.mark.parametrize("write", [cf.write_limits, cf.write_safe])
def test_results_that_do_not_go_with_the_cells(write, tmp_path):
    cell = cells.make(cells.plane(coarsen=4))
    for both, said in ((({}, {}), "at least one"), (({"a": cell}, {"b": 1.0}), "under the same name"),
                       (({"a": cell}, {}), "under the same name"), (([cell], [1.0]), "cells by name")):
        with pytest.raises(ValueError, match=rf"{write.__name__}\.\w+: found .*{said}.*\. "):
            write(tmp_path, *both)


@pytest.fixture
def drawn(monkeypatch):
    """The figures of limits and edges, caught before they become pictures."""
    figures = []
    monkeypatch.setattr(limitpages, "png", lambda figure: figures.append(figure) or b"PNG")
    return figures


def shown(figure) -> tuple[list[str], int]:
    """(texts beside the bars, number of bars)."""
    ax = figure.axes[0]
    return [text.get_text() for text in ax.texts], len(ax.patches)


def test_a_page_shows_what_was_solved_for(tmp_path, drawn):
    """The capacity at a given current, also where a study has one cell alone; no bar for what has no end."""
    cell = cells.make(cells.plane(coarsen=4))
    found = cf.safe_capacity(cell, 100.0, risk=0.5)
    assert not found.solves_current and found.capacity == math.inf
    cf.write_safe(tmp_path, {"one": cell}, {"one": found})
    assert ">Safe capacity<" in (tmp_path / "report.html").read_text()
    assert shown(drawn[-1]) == (["no limit"], 0)
    cf.write_safe(tmp_path, {"one": cell}, {"one": replace(found, capacity=36.0)})
    assert shown(drawn[-1]) == (["0.001"], 1)
    none = replace(found, solves_current=True, current=0.0, capacity=CAPACITY)
    rows = cf.write_safe(tmp_path, {"one": cell}, {"one": none})
    assert ">Safe current<" in (tmp_path / "report.html").read_text() and shown(drawn[-1]) == (["none"], 0)
    assert rows[0]["safe current [mA/cm2]"] == 0
    with pytest.raises(ValueError, match="one question"):
        cf.write_safe(tmp_path, {"a": cell, "b": cell}, {"a": found, "b": none})


def test_bars_of_limits_say_both_values(tmp_path, drawn):
    cell = cells.make(cells.plane(coarsen=4))
    endless = cells.make(cells.plane(coarsen=4), constant(D=3e-10, kappa=1.0, t_plus=1.0))
    both = {"one": cell, "single ion": endless}
    cf.write_limits(tmp_path, both, {name: cf.current_at_one_percent(one) for name, one in both.items()})
    texts, bars = shown(drawn[-1])
    assert texts == ["limiting current: 373, current at 1 %: 370", "limiting current: no limit, current at 1 %: no"
                     " limit"] and bars == 2
    assert [text.get_text() for text in drawn[-1].legends[0].get_texts()] == ["limiting current", "current at 1 %"]


def test_tornados_say_what_their_colours_mean(tmp_path, monkeypatch):
    """One bar for each run, lowered and raised; two on one side of the base stand one above the other."""
    figures = []
    monkeypatch.setattr(tornado, "png", lambda figure: figures.append(figure) or b"PNG")
    rows = [{"run": run, "J": value} for run, value in {"base": 5.0, "a": 2.0, "b": 8.0, "c": 6.0, "d": 9.0}.items()]
    cf.write_tornado(tmp_path, "levers", rows, value="J", base="base", pairs={"one": ("a", "b"), "two": ("c", "d")})
    assert [text.get_text() for text in figures[0].legends[0].get_texts()] == ["lowered", "raised"]
    heights = [patch.get_height() for patch in figures[0].axes[0].patches]
    assert heights == pytest.approx([0.3, 0.3, 0.6, 0.6])


def test_risk_maps_of_metals_side_by_side(tmp_path):
    mesh = cells.shipped("vga_2d", 5)
    runs = {"Li": cells.make(mesh, LIPF6_EC_DMC), "Na": cells.make(mesh, NAPF6_EC_PC, metal=SODIUM)}
    runs = {name: cf.solve(cell, cf.Steady(current=150.0)) for name, cell in runs.items()}
    rows = cf.write_risk_maps(tmp_path, runs)
    page = (tmp_path / "risk.html").read_text()
    for heading in ("Risk", "Regime", "Depletion in the pores", "Over depth"):
        assert heading in page
    local = "Local Sand&#39;s time</h"
    assert local not in page, "no time at which a steady state would deplete, and no picture of it"
    lasting = cf.solve(runs["Li"].cell, cf.Galvanostatic(current=150.0, duration=5.0))
    cf.write_risk_maps(tmp_path / "both", {"steady": runs["Li"], "lasting": lasting})
    page = (tmp_path / "both" / "risk.html").read_text()
    assert local in page
    assert "Runs that never deplete (time to depletion: inf) are left out." in page
    reports = {name: cf.report(run) for name, run in runs.items()}
    for row in rows:
        own = reports[row["run"]]
        for key in ("risk, max [-]", "risk, share >= 1 [%]", "starved surface [%]"):
            assert row[key] == pytest.approx(own[key])
        shares = [row[f"{name}, share of the surface [%]"] for name in ("mossy", "between", "dendritic")]
        assert sum(shares) + row["starved surface [%]"] == pytest.approx(100)
    assert rows[1]["risk, max [-]"] > 0.5 > rows[0]["risk, max [-]"], "sodium's salt diffuses more slowly"


SLAB = str(cells.GEOMETRIES / "slab.toml")


@pytest.mark.parametrize("words, shown", [
    (["limit", SLAB, "--coarsen", "4"], "current at 1 % [mA/cm2]"),
    (["limit", SLAB, "--coarsen", "4", "--limiting-only"], "limiting current [mA/cm2]"),
    (["sand", SLAB, "--coarsen", "4", "--current-mA-cm2", "50", "150", "--points", "2"], "Sand's capacity [mAh/cm2]"),
    pytest.param(["safe", SLAB, "--coarsen", "4", "--current-mA-cm2", "200", "--risk", "0.5"],
                 "safe capacity [mAh/cm2]", marks=pytest.mark.slow),
])
def test_commands(words, shown, tmp_path, capsys):
    assert cli.main([*words, "--out", str(tmp_path / "out")]) == 0
    assert shown in capsys.readouterr().out
    assert {"report.html", "report.csv"} <= {path.name for path in (tmp_path / "out").iterdir()}


def fails(cell, *args, **given):
    raise cf.ConvergenceError("lost: no number; one is needed. Do.")


@pytest.mark.parametrize("words, patched", [
    (["limit", SLAB, "--coarsen", "4", "--metal", "Li", "Na"], "current_at_one_percent"),
    (["safe", SLAB, "--coarsen", "4", "--metal", "Li", "Na", "--current-mA-cm2", "1"], "safe_capacity"),
    (["sand", SLAB, "--coarsen", "4", "--current-mA-cm2", "150", "1e8"], None)])
def test_a_point_that_fails_leaves_the_others(words, patched, tmp_path, capsys, monkeypatch):
    """Everything else is computed and written; then the exit code is 3."""
    if patched:
        whole = getattr(cf, patched)
        monkeypatch.setattr(cf, patched, lambda cell, *args, **given: (fails if cell.metal.symbol == "Na" else whole)(
            cell, *args, **given))
    assert cli.main([*words, "--out", str(tmp_path / "out")]) == 3
    told = capsys.readouterr()
    assert "did not converge" in told.out and "found no number for 1 of 2" in told.err
    with open(tmp_path / "out" / "report.csv", newline="") as file:
        good, bad = csv.DictReader(file)
    assert not good["did not converge"] and ("lost" if patched else "a converged field") in bad["did not converge"]


@pytest.mark.parametrize("words, said", [
    (["sand", SLAB, "--current-mA-cm2", "5", "--points", "4"], "the lowest and the highest one are needed"),
    (["sand", SLAB, "--current-mA-cm2", "-5"], "a number above 0 is needed"),
    (["sand", SLAB, "--current-mA-cm2", "5", "9", "--points", "2.5"], "a whole number from 2 to 200 is needed"),
    (["safe", SLAB], "exactly one of"),
    (["safe", SLAB, "--current-mA-cm2", "5", "--capacity-mAh-cm2", "1"], "exactly one of"),
    (["safe", SLAB, "--current-mA-cm2", "5", "--risk", "1.5"], "a number above 0 and up to 1 is needed"),
    (["sand", SLAB, "--current-mA-cm2", "5", "9", "--points", "100000"], "a whole number from 2 to 200 is needed"),
    (["limit", SLAB, SLAB], "have to differ"),
    (["limit", SLAB, "--current-mA-cm2", "3"], "found --current-mA-cm2 3; only the flags of --help are known. Known"
     " names: --coarsen"),
    (["limit", SLAB, "--limit-only"], 'Did you mean "--limiting-only"?'),
])
def test_commands_that_are_wrong(words, said, capsys):
    assert cli.main(words) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_capacity_that_no_depletion_ends_is_refused_at_once():
    """One that forgets its unit, 1 C/m2 for 1 mAh/cm2, asks for currents whose layers no mesh resolves."""
    cell = cells.make(cells.shipped("vga_2d", 4), LIPF6_EC_DMC)
    with pytest.raises(ValueError, match=r"found 1 C/m2 .* Mind the unit: 1 mAh/cm2 is 3.6e4 C/m2"):
        cf.safe_current(cell, capacity=1.0)
