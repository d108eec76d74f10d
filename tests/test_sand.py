"""Sand's time as a study: exact times, golden times of six electrolytes, estimates with their flags, files."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from verification import cells, exact

import cellfem as cf
from cellfem.materials import (
    LIPF6_EC_DMC,
    LIPF6_EC_DMC_VALOEN,
    LIPF6_EC_EMC,
    LIPF6_EC_EMC_NYMAN,
    LIPF6_EMC_FEC,
    NAPF6_EC_PC,
    SODIUM,
)
from cellfem.materials.electrolyte import constant
from cellfem.results import sandpage
from cellfem.studies.endless import sand_number
from cellfem.studies.planar import planar_sand_time, separator_validity, validity
from cellfem.studies.sand import NEAR_LIMIT

# [s] at 10 mA/cm2, 25 degC, c_0 = 1 mol/L, fits as printed down to c = 0, of a 1-D finite-volume code of its own (600
# graded cells, constant properties within 2e-5 of Sand's formula); and what the formula with mean D and t+ misses
GOLDEN = {"EC:DMC": (LIPF6_EC_DMC, 871.02, 1.018), "EC:EMC": (LIPF6_EC_EMC, 625.07, 1.029),
          "EMC:FEC": (LIPF6_EMC_FEC, 737.96, 1.053), "Valoen": (LIPF6_EC_DMC_VALOEN, 919.24, 1.065),
          "Nyman": (LIPF6_EC_EMC_NYMAN, 462.56, 1.095), "NaPF6": (NAPF6_EC_PC, 81.86, 1.052)}
# how much longer or shorter the time is with the laws as shipped, continued below their ranges
SHIPPED = {"EC:DMC": -0.0057, "EC:EMC": -0.0029, "EMC:FEC": -0.0203, "Valoen": 0.0, "Nyman": -0.0001, "NaPF6": 0.0}


@pytest.fixture(scope="module")
def study():
    """A closed plane of constant properties at 0.5 to 3 times its limiting current."""
    cell = cells.make(cells.plane())
    limit = cf.limiting_current(cell)
    return cf.sand_study(cell, limit * np.array([0.5, 1.05, 1.5, 3.0])), limit


def test_times_of_a_plane(study):
    """The image sum, its departure from J^-2, and Sand's capacity."""
    found, limit = study
    first, *others = found.points
    assert first.time == math.inf == first.capacity and first.error == 0 and first.solution is None
    assert first.validity.startswith("invalid")
    for point in others:
        ratio = point.current / limit
        s = exact.depletion(ratio)
        assert point.share_of_limit == pytest.approx(ratio)
        assert point.time == pytest.approx(s * 25e-6**2 / 3e-10, rel=5e-3)
        assert point.capacity == point.current * point.time and point.validity == "valid"
        assert point.planar == pytest.approx(exact.sand(3e-10, 0.38, 1000.0, point.current), rel=1e-9)
        assert math.isnan(point.planar_separator), "there is none"
        assert point.time / point.planar == pytest.approx(s * 16 * ratio**2 / math.pi, rel=5e-3)
    rows = cf.sand_rows(found)
    departures = [row["time over that in an endless layer - 1 [%]"] for row in rows[1:]]
    assert departures == pytest.approx([61.2598, 3.1812, 0.0], abs=0.9), "near the limit the far side feeds the plane"


@pytest.mark.parametrize("name", GOLDEN)
def test_the_yardstick_of_an_endless_layer(name):
    """J^2 t of a scheme of its own, against the golden times; in a porous layer it goes as eps B."""
    electrolyte, golden, _ = GOLDEN[name]
    assert sand_number(electrolyte.as_printed().at(298.15)) == pytest.approx(1e4 * golden, rel=1e-3)


def test_endless_layers_of_constant_properties():
    assert sand_number(cells.SALT.at(298.15)) == pytest.approx(exact.sand(3e-10, 0.38, 1000.0, 1.0), rel=3e-4)
    assert sand_number(constant(D=1e-10, kappa=1.0, t_plus=1.0).at(298.15)) == math.inf
    porous = cells.make(cells.plane(free=0.0, separator=400.0, cell_size_um=4.0, surface_cell_size_um=0.4))
    assert cf.sand_study(porous, [1000.0], errors=False).points[0].endless == pytest.approx(
        0.55 / 4.5 * exact.sand(3e-10, 0.38, 1000.0, 1000.0), rel=3e-4)


