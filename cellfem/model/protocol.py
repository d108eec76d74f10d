"""Protocols: what the cell is asked to do.  A current > 0 plates onto the host, < 0 strips."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass

from cellfem.errors import explain

STOP_RATIO = 1e-3  # the electroneutral model is trusted down to c_s/c_0 of this size (docs/theory.md)


@dataclass(frozen=True, kw_only=True)
class Galvanostatic:
    """Constant current until `capacity` is passed or `duration` is over, or until the electrolyte is depleted.

    Stripping (current < 0) ends early where the host carries no more metal that can be reached.

    Raises ValueError for a zero or non-finite current, and where both or neither end is given.
    """

    current: float  # [A/m2] superficial; > 0 plates
    capacity: float | None = None  # [C/m2] superficial, > 0
    duration: float | None = None  # [s]
    stop_ratio: float = STOP_RATIO  # [-] c_s/c_0 at which a plating place counts as depleted
    cutoff: float | None = None  # [V] > 0: stripping also ends where the cell voltage falls to minus this

    def __post_init__(self):
        _finite("Galvanostatic.current", self.current)
        _positive("Galvanostatic.cutoff", self.cutoff)
        if self.current == 0:
            raise ValueError(explain("Galvanostatic.current", "found 0", "a current that plates (> 0) or strips (< 0)"
                                     " is needed", "Use Rest(duration=...) for a pause."))
        if self.cutoff is not None and self.current > 0:
            raise ValueError(explain("Galvanostatic.cutoff", f"found {self.cutoff:g} V with a current that plates",
                                     "it ends steps that strip", "Leave it out, or give a current < 0."))
        if (self.capacity is None) == (self.duration is None):
            raise ValueError(explain("Galvanostatic", f"capacity={self.capacity}, duration={self.duration}",
                                     "exactly one of them ends the step", "Give capacity or duration."))
        _positive("Galvanostatic.capacity", self.capacity)
        _positive("Galvanostatic.duration", self.duration)
        _stop("Galvanostatic.stop_ratio", self.stop_ratio)

    @property
    def time(self) -> float:
        """Planned duration [s]."""
        return self.duration if self.capacity is None else self.capacity / abs(self.current)


@dataclass(frozen=True, kw_only=True)
class Steady:
    """The steady state under a constant current, with the deposit in place (no nucleation)."""

    current: float  # [A/m2] superficial; > 0 plates

    def __post_init__(self):
        _finite("Steady.current", self.current)
        if self.current == 0:
            raise ValueError(explain("Steady.current", "found 0", "a current that plates (> 0) or strips (< 0) is"
                                     " needed", "At zero current the cell is uniform: c = c_0."))


@dataclass(frozen=True, kw_only=True)
class Potentiostatic:
    """Constant cell voltage (counter electrode against collector); > 0 plates onto the host."""

    voltage: float  # [V]
    duration: float  # [s]
    stop_ratio: float = STOP_RATIO  # [-]

    def __post_init__(self):
        _finite("Potentiostatic.voltage", self.voltage)
        _positive("Potentiostatic.duration", self.duration)
        _stop("Potentiostatic.stop_ratio", self.stop_ratio)


@dataclass(frozen=True, kw_only=True)
class Rest:
    """Open circuit."""

    duration: float  # [s]

    def __post_init__(self):
        _positive("Rest.duration", self.duration)


Step = Galvanostatic | Steady | Potentiostatic | Rest


def _finite(where: str, value: float) -> None:
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError(explain(where, f"found {value!r}", "a finite number is needed", "Mind the unit (SI)."))


def _stop(where: str, value: float) -> None:
    _finite(where, value)
    if not 1e-5 <= value < 1:
        raise ValueError(explain(where, f"found {value}", "1e-5 to 1 is allowed",
                                 "Keep the default of 1e-3 unless you study the stop itself."))


def _positive(where: str, value: float | None) -> None:
    if value is None:
        return
    _finite(where, value)
    if value <= 0:
        raise ValueError(explain(where, f"found {value}", "a positive number is needed", "Mind the sign and the unit."))
