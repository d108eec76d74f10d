"""The current at 1 %: the least current whose steady state has c = 0.01 c_0 somewhere on the active surface.

The limiting current is a bound that no host of finite kinetics comes near evenly; long before it, one place is nearly
empty.  That current depends on kinetics and films.  It comes from one bordered solve: the current is an unknown, and
the least c/c_0 on the active surface is its equation.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from cellfem.errors import ConvergenceError
from cellfem.model.bordered import steady_at_ratio
from cellfem.model.cell import Cell
from cellfem.model.counter import Reservoir
from cellfem.model.laplace import conduct
from cellfem.model.protocol import Steady
from cellfem.model.solution import Outcome, Solution
from cellfem.model.solve import Worker
from cellfem.model.start import balanced
from cellfem.model.system import Load, System
from cellfem.studies.asked import need_cell, need_number
from cellfem.studies.depletion import BUSY
from cellfem.studies.limiting import limit_of
from cellfem.studies.solve import _solution, _stats
from cellfem.studies.steady import steady_frame
from cellfem.units import FARADAY

RATIO = 0.01  # [-] c/c_0
EVEN_RATIO = 0.3  # [-] c/c_0 at the worst place of the even plating that the path begins with
FIRST, FALL = 0.3, 0.1  # [-] factors by which c/c_0 falls in the first and in later steps of the path
NEAREST = 1.1  # [-] factor on c/c_0 below which a step of the path gets nowhere
ROUGH, EXACT = 0.1, 1e-6  # [-] last Newton update on the way, and at its end
ATTEMPTS = 6


@dataclass(frozen=True, eq=False)
class CurrentAtRatio:
    """The least current whose steady state has a given c/c_0 somewhere on the active surface."""

    ratio: float  # [-] c/c_0
    current: float  # [A/m2] superficial; inf where the concentration does not fall (t+ = 1)
    limiting_current: float  # [A/m2]
    place: tuple[float, ...] | None  # [m] of the least c
    plating: float  # [-] plating current at the place over its area mean; below 0.1 it is idle, and starves
    idle: float  # [-] share of the active surface that plates below 10 % of the area mean
    solution: Solution | None  # the steady state there
    message: str  # for the user


@threadpool_limits.wrap(limits=1, user_api="blas")  # the matrices are sparse: BLAS threads spin and do not help
def current_at_one_percent(cell: Cell, *, ratio: float = RATIO) -> CurrentAtRatio:
    """The current at 1 %: least superficial current whose steady state has c = 0.01 c_0 somewhere on the surface.

    Solved for as an unknown of the balances (a bordered Newton iteration), not by trial and error.  Unlike the limiting
    current it depends on kinetics and films: where these let one place run dry early, it lies far below.

    Parameters
    ----------
    cell : Cell
    ratio : c/c_0 asked for, above 0 and below 1 [-]

    Raises
    ------
    ConvergenceError where the path from small currents cannot be followed.

    See Also
    --------
    limiting_current, solve
    """
    need_cell("current_at_one_percent.cell", cell)
    need_number("current_at_one_percent.ratio", ratio, "a c/c_0 above 0 and below 1", math.nextafter(1, 0),
                "The default is 0.01.")
    started = time.perf_counter()
    system = System.of(cell)
    limit = limit_of(system)
    if cell.transport.single_ion:
        _keep(cell, ratio, math.inf)
        return CurrentAtRatio(ratio, math.inf, limit, None, math.nan, math.nan, None, "no current lowers the"
                              " concentration: t+ = 1")
    worker = Worker(system)
    y, current = follow(worker, ratio)
    _keep(cell, ratio, current)
    frame = steady_frame(system, y)
    i_n, c = frame.i_n, system.unknowns.unpack(y)[0][system.site_ionic]
    worst, mean = int(np.argmin(c)), cell.sites.mean(-i_n)
    busy, place = float(-i_n[worst] / mean), cell.sites.x[:, worst]
    idle = float(cell.sites.mean((-i_n < BUSY * mean).astype(float)))
    message = (f"c falls to {ratio:.3g} c_0 at ({cell.place(place)}) at {current / 10:.4g} mA/cm2,"
               f" {current / limit:.3g} of the limiting current; that place plates at {busy:.2g} of the mean"
               + (": it starves, idle" if busy < BUSY else ""))
    outcome = Outcome("steady", message, place=tuple(float(v) for v in place), sustainable_current=limit)
    stats = _stats(worker, {"solve": time.perf_counter() - started}, {"start": "bordered"})
    solution = _solution(system, (Steady(current=current),), [frame], outcome, stats)
    return CurrentAtRatio(ratio, current, limit, outcome.place, busy, idle, solution, message)


def _keep(cell: Cell, ratio: float, current: float) -> None:
    if ratio == RATIO:
        cell.__dict__["_current_at_one_percent"] = current


def known_at_one_percent(cell: Cell) -> float | None:
    """The current at 1 % [A/m2] of a cell that was asked for it before; None else: reports solve nothing."""
    return cell.__dict__.get("_current_at_one_percent")


def follow(worker: Worker, ratio: float) -> tuple[np.ndarray, float]:
    """(y, current [A/m2]) of the steady state whose least c/c_0 on the active surface is `ratio`, from even plating on.

    On the way the ratio falls by decades, each solved for roughly; where a step fails, a smaller one is tried, and
    where the first one does, even plating at a smaller current.

    Raises ConvergenceError where the path cannot be followed.
    """
    nodes = np.unique(worker.system.unknowns.c[worker.system.site_ionic])
    nodes = nodes[nodes >= 0]
    even = EVEN_RATIO if ratio < FIRST * EVEN_RATIO else 0.5 * (1 + ratio)  # well above the goal
    for attempt in range(ATTEMPTS):
        try:
            c, current = _even(worker.system, even)
            y, _ = balanced(worker, c, Load(current=current))
            return _lowered(worker, y, current, ratio, nodes)
        except ConvergenceError:
            if attempt == ATTEMPTS - 1:
                raise
        even = 0.5 * (1 + even)


def _lowered(worker: Worker, y: np.ndarray, current: float, ratio: float, nodes: np.ndarray):
    """`follow` from the start y, which balances charge but not yet salt."""
    reached = float(np.min(y[nodes]))
    goal = max(ratio, FIRST * reached)
    while True:
        try:
            y, current = steady_at_ratio(worker, y, current, goal, nodes,
                                         tolerance=EXACT if goal == ratio else ROUGH)
        except ConvergenceError:
            if goal > reached / NEAREST:
                raise
            goal = math.sqrt(goal * reached)
            continue
        if goal == ratio:
            return y, current
        reached, goal = goal, max(ratio, FALL * goal)


def _even(system: System, ratio: float) -> tuple[np.ndarray, float]:
    """(c, current) with N- = 0 where every place plates alike and the least c/c_0 there is about `ratio`."""
    cell, transport, n = system.cell, system.cell.transport, len(system.pore_volume)
    taken, given = (np.bincount(at, sites.area / sites.area.sum(), n) * cell.area for at, sites in
                    ((system.site_ionic, cell.sites), (system.counter_ionic, cell.counter_sites)))
    reservoir = isinstance(cell.counter, Reservoir)
    fixed = np.unique(system.counter_ionic) if reservoir else np.array([0])
    shape = conduct(system.ions, fixed, np.zeros(len(fixed)), given - taken)  # of w, for F N+ of 1 A/m2
    level = 0.0 if reservoir else system.pore_volume @ shape / system.pore_volume.sum()
    full, low = (float(transport.w(share * system.unknowns.c_0)) for share in (1.0, ratio))
    height = (full - low) / (level - np.min(shape[system.site_ionic]))
    return transport.c_of_w(np.maximum(full + height * (shape - level), 0.1 * low)), float(FARADAY * height)
