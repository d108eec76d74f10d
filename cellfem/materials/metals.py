"""The alkali metals that plate, with default kinetics and film."""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import dataclass

from cellfem.errors import TrustWarning, explain
from cellfem.physics.kinetics import ButlerVolmer, Kinetics
from cellfem.units import FARADAY

PERIODICTABLE = "periodictable 2.1.0"
STANDARD_POTENTIAL = "He et al., Adv. Mater. 2025, doi 10.1002/adma.202502052"
BOYLE_2020 = ("Boyle et al., ACS Energy Lett. 5 (2020) 701, doi 10.1021/acsenergylett.0c00031: EC:DEC, 25 degC, own"
              " fit to the digitised Fig. 4a below 60 mV; no temperature dependence")


@dataclass(frozen=True, kw_only=True)
class Metal:
    """A metal that plates by M+ + e- -> M; kinetics and film are defaults that a cell may replace."""

    symbol: str
    name: str
    M: float  # [kg/mol] molar mass
    rho: float  # [kg/m3] density
    E0: float  # [V] standard potential against SHE
    kinetics: Kinetics  # default charge transfer on the metal
    R_film: float  # [Ohm m2] default film resistance per true area
    z: int = 1  # charge number
    sources: tuple[tuple[str, str], ...] = ()  # (field, source)
    marks: tuple[tuple[str, str], ...] = ()  # (field, mark)

    def __post_init__(self):
        for field in ("M", "rho", "z"):
            value = getattr(self, field)
            if not (isinstance(value, int | float) and 0 < value < math.inf):
                raise ValueError(explain(f"{self.name}: {field}", f"found {value!r}", "a positive number is needed",
                                         "M in kg/mol, rho in kg/m3."))
        if not 0 <= self.R_film < math.inf:
            raise ValueError(explain(f"{self.name}: R_film", f"found {self.R_film!r}", "a number >= 0 is needed",
                                     "Ohm m2 of true area; 1 Ohm cm2 = 1e-4 Ohm m2."))
        if not 2e-6 <= self.V_m <= 2e-4:
            warnings.warn(f"{self.name}: a molar volume of {self.V_m:.3g} m3/mol is outside the plausible 2e-6 to 2e-4"
                          " m3/mol: mind the units kg/mol and kg/m3", TrustWarning, stacklevel=3)

    @property
    def V_m(self) -> float:
        """Molar volume M/rho [m3/mol]."""
        return self.M / self.rho

    @property
    def thickness_per_charge(self) -> float:
        """Thickness of dense deposit per charge, V_m/(z F) [m3/C]."""
        return self.V_m / (self.z * FARADAY)

    @property
    def notes(self) -> tuple[str, ...]:
        """Marks, for the report; those of `kinetics` and `R_film` hold where a cell keeps the defaults."""
        return tuple(f"{self.name}: {field}: {mark}" for field, mark in self.marks)


def is_symbol(value) -> bool:
    """Whether it can be the symbol of a metal."""
    return isinstance(value, str) and re.fullmatch("[A-Z][a-z]?", value) is not None


def _metal(symbol, name, M, rho, E0, i_0_mark, R_film, R_film_mark) -> Metal:
    marks = (("kinetics", i_0_mark),) if i_0_mark else ()
    return Metal(symbol=symbol, name=name, M=M, rho=rho, E0=E0, R_film=R_film,
                 kinetics=ButlerVolmer(i_0=95.0, alpha_a=0.5, alpha_c=0.5, c_ref=1000.0),
                 sources=(("M", PERIODICTABLE), ("rho", PERIODICTABLE), ("E0", STANDARD_POTENTIAL))
                 + ((("kinetics", BOYLE_2020),) if not i_0_mark else ()),
                 marks=(*marks, ("R_film", R_film_mark)))


_FILM = "illustrative: films reach from below 1e-3 to above 1e-2 Ohm m2 and grow; give the cell's own"
_AS_LITHIUM = "illustrative: no exchange current density of this metal was found, the value for lithium is used"

LITHIUM = _metal("Li", "lithium", 6.94e-3, 534.0, -3.04, "", 5e-3, _FILM)
SODIUM = _metal("Na", "sodium", 22.98977e-3, 971.0, -2.71, _AS_LITHIUM, 1e-2, _FILM)
POTASSIUM = _metal("K", "potassium", 39.0983e-3, 862.0, -2.93, _AS_LITHIUM, 1e-2, _FILM)
