"""Nucleation: the law at a place, closed forms of a plane and of two branches, order in time, exact tangent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq
from skfem import MeshTri1
from test_model_tangent import region, taylor_order
from verification import cells

import cellfem as cf
from cellfem.materials import GRAPHENE, KFSI_DME, LIPF6_EC_DMC, LITHIUM, POTASSIUM, SODIUM, substrates
from cellfem.materials.electrolyte import constant
from cellfem.model.reactions import Plated
from cellfem.model.system import Load, Storage, System
from cellfem.physics.film import current, overpotential
from cellfem.physics.nucleation import Growing, covered, threshold
from cellfem.units import FARADAY, thermal_voltage

T = 298.15
f = 1 / thermal_voltage(T)
Q_N, WIDTH, BARRIER = 36.0, 2.5e-3, 0.04
SWIFT_SALT = constant(D=9e-9, kappa=7.9, t_plus=0.999)  # c stays at c_0 within 1e-3 and the ohmic drop is known


def closed_form(c, eta, q, barrier):
    """i_n of Butler-Volmer kinetics with nucleation, written anew."""
    r = 95.0 * (c / 1000.0) ** 0.5 * (np.exp(0.5 * f * eta) - np.exp(-0.5 * f * eta))
    theta = 1 - np.exp(-np.maximum(q, 0.0) / Q_N)
    S = 1.0 if np.isneginf(barrier) else 1 / (1 + np.exp((eta + barrier) / WIDTH))
    return r * np.where(r <= 0, theta + (1 - theta) * S, theta)


def random_places(tau: float, n: int = 2000):
    rng = np.random.default_rng(int(10 * tau))
    law = Growing(cf.ButlerVolmer(), rng.choice([-np.inf, 0.0, 0.01, 0.04], n), np.full(n, Q_N), WIDTH,
                  rng.choice([0.0, 1e-6, 1.0, 30.0, 1e3], n), tau)
    return law, rng.uniform(1, 2000, n), rng.uniform(-0.3, 0.3, n)


@pytest.mark.parametrize("tau", [0.0, 1e-3, 1.0, 100.0])
@pytest.mark.parametrize("R", [0.0, 5e-3])
def test_the_law_holds_at_the_charge_that_its_current_leaves(tau, R):
    law, c, delta = random_places(tau)
    i = current(law, c, delta, 0 * c, np.full(len(c), R), T)
    eta = delta - i * R
    expected = np.array([closed_form(*values) for values in zip(c, eta, law.q - tau * i, law.eta_nuc, strict=True)])
    scale = np.abs(law.kinetics.rate(c, eta, 0 * c, T)) + 1e-3
    assert np.max(np.abs(i - expected) / scale) < 1e-9
    assert np.all(law.q - tau * i >= -1e-9), "no place gives more than it has"
    assert np.all(i * delta >= 0)


@pytest.mark.parametrize("tau", [0.0, 1.0])
def test_derivatives_are_exact(tau):
    law, c, eta = random_places(tau)
    exact = np.imag(law.rate(c, eta + 1e-30j, 0 * c, T)) / 1e-30
    h = 1e-7
    difference = (law.rate(c, eta + h, 0 * c, T) - law.rate(c, eta - h, 0 * c, T)) / (2 * h)
    assert np.quantile(np.abs(exact - difference) / (np.abs(exact) + 1), 0.99) < 1e-5


def test_by_how_much_of_itself_a_current_grows_with_its_charge():
    law, c, eta = random_places(0.0)
    eta = -np.abs(eta)
    h = 1e-4 * Q_N

    def log_rate(q):
        return np.log(-replace(law, q=q).rate(c, eta, 0 * c, T))

    difference = (log_rate(law.q + 2 * h) - log_rate(law.q + h)) / h
    exact = replace(law, q=law.q + 1.5 * h).by_charge(eta)
    np.testing.assert_allclose(exact, difference, rtol=0.1, atol=1e-9 / Q_N)
    assert np.max(exact) > 100 / Q_N and np.min(exact) < 1e-6 / Q_N


def test_overpotential_behind_a_film_and_a_barrier():
    """The bracket closes where Newton's method alone would run in circles."""
    one = np.ones(1)
    law = Growing(cf.ButlerVolmer(), BARRIER * one, Q_N * one, WIDTH, 0 * one)
    eta = overpotential(law, 1500 * one, -0.05362 * one, 0 * one, 5e-3 * one, T)
    assert abs(eta + 5e-3 * closed_form(1500.0, eta[0], 0.0, BARRIER) + 0.05362)[0] < 1e-12