def test_a_mesh_too_coarse_for_the_current():
    """A trust warning, and no estimate of an error that the mesh makes."""
    cell = cells.make(cells.plane(free=1000.0, cell_size_um=20.0, surface_cell_size_um=5.0))
    with pytest.warns(cf.TrustWarning, match="found 6.* cells .* at 100 mA/cm2"):
        fine, coarse = cf.sand_study(cell, [300.0, 1000.0]).points
    assert fine.resolution > 10 > coarse.resolution
    assert fine.error > 0 and math.isnan(coarse.error)


def test_each_planar_estimate_has_its_flag():
    """Valid where the estimate's own layer lies on a bare plane and holds what is emptied."""
    free = cells.plane(free=100.0, cell_size_um=4.0)
    separator = cells.plane(free=0.0, separator=100.0, cell_size_um=4.0)
    both = cells.make(cells.plane(free=10.0, separator=100.0, cell_size_um=4.0))
    for cell, current, flags in (
            (cells.make(free), 2000.0, ("valid", "")), (cells.make(free), 100.0, ("invalid: the current", "")),
            (cells.make(separator), 1000.0, ("invalid: the plane does not", "valid")),
            (both, 500.0, ("invalid: more than", "invalid: the plane does not")),
            (both, 5000.0, ("valid", "invalid: the plane does not")),
            (cells.make(cells.shipped("vga_2d", 6)), 1e5, ("invalid: the active", "invalid: the active"))):
        limit = cf.limiting_current(cell)
        for found, flag in zip((validity(cell, current, limit), separator_validity(cell, current, limit)), flags,
                               strict=True):
            assert found.startswith(flag) and bool(found) == bool(flag)


def test_stops_agree(study):
    """Stops at 1e-2 and 1e-3 c_0 extrapolate to the same time; the error estimate is of that size."""
    found, _ = study
    cell = found.cells["cell"]
    for point in found.points[1:]:
        early = cf.solve(cell, cf.Galvanostatic(current=point.current, duration=10 * point.time, stop_ratio=1e-2))
        assert early.outcome.time_to_depletion == pytest.approx(point.time, rel=5e-3)
        assert 0 < point.error < 5e-3 * point.time
        assert point.stop_time < point.time


@pytest.mark.parametrize("name, share", [
    pytest.param(name, share, marks=() if (name, share) in (("EMC:FEC", 1.002), ("NaPF6", 1.02)) else pytest.mark.slow)
    for name in ("EC:DMC", "EMC:FEC", "NaPF6") for share in (1.0005, 1.002, 1.005, 1.01, 1.02, 1.05)])
def test_stops_agree_near_the_limit(name, share):
    """There c creeps toward an end just beyond 0 as an exponential of time, whatever D(c) and t+(c) are."""
    electrolyte = GOLDEN[name][0]
    cell = cells.make(cells.plane(free=100.0, cell_size_um=2.0, surface_cell_size_um=0.5), electrolyte,
                      **({"metal": SODIUM} if electrolyte.cation == "Na" else {}))
    step = cf.Galvanostatic(current=share * cf.limiting_current(cell), duration=2000.0)
    late, early = (cf.solve(cell, replace(step, stop_ratio=stop)).outcome.time_to_depletion for stop in (1e-3, 1e-2))
    assert early == pytest.approx(late, rel=5e-3)


@pytest.mark.parametrize("share", [1.0002, 1.002])
def test_times_very_near_the_limit(share):
    cell = cells.make(cells.plane())
    run = cf.solve(cell, cf.Galvanostatic(current=share * cf.limiting_current(cell), duration=100.0))
    exactly = exact.depletion(share) * 25e-6**2 / 3e-10
    assert run.outcome.time_to_depletion == pytest.approx(exactly, rel=1.5e-2)


@pytest.mark.slow
def test_error_estimates_hold(study):
    """They bound the distance from a run with much smaller time steps."""
    found, _ = study
    for point in found.points[1:]:
        fine = cf.solve(found.cells["cell"], cf.Galvanostatic(current=point.current, duration=10 * point.time),
                        tolerance=1e-5)
        assert abs(fine.outcome.time_to_depletion - point.time) < 1.5 * point.error


@pytest.mark.parametrize("name, share", [
    pytest.param(name, share, marks=() if (name, share) == ("EC:DMC", 1.01) else pytest.mark.slow)
    for name in ("EC:DMC", "EMC:FEC", "NaPF6") for share in (1.001, 1.01, 1.02, 1.05)])
