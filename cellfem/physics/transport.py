"""Transport laws of a binary electrolyte at one temperature, with the potentials that follow from them.

With N+ = -D grad c + t+ i/F and i = -kappa grad phi + (2 kappa R T/F)(1 - t+) TDF grad ln c, three functions of c alone
take the cross terms out of the bulk (docs/theory.md):

    U(c) = int_{c_0}^{c} (2 R T/F) (1 - t+) TDF dc'/c'       psi = phi - U(c) obeys i = -kappa grad psi
    w(c) = int_0^{c} D/(1 - t+) dc'                          steady, closed cell: N+ = -B grad w
    G(c) = int_{c_0}^{c} F D/((1 - t+) kappa) dc'            steady, closed cell: psi = G(c)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from cellfem.errors import explain
from cellfem.physics.continuation import clamped
from cellfem.physics.primitive import Primitive, primitive
from cellfem.units import FARADAY, thermal_voltage

Law = Callable[[np.ndarray], np.ndarray]

TABLE_BOTTOM = 1e-14  # [-] c/c_0 where the tables of U, w and G begin; below it their limiting forms are exact
TABLE_TOP = 10.0  # [-] c over the largest of c_0 and the ranges' ends where they stop; frozen laws go on exactly
ENDED = 1e-4  # [-] factor on D, kappa and 1 - t+ of c_0 beyond which, above c_0, a printed law means nothing any more
PROBES = 1000  # concentrations above c_0 at which the laws are looked at


@dataclass(frozen=True, eq=False)
class Transport:
    """D, kappa, t+ and TDF as functions of c [mol/m3] (arrays, real or complex) at the temperature T.

    Derivatives are taken by a complex step, law(c + 1e-30j).imag / 1e-30; U, w and G answer it with their integrands.
    """

    c_0: float  # [mol/m3] initial concentration, where U and G vanish
    T: float  # [K]
    D: Law = field(repr=False)  # c -> [m2/s] salt diffusivity
    kappa: Law = field(repr=False)  # c -> [S/m] ionic conductivity
    t_plus: Law = field(repr=False)  # c -> [-] cation transference number
    TDF: Law = field(repr=False)  # c -> [-] thermodynamic factor 1 + dln f/dln c
    kinks: tuple[float, ...] = ()  # [mol/m3] where some law is not smooth
    electrolyte: object = field(default=None, repr=False)  # where the laws come from

    def dU(self, c):
        """dU/dc = (2 R T/F) (1 - t+) TDF/c [V m3/mol]."""
        return 2 * thermal_voltage(self.T) * (1 - self.t_plus(c)) * self.TDF(c) / c

    def U(self, c):
        """Diffusion potential int_{c_0}^{c} (2 R T/F)(1 - t+) TDF dc'/c' [V]; 0 at c_0, -inf at c = 0."""
        return self._U(c) - self._U_0

    def dw(self, c):
        """dw/dc = D/(1 - t+) [m2/s]."""
        with np.errstate(divide="ignore"):
            return self.D(c) / (1 - self.t_plus(c))

    def w(self, c):
        """int_0^{c} D/(1 - t+) dc' [mol/m/s]; inf for a single-ion conductor."""
        if self.single_ion:
            return np.where(np.real(c) > 0, np.inf, 0.0)[()]
        return self._w(c)

    def c_of_w(self, w):
        """The concentration [mol/m3] at which w(c) = w; w < 0 gives c < 0 (with the properties at c = 0).

        At most the `ceiling`, as w has no bound where t+ goes to 1.

        Raises ValueError for a single-ion conductor, where every c has the same w.
        """
        self._need_anions("c_of_w")
        return clamped(self._w.inverse(w), -np.inf, self.ceiling)

    def dG(self, c):
        """dG/dc = F D/((1 - t+) kappa) [V m3/mol]."""
        return FARADAY * self.dw(c) / self.kappa(c)

    def G(self, c):
        """Reduced potential psi(c) of a closed cell at steady state [V]; 0 at c_0.

        Raises ValueError for a single-ion conductor, whose concentration stays flat.
        """
        self._need_anions("G")
        return self._G(c) - self._G_0

    @cached_property
    def single_ion(self) -> bool:
        """Whether t+ reaches 1 at or below c_0, so that no current empties the electrolyte and w, G do not exist."""
        probe = np.concatenate([np.geomspace(self._bottom, self.c_0, 200), [k for k in self.kinks if k <= self.c_0]])
        with np.errstate(all="ignore"):
            return bool(np.any(1 - self.t_plus(probe) <= 1e-12))

    @cached_property
    def ceiling(self) -> float:
        """Least c above c_0 [mol/m3] where a law ends (t+ -> 1; D, kappa vanish or explode); inf where none does.

        Fits that are used as printed run away far above their ranges; nothing is tabulated beyond.
        """
        c = np.geomspace(self.c_0, self._top, PROBES)
        ended = ~self._holds(c)
        if not np.any(ended):
            return np.inf
        first = max(int(np.argmax(ended)), 1)
        low, high = c[first - 1], c[first]
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self._holds(middle) else (low, middle)
        return float(low)

    def _holds(self, c):
        """Whether D, kappa and 1 - t+ are positive and within 1/ENDED of their values at c_0."""
        with np.errstate(all="ignore"):
            shares = [law(c) / law(self.c_0) for law in (self.D, self.kappa, lambda c: 1 - self.t_plus(c))]
            return np.all([(share > ENDED) & (share < 1 / ENDED) for share in shares], axis=0)

    @property
    def _bottom(self) -> float:
        return TABLE_BOTTOM * self.c_0

    @property
    def _top(self) -> float:
        return TABLE_TOP * max([self.c_0, *self.kinks])

    def _until(self, law: Law) -> Law:
        """The law, frozen from the ceiling on."""
        return law if np.isinf(self.ceiling) else lambda c: law(clamped(c, 0.0, self.ceiling))

    @cached_property
    def _U(self) -> Primitive:
        return primitive(self.dU, self.c_0, self._bottom, self._top, self.kinks)

    @cached_property
    def _U_0(self) -> float:
        return float(self._U(self.c_0))

    @cached_property
    def _w(self) -> Primitive:
        return primitive(self._until(self.dw), self.c_0, self._bottom, min(self._top, self.ceiling), self.kinks,
                         flat_below=True, flat_above=True)

    @cached_property
    def _G(self) -> Primitive:
        return primitive(self._until(self.dG), self.c_0, self._bottom, min(self._top, self.ceiling), self.kinks,
                         flat_above=True)

    @cached_property
    def _G_0(self) -> float:
        return float(self._G(self.c_0))

    def _need_anions(self, where: str) -> None:
        if self.single_ion:
            raise ValueError(explain(f"Transport.{where}", "found t_plus = 1", "anions that move are needed",
                                     "A single-ion conductor keeps c = c_0 at steady state: use that."))

    def __reduce__(self):
        if self.electrolyte is None:
            return (Transport, (self.c_0, self.T, self.D, self.kappa, self.t_plus, self.TDF, self.kinks))
        return (_rebuild, (self.electrolyte, self.T))


def _rebuild(electrolyte, T: float) -> Transport:
    return electrolyte.at(T)
