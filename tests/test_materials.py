"""The library: literal values from the sources, ranges, marks, names."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from cellfem import materials as m
from cellfem.errors import TrustWarning
from cellfem.units import FARADAY

T25 = 298.15
ELECTROLYTES = m.LIBRARY["electrolyte"]

# (kappa, D, TDF, t+) at (1 M, 283.15 K) and (2 M, 303.15 K), as the published code of these fits tests itself
LANDESFEIND = [
    (m.LIPF6_EC_DMC, 1000.0, 283.15, (0.870352, 1.94664e-10, 1.84644, 0.17651)),
    (m.LIPF6_EC_DMC, 2000.0, 303.15, (0.839076, 1.94233e-10, 4.16915, 0.241924)),
    (m.LIPF6_EC_EMC, 1000.0, 283.15, (0.695252, 2.01038e-10, 1.82671, 0.0118815)),
    (m.LIPF6_EC_EMC, 2000.0, 303.15, (0.668677, 1.78391e-10, 3.9218, 0.151879)),
    (m.LIPF6_EMC_FEC, 1000.0, 283.15, (0.454054, 2.16871e-10, 0.92532, -0.0653014)),
    (m.LIPF6_EMC_FEC, 2000.0, 303.15, (0.632419, 1.8992e-10, 3.22481, 0.0416203)),
]


@pytest.mark.parametrize(("electrolyte", "c", "T", "expected"), LANDESFEIND)
def test_landesfeind_sets_have_their_24_published_values(electrolyte, c, T, expected):
    for at in (electrolyte.at(T), electrolyte.as_printed().at(T)):
        assert [at.kappa(c), at.D(c), at.TDF(c), at.t_plus(c)] == pytest.approx(expected, rel=6e-6)


@pytest.mark.parametrize(("electrolyte", "D", "kappa", "t_plus", "TDF"), [
    (m.LIPF6_EC_DMC, 2.905e-10, 1.1819, 0.325, 2.201),
    (m.LIPF6_EC_EMC, 2.892e-10, 0.9130, 0.221, 2.182),
    (m.LIPF6_EMC_FEC, 3.073e-10, 0.5529, 0.129, 1.163),
    (m.LIPF6_EC_DMC_VALOEN, 3.223e-10, 1.194, 0.38, 2.13),
    (m.LIPF6_EC_EMC_NYMAN, 1.7694e-10, 0.9487, 0.2594, 1.0),
    (m.NAPF6_EC_PC, 2.506e-11, 0.883, 0.45, 1.0),
    (m.KFSI_DME, 4e-10, 1.6464, 0.45, 1.0),
])
def test_properties_at_1_molar_and_25_degC(electrolyte, D, kappa, t_plus, TDF):
    at = electrolyte.at(T25)
    assert [at.D(1000.0), at.kappa(1000.0), at.TDF(1000.0)] == pytest.approx([D, kappa, TDF], rel=2e-3)
    assert at.t_plus(1000.0) == pytest.approx(t_plus, abs=6e-4)


@pytest.mark.parametrize(("electrolyte", "seconds", "ratio"), [
    (m.LIPF6_EC_DMC, 871.02, 1.018), (m.LIPF6_EC_EMC, 625.07, 1.029), (m.LIPF6_EMC_FEC, 737.96, 1.053),
    (m.LIPF6_EC_DMC_VALOEN, 919.24, 1.065), (m.LIPF6_EC_EMC_NYMAN, 462.56, 1.095), (m.NAPF6_EC_PC, 81.86, 1.052),
])
def test_means_of_D_and_t_plus_over_all_concentrations_up_to_1_molar(electrolyte, seconds, ratio):
    """Sand's time at 10 mA/cm2 from means over [0, c_0], against depletion times simulated by another code."""
    at = electrolyte.as_printed().at(T25)
    c = np.linspace(0.0, 1000.0, 20001)[1:] - 0.025
    sand = math.pi / 4 * at.D(c).mean() * (FARADAY * 1000.0 / (100.0 * (1 - at.t_plus(c).mean()))) ** 2
    assert seconds / sand == pytest.approx(ratio, abs=6e-4)


@pytest.mark.parametrize(("electrolyte", "D_kJ", "kappa_kJ"), [
    (m.LIPF6_EC_DMC, 18.7, 13.3), (m.LIPF6_EC_EMC, 17.0, 11.9), (m.LIPF6_EMC_FEC, 16.3, 8.8),
    (m.LIPF6_EC_EMC_NYMAN, 17.0, 17.0), (m.NAPF6_EC_PC, 0.0, 0.0),
])
def test_activation_energies(electrolyte, D_kJ, kappa_kJ):
    for key, expected in (("D", D_kJ), ("kappa", kappa_kJ)):
        low, high = (getattr(electrolyte.at(T), key)(1000.0) for T in (T25 - 0.05, T25 + 0.05))
        energy = 8.314462618 * T25**2 * math.log(high / low) / 0.1
        assert energy / 1e3 == pytest.approx(expected, abs=0.06)


