"""Laws at one temperature: exact derivatives, the potentials U, w and G, and what lies beyond the measured range."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest
from scipy.integrate import quad

from cellfem import materials as m
from cellfem.physics.table import Table
from cellfem.units import FARADAY, thermal_voltage

T25 = 298.15
ELECTROLYTES = m.LIBRARY["electrolyte"]
LAWS = ("D", "kappa", "t_plus", "TDF")


def smooth_points(at):
    """Concentrations from depletion to far above the range, none within a central difference of a kink."""
    c = np.geomspace(1e-3, 1e4, 61) * 1.00123
    return c[[np.all(np.abs(x / np.array(at.kinks or (1e9,)) - 1) > 1e-3) for x in c]]


def integral(f, a, b, kinks):
    """int_a^b f dc by adaptive quadrature in ln c between the kinks."""
    ends = np.log(sorted({a, b, *(k for k in kinks if min(a, b) < k < max(a, b))}))
    parts = [quad(lambda x: float(f(np.exp(x))) * np.exp(x), low, high, epsabs=0, epsrel=1e-13, limit=300)[0]
             for low, high in itertools.pairwise(ends)]
    return sum(parts) * (1 if b > a else -1)


@pytest.mark.parametrize("T", [263.15, 298.15, 323.15])
@pytest.mark.parametrize("printed", [False, True])
@pytest.mark.parametrize("name", ELECTROLYTES)
def test_complex_step_is_the_derivative(name, printed, T):
    electrolyte = ELECTROLYTES[name]
    at = (electrolyte.as_printed() if printed else electrolyte).at(T)
    c = smooth_points(at)
    c = c[c < 3000] if printed else c
    h = 1e-5 * c
    for key in LAWS:
        law = getattr(at, key)
        exact = law(c + 1e-30j).imag / 1e-30
        central = (law(c + h) - law(c - h)) / (2 * h)
        rounding = 1e-14 * np.abs(law(c)) / h
        assert np.all(np.abs(exact - central) <= 1e-8 * np.abs(central) + rounding), key
        assert law(c + 1e-30j).real == pytest.approx(law(c), rel=1e-14)


@pytest.mark.parametrize(("name", "T"), [(name, T25) for name in ELECTROLYTES] + [("lipf6-ec-emc", 263.15)])
def test_U_is_the_integral_of_its_integrand(name, T):
    at = ELECTROLYTES[name].at(T)
    for c in (1e-9, 1e-3, 7.0, 99.0, 450.0, 1001.0, 2600.0, 1e4):
        assert at.U(c) == pytest.approx(integral(at.dU, 1000.0, c, at.kinks), rel=2e-12)


@pytest.mark.parametrize("name", ELECTROLYTES)
def test_U_vanishes_at_c_0_and_answers_a_complex_step_with_its_integrand(name):
    at = ELECTROLYTES[name].at(T25)
    assert at.U(1000.0) == 0.0
    c = np.geomspace(1e-9, 1e5, 200)
    assert at.U(c + 1e-30j).imag / 1e-30 == pytest.approx(at.dU(c), rel=1e-15)
    assert np.all(np.diff(at.U(c)) > 0)
    assert np.array_equal(at.U(c + 0j).real, at.U(c))
    assert at.U(c.reshape(10, 20)).shape == (10, 20)
    V = thermal_voltage(T25)
    assert at.dU(c) == pytest.approx(2 * V * (1 - at.t_plus(c)) * at.TDF(c) / c)


def test_U_of_constant_properties_is_a_logarithm():
    at = m.constant(D=3e-10, kappa=1.0, t_plus=0.38, TDF=1.7, c_0=800.0).at(310.0)
    c = np.geomspace(1e-12, 1e6, 50) * 800.0
    exact = 2 * thermal_voltage(310.0) * 0.62 * 1.7 * np.log(c / 800.0)
    assert at.U(c) == pytest.approx(exact, rel=1e-12, abs=1e-16)


@pytest.mark.parametrize("name", ELECTROLYTES)
def test_w_and_G_are_the_integrals_of_their_integrands(name):
    at = ELECTROLYTES[name].at(T25)
    for c in (1e-6, 30.0, 700.0, 2100.0, 8000.0):
        assert at.w(c) == pytest.approx(integral(at.dw, 1e-20, c, at.kinks), rel=1e-12)
        assert at.G(c) == pytest.approx(integral(at.dG, 1000.0, c, at.kinks), rel=1e-11)
    assert at.w(0.0) == 0.0 and at.G(1000.0) == 0.0
    c = smooth_points(at)
    assert at.w(c + 1e-30j).imag / 1e-30 == pytest.approx(at.D(c) / (1 - at.t_plus(c)), rel=1e-14)
    assert at.G(c + 1e-30j).imag / 1e-30 == pytest.approx(FARADAY * at.dw(c) / at.kappa(c), rel=1e-14)


@pytest.mark.parametrize("name", ELECTROLYTES)
def test_c_of_w_inverts_w(name):
    at = ELECTROLYTES[name].at(T25)
    c = np.concatenate([[0.0, 1e-13, 150.0, 2472.0], np.geomspace(1e-10, 1e5, 300)])
    assert at.c_of_w(at.w(c)) == pytest.approx(c, rel=1e-12, abs=0)
    slope = at.c_of_w(at.w(c[5:]) + 1e-30j).imag / 1e-30
    assert slope == pytest.approx(1 / at.dw(c[5:]), rel=1e-9)
    assert at.c_of_w(-1e-9) == pytest.approx(-1e-9 / at.dw(1e-12), rel=1e-6)


def test_ideal_solution_keeps_its_anions_in_equilibrium():
    """Nernst-Planck: with N- = 0 the electrostatic potential is (RT/F) ln(c/c_0), so psi + U = (2RT/F) ln(c/c_0)."""
    at = m.ideal(D_plus=1.3e-10, D_minus=4.1e-10, c_0=700.0).at(T25)
    c = np.geomspace(1e-9, 6e3, 40)
    assert at.G(c) + at.U(c) == pytest.approx(2 * thermal_voltage(T25) * np.log(c / 700.0), rel=1e-12)
    assert at.D(c) == pytest.approx(2 * 1.3 * 4.1 / 5.4 * 1e-10, rel=1e-14)


def test_a_law_that_ends_far_above_c_0_is_no_obstacle():
    electrolyte = m.Electrolyte(name="ends", D=3e-10, kappa=1.0, t_plus=lambda c, T: 0.3 + 1e-3 * np.sqrt(5000.0 - c))
    at = electrolyte.at(T25)
    assert at.U(2900.0) == pytest.approx(integral(at.dU, 1000.0, 2900.0, ()), rel=1e-11)
    assert np.isnan(at.U(6000.0)) and not at.single_ion
    assert at.c_of_w(at.w(2000.0)) == pytest.approx(2000.0)


@pytest.mark.parametrize("name", ["lipf6-ec-dmc", "lipf6-ec-emc"])
def test_a_printed_fit_whose_t_plus_reaches_1_far_above_c_0_still_limits(name):
    """w and G end where t+ goes to 1; below they are the integrals that they were."""
    at = ELECTROLYTES[name].as_printed().at(T25)
    assert not at.single_ion and 4000 < at.ceiling < 8000
    assert 0 < 1 - at.t_plus(at.ceiling) < 2e-4 and 1 - at.t_plus(1.01 * at.ceiling) < 0
    for c in (500.0, 3500.0):
        assert at.w(c) == pytest.approx(integral(at.dw, 1e-9, c, at.kinks), rel=1e-11)
        assert at.G(c) == pytest.approx(integral(at.dG, 1000.0, c, at.kinks), rel=1e-11)
        assert at.c_of_w(at.w(c)) == pytest.approx(c, rel=1e-12)
    assert at.c_of_w(1e3 * at.w(at.ceiling)) == at.ceiling and np.isfinite(at.G(2 * at.ceiling))
    assert ELECTROLYTES[name].at(T25).ceiling == np.inf


def test_a_printed_fit_that_explodes_is_tabulated_up_to_there():
    """Warnings are errors: D of Valoen and Reimers has a pole at 13.8 mol/L."""
    at = m.LIPF6_EC_DMC_VALOEN.as_printed().at(T25)
    assert 8000 < at.ceiling < 13800 and np.isfinite(at.w(5e4)) and np.isfinite(at.G(5e4))


def test_a_law_with_a_kink_of_its_own_is_still_integrated():
    electrolyte = m.Electrolyte(name="kink", D=3e-10, kappa=1.0, TDF=lambda c, T: np.where(c < 321.0, 1.0, c / 321.0),
                                t_plus=0.0)
    at = electrolyte.at(T25)
    V = 2 * thermal_voltage(T25)
    assert at.U(100.0) == pytest.approx(V * (np.log(100.0 / 321.0) - (1000.0 / 321.0 - 1)), rel=1e-9)


def test_a_single_ion_conductor_has_no_diffusion_potential():
    at = m.constant(D=3e-10, kappa=1.0, t_plus=1.0).at(T25)
    c = np.geomspace(1e-9, 1e4, 20)
    assert at.single_ion
    assert np.all(at.U(c) == 0.0) and np.all(at.dU(c) == 0.0)
    assert np.all(at.U(c + 1e-30j) == 0.0)
    assert np.all(np.isposinf(at.w(c))) and at.w(0.0) == 0.0
    for needs_anions in (at.c_of_w, at.G):
        with pytest.raises(ValueError, match="single-ion"):
            needs_anions(1.0)


@pytest.mark.parametrize("electrolyte", [m.LIPF6_EC_DMC, m.LIPF6_EC_EMC, m.LIPF6_EMC_FEC])
def test_below_the_range_fits_are_continued(electrolyte):
    at, printed = electrolyte.at(T25), electrolyte.as_printed().at(T25)
    c = np.linspace(1e-6, 99.999, 300)
    assert np.all(at.t_plus(c) == printed.t_plus(100.0))
    assert np.array_equal(at.D(c), printed.D(c))
    assert np.array_equal(at.kappa(c), printed.kappa(c))
    s = c / 100.0
    a, b = (printed.TDF(100.0) - 1, 100.0 * printed.TDF(100.0 + 1e-30j).imag / 1e-30)
    assert at.TDF(c) == pytest.approx(1 + (3 * a - b) * s**2 + (b - 2 * a) * s**3, rel=1e-12)
    low, high = 100.0 * (1 - 1e-9), 100.0 * (1 + 1e-9)
    assert at.TDF(low) == pytest.approx(at.TDF(high), rel=1e-8)
    slopes = [at.TDF(x + 1e-30j).imag for x in (low, high)]
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-6)
    assert abs(at.TDF(1e-6 + 1e-30j).imag / 1e-30) < 1e-8
    inside = np.linspace(100.0, 3000.0, 50)
    for key in LAWS:
        assert np.array_equal(getattr(at, key)(inside), getattr(printed, key)(inside))


@pytest.mark.parametrize("name", ELECTROLYTES)
def test_above_the_range_everything_is_frozen(name):
    electrolyte = ELECTROLYTES[name]
    at = electrolyte.at(T25)
    for key, prop in electrolyte.properties.items():
        top = prop.c_range[1]
        if np.isfinite(top):
            law = getattr(at, key)
            assert law(top * 1.7) == law(top) == pytest.approx(prop(top, T25), rel=1e-15)
            assert law(top * 1.7 + 1e-30j).imag == 0.0


def test_tables_of_conductivity_fall_straight_to_zero():
    at = m.NAPF6_EC_PC.at(T25)
    assert at.kappa(75.0) == pytest.approx(0.202)
    assert at.kappa(75.0 + 1e-30j).imag / 1e-30 == pytest.approx(0.404 / 150.0)
    assert at.kappa(325.0) == pytest.approx(0.562)
    assert at.D(0.5) == 4.14e-11
    assert m.NAPF6_EC_PC.as_printed().at(T25).kappa(75.0) == pytest.approx(0.202)  # a table prints nothing there


def test_a_fit_of_conductivity_that_does_not_vanish_is_led_to_zero():
    def kappa(c, T):
        return 0.0911 + 1.9101e-3 * c - 1.052e-6 * c**2 + 0.1554e-9 * c**3

    electrolyte = m.Electrolyte(name="fit", D=3e-10, kappa=kappa, t_plus=0.4, c_range=(100.0, 2000.0))
    at = electrolyte.at(T25)
    assert at.kappa(100.0) == kappa(100.0, T25)
    assert at.kappa(40.0) == pytest.approx(0.4 * kappa(100.0, T25), rel=1e-14)
    assert electrolyte.as_printed().at(T25).kappa(1e-9) == pytest.approx(0.0911)


def test_a_fit_of_diffusivity_that_fails_at_dilution_is_frozen():
    electrolyte = m.Electrolyte(name="fit", D=lambda c, T: 1e-10 * np.log(c / 20.0), kappa=1.0, t_plus=0.4,
                                c_range=(100.0, 2000.0))
    assert electrolyte.at(T25).D(1.0) == pytest.approx(1e-10 * np.log(5.0))


def test_range_warnings_name_what_was_used_beyond_the_data():
    electrolyte = m.LIPF6_EC_DMC
    assert electrolyte.range_warnings(100.0, 3000.0, T25) == ()
    below, above, cold = electrolyte.range_warnings(1.0, 3001.0, 250.0)
    assert "fell to 1 mol/m3" in below and "TDF by a cubic" in below and "D, kappa, t_plus, TDF" in below
    assert "frozen" in above and "250 K is outside the range 263.15-323.15 K" in cold
    assert "used as printed" in electrolyte.as_printed().range_warnings(1.0, 1000.0, T25)[0]
    table = m.NAPF6_EC_PC.range_warnings(2.0, 2100.0, 310.0)
    assert len(table) == 3 and all("kappa" in text for text in table)
    assert "298.15 K of D, kappa" in table[-1]
    assert m.constant(D=3e-10, kappa=1.0, t_plus=0.4).range_warnings(0.0, 1e5, 350.0) == ()


def test_laws_are_cached_and_can_be_pickled():
    at = m.LIPF6_EC_DMC.at(T25)
    assert m.LIPF6_EC_DMC.at(T25) is at
    assert m.LIPF6_EC_DMC.at(T25 + 1) is not at
    copy = pickle.loads(pickle.dumps(at))
    assert copy.U(3.0) == at.U(3.0) and copy.c_0 == at.c_0


@pytest.mark.parametrize("T", [25.0, 0.0, -10.0, float("nan"), 1e4])
def test_impossible_temperatures_are_refused(T):
    with pytest.raises(ValueError, match="kelvin"):
        m.LIPF6_EC_DMC.at(T)


def test_a_law_that_loses_its_sign_at_some_temperature_is_refused_there():
    with pytest.raises(ValueError, match=r"LiPF6 in EC:EMC.*kappa: found -.* T = 243.15 K"):
        m.LIPF6_EC_EMC.at(243.15)


def test_table_is_linear_between_points_and_carries_its_slope():
    table = Table(c=[10.0, 20.0, 40.0], values=[1.0, 3.0, 2.0])
    assert table(np.array([5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 99.0])) == pytest.approx([1, 1, 2, 3, 2.5, 2, 2])
    slopes = table(np.array([5.0, 10.0, 15.0, 30.0, 99.0]) + 1e-30j).imag / 1e-30
    assert slopes == pytest.approx([0, 0.2, 0.2, -0.05, 0])
    assert table(12.0, 300.0) == pytest.approx(1.4)


@pytest.mark.parametrize(("c", "values"), [
    ([1.0], [1.0]), ([1.0, 2.0], [1.0]), ([2.0, 1.0], [1.0, 2.0]), ([1.0, 1.0], [1.0, 2.0]), ([-1.0, 1.0], [1.0, 2.0]),
    ([1.0, 2.0], [1.0, float("nan")]), ([[1.0, 2.0]], [[1.0, 2.0]]),
])
def test_tables_without_order_are_refused(c, values):
    with pytest.raises(ValueError, match="Table"):
        Table(c=c, values=values)
