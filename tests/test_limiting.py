"""Limiting current and current at 1 %, against quadratures, steady states and long transients."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import brentq
from verification import cells

import cellfem as cf
from cellfem.materials import (
    KFSI_DME,
    LIPF6_EC_DMC,
    LIPF6_EC_DMC_VALOEN,
    LIPF6_EC_EMC,
    LIPF6_EC_EMC_NYMAN,
    LIPF6_EMC_FEC,
    NAPF6_EC_PC,
    POTASSIUM,
    SODIUM,
)
from cellfem.materials.electrolyte import constant
from cellfem.model.system import System
from cellfem.studies.limiting import limit_of, simplex_rule
from cellfem.units import FARADAY

SETS = {"EC:DMC": LIPF6_EC_DMC, "EC:EMC": LIPF6_EC_EMC, "EMC:FEC": LIPF6_EMC_FEC, "Valoen": LIPF6_EC_DMC_VALOEN,
        "Nyman": LIPF6_EC_EMC_NYMAN, "NaPF6": NAPF6_EC_PC}
METALS = {"Na": SODIUM, "K": POTASSIUM}


def planar(electrolyte, mesh=None, **given):
    mesh = cells.plane() if mesh is None else mesh
    return cells.make(mesh, electrolyte, **({"metal": METALS[electrolyte.cation]} if electrolyte.cation in METALS
                                            else {}), **given)


def quadrature(transport, low: float, far: float, length: float):
    """(J, mean c) of a steady 1-D closed cell with c = `low` at the plating and `far` at the stripping plane."""
    edges = np.unique([low, far, *(c for c in transport.kinks if low < c < far)])
    edges = np.unique(np.concatenate([np.linspace(a, b, 9) for a, b in pairwise(edges)]))
    nodes, weights = np.polynomial.legendre.leggauss(12)
    half = np.diff(edges)[:, None] / 2
    c = edges[:-1, None] + half * (nodes + 1)
    flux = np.real(transport.D(c)) / (1 - np.real(transport.t_plus(c))) * half * weights
    return FARADAY * flux.sum() / length, float((c * flux).sum() / flux.sum())


def closed_current(transport, low: float, length: float) -> float:
    """J at which c = `low` at the plating plane of a closed cell, whose mean c is c_0."""
    far = brentq(lambda c: quadrature(transport, low, c, length)[1] - transport.c_0, transport.c_0, 8 * transport.c_0)
    return quadrature(transport, low, far, length)[0]


@pytest.mark.parametrize("name", SETS)
def test_limits_of_a_plane_with_properties_of_c(name):
    """x = F [w(c) - w(c(0))]/J with w = int D/(1 - t+) dc, and the mean of c is c_0."""
    for electrolyte in (SETS[name], replace(SETS[name], c_0=500.0)):
        cell = planar(electrolyte)
        assert cf.limiting_current(cell) == pytest.approx(closed_current(cell.transport, 0.0, 25e-6), rel=5e-4)
        open_cell = planar(electrolyte, counter=cf.Reservoir(uniform=False))
        J, _ = quadrature(cell.transport, 0.0, electrolyte.c_0, 25e-6)
        assert cf.limiting_current(open_cell) == pytest.approx(J, rel=5e-4)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_the_limit_of_a_plane_is_exact_on_coarse_meshes(dimension):
    """w is linear there, and the salt is integrated as the function of w that it is, not by the vertices' values."""
    for electrolyte in (LIPF6_EC_DMC, LIPF6_EMC_FEC):
        cell = planar(electrolyte, cells.plane(dimension=dimension, cell_size_um=2.5))
        assert cf.limiting_current(cell) == pytest.approx(closed_current(cell.transport, 0.0, 25e-6), rel=2e-6)


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_rules_on_simplices(dim):
    """Polynomials of barycentric coordinates up to degree 5: a! b! .../(a + b + ... + dim)! times dim!."""
    points, weights = simplex_rule(dim)
    for powers in ((5,), (2, 3), (1, 1, 2)[: dim + 1]):
        exact = math.prod(map(math.factorial, (*powers, dim))) / math.factorial(sum(powers) + dim)
        assert weights @ np.prod(points[:, : len(powers)] ** powers, axis=1) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("name", SETS)
def test_limits_of_fits_as_printed(name):
    """The printed polynomials pass t+ = 1 or run away far above c_0; the limit needs c up to some 2 c_0 alone."""
    cell = planar(SETS[name].as_printed())
    assert cf.limiting_current(cell) == pytest.approx(closed_current(cell.transport, 0.0, 25e-6), rel=5e-4)


