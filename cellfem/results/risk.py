"""Sand's-time risk of each place, and the planar estimates beside it."""

from __future__ import annotations

import math

import numpy as np

from cellfem.model.cell import Cell
from cellfem.model.protocol import Galvanostatic, Rest, Steady
from cellfem.model.solution import Solution
from cellfem.units import FARADAY

MOSSY, DENDRITIC = 0.5, 1.0  # [-] risks at which the regime changes
STARVED_RATIO, STARVED_SHARE = 0.01, 0.1  # [-] c/c_0 and plating current over its mean, below which a place is idle

REACTION_LIMITED, MIXED, TRANSPORT_LIMITED, STARVED = 0, 1, 2, 3


def plating_frame(solution: Solution) -> int | None:
    """Index of the last recorded moment at which the cell was plating; None without any."""
    rests = [k for k, step in enumerate(solution.protocol) if isinstance(step, Rest)]  # where the sign is round-off
    plating = np.flatnonzero((solution.current > 0) & ~np.isin(solution.step_index, rests))
    return int(plating[-1]) if len(plating) else None


def starved(solution: Solution, k: int) -> np.ndarray:
    """(sites,) whether a place is starved: c below 1 % of c_0 and plating below a tenth of the area mean."""
    plating = solution.sites["plating"][k]
    mean = solution.cell.sites.mean(plating)
    low = solution.sites["c"][k] < STARVED_RATIO * solution.cell.electrolyte.c_0
    return low & (plating < STARVED_SHARE * mean)


def target_time(solution: Solution, k: int) -> float:
    """Time [s] at which the plating step of frame k reaches its target; inf for a steady state."""
    step = solution.protocol[solution.step_index[k]]
    if isinstance(step, Steady):
        return math.inf
    return step.time if isinstance(step, Galvanostatic) else step.duration


def step_time(solution: Solution, k: int) -> float:
    """Time [s] from the start of frame k's protocol step to frame k."""
    earlier = np.flatnonzero(solution.step_index < solution.step_index[k])
    return float(solution.times[k] - (solution.times[earlier[-1]] if len(earlier) else 0.0))


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
    target, reached = target_time(solution, k), step_time(solution, k)
    if extrapolated(solution, k):
        risk = risk * math.sqrt(target / reached)
    with np.errstate(divide="ignore"):
        local = (target if math.isfinite(target) else math.inf) / risk**2
    regime = np.select([risk < MOSSY, risk < DENDRITIC], [REACTION_LIMITED, MIXED], TRANSPORT_LIMITED).astype(float)
    regime[starved(solution, k)] = STARVED
    return {"risk": risk, "local_sand": local, "regime": regime}


def extrapolated(solution: Solution, k: int) -> bool:
    """Whether the risk at frame k is extrapolated from a run that ended depleted before its target."""
    last = solution.step_index[k] == solution.step_index[-1]
    return bool(last and solution.outcome.kind == "depleted" and step_time(solution, k) < target_time(solution, k))


def planar_sand_time(cell: Cell, current: float, eps: float = 1.0, B: float = 1.0) -> float:
    """Planar Sand's time (pi/4) eps B D [F c_0/(J (1 - t+))]^2 [s] with D and t+ averaged over [0, c_0].

    A bare plane at the superficial current density J [A/m2] in free electrolyte (eps = B = 1) or in a porous layer.
    An indicator: see docs/theory.md for what it leaves out.
    """
    c_0 = cell.electrolyte.c_0
    nodes, weights = np.polynomial.legendre.leggauss(40)
    c = 0.5 * c_0 * (nodes + 1)
    D = float(weights @ np.real(cell.transport.D(c)) / 2)
    t_plus = float(weights @ np.real(cell.transport.t_plus(c)) / 2)
    if 1 - t_plus <= 1e-12:
        return math.inf
    return math.pi / 4 * eps * B * D * (FARADAY * c_0 / (current * (1 - t_plus))) ** 2