@pytest.mark.parametrize("tau", [0.0, 50.0])
def test_without_a_barrier_the_law_is_that_of_the_metal(tau, monkeypatch):
    """Exactly, derivatives included, and no exponential of the covering is spent on places that plate."""
    plain, T, eta, c = cf.ButlerVolmer(i_0=20.0), 298.15, np.linspace(-0.2, 0.0, 7), np.linspace(100.0, 900.0, 7)
    law = Growing(plain, np.full(7, -np.inf), np.full(7, 10.0), 2.5e-3, np.linspace(0.0, 30.0, 7), tau)
    monkeypatch.setattr("cellfem.physics.nucleation.covered", None)
    for step in (0.0, 1e-30j):
        assert np.array_equal(law.rate(c, eta + step, 0.0, T), plain.rate(c, eta + step, 0.0, T))


def test_limits_of_the_parts():
    assert covered(np.array([-5.0, 0.0, Q_N, 1e5]), Q_N) == pytest.approx([0, 0, 1 - np.exp(-1), 1])
    assert threshold(-BARRIER, BARRIER, WIDTH) == pytest.approx(0.5)
    assert threshold(-1.0, BARRIER, WIDTH) == 1.0 and threshold(1.0, BARRIER, WIDTH) < 1e-100


def plane(**given) -> cf.Cell:
    return cells.make(cells.plane(free=25.0, coarsen=4), SWIFT_SALT, host=None, counter=cf.UniformFlux(), **given)


def host_overpotential(I: float, q: float, R: float) -> float:
    """Of a plane under the current density I that carries q: kinetics and film, at c_0."""
    return brentq(lambda eta: closed_form(1000.0, eta, q, BARRIER) + I, -2.0, 0.0, xtol=1e-15) - I * R


def test_dip_and_plateau_of_a_plane():
    """Against the closed 0-D solution of the same law; the electrolyte's own drop is a small known resistance."""
    I, R = 10.0, 5e-3
    run = cf.solve(plane(substrate=cf.Nucleation(eta=BARRIER), film=cf.Film(R=R)),
                   cf.Galvanostatic(current=I, duration=60.0))
    q = I * run.times
    assert run.sites["q"][:, 0] == pytest.approx(q, rel=1e-12, abs=1e-9), "theta, q and charge agree"
    dip, plateau = run.voltage[0], run.voltage[-1]
    drop = I * 25e-6 / 7.9
    assert dip - drop == pytest.approx(-host_overpotential(I, 0.0, R), rel=1e-3)
    assert plateau - drop == pytest.approx(-host_overpotential(I, q[-1], R), rel=1e-3)
    expected = np.array([-host_overpotential(I, charge, R) for charge in q])
    assert np.max(np.abs(run.voltage - drop - expected)) < 1e-3 * expected.min()
    assert dip - plateau > 0.03, "the barrier shows"
    row = cf.report(run)
    assert row["plateau after nucleation [mV]"] == pytest.approx(1e3 * expected[-1], rel=1e-3)
    assert row["nucleation dip [mV]"] == pytest.approx(1e3 * (expected[0] - expected[-1]), rel=1e-3)
    assert run.audit.charge < 1e-9 and run.audit.salt < 1e-11


def branches(resistance_share: float, barriers=(0.0, BARRIER), i_0: float = 95.0):
    """Two channels without contact between them under one equipotential plane; (cell, length L, conductivity)."""
    L, kappa = 40e-6, 7.9 * resistance_share
    left = MeshTri1.init_tensor(np.linspace(0, 5e-6, 3), np.linspace(0, L, 9))
    p = np.hstack([left.p, left.p + np.array([[10e-6], [0.0]])])
    mesh = MeshTri1(p, np.hstack([left.t, left.t + left.nvertices]))
    floor = np.flatnonzero((mesh.p[1, mesh.facets] < 1e-12).all(axis=0))
    top = np.flatnonzero((mesh.p[1, mesh.facets] > L - 1e-12).all(axis=0))
    mesh = mesh.with_subdomains({"electrolyte": np.arange(mesh.nelements)}).with_boundaries(
        {"collector": floor, "counter": top, "host_surface": floor})
    substrate = cf.Nucleation(eta=lambda x: np.where(x[0] < 7e-6, *barriers))
    cell = cf.Cell(mesh, metal=LITHIUM, electrolyte=constant(D=9e-9, kappa=kappa, t_plus=0.999), substrate=substrate,
                   kinetics=cf.ButlerVolmer(i_0=i_0), film=cf.Film(R=0.0), counter=cf.Reservoir(uniform=False))
    return cell, L, kappa


