"""Charge-transfer laws, as data: i_n = rate(c, eta, U, T) in A/m2 of true area, i_n > 0 anodic (stripping).

`eta` = phi_s - phi_e - i_n R_film is the surface overpotential [V]; `U` [V] is the diffusion potential U(c) of the
electrolyte, of use only to laws that are written in the reduced potential.  Every law is analytic in c, eta and U.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cellfem.errors import explain
from cellfem.units import thermal_voltage


@dataclass(frozen=True, kw_only=True)
class ButlerVolmer:
    """i_n = i_0 (c/c_ref)^alpha_a [exp(alpha_a f eta) - exp(-alpha_c f eta)], f = F/RT.

    Mass action fixes the exponent: the cathodic branch is first order in c at fixed electrostatic potential only for
    i_0 ~ c^alpha_a with alpha_a + alpha_c = 1.
    """

    i_0: float = 95.0  # [A/m2] at c_ref; Li in EC:DEC: Boyle et al., ACS Energy Lett. 2020, 5, 701 (digitised fit)
    alpha_a: float = 0.5  # [-]
    alpha_c: float = 0.5  # [-]
    c_ref: float = 1000.0  # [mol/m3]

    def __post_init__(self):
        _check_positive(self, "i_0", "alpha_a", "alpha_c", "c_ref")
        if abs(self.alpha_a + self.alpha_c - 1) > 1e-9:
            raise ValueError(explain("ButlerVolmer", f"alpha_a + alpha_c = {self.alpha_a + self.alpha_c:g}",
                                     "they add up to 1 for a one-electron step", "Give alpha_a and 1 - alpha_a."))

    def rate(self, c, eta, U, T: float):
        f = 1 / thermal_voltage(T)
        return self.i_0 * (c / self.c_ref) ** self.alpha_a * (np.exp(self.alpha_a * f * eta)
                                                              - np.exp(-self.alpha_c * f * eta))


@dataclass(frozen=True, kw_only=True)
class Tafel:
    """Cathodic Tafel branch, i_n = -i_0 (c/c_ref)^(1 - alpha_c) exp(-alpha_c f eta): it plates and cannot strip."""

    i_0: float = 95.0  # [A/m2] at c_ref
    alpha_c: float = 0.5  # [-]
    c_ref: float = 1000.0  # [mol/m3]

    def __post_init__(self):
        _check_positive(self, "i_0", "alpha_c", "c_ref")

    def rate(self, c, eta, U, T: float):
        f = 1 / thermal_voltage(T)
        return -self.i_0 * (c / self.c_ref) ** (1 - self.alpha_c) * np.exp(-self.alpha_c * f * eta)


@dataclass(frozen=True, kw_only=True)
class Linear:
    """i_n = i_0 (c/c_ref)^order f eta: Butler-Volmer for overpotentials well below RT/F."""

    i_0: float = 95.0  # [A/m2] at c_ref; charge-transfer resistance RT/(F i_0)
    order: float = 0.5  # [-] exponent of the concentration
    c_ref: float = 1000.0  # [mol/m3]

    def __post_init__(self):
        _check_positive(self, "i_0", "c_ref")

    def rate(self, c, eta, U, T: float):
        return self.i_0 * (c / self.c_ref) ** self.order * eta / thermal_voltage(T)


@dataclass(frozen=True, kw_only=True)
class FirstOrder:
    """i_n = -k c exp(-alpha_c f (eta + U)): plating in proportion to the concentration, the level set by the current.

    Written in the reduced potential (eta + U = phi_s - psi - i_n R_film), so that at high conductivity, where phi_s
    and psi are uniform, the distribution of current is that of c alone (the Thiele problem).  It cannot strip.
    """

    k: float = 0.095  # [A m/mol] at eta + U = 0
    alpha_c: float = 0.5  # [-]

    def __post_init__(self):
        _check_positive(self, "k", "alpha_c")

    def rate(self, c, eta, U, T: float):
        return -self.k * c * np.exp(-self.alpha_c * (eta + U) / thermal_voltage(T))


@dataclass(frozen=True)
class Idle:
    """i_n = 0: nothing reacts."""

    def rate(self, c, eta, U, T: float):
        return 0.0 * (c + eta)


Kinetics = ButlerVolmer | Tafel | Linear | FirstOrder


def reversible(kinetics: Kinetics) -> bool:
    """Whether the law can strip as well as plate."""
    return not isinstance(kinetics, Tafel | FirstOrder)


def _check_positive(law, *names: str) -> None:
    for name in names:
        value = getattr(law, name)
        if not (isinstance(value, int | float) and math.isfinite(value) and value > 0):
            raise ValueError(explain(f"{type(law).__name__}.{name}", f"found {value!r}",
                                     "a positive, finite number is needed", "Mind the unit: SI, A/m2 for currents."))
