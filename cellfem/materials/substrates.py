"""Surfaces that metal nucleates on: nucleation overpotentials per metal, and coatings on which nothing plates."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cellfem.errors import explain
from cellfem.physics.nucleation import COVERING, Nucleation

REVIEW = "He et al., Adv. Mater. 2025, doi 10.1002/adma.202502052: essentially zero at 10 uA/cm2"
YAN = "Yan et al., Nat. Energy 2016, 1, 16010 (Li, order of magnitude)"
FROM_LITHIUM = "no nucleation overpotential of {} was found, the value for lithium is used"


@dataclass(frozen=True, kw_only=True)
class Substrate:
    """A bare surface: the nucleation overpotential of each metal on it, and the charge that covers it."""

    name: str
    eta: tuple[tuple[str, float], ...] = ()  # (symbol of the metal, nucleation overpotential [V] >= 0)
    q_n: float = COVERING  # [C/m2] per true area
    blocked: bool = False  # an insulating coating: nothing plates
    source: str = ""
    mark: str = ""  # what the report has to repeat

    def __post_init__(self):
        for symbol, value in self.eta:
            if not (isinstance(value, int | float) and 0 <= value < math.inf):
                raise ValueError(explain(f"{self.name}: eta, {symbol}", f"found {value!r}", "a nucleation overpotential"
                                         " >= 0 is needed", "Give its magnitude in volts."))
        if not self.eta and not self.blocked:
            raise ValueError(explain(f"{self.name}: eta", "found none", "one value per metal is needed",
                                     'For example eta=(("Li", 0.04),).'))

    def nucleation(self, symbol: str) -> Nucleation:
        """The law for a metal; where only lithium is known, lithium's value, marked so (`notes`)."""
        values = dict(self.eta)
        return Nucleation(eta=values.get(symbol, next(iter(values.values()))), q_n=self.q_n)

    def notes(self, symbol: str) -> tuple[str, ...]:
        """Marks that the report repeats."""
        if self.blocked:
            return ()
        found = [self.mark] if self.mark else []
        if symbol not in dict(self.eta):
            found.append(f"illustrative: {FROM_LITHIUM.format(symbol)}")
        if self.q_n == COVERING:
            found.append(f"illustrative: charge of covering {COVERING:g} C/m2")
        return tuple(f"nucleation on {self.name}: {mark}" for mark in found)


_UNREAD = "illustrative: read at second hand; overpotentials depend on current, electrolyte and pretreatment"


def _on(name: str, millivolt: float, source: str, mark: str) -> Substrate:
    return Substrate(name=name, eta=(("Li", 1e-3 * millivolt),), source=source, mark=mark)


COPPER = _on("copper", 40.0, YAN, _UNREAD)
NICKEL = _on("nickel", 30.0, YAN, _UNREAD)
CARBON = _on("carbon", 14.0, YAN, _UNREAD)
TIN = _on("tin", 12.0, YAN, _UNREAD)
SILICON = _on("silicon", 10.0, YAN, _UNREAD)
PLATINUM = _on("platinum", 8.0, YAN, _UNREAD)
ALUMINIUM = _on("aluminium", 5.0, YAN, _UNREAD)
GOLD = _on("gold", 0.0, REVIEW, "")
SILVER = _on("silver", 0.0, REVIEW, "")
ZINC = _on("zinc", 0.0, REVIEW, "")
MAGNESIUM = _on("magnesium", 0.0, REVIEW, "")
ALUMINA = Substrate(name="alumina", blocked=True, source="an insulator: no electrons reach its surface")
