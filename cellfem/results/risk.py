"""Sand's-time risk of each place."""

from __future__ import annotations

import math

import numpy as np

from cellfem.model.protocol import Galvanostatic, Rest, Steady
from cellfem.model.solution import Solution
from cellfem.studies.limiting import limiting_current
from cellfem.studies.planar import is_plane

ROUND_OFF = 1e-9  # [A/m2] currents below this are no plating

MOSSY, DENDRITIC = 0.5, 1.0  # [-] risks at which the regime changes
STARVED_RATIO, STARVED_SHARE = 0.01, 0.1  # [-] c/c_0 and plating current over its mean, below which a place is idle

REACTION_LIMITED, MIXED, TRANSPORT_LIMITED, STARVED = 0, 1, 2, 3


def plating_frame(solution: Solution) -> int | None:
    """Index of the last recorded moment at which the cell was plating; None without any."""
    rests = [k for k, step in enumerate(solution.protocol) if isinstance(step, Rest)]
    plating = np.flatnonzero((solution.current > ROUND_OFF) & ~np.isin(solution.step_index, rests))
    return int(plating[-1]) if len(plating) else None


def plating_start(solution: Solution, k: int) -> int:
    """Index of the first protocol step of the unbroken plating that frame k belongs to."""
    first = int(solution.step_index[k])
    while first > 0 and getattr(solution.protocol[first - 1], "current", -1.0) > 0:
        first -= 1
    return first


def starved(solution: Solution, k: int) -> np.ndarray:
    """(sites,) whether a place is starved: c below 1 % of c_0 and plating below a tenth of the area mean."""
    plating = solution.sites["plating"][k]
    mean = solution.cell.sites.mean(plating)
    low = solution.sites["c"][k] < STARVED_RATIO * solution.cell.electrolyte.c_0
    return low & (plating < STARVED_SHARE * mean)


def target_time(solution: Solution, k: int) -> float:
    """Time [s] that the unbroken plating up to frame k's protocol step takes as planned; inf for a steady state."""
    steps = solution.protocol[plating_start(solution, k): solution.step_index[k] + 1]
    if isinstance(steps[-1], Steady):
        return math.inf
    return sum(step.time if isinstance(step, Galvanostatic) else step.duration for step in steps)


def plating_time(solution: Solution, k: int) -> float:
    """Time [s] from the start of the unbroken plating to frame k."""
    return float(solution.times[k]) - _start_time(solution, plating_start(solution, k))


def _start_time(solution: Solution, step: int) -> float:
    earlier = np.flatnonzero(solution.step_index < step)
    return float(solution.times[earlier[-1]]) if len(earlier) else 0.0


def time_to_depletion(solution: Solution, k: int) -> float:
    """Time [s] from the start of the unbroken plating to c = 0 where the host plates.

    Extrapolated from the stop where the run ended depleted while plating.  inf where depletion cannot come: t+ = 1, a
    steady state, or a current up to the limiting one on a plane or in a run whose concentrations have settled.  NaN
    where the run ended before it came.
    """
    outcome, cell = solution.outcome, solution.cell
    if cell.transport.single_ion or outcome.kind == "steady":
        return math.inf
    if ended_depleted(solution, k):
        begun = _start_time(solution, int(solution.step_index[k])) - _start_time(solution, plating_start(solution, k))
        return outcome.time_to_depletion + begun
    if solution.current[k] <= limiting_current(cell) and (is_plane(cell) or settled(solution, k)):
        return math.inf
    return math.nan


def ended_depleted(solution: Solution, k: int) -> bool:
    """Whether the protocol step of frame k is the one that ended the run, with a depleted place."""
    last = solution.step_index[k] == solution.step_index[-1]
    return bool(last and solution.outcome.kind == "depleted" and solution.outcome.time_to_depletion is not None)


def settled(solution: Solution, k: int) -> bool:
    """Whether c at every site changed by less than 2 % of itself over the second half of the plating up to frame k."""
    half = _start_time(solution, plating_start(solution, k)) + 0.5 * plating_time(solution, k)
    earlier = np.flatnonzero(solution.times <= half)
    if len(earlier) == 0:
        return False
    then, now = solution.sites["c"][earlier[-1]], solution.sites["c"][k]
    return bool(np.all(np.abs(now - then) < 0.02 * now))


def risk_fields(solution: Solution, k: int | None = None) -> dict[str, np.ndarray]:
    """`risk`, `local_sand` [s] and `regime` per site at frame k (default: the last plating moment).

    risk = max(0, (c_0 - c_s)/c_0) where the target was reached; where the run stopped depleted at t_d before it, that
    value times sqrt(t_target/t_d): on a plane this is sqrt(t_target/tau_S).  local_sand = t_target/risk^2, exact on a
    plane and an estimate elsewhere.  regime: 0 below risk 0.5, 1 below 1, 2 from 1, 3 starved.  NaN without plating.
    """
    k = plating_frame(solution) if k is None else k
    if k is None:
        none = np.full(len(solution.cell.sites.nodes), np.nan)
        return {"risk": none, "local_sand": none.copy(), "regime": none.copy()}
    c_0 = solution.cell.electrolyte.c_0
    risk = np.maximum(0.0, (c_0 - solution.sites["c"][k]) / c_0)
    target, reached = target_time(solution, k), plating_time(solution, k)
    if extrapolated(solution, k):
        risk = risk * math.sqrt(target / reached)
    with np.errstate(divide="ignore"):
        local = (target if math.isfinite(target) else math.inf) / risk**2
    regime = np.select([risk < MOSSY, risk < DENDRITIC], [REACTION_LIMITED, MIXED], TRANSPORT_LIMITED).astype(float)
    regime[starved(solution, k)] = STARVED
    return {"risk": risk, "local_sand": local, "regime": regime}


def extrapolated(solution: Solution, k: int) -> bool:
    """Whether the risk at frame k is extrapolated from a run that ended depleted before its target."""
    return ended_depleted(solution, k) and plating_time(solution, k) < target_time(solution, k)
