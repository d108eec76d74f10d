"""TR-BDF2 in the variable s = sqrt(t - t_0): second order, L-stable, stiffly accurate, stage order two.

After a jump of the current a surface concentration changes like sqrt(t), so it is smooth in s; with dx/dt = f(x)
the equation in s is dx/ds = 2 s f.  Each stage solves x = base + tau f(x) with tau in seconds.
(Bank et al., IEEE Trans. Comput.-Aided Des. 1985, 4, 436; Hosea and Shampine, Appl. Numer. Math. 1996, 20, 21.)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

GAMMA = 2 - math.sqrt(2)
W = math.sqrt(2) / 4
DIAGONAL = GAMMA / 2  # of both implicit stages
# weights of the third-order companion less those of the method: the error estimate
ERROR_WEIGHTS = ((1 - W) / 3 - W, (3 * W + 1) / 3 - W, DIAGONAL / 3 - DIAGONAL)

SAFETY, SHRINK, GROW = 0.9, 0.2, 2.5
LEAST = 1e-2  # scaled errors below this say nothing of their trend
TINY = 1e-12  # scaled errors below this are none


@dataclass(frozen=True, eq=False)
class Step:
    """One accepted step from s to s + h with states x and slopes k = dx/ds at both ends."""

    s: float
    h: float
    x0: np.ndarray
    k0: np.ndarray
    x1: np.ndarray
    k1: np.ndarray
    error: np.ndarray  # estimate of the local error of x1

    def at(self, s: float, index=slice(None)) -> np.ndarray:
        """Dense output: the cubic Hermite polynomial, third order."""
        u = (s - self.s) / self.h
        x0, x1, k0, k1 = (a[index] for a in (self.x0, self.x1, self.k0, self.k1))
        return ((1 + 2 * u) * (1 - u) ** 2 * x0 + u * (1 - u) ** 2 * self.h * k0
                + u * u * (3 - 2 * u) * x1 + u * u * (u - 1) * self.h * k1)

    def zero(self, index: int, end: float = -math.inf) -> float:
        """t - t_0 at which a component comes to 0, going on from the end of the step as end + A exp(-t/T).

        Its slope over t is that at the end of the step.  Near a limiting current concentrations creep toward their
        `end` like this; far above it so little is left that the slope says it all.  The straight line where the end
        does not lie beyond 0, or is not known.
        """
        t, x = (self.s + self.h) ** 2, self.x1[index]
        slope = self.k1[index] / (2 * (self.s + self.h))
        if not slope * x < 0:
            return float(t)
        share = x / (x - end)
        curved = 1e-9 < abs(share) and share < 1
        return float(t - x / slope * (-math.log1p(-share) / share if curved else 1.0))


def tr_bdf2(s: float, h: float, x: np.ndarray, k: np.ndarray, solve: Callable, admit: Callable | None = None) -> Step:
    """One step; `solve(stage, base, tau, s)` returns x with x = base + tau f(x) at s.

    `admit` : base -> the base to take in its place, where a state has bounds that the slopes do not know.
    """
    admit = admit or (lambda base: base)
    tau = DIAGONAL * h
    middle = s + GAMMA * h
    base = admit(x + tau * k)
    x_middle = solve(0, base, tau * 2 * middle, middle)
    k_middle = (x_middle - base) / tau
    base = admit(x + W * h * (k + k_middle))
    x_end = solve(1, base, tau * 2 * (s + h), s + h)
    k_end = (x_end - base) / tau
    error = h * (ERROR_WEIGHTS[0] * k + ERROR_WEIGHTS[1] * k_middle + ERROR_WEIGHTS[2] * k_end)
    return Step(s, h, x, k, x_end, k_end, error)


def next_step(h: float, errors, before: tuple[float, np.ndarray] | None = None, order: int = 2) -> float:
    """The step at which the largest scaled error (1 is allowed) would be 0.9^(order + 1).

    `errors` : one, or several that are measured apart
    `before` : (step, errors) of the accepted step before; those that rise are taken to rise on.
    (K. Gustafsson, ACM Trans. Math. Softw. 1994, 20, 496.)
    """
    errors = np.maximum(errors, TINY)
    factors = SAFETY * errors ** (-1 / (order + 1))
    if before is not None:
        trend = h / before[0] * (np.maximum(before[1], LEAST) / errors) ** (1 / (order + 1))
        factors = factors * np.minimum(trend, 1.0)
    return h * min(max(float(np.min(factors)), SHRINK), GROW)