def split(cell, I: float) -> float:
    """Share of the current that the lithiophilic branch takes on fresh surfaces."""
    run = cf.solve(cell, cf.Galvanostatic(current=I, duration=1e-6))
    left = cell.sites.x[0] < 7e-6
    plating = run.sites["plating"][0] * cell.sites.area
    return float(plating[left].sum() / plating.sum())


def circuit(I: float, L: float, kappa: float, i_0: float) -> float:
    """Share of the lithiophilic branch in the closed-form circuit: ohmic channel and fresh surface in series, twice."""
    def surface(i, barrier):
        return brentq(lambda e: i_0 / 95.0 * closed_form(1000.0, e, 0.0, barrier) + i, -3, 0, xtol=1e-16)

    def branch(voltage, barrier):
        return brentq(lambda i: voltage - i * L / kappa + surface(i, barrier), 1e-12, 1e4)

    voltage = brentq(lambda v: branch(v, 0.0) + branch(v, BARRIER) - 2 * I, 1e-5, 5.0, xtol=1e-15)
    return branch(voltage, 0.0) / (2 * I)


@pytest.mark.parametrize("I", [3.0, 30.0, 300.0])
def test_two_channels_share_the_current_like_two_branches(I):
    cell, L, kappa = branches(0.01)
    assert split(cell, I) == pytest.approx(circuit(I, L, kappa, 95.0), rel=5e-3)


def test_the_advantage_vanishes_where_delta_passes_one():
    """Fast kinetics: the bare branch waits while the ohmic drop of the other is below the overpotential at which it
    sets in, eta_nuc less some widths of the threshold; beyond, the branches differ by alpha F eta/(2 R T delta).

    The knee between the two, and where half of the advantage is gone, are those of the two-branch circuit.
    """
    i_0 = 2e3
    cell, L, kappa = branches(0.001, i_0=i_0)

    def advantage(delta, of):
        return 2 * of(delta * kappa / (0.5 * f * L)) - 1

    def predicted(delta):
        return advantage(delta, lambda I: circuit(I, L, kappa, i_0))

    def found(delta):
        return advantage(delta, lambda I: split(cell, I))

    half = brentq(lambda delta: predicted(delta) - 0.5, 0.1, 2.0)
    knee = 0.5 * half  # where 1 meets the branch that falls as 1/delta
    assert knee < 0.5 * f * BARRIER / 2 < 1, "before delta = 1"
    for place in (knee, half):
        around = place * np.array([0.7, 0.8, 0.9, 1.1, 1.2, 1.3])
        values = np.array([found(delta) for delta in around])
        assert values == pytest.approx([predicted(delta) for delta in around], abs=5e-3), place
        assert np.all(np.diff(values) < 0)
        if place == half:  # crossed between three points on each side
            assert np.interp(0.0, 0.5 - values, around) == pytest.approx(half, rel=1e-2)
    assert found(0.5 * knee) > 0.97, "all of it"
    assert found(6.0) / found(3.0) == pytest.approx(0.5, rel=0.05), "and then as 1/delta"
    assert found(1.0) < 0.25


@pytest.mark.slow
def test_order_in_time():
    """The split of charge between two branches, as the steps shrink."""
    cell, *_ = branches(0.01)
    protocol = cf.Galvanostatic(current=30.0, duration=10.0)

    def run(tolerance):
        solution = cf.solve(cell, protocol, tolerance=tolerance)
        q = solution.sites["q"][-1] * cell.sites.area
        return solution.stats.time_steps, q[cell.sites.x[0] < 7e-6].sum() / q.sum()

    fine = run(1e-7)[1]
    steps, shares = zip(*(run(tolerance) for tolerance in (1e-3, 1e-4, 1e-5)), strict=True)
    errors = np.abs(np.array(shares) - fine)
    order = -np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert order > 1.8, (steps, errors)
    assert errors[-1] < 1e-4