def test_valoen_diffusivity_is_in_m2_per_s():
    """A public parameter file lost the factor 1e-4 between cm2/s and m2/s."""
    assert m.LIPF6_EC_DMC_VALOEN.at(T25).D(1000.0) == pytest.approx(3.223e-10, rel=1e-3)
    # and the reference temperature of its thermodynamic factor is 294 K, not 298.15 K
    assert m.LIPF6_EC_DMC_VALOEN.at(294.0).TDF(1000.0) == pytest.approx((0.601 - 0.24 + 0.982) / 0.62, rel=1e-12)


def test_nyman_is_frozen_before_its_polynomials_turn_up():
    at, printed = m.LIPF6_EC_EMC_NYMAN.at(T25), m.LIPF6_EC_EMC_NYMAN.as_printed().at(T25)
    c = np.linspace(100.0, 5000.0, 500)
    assert np.all(np.diff(at.D(c)) <= 0)
    assert np.any(np.diff(printed.D(c)) > 0)
    assert at.kappa(5000.0) == at.kappa(2000.0)


@pytest.mark.parametrize("name", ELECTROLYTES)
def test_limits_of_infinite_dilution(name):
    at = ELECTROLYTES[name].at(T25)
    tiny = 1e-9
    assert at.TDF(tiny) == pytest.approx(1.0, abs=1e-12)
    assert 0 < at.kappa(tiny) < 1e-8 * at.kappa(1000.0)
    assert at.kappa(tiny) / tiny == pytest.approx(at.kappa(2 * tiny) / (2 * tiny), rel=1e-4)
    assert at.D(tiny) > 0


@pytest.mark.parametrize("T", [263.15, 298.15, 323.15])
@pytest.mark.parametrize("name", ELECTROLYTES)
def test_laws_are_physical_from_nothing_to_far_above_the_range(name, T):
    at = ELECTROLYTES[name].at(T)
    c = np.geomspace(1e-9, 2e4, 400)
    assert np.all(at.D(c) > 1e-13) and np.all(at.D(c) < 2e-9)
    assert np.all(at.kappa(c) > 0) and np.all(at.kappa(c) < 3)
    assert np.all(at.t_plus(c) > -0.6) and np.all(at.t_plus(c) < 0.7)
    assert np.all(at.TDF(c) > 0.2) and np.all(at.TDF(c) < 10)


def test_nernst_einstein_number():
    assert m.LIPF6_EC_EMC.nernst_einstein() == pytest.approx(1.58, abs=0.005)
    assert m.ideal(D_plus=2e-10, D_minus=3e-10).nernst_einstein(123.0, 310.0) == pytest.approx(1.0, rel=1e-12)
    assert math.isnan(m.constant(D=1e-10, kappa=0.1, t_plus=1.0).nernst_einstein())
    flagged = {name for name, electrolyte in ELECTROLYTES.items() if not electrolyte.consistent}
    assert flagged == {"napf6-ec-pc", "lipf6-emc-fec"}
    assert any("r_NE = 0.22" in note for note in m.NAPF6_EC_PC.notes)
    assert m.NAPF6_EC_PC.D(1000.0, T25) * 4.65 == pytest.approx(1.16e-10, rel=5e-3)  # what kappa and t+ imply


def test_marks_are_data_that_the_report_can_repeat():
    assert all(prop.mark == "illustrative" for prop in m.KFSI_DME.properties.values())
    assert sum("illustrative" in note for note in m.KFSI_DME.notes) >= 2
    for metal in (m.SODIUM, m.POTASSIUM):
        assert dict(metal.marks)["kinetics"].startswith("illustrative")
    assert "kinetics" not in dict(m.LITHIUM.marks)
    assert all("illustrative" in dict(metal.marks)["R_film"] for metal in m.LIBRARY["metal"].values())
    assert "illustrative" in m.GLASS_FIBRE.notes[0] and "illustrative" in m.CARBON.notes[0]
    assert not m.CELGARD_2500.notes and not m.COPPER.notes


def test_every_value_has_a_source_or_a_mark():
    for row in m.catalogue():
        assert row["source"] or row["mark"], row
        assert row["unit"] and row["value"], row


@pytest.mark.parametrize(("metal", "V_m", "um_per_mAh", "E0", "R_film"), [
    (m.LITHIUM, 12.996e-6, 4.849, -3.04, 5e-3), (m.SODIUM, 23.676e-6, 8.834, -2.71, 1e-2),
    (m.POTASSIUM, 45.358e-6, 16.924, -2.93, 1e-2),
])
def test_metals(metal, V_m, um_per_mAh, E0, R_film):
    assert metal.V_m == pytest.approx(V_m, rel=2e-5)
    assert metal.thickness_per_charge * 3.6e4 * 1e6 == pytest.approx(um_per_mAh, rel=1e-4)  # 1 mAh/cm2 = 3.6e4 C/m2
    assert (metal.E0, metal.z, metal.R_film) == (E0, 1, R_film)
    assert (metal.kinetics.i_0, metal.kinetics.alpha_a, metal.kinetics.c_ref) == (95.0, 0.5, 1000.0)


