"""How a law goes on beyond the range in which it was measured.

Each function takes a law of c and returns a law of c; branches look at c.real only, so a complex step passes through.
"""

from __future__ import annotations

from functools import partial

import numpy as np


def clamped(c, low: float, high: float):
    """c kept within [low, high]; what is outside loses its imaginary part, as a frozen law has no slope."""
    c = np.asarray(c)
    if low > 0:
        c = np.where(c.real < low, low, c)
    if np.isfinite(high):
        c = np.where(c.real > high, high, c)
    return c[()]


def frozen(law, low: float, high: float):
    """The law within [low, high], its end values beyond."""
    return partial(_frozen, law, low, high)


def _frozen(law, low, high, c):
    return law(clamped(c, low, high))


def vanishing(law, low: float):
    """The law from `low` on, a straight line to 0 at c = 0 below: continuous."""
    return partial(_vanishing, law, low, float(law(low)) / low)


def _vanishing(law, low, slope, c):
    return np.where(np.real(c) < low, slope * c, law(clamped(c, low, np.inf)))[()]


def toward_one(law, low: float):
    """The law from `low` on; below, the cubic that starts at 1 with slope 0 at c = 0 and joins with equal slope: C1."""
    value = float(law(low))
    slope = float(np.imag(law(low + 1e-30j)) / 1e-30) * low
    # p(s) = 1 + a s^2 + b s^3 with p(1) = value and p'(1) = slope, s = c/low
    return partial(_toward_one, law, low, 3 * (value - 1) - slope, slope - 2 * (value - 1))


def _toward_one(law, low, a, b, c):
    s = c / low
    return np.where(np.real(c) < low, 1 + s * s * (a + b * s), law(clamped(c, low, np.inf)))[()]