@pytest.mark.parametrize("name", ["resolved, conducting, 2-D", "resolved, conducting, 3-D",
                                  "homogenised, full tensors, 2-D"])
@pytest.mark.parametrize("counter", [cf.Foil(), cf.UniformFlux()])
def test_taylor_with_everything_on(name, counter):
    """Nucleation, patchy film, coatings by depth, deposit in the pores, metal that is stripped and plated."""
    mesh, media, host = region(name)
    rng = np.random.default_rng(1)
    film = cf.MosaicFilm(shares=(0.7, 0.3), films=(cf.Film(R=8e-3), cf.Film(R=lambda x: 1e-3 * (1 + x[-1]))))
    if media and "electrode" in media:
        media = media | {"electrode": replace(media["electrode"], growth=cf.FIBRES)}
    cell = cells.make(mesh, LIPF6_EC_DMC, media=media, host=host, film=film, counter=counter, blocked=0.2,
                      substrate=cf.Nucleation(eta=lambda x: 0.01 + 0.02 * x[-1]))
    system = System.of(cell)
    q = rng.uniform(0.5, 60.0, len(cell.sites.nodes))
    scale = np.nanmin(np.where(np.isfinite(cell.room), cell.room, np.nan)) / LITHIUM.thickness_per_charge
    system = system.with_deposit(0.3 * scale * rng.uniform(0, 1, len(q)) if np.isfinite(scale) else q)
    n = len(system.pore_volume)
    for tau in (0.0, 0.2):
        storage = Storage(rng.uniform(500, 1500, n), 0.3, Plated(q, tau))
        order = taylor_order(system, Load(current=20.0), storage, rng)
        assert order == pytest.approx(2, abs=0.02), tau


def test_substrates_of_the_library():
    assert substrates.COPPER.nucleation("Li").eta == 0.04
    assert any("illustrative" in note for note in substrates.COPPER.notes("Li"))
    assert any("lithium is used" in note for note in substrates.COPPER.notes("Na"))
    for kind in (substrates.GOLD, substrates.TIN, substrates.ANTIMONY):
        assert kind.nucleation("Na").eta == 0.0 and any("sodiophilic" in note for note in kind.notes("Na"))
    assert substrates.TIN.nucleation("Li").eta == 0.012
    assert any("sodium is used" in note for note in substrates.ANTIMONY.notes("Li"))
    for kind in (substrates.GOLD, substrates.SILVER, substrates.ZINC, substrates.MAGNESIUM):
        assert any("10 uA/cm2" in note for note in kind.notes("Li"))
        assert any("Rizell" in note for note in kind.notes("K"))
    cell = cells.make(cells.shipped("vga_2d", 5), substrate={"collector": substrates.COPPER})
    floor = cell.sites.kinds.index("collector")
    assert np.all(cell.bare.eta_nuc[cell.sites.kind == floor] == 0.04)
    assert np.all(cell.bare.eta_nuc[cell.sites.kind != floor] == 0.014), "the rest is the host's carbon"
    assert any("copper" in note for note in cell.assumptions) and any("carbon" in note for note in cell.assumptions)


def test_each_surface_has_its_own_threshold():
    """A wide threshold on the floor leaves the walls' as sharp as it is."""
    mesh = cells.shipped("vga_2d", 5)
    wide, sharp = cf.Nucleation(eta=BARRIER, width=5e-3), cf.Nucleation(eta=BARRIER)

    def plating(substrate, kind):
        cell = cells.make(mesh, LIPF6_EC_DMC, substrate=substrate)
        at = cell.sites.kind == cell.sites.kinds.index(kind)
        eta = np.full(len(cell.sites.nodes), -0.03)
        current = System.of(cell).reaction.current(np.full(len(eta), 1000.0), eta, Plated(0 * eta))
        return current[at]

    for kind, own in (("host_surface", sharp), ("collector", wide)):
        mixed = {"host_surface": sharp, "collector": wide}
        np.testing.assert_allclose(plating(mixed, kind), plating(own, kind), rtol=1e-12)
    assert abs(plating(wide, "collector")[0]) > 3 * abs(plating(sharp, "collector")[0])