@pytest.mark.parametrize(("separator", "eps", "um", "macmullin", "tau"), [
    (m.CELGARD_2320, 0.39, 20, 10, 3.9), (m.CELGARD_2325, 0.39, 25, 10, 4.1), (m.CELGARD_2500, 0.55, 25, 4.5, 2.5),
    (m.CELGARD_3500, 0.55, 25, 6.1, 3.4), (m.CELGARD_H2013, 0.47, 20, 6.9, 3.2), (m.CELGARD_C480, 0.5, 21.5, 7.3, 3.6),
    (m.HDPE, 0.39, 18.5, 14, 5.4), (m.HDPE_2, 0.43, 16, 16, 6.9), (m.FREUDENBERG_FS_3001, 0.6, 28, 4.6, 2.7),
])
def test_separators(separator, eps, um, macmullin, tau):
    assert (separator.eps, separator.macmullin, separator.B) == (eps, macmullin, 1 / macmullin)
    assert separator.thickness == pytest.approx(um * 1e-6)
    assert separator.tortuosity_factor == pytest.approx(tau, abs=0.25)  # the table rounds tau and N_M apart


def test_find_answers_to_the_names_of_the_command_line():
    assert m.find("electrolyte", "lipf6-ec-dmc-valoen") is m.LIPF6_EC_DMC_VALOEN
    assert m.find("electrolyte", "LIPF6_EC_DMC") is m.LIPF6_EC_DMC
    assert m.find("metal", "li") is m.find("metal", "Lithium") is m.LITHIUM
    assert m.find("separator", "celgard-2500") is m.CELGARD_2500
    assert m.find("host", "graphene").sigma == math.inf
    constants = {name for name in m.__all__ if name.isupper() and not name.startswith(("LIBRARY", "DEFAULT"))}
    own = [kind for kind in m.LIBRARY if kind != "substrate"]  # substrates share names with hosts: a module of its own
    found = {name.upper().replace("-", "_") for kind in own for name in m.names(kind)}
    assert constants == found
    assert all(getattr(m, name) is m.find(kind, name) for kind in own for name in constants
               if name.lower().replace("_", "-") in m.names(kind))
    assert m.find("substrate", "gold") is m.substrates.GOLD


@pytest.mark.parametrize(("kind", "name", "hint"), [
    ("electrolyte", "lipf6-ec-dcm", 'Did you mean "lipf6-ec-dmc"'), ("metal", "Mg", "Known names: k, li, lithium"),
    ("separator", "celgard-250", "celgard-2500"), ("hosts", "copper", 'Did you mean "host"'),
])
def test_unknown_names_are_answered(kind, name, hint):
    with pytest.raises(ValueError, match=kind) as error:
        m.find(kind, name)
    assert hint in str(error.value)


def test_default_electrolytes():
    assert [m.default_electrolyte(metal) for metal in (m.LITHIUM, m.SODIUM, m.POTASSIUM)] == [
        m.LIPF6_EC_DMC, m.NAPF6_EC_PC, m.KFSI_DME]
    with pytest.raises(ValueError, match="Name one"):
        m.default_electrolyte(dataclasses.replace(m.LITHIUM, symbol="Rb", name="rubidium"))
    assert all(m.default_electrolyte(metal).cation == metal.symbol for metal in m.LIBRARY["metal"].values())


@pytest.mark.parametrize(("make", "where"), [
    (lambda: m.Separator(name="s", eps=55.0, macmullin=4.5, thickness=25e-6), "s: eps"),
    (lambda: m.Separator(name="s", eps=0.5, macmullin=1.5, thickness=25e-6), "s: macmullin"),
    (lambda: m.Separator(name="s", eps=0.5, macmullin=4.5, thickness=float("nan")), "s: thickness"),
    (lambda: dataclasses.replace(m.COPPER, sigma=-1.0), "copper: sigma"),
    (lambda: dataclasses.replace(m.COPPER, rho=float("nan")), "copper: rho"),
    (lambda: dataclasses.replace(m.LITHIUM, M=0.0), "lithium: M"),
    (lambda: dataclasses.replace(m.LITHIUM, R_film=-1e-3), "lithium: R_film"),
])
def test_impossible_materials_are_refused(make, where):
    with pytest.raises(ValueError, match=where):
        make()


@pytest.mark.parametrize(("make", "what"), [
    (lambda: dataclasses.replace(m.COPPER, rho=8.96), "probably g/cm3"),
    (lambda: dataclasses.replace(m.LITHIUM, M=6.94), "molar volume"),
])
def test_implausible_materials_warn(make, what):
    with pytest.warns(TrustWarning, match=what):
        make()
