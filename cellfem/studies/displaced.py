"""Electrolyte that deposit displaces from the pores of an electrode, and that comes back when the metal is stripped.

It waits, apart from the rest, in the room that the stripped foil leaves, and returns at the mean concentration at which
it left: metal that comes and goes leaves the salt in the pores as it was.  (Where metal that was there at the start is
stripped first, the pores borrow electrolyte in the same way.)  A step's balance lets it come at the pores' own
concentration; the difference is made up for at the beginning of the next step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cellfem.model.system import System


@dataclass
class Displaced:
    """What has moved, as a run goes on."""

    salt: float = 0.0  # [mol] that came into the pores with volume: negative while metal fills them
    volume: float = 0.0  # [m3] that waits; negative: borrowed
    waiting: float = 0.0  # [mol] of salt in it
    due: np.ndarray | float = 0.0  # (electrolyte nodes,) [mol] by which what came back differs from what waited

    def ahead(self, system: System, x: np.ndarray) -> np.ndarray:
        """The state [c, q, inflow] that the next step starts from: with what is due."""
        if not np.any(self.due):
            return x
        out = x.copy()
        out[: len(self.due)] += self.due / system.pore_volume
        return out

    def book(self, system: System, x0: np.ndarray, x1: np.ndarray, charge: Callable) -> None:
        """A step from x0 to x1, whose salt balance held the pore volumes at those of its middle.

        `charge` : state -> the part of it that is plated charge (sites,)
        """
        if system.filled is None:
            return
        n, middle = len(system.pore_volume), system.pore_volume
        before, after = (system.volume_with(charge(x)) for x in (x0, x1))
        moved = x1[:n] * (after - middle) + x0[:n] * (middle - before)
        self.salt += float(np.sum(moved) + np.sum(self.due))
        change = after - before
        back = change * self.volume > 0
        if np.any(back):
            share = min(1.0, self.volume / float(np.sum(change[back])))
            self.due = np.where(back, share * (change * (self.waiting / self.volume) - moved), 0.0)
        else:
            self.due = 0.0
        self.volume -= float(np.sum(change))
        self.waiting -= float(np.sum(moved) + np.sum(self.due))
