"""What the deposit does to its surroundings: thickness, filling, and how a filling pore space conducts."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass

import numpy as np

from cellfem.errors import explain


@dataclass(frozen=True, kw_only=True)
class Growth:
    """How a homogenised host changes while metal takes its pores, relative to the start:

        a_s/a_s0 = ((1 - eps)/(1 - eps_0))^solid (eps/eps_0)^pore
        B/B_0 = (eps/eps_0)^transport,   sigma/sigma_0 = ((1 - eps)/(1 - eps_0))^electronic

    The default is that of parallel plates: a gap that closes keeps its two faces and its straightness.  Metal on fibres
    (radius r, a_s = 2(1 - eps)/r) has solid = 1/2, on grains (3(1 - eps)/r) 2/3, in cylindrical pores pore = 1/2.
    With `transport` = 3/2 the tortuosity factor grows as in a bed of spheres (D. A. G. Bruggeman,
    doi:10.1002/andp.19354160705); deposit and host are taken to conduct electrons alike.
    """

    solid: float = 0.0
    pore: float = 0.0
    transport: float = 1.0
    electronic: float = 1.5

    def __post_init__(self):
        for name in ("solid", "pore", "transport", "electronic"):
            value = getattr(self, name)
            if not (isinstance(value, numbers.Real) and math.isfinite(value) and value >= 0):
                raise ValueError(explain(f"Growth.{name}", f"found {value!r}", "an exponent >= 0 is needed",
                                         "Use cf.PLATES, cf.FIBRES, cf.GRAINS or cf.TUBES."))

    def surface(self, filling: np.ndarray, eps_0: np.ndarray) -> np.ndarray:
        """a_s/a_s0 at the filling 1 - eps/eps_0."""
        return self._solid(filling, eps_0) ** self.solid * (1 - filling) ** self.pore

    def efficiency(self, filling: np.ndarray) -> np.ndarray:
        """B/B_0."""
        return (1 - filling) ** self.transport

    def conductivity(self, filling: np.ndarray, eps_0: np.ndarray) -> np.ndarray:
        """sigma/sigma_0."""
        return self._solid(filling, eps_0) ** self.electronic

    @staticmethod
    def _solid(filling, eps_0):
        return (1 - (1 - filling) * eps_0) / np.maximum(1 - eps_0, 1e-12)


PLATES = Growth()
FIBRES = Growth(solid=1 / 2, transport=1.5)
GRAINS = Growth(solid=2 / 3, transport=1.5)
TUBES = Growth(pore=1 / 2)
