"""One property of an electrolyte: a law of concentration and temperature with unit, range and source."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cellfem.errors import explain
from cellfem.physics.table import Table

T_USUAL = 298.15  # [K]
PROBED_UP_TO = 3.0  # [-] c/c_0 up to which a law without an upper end of its range has to hold
ANYWHERE = (0.0, math.inf)


@dataclass(frozen=True)
class Role:
    """What a property is and where its values usually lie (at c_0, 25 degC)."""

    key: str
    name: str
    unit: str
    band: tuple[float, float]  # plausible values
    suspect: str  # the unit that an implausible value was probably given in
    positive: bool = True

    def shown(self, *values: float) -> str:
        """Values with the unit, if it has one: '0.3', '1e-05 to 8 S/m'."""
        return " to ".join(f"{value:.4g}" for value in values) + (f" {self.unit}" if self.unit != "-" else "")


ROLES = {
    "D": Role("D", "diffusivity", "m2/s", (1e-14, 1e-8), "cm2/s (1 cm2/s = 1e-4 m2/s)"),
    "kappa": Role("kappa", "conductivity", "S/m", (1e-5, 8.0), "mS/cm (1 mS/cm = 0.1 S/m)"),
    "t_plus": Role("t_plus", "transference number", "-", (-0.5, 1.0), "per cent", positive=False),
    "TDF": Role("TDF", "thermodynamic factor", "-", (0.1, 20.0), "another definition than 1 + dln f/dln c"),
}


@dataclass(frozen=True)
class Property:
    """A law f(c [mol/m3], T [K]), a `Table` of c or a number, and what has to be known to trust it."""

    law: Callable | Table | float
    unit: str = ""
    c_range: tuple[float, float] = ANYWHERE  # [mol/m3] where the law was measured
    T_range: tuple[float, float] = ANYWHERE  # [K]
    source: str = ""
    mark: str = ""  # "illustrative", "assumed" or "" for a sourced value
    note: str = ""  # what a reader of the value has to know

    def __call__(self, c, T):
        """The law as printed, of c's shape (real or complex)."""
        value = self.law(c, T) if callable(self.law) else self.law
        return value + 0.0 * c

    @property
    def about(self) -> str:
        """Mark and note, as the report repeats them."""
        return ": ".join(part for part in (self.mark, self.note) if part)

    @property
    def constant(self) -> bool:
        return not callable(self.law)


def wrapped(value, role: Role, c_range, T_range, source: str) -> Property:
    """The property that a number, a function f(c, T), a `Table` or a `Property` stands for."""
    if isinstance(value, Property):
        tabulated = isinstance(value.law, Table) and value.c_range == ANYWHERE
        return replace(value, unit=value.unit or role.unit,
                       c_range=(value.law.c[0], value.law.c[-1]) if tabulated else value.c_range)
    if isinstance(value, Table):
        return Property(value, role.unit, (value.c[0], value.c[-1]), T_range, source)
    if callable(value):
        return Property(value, role.unit, c_range, T_range, source)
    if isinstance(value, int | float | np.number) and math.isfinite(value):
        return Property(float(value), role.unit, source=source)
    raise ValueError(explain(role.key, f"found {value!r}", "a number, a function f(c, T), a Table or a Property is"
                             " needed", f"Give the {role.name} in {role.unit}."))


def probe(prop: Property, role: Role, where: str, c_0: float) -> None:
    """Refuse a law that is not finite, of the wrong sign, or whose complex step is not its derivative (ValueError)."""
    low, high = prop.c_range
    if not 0 <= low < high or not 0 <= prop.T_range[0] <= prop.T_range[1]:
        raise ValueError(explain(where, f"found the ranges c {prop.c_range}, T {prop.T_range}",
                                 "0 <= low < high is needed", "Give c in mol/m3 and T in K."))
    for T in {_usual(prop.T_range), *(T for T in prop.T_range if 0 < T < math.inf)}:
        check_values(prop, role, where, c_0, T)
        if not (prop.constant or isinstance(prop.law, Table)):
            _check_derivative(prop, where, c_0, T)


def check_values(prop: Property, role: Role, where: str, c_0: float, T: float) -> None:
    """Finite within its range at T; D, kappa and TDF positive; t_plus at most 1."""
    c = _points(prop, c_0, 41)
    value = np.asarray(_called(prop, where, c, T))
    if value.shape != c.shape or np.iscomplexobj(value):
        raise ValueError(explain(where, f"found {value.dtype} values of shape {value.shape} for {c.size} real"
                                 " concentrations", "one real number per concentration is needed",
                                 "Write the law for numpy arrays."))
    bad = ~np.isfinite(value) | ((value <= 0) if role.positive else (value > 1))
    if np.any(bad):
        at = int(np.argmax(bad))
        raise ValueError(explain(where, f"found {role.shown(value[at])} at c = {c[at]:.4g} mol/m3, T = {T:.2f} K",
                                 "a positive value is needed" if role.positive else "a number up to 1 is needed",
                                 "Correct the law, or declare the c_range where it holds: it is frozen beyond."))


def _check_derivative(prop: Property, where: str, c_0: float, T: float) -> None:
    c = _points(prop, c_0, 9)[:-1] * 1.0173
    wrong = _derivative_is_wrong(prop, where, c, T)
    wrong &= _derivative_is_wrong(prop, where, c * 1.0037, T)  # an isolated kink is no fault
    if np.any(wrong):
        raise ValueError(explain(where, f"found a law whose complex-step derivative is wrong near"
                                 f" c = {c[np.argmax(wrong)]:.4g} mol/m3", "an analytic law is needed",
                                 "Replace abs, maximum, clip, interp, round or a real-only interpolator; measured"
                                 " data go through cellfem.materials.Table."))


def _derivative_is_wrong(prop: Property, where: str, c, T: float):
    h = 1e-4 * c
    exact = np.asarray(_called(prop, where, c + 1e-30j, T)).imag / 1e-30
    central = (_called(prop, where, c + h, T) - _called(prop, where, c - h, T)) / (2 * h)
    scale = np.abs(_called(prop, where, c, T)) / c
    return ~(np.abs(exact - central) <= 1e-4 * np.abs(central) + 1e-6 * scale)


def _called(prop: Property, where: str, c, T: float):
    if not prop.constant and not _takes_two(prop.law):
        raise ValueError(explain(where, "found a function that does not take two arguments", "f(c, T) is needed",
                                 "Write `lambda c, T: ...`, with c in mol/m3 and T in K."))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of a law that drops the imaginary part: caught by its wrong derivative
        try:
            return prop(c, T)
        except (TypeError, ValueError, ArithmeticError, AttributeError) as error:
            kind = "complex" if np.iscomplexobj(c) else "real"
            raise ValueError(explain(where, f"found a law that fails for {kind} arrays ({error})",
                                     "a law of real and complex numpy arrays is needed",
                                     "Use numpy functions that are analytic; measured data go through"
                                     " cellfem.materials.Table.")) from error


def _takes_two(law) -> bool:
    try:
        inspect.signature(law).bind(0.0, 0.0)
    except TypeError:
        return False
    except ValueError:  # a built-in without a signature
        return True
    return True


def _points(prop: Property, c_0: float, count: int):
    low, high = prop.c_range
    bottom, top = max(low, 1e-3 * c_0), min(high, PROBED_UP_TO * c_0)
    if bottom >= top:  # c_0 far outside the range
        bottom, top = (low or 1e-3 * high), (high if high < math.inf else PROBED_UP_TO * low)
    return np.geomspace(bottom, top, count)


def _usual(T_range) -> float:
    return min(max(T_USUAL, T_range[0]), T_range[1])