def test_patches_of_another_kind_in_one_line():
    gold, copper = cf.Nucleation(eta=0.0, q_n=360.0), cf.Nucleation(eta=BARRIER, width=5e-3)
    eta, q_n, width = cf.patchy_nucleation(gold, copper, share=0.3, correlation_length=2e-6, seed=3).at(
        np.random.default_rng(0).uniform(0, 2e-4, (3, 5000)))
    inside = eta == 0.0
    assert np.mean(inside) == pytest.approx(0.3, abs=0.03)
    assert np.all(q_n[inside] == 360.0) and np.all(width[inside] == WIDTH)
    assert np.all(eta[~inside] == BARRIER) and np.all(q_n[~inside] == Q_N) and np.all(width[~inside] == 5e-3)
    free = cf.patchy_nucleation(cf.Nucleation(), copper, share=0.3, correlation_length=2e-6).at(np.zeros((2, 1)))
    assert np.isneginf(free[0][0]) or free[0][0] == BARRIER


def test_metal_at_the_start_by_surface():
    cell = cells.make(cells.shipped("vga_2d", 5), plated={"collector": 300.0})
    floor = cell.sites.kind == cell.sites.kinds.index("collector")
    assert np.all(cell.metal_at_start[floor] == 300.0) and np.all(cell.metal_at_start[~floor] == 0.0)


def test_an_insulated_floor_does_not_plate():
    mesh = cells.shipped("vga_2d", 5)
    cell = cells.make(mesh, substrate={"collector": substrates.ALUMINA})
    assert "collector" not in cell.sites.kinds and "host_surface" in cell.sites.kinds


def test_a_bare_host_is_the_start_and_a_steady_state_has_its_metal():
    cell = cells.make(cells.shipped("vga_2d", 5), LIPF6_EC_DMC)
    assert cell.bare is not None and GRAPHENE.substrate is substrates.CARBON
    with_metal = cells.make(cells.shipped("vga_2d", 5), LIPF6_EC_DMC, plated=1e4)
    a, b = (cf.solve(c, cf.Steady(current=20.0)) for c in (cell, with_metal))
    np.testing.assert_array_equal(a.sites["plating"], b.sites["plating"])
    fresh = cf.solve(cell, cf.Galvanostatic(current=20.0, duration=1.0))
    old = cf.solve(with_metal, cf.Galvanostatic(current=20.0, duration=1.0))
    assert fresh.voltage[0] > old.voltage[0] + 1e-3
    assert cells.make(cells.plane(coarsen=4)).bare is None, "a foil has metal without end"


def patches(x):
    """30 % of the surface without a barrier, the rest copper's."""
    return np.where(np.sin(2e5 * x[2] + 3e5 * x[0]) > 0.6, 0.0, BARRIER)


@pytest.mark.parametrize("coarsen, film, substrate, duration", [
    (4, None, substrates.COPPER, 600.0),
    (5, cells.NO_FILM, {"host_surface": substrates.COPPER, "collector": substrates.GOLD}, 600.0),
    (5, cells.NO_FILM, cf.Nucleation(eta=patches, q_n=360.0), 1200.0),
    (5, None, {"host_surface": substrates.COPPER, "collector": substrates.GOLD}, 600.0),
])
def test_nucleation_costs_no_more_than_twice_the_newton_steps(coarsen, film, substrate, duration):
    """Resolved, 3-D, to a capacity at which every place has nucleated; with contrast, the front passes in a moment."""
    mesh = cells.shipped("vga", coarsen)
    plating = cf.Galvanostatic(current=20.0, duration=duration)
    bare = cf.solve(cells.make(mesh, LIPF6_EC_DMC, substrate=substrate, film=film), plating)
    metal = cf.solve(cells.make(mesh, LIPF6_EC_DMC, plated=1e4, film=film), plating)
    assert bare.stats.newton_steps <= 2 * metal.stats.newton_steps
    assert bare.audit.charge < 1e-9 and bare.audit.salt < 1e-11
    fine = cf.solve(bare.cell, plating, tolerance=2e-5)
    dips = [cf.report(run)["nucleation dip [mV]"] for run in (bare, fine)]
    assert dips[0] == pytest.approx(dips[1], rel=0.01), "as deep as with three times the steps"


