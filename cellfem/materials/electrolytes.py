"""The library of electrolytes."""

from __future__ import annotations

from functools import partial

import numpy as np

from cellfem.materials.electrolyte import Electrolyte
from cellfem.materials.property import Property

LANDESFEIND_2019 = ("Landesfeind, Gasteiger, J. Electrochem. Soc. 166 (2019) A3079, doi 10.1149/2.0571912jes,"
                    " as coded in PyBaMM")
_LANDESFEIND_RANGE = dict(c_range=(100.0, 3000.0), T_range=(263.15, 323.15))  # [mol/m3], [K]


def landesfeind_D(p, c, T):
    """D [m2/s] = 1e-10 p1 exp(p2 c + p3/T + p4 c/T), c in mol/L."""
    c = c / 1000.0
    return 1e-10 * p[0] * np.exp(p[1] * c + p[2] / T + p[3] * c / T)


def landesfeind_kappa(p, c, T):
    """kappa [S/m] = 0.1 p1 (1 + (T - p2)) c (1 + p3 sqrt(c) + p4 (1 + p5 e^(1000/T)) c)/(1 + c^4 p6 e^(1000/T))."""
    c = c / 1000.0
    e = np.exp(1000.0 / T)
    return 0.1 * p[0] * (1 + (T - p[1])) * c * (1 + p[2] * np.sqrt(c) + p[3] * (1 + p[4] * e) * c) / (
        1 + c**4 * (p[5] * e))


def landesfeind_polynomial(p, c, T):
    """p1 + p2 c + p3 T + p4 c^2 + p5 c T + p6 T^2 + p7 c^3 + p8 c^2 T + p9 c T^2, c in mol/L: TDF and t+."""
    c = c / 1000.0
    return (p[0] + p[2] * T + p[5] * T**2) + c * ((p[1] + p[4] * T + p[8] * T**2) + c * ((p[3] + p[7] * T) + c * p[6]))


def _landesfeind(name: str, kappa, D, TDF, t_plus) -> Electrolyte:
    def fit(form, p, unit):
        return Property(partial(form, p), unit, source=LANDESFEIND_2019, **_LANDESFEIND_RANGE)

    return Electrolyte(name=name, cation="Li", c_0=1000.0, D=fit(landesfeind_D, D, "m2/s"),
                       kappa=fit(landesfeind_kappa, kappa, "S/m"), t_plus=fit(landesfeind_polynomial, t_plus, "-"),
                       TDF=fit(landesfeind_polynomial, TDF, "-"))


LIPF6_EC_DMC = _landesfeind(
    "LiPF6 in EC:DMC 1:1 w",
    kappa=(0.798, 228.0, -1.22, 0.509, -4e-3, 3.79e-3),
    D=(1470.0, 1.33, -1690.0, -563.0),
    TDF=(-5.58, 7.17, 0.038, 1.91, -0.0665, -5.08e-5, 0.11, -6.1e-3, 1.51e-4),
    t_plus=(-7.91, 0.245, 0.0528, 0.698, -0.0108, -8.21e-5, 7.43e-4, -2.22e-3, 3.07e-5))
