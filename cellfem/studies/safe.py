"""Safe operation: the largest capacity at a current, and the largest current for a capacity, at a bound of the risk.

The risk of a run is the predicted depletion of its worst place when the target capacity is plated (docs/theory.md, 24):
below 1 every place has salt left, at 1 the worst one depletes just then.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cellfem.errors import ConvergenceError, explain
from cellfem.model.cell import Cell
from cellfem.model.protocol import STOP_RATIO, Galvanostatic, Steady
from cellfem.model.solution import Solution
from cellfem.studies.asked import need_cell, need_number
from cellfem.studies.depletion import BUSY
from cellfem.studies.limiting import limiting_current
from cellfem.studies.one_percent import CurrentAtRatio, current_at_one_percent
from cellfem.studies.planar import planar_sand_time, salt_time, separator_sand_time
from cellfem.studies.solve import TOLERANCE, need_tolerance, solve

RISK = 1.0  # [-] the default bound: no place depletes before the target is plated
CLOSE = 4e-3  # [-] relative width to which a bound is solved for
LONGEST = 25.0  # [-] longest run over the time in which all the salt would be plated
STRIDE = (0.01, 0.05)  # [-] least and largest first step of a search, relative
EVEN = math.log(1e-3)  # [-] of a current so much smaller that kinetics are linear: plating gets no more even
JUMP = 0.05  # [-] excess from which on it is no better known: at a limiting current the risk jumps
RUNS = 30  # of a search
BEYOND = 100.0  # [-] over the limiting current a layer depletes that is thinner than any mesh resolves
CLOSED = "closed"  # the outcome of a run whose deposit has filled a pore


@dataclass(frozen=True, eq=False)
class SafeOperation:
    """The edge of safe operation of a cell: what is solved for, and the run at it."""

    risk: float  # [-] the bound
    solves_current: bool  # whether the current was solved for, at a capacity; else the capacity, at a current
    current: float  # [A/m2] superficial; 0 where none is safe, inf where all are
    capacity: float  # [C/m2] superficial; inf where the current never breaks the bound
    limiting_current: float  # [A/m2]
    place: tuple[float, ...] | None  # [m] of the worst place
    runs: tuple[tuple[float, float, float], ...]  # (current [A/m2], capacity [C/m2], risk [-]) of every run made
    solution: Solution | None  # the run nearest to the edge on its safe side; None where none was needed
    message: str  # for the user


def max_risk(run: Solution) -> tuple[float, np.ndarray]:
    """(largest risk [-] of a galvanostatic run, its place [m]), as the report has it."""
    c_0, step = run.cell.electrolyte.c_0, run.protocol[0]
    worst = int(np.argmin(run.sites["c"][-1]))
    risk = max(0.0, 1 - float(run.sites["c"][-1, worst]) / c_0)
    if run.outcome.kind == "depleted" and run.times[-1] < step.time:
        risk *= math.sqrt(step.time / float(run.times[-1]))
    return risk, run.cell.sites.x[:, worst]


def safe_capacity(cell: Cell, current: float, *, risk: float = RISK, tolerance: float = TOLERANCE) -> SafeOperation:
    """The largest capacity that a plating current may pass before a place exceeds the bound of the risk.

    One long run finds about when the worst place gets there; runs to that capacity close in on it.  The capacity is inf
    where the steady state at this current keeps the bound, and ends where the deposit closes a pore before.

    Parameters
    ----------
    cell : Cell
    current : superficial [A/m2], > 0
    risk : the bound, above 0 and at most 1 [-]; 0.5 keeps away from depletion, 1 allows it at the very end
    tolerance : local error of c/c_0 per time step [-]
    """
    _check("safe_capacity", cell, risk, tolerance)
    need_number("safe_capacity.current", current, "a plating current above 0, in A/m2,")
    search = _Search(cell, risk, tolerance, solves_current=False)
    limit = limiting_current(cell)
    if math.isinf(limit):
        return search.result(current, math.inf, limit, "no current lowers the concentration: t+ = 1")
    lasting, idle = _emptied(cell, risk)
    starves = idle and risk == 1 and current > lasting.current
    if current <= lasting.current or (starves and solve(cell, Steady(current=current)).outcome.kind == "steady"):
        return search.result(current, math.inf, limit, f"at {current / 10:.4g} mA/cm2 the steady state keeps the risk"
                             f" {risk:g}, as up to {max(current, lasting.current) / 10:.4g} mA/cm2: only the room for"
                             " the metal ends it")
    long = solve(cell, Galvanostatic(current=current, duration=LONGEST * salt_time(cell, current)),
                 tolerance=tolerance)
    t = _crossing(long, risk)
    if t is None and long.outcome.kind == CLOSED:
        search.kept = long
        return search.result(current, current * float(long.times[-1]), limit, f"at {current / 10:.4g} mA/cm2 the"
                             f" deposit ends it before the risk {risk:g} does: {long.outcome.message}")
    if t is None:
        raise ConvergenceError(explain("safe capacity", f"the risk {risk:g} is not met in {long.times[-1]:.4g} s,"
                                       " though the steady state breaks it", "a transient that settles is needed",
                                       "Take a current a little lower or higher."))
    x = search.close_in(lambda x: (current, current * math.exp(x)), math.log(t))
    return search.result(current, current * math.exp(x), limit)


def safe_current(cell: Cell, capacity: float, *, risk: float = RISK, tolerance: float = TOLERANCE) -> SafeOperation:
    """The largest current at which a capacity can be plated before a place exceeds the bound of the risk.

    A bracketing secant method on transient runs; each run's risk counts, extrapolated where it depletes early.  A run
    whose deposit closes a pore before the target breaks the bound too; 0 where no smaller current helps.  With an
    infinite capacity the steady state decides: one bordered solve, or, at a risk of 1 in a host whose emptiest place is
    idle, a ramp of the current until a place that plates in earnest is empty (to 0.2 %).

    Parameters
    ----------
    cell : Cell
    capacity : superficial [C/m2], > 0; math.inf for plating without end
    risk : the bound, above 0 and at most 1 [-]
    tolerance : local error of c/c_0 per time step [-]
    """
    _check("safe_current", cell, risk, tolerance)
    if capacity != math.inf:
        need_number("safe_current.capacity", capacity, "a capacity above 0, in C/m2,")
    search = _Search(cell, risk, tolerance, solves_current=True)
    limit = limiting_current(cell)
    if math.isinf(limit):
        return search.result(math.inf, capacity, limit, "no current lowers the concentration: t+ = 1")
    lasting, idle = _emptied(cell, risk)
    if capacity == math.inf:
        search.kept, current = _sustained(cell, limit) if idle and risk == 1 else (lasting.solution, lasting.current)
        return search.result(current, capacity, limit)
    guess = _planar_guess(cell, capacity, risk)
    if guess > BEYOND * limit:
        raise ValueError(explain("safe_current.capacity", f"found {capacity:.4g} C/m2 ({capacity / 3.6e4:.2g} mAh/cm2),"
                                 f" which is plated before a place depletes up to some {guess / 10:.2g} mA/cm2,"
                                 f" {guess / limit:.0f} times the limiting current", "a capacity that depletion can"
                                 f" end below {BEYOND:g} times that current is needed", "Mind the unit: 1 mAh/cm2 is"
                                 " 3.6e4 C/m2 (capacity=1 * mAh / cm**2)."))
    start = max(lasting.current, guess)
    x = search.close_in(lambda x: (math.exp(x), capacity), math.log(start))
    message = "" if math.isfinite(x) else (f"{capacity / 3.6e4:.4g} mAh/cm2 do not fit into the pores:"
                                           f" {search.closed}")
    return search.result(math.exp(x), capacity, limit, message)


def _emptied(cell: Cell, risk: float) -> tuple[CurrentAtRatio, bool]:
    """The least current whose steady state breaks the bound at some place, and whether that place starves, idle.

    A run ends depleted at STOP_RATIO where a place plates in earnest; an idle place may be emptier, and at a risk of 1
    it breaks nothing, however empty it is.
    """
    found = current_at_one_percent(cell, ratio=max(1 - risk, STOP_RATIO))
    idle = found.plating < BUSY and 1 - risk < STOP_RATIO
    return (current_at_one_percent(cell, ratio=1 - risk) if idle and risk < 1 else found), idle


def _sustained(cell: Cell, limit: float) -> tuple[Solution | None, float]:
    """(steady state, current [A/m2]) at the largest current that empties no place which plates in earnest."""
    run = solve(cell, Steady(current=limit * (1 - 1e-6)))
    current = limit if run.outcome.kind == "steady" else run.outcome.sustainable_current
    run = run if run.outcome.kind == "steady" else solve(cell, Steady(current=current))
    return (run if len(run.times) else None), current


def _planar_guess(cell: Cell, capacity: float, risk: float) -> float:
    """The current [A/m2] at which a plane has this risk at the capacity: risk^2 = J^2 t/(tau J^2), t = Q/J."""
    per_current = separator_sand_time(cell, 1.0)
    per_current = planar_sand_time(cell, 1.0) if math.isnan(per_current) else per_current
    return risk**2 * per_current / capacity


def _crossing(run: Solution, risk: float) -> float | None:
    """The time [s] at which the worst place of a run reaches the risk, between its recorded moments; None if never."""
    worst = 1 - run.sites["c"].min(axis=1) / run.cell.electrolyte.c_0
    if risk >= 1 - STOP_RATIO and run.outcome.kind == "depleted":
        return run.outcome.time / (1 - STOP_RATIO) ** 2
    above = np.flatnonzero(worst >= risk)
    if len(above) == 0:
        return None
    k = int(above[0])
    s = np.sqrt(run.times[k - 1: k + 1])
    return float(np.interp(risk, worst[k - 1: k + 1], s) ** 2)


@dataclass
class _Search:
    """Runs made on the way to the edge."""

    cell: Cell
    risk: float
    tolerance: float
    solves_current: bool
    runs: list = field(default_factory=list)
    kept: Solution | None = None  # the safe run nearest to the edge
    kept_at: float = -math.inf
    closed: str = ""  # the message of a run that ended because the deposit closed a pore

    def excess(self, x: float, at: Callable) -> float:
        """ln(risk of the run at x over the bound)."""
        current, capacity = at(x)
        run = solve(self.cell, Galvanostatic(current=current, capacity=capacity), tolerance=self.tolerance)
        risk = max_risk(run)[0]
        self.runs.append((current, capacity, risk))
        if run.outcome.kind == CLOSED:  # the target is not reached
            self.closed = run.outcome.message
            return JUMP
        if risk <= self.risk and x > self.kept_at:
            self.kept, self.kept_at = run, x
        return math.log(max(risk, 1e-12) / self.risk)

    def close_in(self, at: Callable, x: float) -> float:
        """The x on the safe side of the edge, which lies within CLOSE of it: secants kept inside a bracket.

        Where secants do not halve the bracket (the risk jumps at a limiting current) bisection does.
        """
        ends: dict[bool, tuple[float, float]] = {}  # safe side? -> (x, excess)
        stride, width, first = 0.0, math.inf, x
        for _ in range(RUNS):
            f = self.excess(x, at)
            ends[f <= 0] = x, min(f, JUMP)
            if len(ends) < 2 and self.closed and x < -5 * STRIDE[1] + first:
                f = self.excess(first + EVEN, at)
                if f > 0:
                    return -math.inf  # plated as evenly as it can be, and not enough
                ends[True] = first + EVEN, f
            if len(ends) < 2:
                stride = 2 * stride if stride else min(max(STRIDE[0], 1.5 * abs(f)), STRIDE[1])
                x += stride if f <= 0 else -stride
                continue
            (low, f_low), (high, f_high) = ends[True], ends[False]
            if high - low <= CLOSE:
                return low
            shrunk, width = (high - low) / width, high - low
            x = 0.5 * (low + high)
            if shrunk < 0.5:
                edge = 0.4 * CLOSE if -f_low < f_high else -0.4 * CLOSE  # beyond the root, so that both ends close in
                x = min(max(low - f_low * width / (f_high - f_low) + edge, low + abs(edge)), high - abs(edge))
        raise ConvergenceError(explain("safe operation", f"no edge of the risk {self.risk:g} in {RUNS} runs",
                                       "a risk that grows with current and capacity is needed",
                                       "Tighten `tolerance`, or choose another bound."))

    def result(self, current: float, capacity: float, limit: float, message: str = "") -> SafeOperation:
        place = None
        if self.kept is not None and len(self.kept.times):
            place = tuple(float(v) for v in max_risk(self.kept)[1])
        if not message:
            target = "without end" if math.isinf(capacity) else f"up to {capacity / 3.6e4:.4g} mAh/cm2"
            where = f"; the worst place is ({self.cell.place(np.array(place))})" if place else ""
            message = f"risk {self.risk:g} is kept {target} at {current / 10:.4g} mA/cm2{where}"
        return SafeOperation(self.risk, self.solves_current, current, capacity, limit, place, tuple(self.runs),
                             self.kept, message)


def _check(where: str, cell: Cell, risk: float, tolerance: float) -> None:
    need_cell(f"{where}.cell", cell)
    need_tolerance(f"{where}.tolerance", tolerance)
    need_number(f"{where}.risk", risk, "a bound above 0 and up to 1", 1.0,
                "1: no place depletes before the target; 0.5: half of the salt is left.")
