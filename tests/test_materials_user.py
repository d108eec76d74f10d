"""Electrolytes that users write: what is accepted, what is refused by name, what warns."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy.interpolate import CubicSpline, interp1d

from cellfem.errors import TrustWarning
from cellfem.materials import LIPF6_EC_DMC, Electrolyte, Property, Table, constant

T25 = 298.15
GOOD = {"D": 3e-10, "kappa": 1.0, "t_plus": 0.4}
POINTS = np.array([0.0, 500.0, 1000.0, 2000.0, 4000.0])
VALUES = np.array([3e-10, 2.5e-10, 2e-10, 1.5e-10, 1.2e-10])


def electrolyte(**given):
    return Electrolyte(name="mine", **(GOOD | given))


def branching(c, T):
    return 3e-10 if c > 1000.0 else 2e-10


REFUSED = {
    "abs": lambda c, T: 1e-10 + 1e-13 * abs(c),
    "distance": lambda c, T: 1e-10 + 1e-13 * np.abs(c - 777.0),
    "real part": lambda c, T: 1e-10 + 1e-13 * np.real(c),
    "conjugate": lambda c, T: 1e-10 + 1e-13 * np.conj(c),
    "interp": lambda c, T: np.interp(c, POINTS, VALUES),
    "spline": lambda c, T: CubicSpline(POINTS, VALUES)(c),
    "interp1d": lambda c, T: interp1d(POINTS, VALUES)(c),
    "math": lambda c, T: 1e-10 * math.exp(-c / 1000.0),
    "if": branching,
    "one argument": lambda c: 1e-10 * np.exp(-c / 1000.0),
    "scalar": lambda c, T: np.mean(c) * np.ones(3),
    "negative": lambda c, T: 1e-10 * (1 - c / 1500.0),
    "nan": lambda c, T: 1e-10 * np.sqrt(1500.0 - c),
    "zero": lambda c, T: 0.0,
}


@pytest.mark.parametrize("reason", REFUSED)
def test_bad_laws_are_refused_by_name(reason):
    with pytest.raises(ValueError, match="mine: D: found"):
        electrolyte(D=REFUSED[reason])


@pytest.mark.parametrize(("given", "where"), [
    ({"kappa": lambda c, T: 1.0 - c / 2500.0}, "mine: kappa"), ({"kappa": -1.0}, "mine: kappa"),
    ({"kappa": float("nan")}, "kappa"), ({"t_plus": 1.3}, "mine: t_plus: found 1.3 at c ="), ({"D": "fast"}, "D"),
    ({"cation": "lithium"}, "mine: cation: found 'lithium'"), ({"t_plus": 1.01}, "mine: t_plus"),
    ({"t_plus": lambda c, T: 0.4 + c / 4000.0}, "mine: t_plus"), ({"TDF": 0.0}, "mine: TDF"),
    ({"c_0": 0.0}, "mine: c_0"), ({"c_0": float("nan")}, "mine: c_0"), ({"c_0": "1 M"}, "mine: c_0"),
    ({"D": lambda c, T: 1e-10 + 0 * c, "c_range": (2000.0, 100.0)}, "mine: D"),
])
def test_bad_values_are_refused_by_name(given, where):
    with pytest.raises(ValueError, match=where):
        electrolyte(**given)


@pytest.mark.parametrize("law", [
    3e-10, 3, np.float64(3e-10), lambda c, T: 3e-10,
    lambda c, T: 3e-10 * np.exp(-c / 3000.0 - 500.0 * (1 / T - 1 / T25)),
    lambda c, T: np.where(c < 1000.0, 4e-10 - 1e-13 * c, 3e-10), Table(c=POINTS, values=VALUES),
    lambda c, T: Table(c=POINTS, values=VALUES)(c) * (T / T25), Property(lambda c, T: 3e-10 + 0 * c),
])
def test_good_laws_are_accepted(law):
    if law == 3:
        with pytest.warns(TrustWarning):
            made = electrolyte(D=law)
    else:
        made = electrolyte(D=law)
    assert isinstance(made.D, Property)
    assert made.D.unit == "m2/s"
    c = np.array([100.0, 1000.0, 2000.0])
    assert made.at(T25).D(c).shape == (3,)
    assert made.at(T25).D(c + 1e-30j).dtype == complex


def test_a_law_is_probed_over_its_own_range_only():
    made = electrolyte(D=lambda c, T: 1e-10 * (1 - c / 1500.0), c_range=(50.0, 1200.0), source="lab book")
    assert made.D.source == "lab book"
    assert made.at(T25).D(2000.0) == pytest.approx(0.2e-10)


def test_a_table_in_a_property_brings_its_range():
    made = electrolyte(kappa=Property(Table(c=(100.0, 1000.0), values=(0.1, 1.0)), mark="illustrative"))
    assert made.kappa.c_range == (100.0, 1000.0) and made.kappa.unit == "S/m"
    assert made.at(T25).kappa(10.0) == pytest.approx(0.01)
    assert "mine: kappa: illustrative" in made.notes


def test_t_plus_may_be_one_or_negative():
    assert electrolyte(t_plus=1.0).at(T25).single_ion
    assert not electrolyte(t_plus=-0.2).at(T25).single_ion
    assert electrolyte(t_plus=lambda c, T: 1.0 - 0.1 * c / (c + 100.0)).at(T25).w(1000.0) > 0


@pytest.mark.parametrize(("given", "text"), [
    ({"D": 3e-6}, r"mine: a diffusivity of 3e-06 m2/s .* probably cm2/s"),
    ({"kappa": 11.0}, "mine: a conductivity of 11 S/m .* probably mS/cm"),
    ({"t_plus": -0.8}, "mine: a transference number of -0.8"),
    ({"TDF": 40.0}, "mine: a thermodynamic factor of 40"),
    ({"c_0": 1.0}, "mine: an initial concentration of 1 mol/m3 .* probably mol/L"),
    ({"kappa": Table(c=(10.0, 500.0), values=(0.1, 1.0))}, "outside the range of kappa"),
])
def test_implausible_values_warn_by_name_and_stay_in_the_notes(given, text):
    with pytest.warns(TrustWarning, match=text):
        made = electrolyte(**given)
    assert any("mine" in note for note in made.implausible())
    assert set(made.implausible()) <= set(made.notes)


def test_replace_and_as_printed():
    dilute = dataclasses.replace(LIPF6_EC_DMC, c_0=500.0)
    assert dilute.at(T25).U(500.0) == 0.0
    assert dilute.at(T25).U(200.0) == pytest.approx(LIPF6_EC_DMC.at(T25).U(200.0) - LIPF6_EC_DMC.at(T25).U(500.0))
    printed = dilute.as_printed()
    assert printed.at(T25).TDF(1e-9) == pytest.approx(1.2339, abs=1e-3)
    assert any("as printed" in note for note in printed.notes)
    assert printed.c_0 == 500.0


def test_constant_electrolyte():
    at = constant(D=3e-10, kappa=1.2, t_plus=0.38, TDF=1.1, c_0=900.0, cation="Li").at(T25)
    assert [law(np.array([1e-6, 4e3])).tolist() for law in (at.D, at.kappa, at.t_plus, at.TDF)] == [
        [3e-10] * 2, [1.2] * 2, [0.38] * 2, [1.1] * 2]
    assert at.c_of_w(at.w(450.0)) == pytest.approx(450.0, rel=1e-13)
