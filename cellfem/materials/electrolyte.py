"""Electrolytes: four properties of concentration and temperature, with their ranges, sources and marks."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np

from cellfem.errors import TrustWarning, expect, explain
from cellfem.materials.metals import is_symbol
from cellfem.materials.property import ANYWHERE, ROLES, T_USUAL, Property, check_values, probe, wrapped
from cellfem.physics.continuation import frozen, toward_one, vanishing
from cellfem.physics.table import Table
from cellfem.physics.transport import Transport
from cellfem.units import FARADAY, GAS_CONSTANT

CONSISTENT = (0.3, 3.0)  # [-] r_NE outside is flagged
T_ALLOWED = (150.0, 600.0)  # [K]


@dataclass(frozen=True, kw_only=True)
class Electrolyte:
    """A binary 1:1 electrolyte.

    D, kappa, t_plus and TDF may be given as numbers, as functions f(c [mol/m3], T [K]) of numpy arrays, as a
    `Table(c=..., values=...)` or as a `Property`; they are kept as `Property`.  Functions are probed: they must be
    analytic (real and complex arrays), finite, D, kappa and TDF positive and t_plus at most 1.

    Raises ValueError naming the property; warns with TrustWarning where a value at c_0 is implausible.

    >>> mine = Electrolyte(name="mine", D=3e-10, kappa=lambda c, T: 1e-3 * c, t_plus=0.4, c_range=(10, 2000))
    >>> float(mine.at(298.15).kappa(500.0))
    0.5
    """

    name: str
    D: Property | Table | Callable | float  # [m2/s] salt diffusivity
    kappa: Property | Table | Callable | float  # [S/m] ionic conductivity
    t_plus: Property | Table | Callable | float  # [-] cation transference number against the solvent
    TDF: Property | Table | Callable | float = 1.0  # [-] thermodynamic factor 1 + dln f/dln c
    c_0: float = 1000.0  # [mol/m3] initial salt concentration
    cation: str | None = None  # "Li", "Na", "K"; None fits any metal
    c_range: tuple[float, float] = ANYWHERE  # [mol/m3] of functions given bare
    T_range: tuple[float, float] = ANYWHERE  # [K] of functions and tables given bare
    source: str = ""  # of properties given bare
    remarks: tuple[str, ...] = ()  # what the report has to repeat
    continued: bool = True  # beyond their ranges the laws are continued (docs/materials.md), else used as printed

    def __post_init__(self):
        for key in ("c_range", "T_range", "remarks"):
            object.__setattr__(self, key, tuple(getattr(self, key)))
        _check_c_0(self.name, self.c_0)
        expect(self.cation is None or is_symbol(self.cation), f"{self.name}: cation", self.cation,
               "the symbol of a metal, or None,", '"Li", say; None fits any metal.')
        for key, role in ROLES.items():
            prop = wrapped(getattr(self, key), role, self.c_range, self.T_range, self.source)
            probe(prop, role, f"{self.name}: {key}", self.c_0)
            object.__setattr__(self, key, prop)
        for text in self.implausible():
            warnings.warn(text, TrustWarning, stacklevel=3)

    def at(self, T: float) -> Transport:
        """The laws at the temperature T [K], with the potentials U, w and G; cached.

        Raises ValueError for a temperature outside 150-600 K and where a law loses its sign at T.
        """
        return _transport(self, float(T))

    def as_printed(self) -> Electrolyte:
        """The same with functions used as they stand beyond their ranges too (a table has nothing to print there)."""
        return replace(self, continued=False)

    @property
    def properties(self) -> dict[str, Property]:
        return {key: getattr(self, key) for key in ROLES}

    def nernst_einstein(self, c: float | None = None, T: float = T_USUAL) -> float:
        """r_NE = D/(TDF 2 t+(1 - t+) kappa R T/(F^2 c)) [-]: 1 in an ideal solution.

        Measured sets lie within 0.3-3; outside, the four properties hardly belong to one liquid.  nan where t+ is 0
        or 1, where conductivity says nothing about the salt's diffusion.
        """
        c = self.c_0 if c is None else c
        D, kappa, t_plus, TDF = (float(getattr(self, key)(c, T)) for key in ROLES)
        ideal = 2 * t_plus * (1 - t_plus) * kappa * GAS_CONSTANT * T / (FARADAY**2 * c)
        return D / (TDF * ideal) if ideal else math.nan

    @property
    def consistent(self) -> bool:
        """Whether r_NE at c_0 and 25 degC lies within 0.3-3, or says nothing."""
        r = self.nernst_einstein()
        return math.isnan(r) or CONSISTENT[0] <= r <= CONSISTENT[1]

    def implausible(self) -> tuple[str, ...]:
        """Texts on values at c_0 that are far from any known electrolyte, and on a c_0 outside the ranges."""
        found = []
        if not 1.0 < self.c_0 < 2e4:
            found.append(f"{self.name}: an initial concentration of {self.c_0:g} mol/m3 is far from the usual 100 to"
                         " 5000 mol/m3: it is probably mol/L (1 mol/L = 1000 mol/m3)")
        for key, role in ROLES.items():
            prop = getattr(self, key)
            value = float(np.real(prop(min(max(self.c_0, prop.c_range[0]), prop.c_range[1]), T_USUAL)))
            if not role.band[0] <= value <= role.band[1]:
                found.append(f"{self.name}: a {role.name} of {role.shown(value)} is outside the plausible"
                             f" {role.shown(*role.band)}: it is probably {role.suspect}")
        outside = [key for key, prop in self.properties.items()
                   if not prop.c_range[0] <= self.c_0 <= prop.c_range[1]]
        if outside:
            found.append(f"{self.name}: c_0 = {self.c_0:g} mol/m3 lies outside the range of {', '.join(outside)}")
        return tuple(found)

    def range_warnings(self, c_min: float, c_max: float, T: float) -> tuple[str, ...]:
        """What a run between c_min and c_max [mol/m3] at T [K] used beyond the data; empty where nothing."""
        found = []
        for (low, high), keys in _grouped(self.properties, "c_range").items():
            span = f"{low:g}-{high:g} mol/m3 of {', '.join(keys)}"
            if c_min < low:
                found.append(f"{self.name}: c fell to {c_min:.3g} mol/m3, below the range {span}: "
                             f"{self._below(keys)}")
            if c_max > high:
                how = "frozen at the end of the range" if self.continued else "used as printed"
                found.append(f"{self.name}: c rose to {c_max:.4g} mol/m3, above the range {span}: {how}")
        for (low, high), keys in _grouped(self.properties, "T_range").items():
            if not low <= T <= high:
                found.append(f"{self.name}: T = {T:g} K is outside the range {_span(low, high)} K of {', '.join(keys)}:"
                             " the laws are used all the same")
        return tuple(found)

    def _below(self, keys) -> str:
        how = {"D": "D as printed", "kappa": "kappa toward 0 at c = 0", "t_plus": "t+ frozen",
               "TDF": "TDF by a cubic toward 1"}
        if not self.continued:
            return "used as printed"
        return ", ".join("D frozen" if key == "D" and isinstance(self.D.law, Table) else how[key] for key in keys)

    @property
    def notes(self) -> tuple[str, ...]:
        """Marks, remarks and inconsistencies, for the report."""
        texts: dict[str, list[str]] = {}
        for key, prop in self.properties.items():
            texts.setdefault(prop.about, []).append(key)
        found = [f"{self.name}: {text}" for text in self.remarks]
        found += [f"{self.name}: {', '.join(keys)}: {text}" for text, keys in texts.items() if text]
        if not self.consistent:
            found.append(f"{self.name}: r_NE = {self.nernst_einstein():.2g} at c_0 is outside {CONSISTENT[0]:g} to"
                         f" {CONSISTENT[1]:g} (1 in an ideal solution): D, kappa, t_plus and TDF hardly fit together")
        if not self.continued:
            found.append(f"{self.name}: laws used as printed beyond their ranges")
        return tuple(found) + self.implausible()


def constant(*, D: float, kappa: float, t_plus: float, TDF: float = 1.0, c_0: float = 1000.0,
             cation: str | None = None, name: str = "constant properties") -> Electrolyte:
    """An electrolyte whose properties are numbers: D [m2/s], kappa [S/m], t_plus, TDF, c_0 [mol/m3]."""
    return Electrolyte(name=name, D=D, kappa=kappa, t_plus=t_plus, TDF=TDF, c_0=c_0, cation=cation)


def ideal(*, D_plus: float, D_minus: float, c_0: float = 1000.0, cation: str | None = None,
          name: str = "ideal solution") -> Electrolyte:
    """The dilute (Nernst-Planck) electrolyte of two ionic diffusivities [m2/s], as a concentrated one with TDF = 1.

    D = 2 D+ D-/(D+ + D-), t+ = D+/(D+ + D-), kappa = F^2 c (D+ + D-)/(R T).
    """
    total = D_plus + D_minus
    return Electrolyte(name=name, D=2 * D_plus * D_minus / total, kappa=partial(_ideal_kappa, total),
                       t_plus=D_plus / total, c_0=c_0, cation=cation)


def _ideal_kappa(total, c, T):
    return FARADAY**2 * total / (GAS_CONSTANT * T) * c


@lru_cache(maxsize=256)
def _transport(electrolyte: Electrolyte, T: float) -> Transport:
    if not T_ALLOWED[0] <= T <= T_ALLOWED[1]:
        raise ValueError(explain("temperature", f"found {T:g} K", f"{T_ALLOWED[0]:g} to {T_ALLOWED[1]:g} K is allowed",
                                 "Temperatures are in kelvin: 25 degC is 298.15."))
    laws, kinks = {}, set()
    for key, prop in electrolyte.properties.items():
        check_values(prop, ROLES[key], f"{electrolyte.name}: {key}", electrolyte.c_0, T)
        laws[key] = _continued(key, prop, T, electrolyte.continued)
        if not prop.constant:
            kinks.update(prop.law.c if isinstance(prop.law, Table) else prop.c_range)
    kinks = tuple(sorted(c for c in kinks if 0 < c < math.inf))
    return Transport(c_0=electrolyte.c_0, T=T, kinks=kinks, electrolyte=electrolyte, **laws)


def _continued(key: str, prop: Property, T: float, continued: bool):
    """The property at T as a law of c alone, defined for every c > 0."""
    law = partial(_at, prop, T)
    low, high = prop.c_range
    tabulated = isinstance(prop.law, Table)
    if prop.constant or not (continued or tabulated):
        return law
    below = low > 0
    if key == "t_plus" or (key == "D" and below and (tabulated or not _harmless(law, low))):
        return frozen(law, low, high)
    if key == "kappa" and below and (tabulated or not _vanishes(law, low)):
        law = vanishing(law, low)
    if key == "TDF" and below:
        law = toward_one(law, low)
    return frozen(law, 0.0, high) if high < math.inf else law


def _at(prop, T, c):
    return prop(c, T)


def _harmless(law, low: float) -> bool:
    """Whether a fit of D may be followed to c = 0: finite, positive, within a factor 10 of its value at `low`."""
    with np.errstate(all="ignore"):
        ratio = law(low * np.array([1e-9, 1e-3, 0.1, 0.5])) / law(low)
    return bool(np.all((ratio > 0.1) & (ratio < 10)))


def _vanishes(law, low: float) -> bool:
    """Whether a fit of kappa goes to 0 with c, staying positive, as it must."""
    with np.errstate(all="ignore"):
        ratio = law(low * np.array([1e-9, 1e-3, 0.1, 0.5])) / law(low)
    return bool(np.all(ratio > 0) and np.all(ratio[:2] < [1e-4, 3e-2]))


def _span(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g}-{high:g}"


def _grouped(properties: dict[str, Property], attribute: str) -> dict[tuple[float, float], list[str]]:
    groups: dict[tuple[float, float], list[str]] = {}
    for key, prop in properties.items():
        if not prop.constant:
            groups.setdefault(getattr(prop, attribute), []).append(key)
    return groups


def _check_c_0(name: str, c_0: float) -> None:
    if not isinstance(c_0, int | float | np.number) or not (0 < c_0 < math.inf):
        raise ValueError(explain(f"{name}: c_0", f"found {c_0!r}", "a positive concentration in mol/m3 is needed",
                                 "1 mol/L is 1000 mol/m3."))