def test_a_limit_beyond_the_end_of_a_law():
    """D vanishes at 1.2 c_0, and at the limit more would stand at the counter electrode."""
    salt = cf.Electrolyte(name="ends", D=lambda c, T: 3e-10 * (1 - c / 1200.0), kappa=1.0, t_plus=0.4,
                          c_range=(0.0, 1150.0)).as_printed()
    with pytest.raises(cf.ConvergenceError, match="a law ends"):
        cf.limiting_current(planar(salt))


@pytest.mark.parametrize("counter, ends", [(cf.Foil(), 2), (cf.UniformFlux(), 2), (cf.Reservoir(), 1),
                                           (cf.Reservoir(uniform=False), 1)])
def test_limit_and_current_at_one_percent_of_constant_properties(counter, ends):
    """c is linear: c_s/c_0 = 1 - J/J_lim."""
    cell = cells.make(cells.plane(), counter=counter)
    limit = ends * FARADAY * 3e-10 * 1000 / (0.62 * 25e-6)
    assert cf.limiting_current(cell) == pytest.approx(limit, rel=5e-4)
    for ratio in (0.01, 0.3):
        found = cf.current_at_one_percent(cell, ratio=ratio)
        assert found.current == pytest.approx((1 - ratio) * limit, rel=1e-5)
        assert found.plating == pytest.approx(1) and found.idle == 0 and found.place == (0.0,)


@pytest.mark.parametrize("name", ["EC:DMC", "NaPF6"])
def test_current_at_one_percent_with_properties_of_c(name):
    cell = planar(SETS[name])
    exact = closed_current(cell.transport, 10.0, 25e-6)
    assert cf.current_at_one_percent(cell).current == pytest.approx(exact, rel=1e-3)


@pytest.mark.parametrize("eps, tau_F", [(0.8, 1.5), (0.4, 1.5), (0.8, 6.0)])
def test_porous_layers_scale(eps, tau_F):
    """J_lim goes as eps/tau_F; the time to depletion, far above it, as eps^2/tau_F."""
    mesh = cells.plane(free=0.0, separator=400.0, cell_size_um=2.0, surface_cell_size_um=0.1)
    cell = cells.make(mesh, media={"separator": cf.Medium(eps=eps, B=eps / tau_F)})
    free = 2 * FARADAY * 3e-10 * 1000 / (0.62 * 400e-6)
    assert cf.limiting_current(cell) == pytest.approx(free * eps / tau_F, rel=5e-4)
    current = 1.6 * free
    sand = math.pi / 4 * 3e-10 * (FARADAY * 1000 / (current * 0.62)) ** 2
    run = cf.solve(cell, cf.Galvanostatic(current=current, duration=3 * sand))
    assert run.outcome.time_to_depletion == pytest.approx(sand * eps**2 / tau_F, rel=5e-3)


@pytest.fixture(scope="module")
def labyrinth():
    return cells.make(cells.shipped("hga_2d", 4), LIPF6_EC_DMC)


def test_current_at_one_percent_of_a_labyrinth(labyrinth):
    """Its field is the steady state that `solve` finds; 1 % more current lowers the least c, 1 % less raises it."""
    found = cf.current_at_one_percent(labyrinth)
    c = {share: cf.solve(labyrinth, cf.Steady(current=share * found.current)).sites["c"][0].min() / 1000
         for share in (0.99, 1.0, 1.01)}
    assert c[1.0] == pytest.approx(0.01, rel=1e-5) and c[0.99] > 0.0101 and c[1.01] < 0.0099
    assert found.solution.sites["c"][0].min() == pytest.approx(10.0, rel=1e-6)
    assert found.solution.audit.salt < 1e-12 and found.solution.audit.charge < 1e-10
    assert found.place[-1] < 10e-6 and found.plating < 0.1 and 0.2 < found.idle < 0.8
    assert "starves" in found.message and found.current < 0.3 * found.limiting_current
    assert found.solution.stats.newton_steps <= 25 and found.solution.stats.linear_solves <= 75
    assert cf.report(found.solution)["outcome"] == found.message


def test_reports_have_the_current_at_one_percent_that_is_known():
    """Kept on the cell, as the limiting current is; other ratios are other numbers, and no report solves for it."""
    cell = cells.make(cells.plane(coarsen=2))
    run = cf.solve(cell, cf.Steady(current=100.0))
    key = "current at 1 % [mA/cm2]"
    cf.current_at_one_percent(cell, ratio=0.5)
    assert key not in cf.report(run)
    assert cf.report(run)[key.replace("current at 1 %", "limiting current")] > 0
    found = cf.current_at_one_percent(cell)
    assert cf.report(run)[key] == cf.report(found.solution)[key] == found.current / 10


