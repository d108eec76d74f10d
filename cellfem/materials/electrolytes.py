"""The library of electrolytes: fits and tables from the literature, at 1 mol/L unless replaced.

`dataclasses.replace(LIPF6_EC_DMC, c_0=500.0)` gives another concentration, `.as_printed()` the fits without their
continuation beyond the measured range.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from cellfem.materials.electrolyte import Electrolyte
from cellfem.materials.property import ANYWHERE, T_USUAL, Property
from cellfem.physics.table import Table
from cellfem.units import GAS_CONSTANT

AT_25 = (T_USUAL, T_USUAL)  # [K] measured at 25 degC only
ILLUSTRATIVE = "illustrative"
RANGE_ASSUMED = "the range of the data is assumed"

LANDESFEIND_2019 = ("Landesfeind, Gasteiger, J. Electrochem. Soc. 166 (2019) A3079, doi 10.1149/2.0571912jes,"
                    " as coded in PyBaMM")
VALOEN_2005 = ("Valoen, Reimers, J. Electrochem. Soc. 152 (2005) A882, doi 10.1149/1.1872737,"
               " as coded in mpet and PyBaMM")
NYMAN_2008 = ("Nyman, Behm, Lindbergh, Electrochim. Acta 53 (2008) 6356, doi 10.1016/j.electacta.2008.04.023,"
              " as coded in PyBaMM and BattMo")
CHAYAMBUKA_2022 = ("Chayambuka, Mulder, Danilov, Notten, Electrochim. Acta 404 (2022) 139764,"
                   " doi 10.1016/j.electacta.2021.139764, as tabulated in PyBaMM")
_LANDESFEIND_RANGE = dict(c_range=(100.0, 3000.0), T_range=(263.15, 323.15))  # [mol/m3], [K]
_VALOEN_RANGE = dict(c_range=(100.0, 3000.0), T_range=(263.15, 333.15))
_NYMAN_RANGE = dict(c_range=(100.0, 2000.0), T_range=AT_25)


def landesfeind_D(p, c, T):
    """D [m2/s] = 1e-10 p1 exp(p2 c + p3/T + p4 c/T), c in mol/L."""
    c = c / 1000.0
    return 1e-10 * p[0] * np.exp(p[1] * c + p[2] / T + p[3] * c / T)


def landesfeind_kappa(p, c, T):
    """kappa [S/m] = 0.1 p1 (1 + (T - p2)) c (1 + p3 sqrt(c) + p4 (1 + p5 e^(1000/T)) c)/(1 + c^4 p6 e^(1000/T))."""
    c = c / 1000.0
    e = np.exp(1000.0 / T)
    return 0.1 * p[0] * (1 + (T - p[1])) * c * (1 + p[2] * np.sqrt(c) + p[3] * (1 + p[4] * e) * c) / (
        1 + c * c * (c * c) * (p[5] * e))


def landesfeind_polynomial(p, c, T):
    """p1 + p2 c + p3 T + p4 c^2 + p5 c T + p6 T^2 + p7 c^3 + p8 c^2 T + p9 c T^2, c in mol/L: TDF and t+."""
    c = c / 1000.0
    return (p[0] + p[2] * T + p[5] * T**2) + c * ((p[1] + p[4] * T + p[8] * T**2) + c * ((p[3] + p[7] * T) + c * p[6]))


def valoen_D(c, T):
    """D [m2/s] = 1e-4 10^(-4.43 - 54/(T - 229 - 5 c) - 0.22 c), c in mol/L; the 1e-4 turns cm2/s into m2/s."""
    c = c / 1000.0
    return 1e-4 * np.exp(np.log(10.0) * (-4.43 - 54.0 / (T - 229.0 - 5.0 * c) - 0.22 * c))


def valoen_kappa(c, T):
    """kappa [S/m] = 0.1 c [(-10.5 + 0.0740 T - 6.96e-5 T^2) + c (0.668 - 0.0178 T + 2.80e-5 T^2)
    + c^2 (0.494 - 8.86e-4 T)]^2, c in mol/L."""
    c = c / 1000.0
    root = (-10.5 + 0.0740 * T - 6.96e-5 * T**2) + c * (0.668 - 0.0178 * T + 2.80e-5 * T**2) + c * c * (
        0.494 - 8.86e-4 * T)
    return 0.1 * c * root * root


def valoen_TDF(c, T):
    """TDF = [0.601 - 0.24 c^0.5 + 0.982 (1 - 0.0052 (T - 294)) c^1.5]/(1 - t+), t+ = 0.38, c in mol/L."""
    c = c / 1000.0
    return (0.601 - 0.24 * np.sqrt(c) + 0.982 * (1 - 0.0052 * (T - 294.0)) * c * np.sqrt(c)) / (1 - 0.38)


def _arrhenius_17(T):
    return np.exp(17000.0 / GAS_CONSTANT * (1 / T_USUAL - 1 / T))


def nyman_D(c, T):
    """D [m2/s] = (8.794e-11 c^2 - 3.972e-10 c + 4.862e-10) exp[17 kJ/mol/R (1/298.15 K - 1/T)], c in mol/L."""
    c = c / 1000.0
    return ((8.794e-11 * c - 3.972e-10) * c + 4.862e-10) * _arrhenius_17(T)


def nyman_kappa(c, T):
    """kappa [S/m] = (0.1297 c^3 - 2.51 c^1.5 + 3.329 c) exp[17 kJ/mol/R (1/298.15 K - 1/T)], c in mol/L."""
    c = c / 1000.0
    return c * (0.1297 * c * c - 2.51 * np.sqrt(c) + 3.329) * _arrhenius_17(T)


def rising_and_falling(per_molar: float, c_max: float, c, T):
    """kappa [S/m] = k c exp(-c/c_max), c in mol/L: proportional to c when dilute, largest at c_max."""
    c = c / 1000.0
    return per_molar * c * np.exp(-c / c_max)


def _landesfeind(name: str, kappa, D, TDF, t_plus) -> Electrolyte:
    def fit(form, p, unit):
        return Property(partial(form, p), unit, source=LANDESFEIND_2019, note=RANGE_ASSUMED, **_LANDESFEIND_RANGE)

    return Electrolyte(name=name, cation="Li", c_0=1000.0, D=fit(landesfeind_D, D, "m2/s"),
                       kappa=fit(landesfeind_kappa, kappa, "S/m"), t_plus=fit(landesfeind_polynomial, t_plus, "-"),
                       TDF=fit(landesfeind_polynomial, TDF, "-"))


LIPF6_EC_DMC = _landesfeind(
    "LiPF6 in EC:DMC 1:1 w",
    kappa=(0.798, 228.0, -1.22, 0.509, -4e-3, 3.79e-3),
    D=(1470.0, 1.33, -1690.0, -563.0),
    TDF=(-5.58, 7.17, 0.038, 1.91, -0.0665, -5.08e-5, 0.11, -6.1e-3, 1.51e-4),
    t_plus=(-7.91, 0.245, 0.0528, 0.698, -0.0108, -8.21e-5, 7.43e-4, -2.22e-3, 3.07e-5))

LIPF6_EC_EMC = _landesfeind(
    "LiPF6 in EC:EMC 3:7 w",
    kappa=(0.521, 228.0, -1.06, 0.353, -3.59e-3, 1.48e-3),
    D=(1010.0, 1.01, -1560.0, -487.0),
    TDF=(25.7, -45.1, -0.177, 1.94, 0.295, 3.08e-4, 0.259, -9.46e-3, -4.54e-4),
    t_plus=(-12.8, -6.12, 0.0821, 0.904, 0.0318, -1.27e-4, 0.0175, -3.12e-3, -3.96e-5))

LIPF6_EMC_FEC = _landesfeind(
    "LiPF6 in EMC:FEC 19:1 w",
    kappa=(0.0251, 175.0, 1.23, 0.205, -0.0881, 2.83e-3),
    D=(586.0, 1.33, -1380.0, -582.0),
    TDF=(3.22, -10.1, -0.0158, 6.12, 0.0296, 2.42e-5, -0.222, -0.0157, 6.3e-6),
    t_plus=(-12.2, -3.05, 0.0838, 1.78, 1.51e-3, -1.37e-4, -0.0245, -5.15e-3, 2.14e-5))

LIPF6_EC_DMC_VALOEN = Electrolyte(
    name="LiPF6 in PC:EC:DMC (Valoen-Reimers)", cation="Li",
    D=Property(valoen_D, "m2/s", source=VALOEN_2005, note=RANGE_ASSUMED, **_VALOEN_RANGE),
    kappa=Property(valoen_kappa, "S/m", source=VALOEN_2005, note=RANGE_ASSUMED, **_VALOEN_RANGE),
    t_plus=Property(0.38, "-", source=VALOEN_2005),
    TDF=Property(valoen_TDF, "-", source=VALOEN_2005, note=RANGE_ASSUMED, **_VALOEN_RANGE))

_BORROWED = f"Arrhenius 17 kJ/mol, borrowed from Ecker et al. 2015; {RANGE_ASSUMED}"
LIPF6_EC_EMC_NYMAN = Electrolyte(
    name="LiPF6 in EC:EMC 3:7 (Nyman)", cation="Li",
    D=Property(nyman_D, "m2/s", source=NYMAN_2008, note=_BORROWED, **_NYMAN_RANGE),
    kappa=Property(nyman_kappa, "S/m", source=NYMAN_2008, note=_BORROWED, **_NYMAN_RANGE),
    t_plus=Property(0.2594, "-", source=NYMAN_2008, note="a constant, as the cell models that use this set take it"),
    TDF=Property(1.0, "-", mark="assumed", note="1, as the cell models that use this set take it"))

_NO_T = "no temperature dependence in the source: 25 degC values at every temperature"
NAPF6_EC_PC = Electrolyte(
    name="NaPF6 in EC:PC 1:1", cation="Na",
    D=Property(Table(c=(1.0, 124.0, 249.0, 388.0, 539.0, 742.0, 1014.0, 1273.0, 1514.0, 1812.0, 2114.0, 2321.0, 2472.0),
                     values=(4.14e-11, 3.87e-11, 3.62e-11, 3.33e-11, 3.11e-11, 2.81e-11, 2.49e-11, 2.25e-11, 2.14e-11,
                             1.99e-11, 1.86e-11, 1.79e-11, 1.76e-11)),
               "m2/s", (1.0, 2472.0), AT_25, CHAYAMBUKA_2022, note=_NO_T),
    kappa=Property(Table(c=(150.0, 500.0, 1000.0, 1500.0, 2000.0), values=(0.404, 0.72, 0.883, 0.861, 0.76)),
                   "S/m", (150.0, 2000.0), AT_25, CHAYAMBUKA_2022, note=_NO_T),
    t_plus=Property(0.45, "-", source=CHAYAMBUKA_2022),
    TDF=Property(1.0, "-", source=CHAYAMBUKA_2022, mark="assumed", note="1, as the source's cell model takes it"),
    remarks=("the tabulated D is about a fifth of what its conductivity and transference number imply for an ideal"
             " solution: depletion times rest on D and are as uncertain as that",))

_NO_DATA = ("chosen so that the four are consistent; measured sets exist (KFSI in DME, 0.25 to 2 molal) but no"
            " coefficients were found")
KFSI_DME = Electrolyte(
    name="KFSI in DME", cation="K",
    D=Property(4e-10, "m2/s", mark=ILLUSTRATIVE, note=_NO_DATA),
    kappa=Property(partial(rising_and_falling, 3.0, 5.0 / 3.0), "S/m", (0.0, 3000.0), ANYWHERE, mark=ILLUSTRATIVE,
                   note="3 c exp(-0.6 c) S/m, c in mol/L, at every temperature"),
    t_plus=Property(0.45, "-", mark=ILLUSTRATIVE), TDF=Property(1.0, "-", mark=ILLUSTRATIVE))
