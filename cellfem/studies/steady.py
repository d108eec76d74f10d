"""Steady states under a constant current, with the starts that get there."""

from __future__ import annotations

import numpy as np

from cellfem.errors import ConvergenceError
from cellfem.model.protocol import Steady
from cellfem.model.solution import Outcome
from cellfem.model.solve import Worker
from cellfem.model.system import Load
from cellfem.studies.limiting import limiting_current
from cellfem.studies.transient import Frame

RAMP_SMALLEST = 1e-4  # [-] share of the current below which the ramp gives up


def steady_state(worker: Worker, protocol: Steady) -> tuple[list[Frame], Outcome, str]:
    """(frames, outcome, start): one frame, or none where the current is above the limit.

    Raises ConvergenceError where no start converges.
    """
    system = worker.system
    limit = limiting_current(system.cell, strip=protocol.current < 0)
    if abs(protocol.current) >= limit * (1 - 1e-9):
        return [], Outcome("depleted", f"no steady state at {protocol.current / 10:.4g} mA/cm2: the electrolyte"
                           f" depletes; the largest sustainable current is {limit / 10:.4g} mA/cm2",
                           sustainable_current=limit), "none"
    y, start = _start(worker, protocol.current)
    i_n, i_counter, current = system.currents(y)
    frame = Frame(0.0, 0, y, i_n, i_counter, np.zeros(len(i_n)), current, 0.0)
    return [frame], Outcome("steady", f"steady at {protocol.current / 10:.4g} mA/cm2, "
                            f"{abs(protocol.current) / limit:.3g} of the limiting current",
                            sustainable_current=limit), start


def _start(worker: Worker, current: float) -> tuple[np.ndarray, str]:
    """The plain start (potentials at c = c_0, then everything); where it fails, a ramp of the current."""
    uniform = np.full(len(worker.system.pore_volume), worker.system.unknowns.c_0)
    try:
        y = worker.potentials(uniform, Load(current=current))
        return worker.steady(y, Load(current=current)), "plain"
    except ConvergenceError:
        return _ramp(worker, current, uniform), "current ramp"


def _ramp(worker: Worker, current: float, uniform: np.ndarray) -> np.ndarray:
    reached, step = 0.0, 0.25
    y = worker.potentials(uniform, Load(current=step * current))
    while reached < 1:
        target = min(reached + step, 1.0)
        try:
            y = worker.steady(y, Load(current=target * current))
        except ConvergenceError:
            step /= 2
            if step < RAMP_SMALLEST:
                raise
            continue
        reached, step = target, 1.5 * step
    return y