def test_error_estimates_hold_near_the_limit(name, share):
    """Where the stop and the time steps err to opposite sides."""
    electrolyte = GOLDEN[name][0]
    cell = cells.make(cells.plane(free=100.0, cell_size_um=2.0, surface_cell_size_um=0.5), electrolyte,
                      **({"metal": SODIUM} if electrolyte.cation == "Na" else {}))
    (point,) = cf.sand_study(cell, [share * cf.limiting_current(cell)]).points
    fine = cf.solve(cell, cf.Galvanostatic(current=point.current, duration=10 * point.time, stop_ratio=1e-4),
                    tolerance=4e-5)
    assert abs(fine.outcome.time_to_depletion - point.time) < point.error < 0.012 * point.time


def test_planar_risk_is_the_root_of_the_time_over_sand():
    cell = cells.make(cells.plane(free=2000.0, cell_size_um=10.0))
    tau = exact.sand(3e-10, 0.38, 1000.0, 200.0)
    for share in (0.25, 4.0):
        run = cf.solve(cell, cf.Galvanostatic(current=200.0, duration=share * tau))
        assert cf.report(run)["risk, max [-]"] == pytest.approx(math.sqrt(share), rel=5e-3)


def thick(electrolyte):
    """A layer in which the far side never matters, reversible kinetics."""
    size = 0.15 if electrolyte.cation == "Na" else 1.0  # of the layer that is emptied
    mesh = cells.plane(free=6000.0 * size, cell_size_um=15.0 * size, surface_cell_size_um=0.5 * size)
    metal = {"metal": SODIUM} if electrolyte.cation == "Na" else {}
    return cells.make(mesh, electrolyte, kinetics=cells.FAST, film=cells.NO_FILM, **metal)


@pytest.mark.slow
@pytest.mark.parametrize("name", GOLDEN)
def test_golden_times(name):
    """10 mA/cm2 in six electrolytes used as printed; what mean properties miss; what continuing the fits changes."""
    electrolyte, golden, over_mean = GOLDEN[name]
    both = {"printed": thick(electrolyte.as_printed()), "shipped": thick(electrolyte)}
    printed, shipped = cf.sand_study(both, [100.0], tolerance=1e-4, errors=False).points
    assert printed.time == pytest.approx(golden, rel=5e-3)
    assert printed.time / planar_sand_time(both["printed"], 100.0) == pytest.approx(over_mean, abs=6e-3)
    assert shipped.time / printed.time - 1 == pytest.approx(SHIPPED[name], abs=1e-3)


def test_several_cells_and_files(tmp_path):
    mesh = cells.shipped("slab", 4)
    both = {"Li": cells.make(mesh, LIPF6_EC_DMC), "Na, cold": cells.make(mesh, replace(NAPF6_EC_PC), metal=SODIUM)}
    with pytest.warns(cf.TrustWarning, match="at least 10 are needed"):
        found = cf.sand_study(both, [500.0, 1500.0], errors=False)
    assert [point.cell for point in found.points] == ["Li", "Li", "Na, cold", "Na, cold"]
    assert found.points[0].time == math.inf and all(math.isnan(point.error) for point in found.points[1:])
    rows = cf.write_sand(tmp_path, found, capacity=100.0)
    with open(tmp_path / "report.csv", newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["run"] for row in read] == [row["run"] for row in rows] and read[0]["time to depletion [s]"] == "inf"
    assert float(read[1]["Sand's capacity [mAh/cm2]"]) == pytest.approx(found.points[1].capacity / 36000)
    page = (tmp_path / "report.html").read_text()
    assert "slope of -2" in page and "illustrative" in page and (tmp_path / "sand.png").read_bytes()[1:4] == b"PNG"


@pytest.mark.slow
def test_a_host_below_its_limit_may_deplete_or_last():
    """Behind slow kinetics and a labyrinth there is a steady state; the study says so without a transient."""
    cell = cells.make(cells.shipped("vga_2d", 5), LIPF6_EC_DMC)
    limit = cf.limiting_current(cell)
    low, high = cf.sand_study(cell, [0.2 * limit, 1.5 * limit], errors=False).points
    assert low.time == math.inf and low.solution is None
    assert 0 < high.time < math.inf and high.place is not None


@pytest.mark.parametrize("currents, found", [
    ([], r"\[\]"), ([0.0], "0"), ([-3.0, 5.0], "-3"), ([math.nan], "nan"), ([5.0, math.inf], "inf"), (None, "None"),
    ([[1.0, 2.0]], "1.0"), ([1 + 2j], "2j"), ((J for J in [5.0]), "generator"), (["ten"], "ten"), ("5", "'5'")])
