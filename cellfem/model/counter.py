"""The counter electrode, as data."""

from __future__ import annotations

from dataclasses import dataclass

from cellfem.physics.film import Film
from cellfem.physics.kinetics import Kinetics


@dataclass(frozen=True, kw_only=True)
class Foil:
    """A metal foil of uniform potential; None takes the cell's own film and (if it can strip) kinetics."""

    kinetics: Kinetics | None = None
    film: Film | None = None


@dataclass(frozen=True)
class UniformFlux:
    """The current density is uniform over the counter electrode; no anion passes it."""


@dataclass(frozen=True, kw_only=True)
class Reservoir:
    """c = c_0 at the counter plane; the current density (uniform=True) or else phi_e is uniform there."""

    uniform: bool = True


Counter = Foil | UniformFlux | Reservoir
