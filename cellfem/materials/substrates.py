"""Surfaces that metal nucleates on: nucleation overpotentials per metal, and coatings on which nothing plates."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass

from cellfem.errors import explain
from cellfem.materials.metals import is_symbol
from cellfem.physics.nucleation import COVERING, HIGHEST, Nucleation

REVIEW = "He et al., Adv. Mater. 2025, doi 10.1002/adma.202502052: essentially zero at 10 uA/cm2"
YAN = "Yan et al., Nat. Energy 2016, 1, 16010 (Li, order of magnitude)"
TANG = "Tang et al., Adv. Mater. 2019, 31 (16): Na alloys with Au, Sn and Sb before it plates (abstract)"
RIZELL = "Rizell et al., J. Electrochem. Soc. 2024, 171, 020517"
# what is known of a metal where a substrate has no value of its own for it
UNKNOWN = {"K": f"; barriers of K are misjudged unless SEI formation is told apart ({RIZELL})"}
NAMES = {"Li": "lithium", "Na": "sodium", "K": "potassium"}


@dataclass(frozen=True, kw_only=True)
class Substrate:
    """A bare surface: the nucleation overpotential of each metal on it, and the charge that covers it."""

    name: str
    eta: tuple[tuple[str, float], ...] = ()  # (symbol of the metal, nucleation overpotential [V] >= 0), or a dict
    q_n: float = COVERING  # [C/m2] per true area
    blocked: bool = False  # an insulating coating: nothing plates
    source: str = ""
    marks: tuple[tuple[str, str], ...] | Mapping = ()  # (symbol, what the report has to repeat of that metal's value)

    def __post_init__(self):
        for name in ("eta", "marks"):
            if isinstance(getattr(self, name), Mapping):
                object.__setattr__(self, name, tuple(getattr(self, name).items()))
        if not (isinstance(self.eta, tuple | list) and all(isinstance(p, tuple | list) and len(p) == 2
                                                           for p in self.eta)):
            raise ValueError(explain(f"{self.name}: eta", f"found {self.eta!r}", "a value per metal is needed",
                                     'For example eta={"Li": 0.04}.'))
        for symbol, value in self.eta:
            if not is_symbol(symbol):
                raise ValueError(explain(f"{self.name}: eta", f"found {symbol!r}", "the symbol of a metal is needed",
                                         f"{', '.join(NAMES)}, say."))
            if isinstance(value, bool) or not (isinstance(value, numbers.Real) and 0 <= value <= HIGHEST):
                raise ValueError(explain(f"{self.name}: eta, {symbol}", f"found {value!r}", "a nucleation"
                                         f" overpotential from 0 to {HIGHEST:g} V is needed",
                                         "Give its magnitude in volts, 0.04 for 40 mV."))
        if not self.eta and not self.blocked:
            raise ValueError(explain(f"{self.name}: eta", "found none", "one value per metal is needed",
                                     'For example eta={"Li": 0.04}.'))
        if isinstance(self.q_n, bool) or not (isinstance(self.q_n, numbers.Real) and 0 < self.q_n < math.inf):
            raise ValueError(explain(f"{self.name}: q_n", f"found {self.q_n!r}", "a positive charge is needed",
                                     "In C/m2 of true area (1 mAh/cm2 = 3.6e4 C/m2)."))

    def nucleation(self, symbol: str) -> Nucleation:
        """The law for a metal; where another metal alone is known, that one's value, marked so (`notes`).

        Raises ValueError for an insulating coating, on which there is none.
        """
        if self.blocked:
            raise ValueError(explain(f"{self.name}.nucleation", "found an insulating coating", "a surface on which"
                                     " metal plates is needed", "Give the share that it covers: Cell(blocked=...), a"
                                     " number or a function of position."))
        values = dict(self.eta)
        return Nucleation(eta=values.get(symbol, next(iter(values.values()))), q_n=self.q_n, notes=self.notes(symbol))

    def notes(self, symbol: str) -> tuple[str, ...]:
        """Marks that the report repeats."""
        if self.blocked:
            return ()
        found = [mark for metal, mark in self.marks if metal == symbol]
        if symbol not in dict(self.eta):
            known = self.eta[0][0]
            found += [mark for metal, mark in self.marks if metal == known]
            found.append(f"illustrative: no nucleation overpotential of {symbol} was found, the value for"
                         f" {NAMES.get(known, known)} is used{UNKNOWN.get(symbol, '')}")
        if self.q_n == COVERING:
            found.append(f"illustrative: charge of covering {COVERING:g} C/m2")
        return tuple(f"nucleation on {self.name}: {mark}" for mark in found)


_UNREAD = "illustrative: read at second hand; overpotentials depend on current, electrolyte and pretreatment"
_TINY_CURRENT = "illustrative: essentially zero at 10 uA/cm2 (He et al. 2025), where it was measured"
_SODIOPHILIC = f"illustrative: sodiophilic, taken as 0, as no number was found; {TANG}"


def _on(name: str, millivolt: float, source: str, mark: str, *, sodiophilic: bool = False) -> Substrate:
    eta, marks = (("Li", 1e-3 * millivolt),), (("Li", mark),)
    if sodiophilic:
        eta, marks, source = (*eta, ("Na", 0.0)), (*marks, ("Na", _SODIOPHILIC)), f"{source}; {TANG}"
    return Substrate(name=name, eta=eta, source=source, marks=marks)


COPPER = _on("copper", 40.0, YAN, _UNREAD)
NICKEL = _on("nickel", 30.0, YAN, _UNREAD)
CARBON = _on("carbon", 14.0, YAN, _UNREAD)
TIN = _on("tin", 12.0, YAN, _UNREAD, sodiophilic=True)
SILICON = _on("silicon", 10.0, YAN, _UNREAD)
PLATINUM = _on("platinum", 8.0, YAN, _UNREAD)
ALUMINIUM = _on("aluminium", 5.0, YAN, _UNREAD)
GOLD = _on("gold", 0.0, REVIEW, _TINY_CURRENT, sodiophilic=True)
SILVER = _on("silver", 0.0, REVIEW, _TINY_CURRENT)
ZINC = _on("zinc", 0.0, REVIEW, _TINY_CURRENT)
MAGNESIUM = _on("magnesium", 0.0, REVIEW, _TINY_CURRENT)
ANTIMONY = Substrate(name="antimony", eta=(("Na", 0.0),), source=TANG, marks=(("Na", _SODIOPHILIC),))
ALUMINA = Substrate(name="alumina", blocked=True, source="an insulator: no electrons reach its surface")