def test_patches_keep_the_marks_of_what_they_are_made_of():
    gold, copper = (kind.nucleation("K") for kind in (substrates.GOLD, substrates.COPPER))
    cell = cells.make(cells.shipped("vga_2d", 5), metal=POTASSIUM, electrolyte=KFSI_DME, substrate=cf.patchy_nucleation(
        gold, copper, share=0.5, correlation_length=5e-6))
    marks = [note for note in cell.assumptions if note.startswith("nucleation on")]
    for name in ("gold", "copper"):
        assert any(name in note and "no nucleation overpotential of K was found" in note for note in marks)


@pytest.mark.parametrize("given, words", [
    (lambda: cf.Nucleation(eta=-0.04), "from 0 to 1 V"),
    (lambda: cf.Nucleation(eta=40.0), "from 0 to 1 V"),
    (lambda: cf.Nucleation(eta=True), "a number, a function of position or None"),
    (lambda: cells.make(cells.shipped("vga_2d", 5), substrate=cf.Nucleation(eta=lambda x: np.ones(3))), "per point"),
    (lambda: cells.make(cells.shipped("vga_2d", 5), substrate={"collector": "gold"}), "a substrate or a cf.Nucleation"),
    (lambda: cells.make(cells.shipped("vga_2d", 5), substrate={"collector": None}), "a substrate or a cf.Nucleation"),
    (lambda: cells.make(cells.shipped("vga_2d", 5), plated={"colector": 1.0}), "collector"),
    (lambda: cells.make(cells.shipped("vga_2d", 5), blocked=1.0), "insulating coating"),
    (lambda: cells.make(cells.shipped("vga_2d", 5), substrate=substrates.ALUMINA), "insulating coating"),
    (lambda: cells.make(cells.layer(5e-5, 5), host=None, substrate=substrates.ALUMINA, media={
        "electrode": cf.Medium(eps=0.8, B=0.6, sigma=np.inf, a_s=1e5)}), "insulating coating"),
    (lambda: cells.make(cells.shipped("vga_2d", 5), plated=lambda x: np.ones(3)), "one value per point"),
    (lambda: cells.make(cells.shipped("vga_2d", 5), plated=lambda x: x), "one value per point"),
    (lambda: cells.make(cells.shipped("vga_2d", 5), blocked=lambda x: 0.1 * np.ones(3)).sites, "one value per point"),
    (lambda: substrates.ALUMINA.nucleation("Li"), "a surface on which metal plates"),
    (lambda: cf.patchy_nucleation(substrates.GOLD, substrates.COPPER, share=0.5, correlation_length=1e-6),
     "a cf.Nucleation is needed"),
    (lambda: cf.Galvanostatic(current=20.0, capacity=1.0, cutoff=1.0), "it ends steps that strip"),
    (lambda: cf.Nucleation(eta="copper"), "a number, a function of position or None"),
    (lambda: cf.Nucleation(eta=0.04, q_n=0.0), "a positive number"),
    (lambda: cells.make(cells.shipped("vga_2d", 5), substrate=cf.Nucleation(eta=lambda x: -x[0])), "from 0"),
    (lambda: cells.make(cells.shipped("vga_2d", 5), substrate={"colector": substrates.COPPER}), "collector"),
    (lambda: cells.make(cells.shipped("vga_2d", 5), plated=-1.0), "a charge >= 0"),
    (lambda: cells.make(cells.shipped("vga_2d", 5), blocked=1.2), "a share from 0 to 1"),
    (lambda: cf.Substrate(name="x", eta=(("Li", -0.1),)), "from 0 to 1 V"),
    (lambda: cf.Substrate(name="x", eta={"Li": 40.0}), "from 0 to 1 V"),
    (lambda: cf.Substrate(name="x", eta=0.1), "a value per metal"),
    (lambda: cf.Substrate(name="x", eta=(("Lithium", 0.1),)), "the symbol of a metal"),
    (lambda: cf.Substrate(name="x", eta={"Li": 0.1}, q_n=-1.0), "a positive charge"),
])
def test_bad_input_is_refused_in_four_parts(given, words):
    with pytest.raises(ValueError, match=words) as error:
        given()
    assert ":" in str(error.value) and ";" in str(error.value) and str(error.value).rstrip()[-1] in ".?"


def test_metals_differ_where_the_library_knows():
    gold = cf.Substrate(name="gold, with sodium's value", eta={"Li": 0.0, "Na": 0.012})
    assert gold.nucleation(SODIUM.symbol).eta == 0.012 and gold.nucleation("Li").eta == 0.0
    assert FARADAY > 0
