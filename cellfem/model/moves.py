"""How far and along which variables a Newton update is carried: nonlinear in y, equal to y + update to first order.

c moves in v = c + e ln c: linear where salt is plenty, logarithmic where it is nearly gone, so it stays positive.
psi moves in chi = psi - G(c), the potential of the anions: where c falls by decades psi follows like ln c, while chi
hardly moves, as no anion reacts.  Newton keeps its quadratic convergence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cellfem.model.reactions import STEP
from cellfem.model.system import System

POTENTIAL_STEP = 100.0  # [RT/F] largest change of a potential in one Newton step
STARVED = 1e-3  # [-] e, the c/c_0 below which c moves logarithmically
FALL = 12.0  # [-] c falls by no more than exp(-FALL) below STARVED (or below itself) in one Newton step
RISE = 0.2  # [-] c/c_0 up to which a starved place may recover in one Newton step


@dataclass(frozen=True, eq=False)
class Moves:
    salt: int  # how many unknowns are c/c_0; they come first
    c: np.ndarray | None = None  # numbers of c and psi on the nodes that have both
    psi: np.ndarray | None = None
    G: Callable | None = None  # c/c_0 -> G(c) F/RT
    _slope: list = field(default_factory=lambda: [None, None], repr=False)  # the y asked for last, and G'(c) there

    @staticmethod
    def of(system: System) -> Moves:
        unknowns, transport = system.unknowns, system.cell.transport
        if transport.single_ion:
            return Moves(unknowns.salt)
        both = (unknowns.c >= 0) & (unknowns.psi != unknowns.scalar)
        return Moves(unknowns.salt, unknowns.c[both], unknowns.psi[both],
                     lambda c: transport.G(c * unknowns.c_0) / unknowns.V)

    def advance(self, y: np.ndarray, update: np.ndarray, length: float) -> np.ndarray:
        """The point a step of this length away."""
        change = self._in_chi(y, update)
        biggest = np.max(np.abs(change[self.salt:]), initial=0.0)
        change *= length * min(1.0, POTENTIAL_STEP / biggest if biggest > 0 else 1.0)
        new = y + change
        new[: self.salt] = _moved(y[: self.salt], change[: self.salt])
        if self.G is not None:
            new[self.psi] += self.G(new[self.c]) - self.G(y[self.c])
        return new

    def size(self, y: np.ndarray, update: np.ndarray) -> float:
        """Largest change of v, chi and phi_s in natural scales."""
        c, change = y[: self.salt], self._in_chi(y, update)
        moved = np.abs(_v(_moved(c, change[: self.salt])) - _v(c))
        return float(max(np.max(moved, initial=0.0), np.max(np.abs(change[self.salt:]), initial=0.0)))

    def _in_chi(self, y, update):
        """The update with the change of psi turned into that of chi."""
        change = update.copy()
        if self.G is not None:
            if self._slope[0] is not y:  # an update is measured, then carried out
                self._slope[:] = y, np.imag(self.G(y[self.c] + STEP * 1j)) / STEP
            change[self.psi] -= self._slope[1] * update[self.c]
        return change


def _moved(c: np.ndarray, change: np.ndarray) -> np.ndarray:
    """c_new > 0 with v(c_new) = v(c) + v'(c) change, no lower than a factor exp(-FALL), no higher than RISE or 3 c."""
    new = c + change
    far = np.abs(change) > 1e-4 * c
    start = c[far]
    target = _v(start) + (1 + STARVED / start) * change[far]
    u = np.where(target > STARVED, np.log(np.maximum(target, STARVED)), target / STARVED)
    for _ in range(60):  # e^u + STARVED u is convex and increasing
        step = (np.exp(u) + STARVED * u - target) / (np.exp(u) + STARVED)
        u = u - np.maximum(step, -3.0)
        if np.all(np.abs(step) < 1e-14 * (1 + np.abs(u))):
            break
    lowest = np.minimum(start, STARVED) * np.exp(-FALL)
    new[far] = np.clip(np.exp(np.maximum(u, -700.0)), lowest, np.maximum(3 * start, RISE))
    return new


def _v(c: np.ndarray) -> np.ndarray:
    return c + STARVED * np.log(c)