def test_currents_that_are_none(currents, found):
    with pytest.raises(ValueError, match=rf"sand_study.currents: found .*{found}.*; .* needed\. "):
        cf.sand_study(cells.make(cells.plane(coarsen=4)), currents)


@pytest.mark.parametrize("given", [{"near": "a"}, {"near": [0.0]}, {"near": [1.1, -1.0]}, {"near": [math.nan]},
                                   {"tolerance": -1.0}, {"tolerance": None}])
def test_multiples_and_tolerances_that_are_none(given):
    """Also where no run is needed, since the current is below the limit."""
    with pytest.raises(ValueError, match=rf"sand_study.{next(iter(given))}: found .*; .* (is needed|is allowed)\. "):
        cf.sand_study(cells.make(cells.plane(coarsen=4)), [1.0, 2.0], **given)


@pytest.mark.parametrize("what", [lambda cell: [cell], lambda cell: cell.mesh, lambda cell: {},
                                  lambda cell: {"a": cell.mesh}])
def test_cells_that_are_none(what):
    with pytest.raises(ValueError, match=r"sand_study.cells: found .*; cells by name are needed, at least one\. "):
        cf.sand_study(what(cells.make(cells.plane(coarsen=4))), [5.0])


@pytest.mark.parametrize("capacity", [-1, 0.0, math.inf, "1"])
def test_targets_that_are_none(study, tmp_path, capacity):
    with pytest.raises(ValueError, match=r"write_sand\.capacity"):
        cf.write_sand(tmp_path, study[0], capacity=capacity)


def test_curves_bend_toward_their_limits(study):
    """Points just above each cell's own limiting current, where these lie within the range."""
    _, limit = study
    cell = cells.make(cells.plane(coarsen=2))
    found = cf.sand_study({"one": cell, "other": replace(cell)}, [0.5 * limit, 1.06 * limit], near=NEAR_LIMIT,
                          errors=False)
    assert [point.share_of_limit for point in found.of("other")] == pytest.approx([0.5, 1.01, 1.03, 1.06], rel=1e-3)
    times = [point.time for point in found.of("one")]
    assert times == sorted(times, reverse=True) and times[1] < math.inf


def test_lines_bend_smoothly_toward_their_limits():
    """Between few points, against the exact times of a symmetric cell; the points themselves are kept."""
    shares = np.array([1.01, 1.03, 1.1, 2.0, 8.0])
    points = [SimpleNamespace(current=100.0 * I, time=exact.depletion(I)) for I in shares]
    J, t, own = sandpage._curve(points, 100.0)
    assert np.allclose(J[own], 100 * shares) and np.allclose(t[own], [p.time for p in points])
    assert np.max(np.abs(t / [exact.depletion(I) for I in J / 100.0] - 1)) < 0.03
    assert sandpage._curve(points, 150.0)[2] == list(range(5)), "some lie below the limit: straight"


def test_the_target_is_in_the_picture(study, monkeypatch):
    figures = []
    monkeypatch.setattr(sandpage, "png", lambda figure: figures.append(figure) or b"PNG")
    for capacity in (1.0, 1e7):  # [C/m2] far below and far above what the currents plate
        sandpage.sand_picture(study[0], capacity=capacity)
        ax = figures[-1].axes[0]
        line = next(line for line in ax.lines if str(line.get_label()).startswith("J t"))
        low, high = ax.get_ylim()
        assert low < min(line.get_ydata()) and max(line.get_ydata()) < high


def test_currents_that_never_deplete_are_marked(study, monkeypatch, tmp_path):
    """Below the limit there is no time to draw: the page stands all the same, and marks them at its upper edge."""
    cell = next(iter(study[0].cells.values()))
    lasting = cf.sand_study({"slab": cell}, [1.0, 2.0], near=())
    rows = cf.write_sand(tmp_path, lasting, capacity=3.6e4)
    assert [row["time to depletion [s]"] for row in rows] == [math.inf, math.inf]
    figures = []
    monkeypatch.setattr(sandpage, "png", lambda figure: figures.append(figure) or b"")
    sandpage.sand_picture(lasting)
    marks = next(line for line in figures[0].axes[0].lines if line.get_label() == "never depletes")
    assert list(marks.get_xdata()) == pytest.approx([0.1, 0.2])
