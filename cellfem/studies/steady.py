"""Steady states under a constant current, with the starts that get there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellfem.errors import ConvergenceError, explain
from cellfem.model.protocol import STOP_RATIO, Steady
from cellfem.model.solution import Outcome
from cellfem.model.solve import Worker
from cellfem.model.start import balanced
from cellfem.model.system import Load, System
from cellfem.studies.depletion import lowest
from cellfem.studies.limiting import limit_of
from cellfem.studies.run import Frame

RAMP_SMALLEST = 2e-3  # [-] relative step of the current below which the ramp gives up
RAMP_STEPS = 100  # tries of a ramp
NEARLY = 0.05  # [-] c/c_0 at a busy place below which a ramp that gets stuck has met depletion


def steady_state(worker: Worker, protocol: Steady) -> tuple[list[Frame], Outcome, str]:
    """(frames, outcome, start): one frame, or none where the electrolyte depletes at this current.

    The current depletes the electrolyte where it exceeds the limiting current, or where a place that plates in earnest
    has c below STOP_RATIO c_0 (behind a film, say, which lets it plate on).

    Raises ConvergenceError where no start converges.
    """
    system, current = worker.system, protocol.current
    limit = limit_of(system, strip=current < 0)
    if abs(current) >= limit * (1 - 1e-9):
        return [], _depleted(current, limit, "", None), "none"
    y, start, reached = _start(worker, current)
    if y is None:
        place = system.cell.place(reached.place)
        return [], _depleted(current, reached.current, f" at ({place})", reached.place), start
    outcome = Outcome("steady", f"steady at {current / 10:.4g} mA/cm2, {abs(current) / limit:.3g} of the limiting"
                      " current", sustainable_current=limit)
    return [steady_frame(system, y)], outcome, start


def steady_frame(system: System, y: np.ndarray) -> Frame:
    """The one recorded moment of a steady state."""
    i_n, i_counter, through = system.currents(y)
    return Frame(0.0, 0, y, i_n, i_counter, np.zeros(len(i_n)), through, 0.0)


def _depleted(current: float, largest: float, where: str, place) -> Outcome:
    return Outcome("depleted", f"no steady state at {current / 10:.4g} mA/cm2: the electrolyte depletes{where}; the"
                   f" largest sustainable current is {largest / 10:.4g} mA/cm2",
                   place=None if place is None else tuple(map(float, place)), sustainable_current=largest)


@dataclass(frozen=True, eq=False)
class Reached:
    """Where a ramp of the current ended: at depletion."""

    current: float  # [A/m2]
    place: np.ndarray  # [m]


def _start(worker: Worker, current: float) -> tuple[np.ndarray | None, str, Reached | None]:
    """Potentials at c = c_0, then everything; where that fails, a ramp of the current from steady to steady state."""
    uniform = np.full(len(worker.system.pore_volume), worker.system.unknowns.c_0)
    try:
        y, start = balanced(worker, uniform, Load(current=current))
        y = worker.steady(y, Load(current=current))
        if lowest(worker.system, y)[0] >= STOP_RATIO:
            return y, start, None
    except ConvergenceError:
        pass
    y, reached = _ramp(worker, current, uniform)
    return y, "current ramp", reached


def _ramp(worker: Worker, current: float, uniform: np.ndarray) -> tuple[np.ndarray | None, Reached | None]:
    """The state at the full current, or (None, where it depleted on the way)."""
    share, step, allowed, ratio, place = 0.0, 0.2, np.inf, 1.0, None
    y, _ = balanced(worker, uniform, Load(current=step * current))
    for _ in range(RAMP_STEPS):
        if share == 1:
            return y, None
        target = min(share + step, 1.0)
        try:
            new = worker.steady(y, Load(current=target * current))
        except ConvergenceError:
            step /= 2
            if step < RAMP_SMALLEST * max(share, RAMP_SMALLEST):
                if ratio < NEARLY:
                    return None, Reached(abs(share * current), place)
                raise
            continue
        new_ratio, new_place = lowest(worker.system, new)
        if new_ratio < STOP_RATIO:
            if target - share <= RAMP_SMALLEST * target:
                return None, Reached(abs(share * current), new_place)
            step, allowed = (target - share) / 2, min(allowed, target - share)  # nearer to where the stop is met
            continue
        allowed -= target - share  # a current known to deplete stays out of reach
        y, share, ratio, place = new, target, new_ratio, new_place
        step = min(1.5 * step, allowed / 2)
    if share == 1:
        return y, None
    if ratio < NEARLY:
        return None, Reached(abs(share * current), place)
    raise ConvergenceError(explain("steady state", f"the ramp of the current stopped at {share:.3g} of it",
                                   "a converged field is needed", "Lower the current, or refine the mesh where the"
                                   " current crowds."))
