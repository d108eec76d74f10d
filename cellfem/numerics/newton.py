"""Newton's method in natural scales, with damping and a history; what is returned has converged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cellfem.errors import ConvergenceError, explain

DAMPINGS = 12  # halvings of a step before giving up


@dataclass(frozen=True)
class NewtonResult:
    y: np.ndarray
    steps: int
    history: tuple[tuple[float, float], ...]  # (residual norm, update norm) per step


def newton(y: np.ndarray, *, evaluate: Callable, solve: Callable, advance: Callable, residual: Callable,
           size: Callable, tolerance: float = 1e-6, max_steps: int = 40, where: str = "Newton") -> NewtonResult:
    """Solve R(y) = 0.

    Parameters
    ----------
    evaluate : y -> (R, J)
    solve : (J, R, y, tolerance) -> update; the tolerance is relative
    advance : (y, update, length) -> y, the admissible point a step of this length away (keeps positivity)
    residual : y -> R, for trial points
    size : (y, update) -> scaled size of an update, compared with `tolerance`

    A step is halved until |R| or the simplified Newton update falls.  The last step is a full one, so that the error
    is that of the next, quadratically smaller update: about tolerance^2.

    Raises
    ------
    ConvergenceError with the history, where it does not converge or meets a non-finite residual.
    """
    history = []
    norm_before = np.inf
    for step in range(1, max_steps + 1):
        R, J = evaluate(y)
        norm = float(np.linalg.norm(R))
        if not np.isfinite(norm):
            raise ConvergenceError(_message(where, "a residual that is not finite"), tuple(history))
        forcing = min(1e-3, max(1e-10, 0.1 * (norm / norm_before) ** 2)) if np.isfinite(norm_before) else 1e-3
        update = solve(J, R, y, forcing)
        change = size(y, update)
        history.append((norm, change))
        if not np.isfinite(change):
            raise ConvergenceError(_message(where, "an update that is not finite"), tuple(history))
        if change <= tolerance:
            return NewtonResult(advance(y, update, 1.0), step, tuple(history))
        y = _damped(y, update, norm, change, J, forcing, advance, residual, solve, size, where, history)
        norm_before = norm
    raise ConvergenceError(_message(where, f"no convergence in {max_steps} steps (last scaled update {change:.1e})"),
                           tuple(history))


def _damped(y, update, norm, change, J, forcing, advance, residual, solve, size, where, history):
    """The longest halved step that lowers |R| or, failing that, the simplified Newton update (affine invariant)."""
    length = 1.0
    for _ in range(DAMPINGS):
        trial = advance(y, update, length)
        R = residual(trial)
        if np.all(np.isfinite(R)):
            if np.linalg.norm(R) <= (1 - 1e-4 * length) * norm:
                return trial
            if size(trial, solve(J, R, trial, max(forcing, 1e-4))) <= (1 - length / 4) * change:
                return trial
        length /= 2
    raise ConvergenceError(_message(where, f"no step that leads closer (residual {norm:.2e}, update {change:.2e})"),
                           tuple(history))


def _message(where: str, found: str) -> str:
    return explain(where, found, "a converged field is needed",
                   "Lower the current, raise R_film or i_0, or refine the mesh where the current crowds.")
