"""Newton's method in natural scales, with damping and a history; what is returned has converged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cellfem.errors import ConvergenceError, explain

DAMPINGS = 12  # halvings of a step before giving up
CONTRACTION = 0.03  # [-] ratio of successive updates up to which an old tangent is kept
REMAINDER = 3e-11  # [-] scaled update left where an old tangent was kept; fast kinetics feel it a hundredfold


@dataclass(frozen=True)
class NewtonResult:
    y: np.ndarray
    steps: int  # updates
    assemblies: int  # of the tangent
    history: tuple[tuple[float, float], ...]  # (residual norm, update norm) per step


def newton(y: np.ndarray, *, evaluate: Callable, solve: Callable, advance: Callable, residual: Callable,
           size: Callable, tolerance: float = 1e-6, left: float = 0.0, max_steps: int = 40, keep: bool = False,
           where: str = "Newton") -> NewtonResult:
    """Solve R(y) = 0.

    Parameters
    ----------
    evaluate : y -> (R, J)
    solve : (J, R, y, tolerance) -> update; the tolerance is relative
    advance : (y, update, length) -> y, the admissible point a step of this length away (keeps positivity)
    residual : y -> R, for trial points
    size : (y, update) -> scaled size of an update, compared with `tolerance`
    left : an update above `tolerance` is the last as well where the next one would be below this, by quadratic
        convergence from the last two: u (u/u_before)^2
    keep : go on with an old tangent while updates shrink by CONTRACTION or better, for systems whose tangent costs more
        than a linear solve; what is then left is estimated from that ratio and held below REMAINDER

    A step is halved until |R| or the simplified Newton update falls.  The last step is a full one, so that the error
    is that of the next, quadratically smaller update: about tolerance^2.

    Raises
    ------
    ConvergenceError with the history, where it does not converge or meets a non-finite residual.
    """
    history, assemblies = [], 0
    norm_before = np.inf
    while len(history) < max_steps:
        R, J = evaluate(y)
        assemblies += 1
        norm = float(np.linalg.norm(R))
        if not np.isfinite(norm):
            raise ConvergenceError(_message(where, "a residual that is not finite"), tuple(history))
        forcing = min(1e-3, max(1e-10, 0.1 * (norm / norm_before) ** 2)) if np.isfinite(norm_before) and not keep \
            else 1e-3
        update = solve(J, R, y, forcing)
        change = size(y, update)
        history.append((norm, change))
        if not np.isfinite(change):
            raise ConvergenceError(_message(where, "an update that is not finite"), tuple(history))
        before = history[-2][1] if len(history) > 1 else np.inf
        if not keep and change * min(change / before, 1.0) ** 2 <= left and np.isfinite(before):
            return NewtonResult(advance(y, update, 1.0), len(history), assemblies, tuple(history))
        if change <= tolerance and (not keep or change <= REMAINDER / CONTRACTION):
            return NewtonResult(advance(y, update, 1.0), len(history), assemblies, tuple(history))
        y, R = _damped(y, update, norm, change, J, forcing, advance, residual, solve, size, where, history)
        norm_before = norm
        if keep:
            y, done = _kept(y, R, change, J, advance, residual, solve, size, max_steps, history)
            if done:
                return NewtonResult(y, len(history), assemblies, tuple(history))
    raise ConvergenceError(_message(where, f"no convergence in {max_steps} steps (last scaled update {change:.1e})"),
                           tuple(history))


def _kept(y, R, change, J, advance, residual, solve, size, max_steps, history):
    """(y, whether it has converged) after simplified Newton steps with the tangent J, as long as they contract."""
    while len(history) < max_steps:
        update = solve(J, R, y, 1e-3)
        before, change = change, size(y, update)
        history.append((float(np.linalg.norm(R)), change))
        if not change <= 0.5 * before:
            return y, False
        y = advance(y, update, 1.0)
        if change > CONTRACTION * before:
            return y, False
        if change * max(change / before, 1e-3) <= REMAINDER:
            return y, True
        R = residual(y)
    return y, False


def _damped(y, update, norm, change, J, forcing, advance, residual, solve, size, where, history):
    """(y, R) after the longest halved step that lowers |R| or, failing that, the simplified Newton update."""
    length = 1.0
    for _ in range(DAMPINGS):
        trial = advance(y, update, length)
        R = residual(trial)
        if np.all(np.isfinite(R)):
            if np.linalg.norm(R) <= (1 - 1e-4 * length) * norm:
                return trial, R
            if size(trial, solve(J, R, trial, max(forcing, 1e-4))) <= (1 - length / 4) * change:
                return trial, R
        length /= 2
    raise ConvergenceError(_message(where, f"no step that leads closer (residual {norm:.2e}, update {change:.2e})"),
                           tuple(history))


def _message(where: str, found: str) -> str:
    return explain(where, found, "a converged field is needed",
                   "Lower the current, raise R_film or i_0, or refine the mesh where the current crowds.")