def test_share_that_starves_at_one_percent(labyrinth, tmp_path):
    """Counted up to twice the least c, which no place is below."""
    found = cf.current_at_one_percent(labyrinth)
    row = cf.write_limits(tmp_path, {"one": labyrinth}, {"one": found})[0]
    c, plating = found.solution.sites["c"][0], found.solution.sites["plating"][0]
    area = labyrinth.sites.area
    low = (c <= 20.0) & (plating < 0.1 * (plating @ area / area.sum()))
    assert row["idle surface, c up to 0.02 c_0 [%]"] == pytest.approx(100 * area[low].sum() / area.sum())
    assert 5 < row["idle surface, c up to 0.02 c_0 [%]"] <= row["idle surface [%]"]


def test_kinetics_decide_where_it_runs_dry(labyrinth):
    """Slow kinetics spread the plating, so the deep end runs dry at a smaller current."""
    currents = [cf.current_at_one_percent(cells.make(labyrinth.mesh, LIPF6_EC_DMC, film=cf.Film(R=R))).current
                for R in (1e-3, 5e-3, 5e-2)]
    assert currents[0] > currents[1] > currents[2]


@pytest.mark.parametrize("electrolyte", [KFSI_DME, NAPF6_EC_PC])
def test_current_at_one_percent_of_a_homogenised_host(electrolyte):
    design = cf.Geometry.load(cells.GEOMETRIES / "graded_porosity.toml")
    cell = planar(electrolyte, design.mesh(2), **cf.graded(design))
    found = cf.current_at_one_percent(cell)
    assert found.solution.sites["c"][0].min() == pytest.approx(10.0, rel=1e-6)
    assert found.current < found.limiting_current


@pytest.mark.parametrize("design", ["hga_2d", "graded_porosity"])
def test_the_limit_needs_no_whole_system(design):
    """What is compiled for it alone gives the number that a compiled cell gives, in either direction."""
    geometry = cf.Geometry.load(cells.GEOMETRIES / f"{design}.toml")
    mesh, given = geometry.mesh(4), cf.graded(geometry)
    for strip in (False, True):
        alone, system = planar(LIPF6_EC_DMC, mesh, **given), System.of(planar(LIPF6_EC_DMC, mesh, **given))
        assert cf.limiting_current(alone, strip=strip) == pytest.approx(limit_of(system, strip=strip), rel=1e-12)


def test_no_limit_without_moving_anions():
    cell = cells.make(cells.plane(coarsen=4), constant(D=3e-10, kappa=1.0, t_plus=1.0))
    found = cf.current_at_one_percent(cell)
    assert found.current == found.limiting_current == math.inf and found.solution is None and "t+" in found.message


@pytest.mark.parametrize("call", [cf.limiting_current, cf.current_at_one_percent])
def test_cells_that_are_none(call):
    with pytest.raises(ValueError, match=r"\.cell: found .* kind MeshLine1; a cf\.Cell is needed\. Build"):
        call(cells.plane(coarsen=4))


@pytest.mark.parametrize("ratio", [0.0, 1.0, -1.0, math.nan, "a", None])
def test_ratios_that_are_none(ratio):
    with pytest.raises(ValueError, match="above 0 and below 1"):
        cf.current_at_one_percent(cells.make(cells.plane(coarsen=4)), ratio=ratio)


@pytest.mark.slow
def test_current_at_one_percent_is_where_long_transients_go(labyrinth):
    """0.5 % below it the least c of a transient settles above 1 %, 0.5 % above it below.

    The metal is a dense one, whose deposit does not close the pores meanwhile.
    """
    cell = cells.make(labyrinth.mesh, LIPF6_EC_DMC, metal=replace(cells.LITHIUM, rho=3300.0))
    found = cf.current_at_one_percent(cell)
    for share, above in ((0.995, True), (1.005, False)):
        run = cf.solve(cell, cf.Galvanostatic(current=share * found.current, duration=2500.0), tolerance=5e-3)
        assert run.outcome.kind == "finished"
        least = run.sites["c"].min(axis=1) / 1000
        assert (least[-1] > 0.01) == above
        late = np.flatnonzero(run.times > 2000)[0]
        assert abs(least[-1] - least[late]) < 2e-3 * least[-1], "it has settled"


@pytest.mark.slow
@pytest.mark.parametrize("electrolyte, coarsen", [(cells.SALT, 4), (NAPF6_EC_PC, 1), (LIPF6_EC_DMC, 0.7)],
                         ids=["constant", "NaPF6", "LiPF6"])
def test_limit_of_a_labyrinth_is_where_a_continuation_ends(electrolyte, coarsen):
    """The linear solve against steady states with swift kinetics followed to c = 1e-4 c_0.

    The linear solve is exact in w, whatever D(c) and t+(c); the states are not, and need the finer mesh.
    """
    from cellfem.studies.limiting import _followed, _swift

    cell = planar(electrolyte, cells.shipped("hga_2d", coarsen))
    assert _followed(_swift(System.of(cell)), 1.0) == pytest.approx(cf.limiting_current(cell), rel=5e-3)
